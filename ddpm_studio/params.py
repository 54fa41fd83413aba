"""A frozen dataclass read as a list of parameters: forms, flags, checks and JSON follow from its fields.

    @dataclass(frozen=True)
    class Ddim(Parameters):
        eta: Annotated[float, Range(0.0, 1.0), "η: 0 is deterministic, 1 is as noisy as DDPM"] = 0.0

The annotation carries the range and the help; nothing about a parameter is said anywhere else.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from enum import Enum
from functools import cache
from math import inf
from typing import Annotated, ClassVar, Self, TypeVar, get_args, get_origin, get_type_hints

from ddpm_studio.errors import UserError

Json = Mapping[str, object]
Knots = tuple[tuple[float, float], ...]

YES, NO = {"yes", "true", "on", "1"}, {"no", "false", "off", "0"}


@dataclass(frozen=True)
class Range:
    """The values a number may take, ends included; `log` asks for a logarithmic control, `names` name some values."""

    low: float
    high: float
    log: bool = False
    names: tuple[tuple[str, float], ...] = ()

    def named(self, text: str) -> float | None:
        """The value behind a name, or None."""
        return dict(self.names).get(text)


@dataclass(frozen=True)
class Parameter:
    """One field of a `Parameters` class: everything a form, a flag or a check needs to know of it."""

    name: str
    type: type
    default: object
    range: Range | None
    help: str
    many: bool = False
    """Whether its value is a tuple of `type`, any number of them, each in the range."""

    @property
    def flag(self) -> str:
        """The command line's name for it: `beta_end` is `--beta-end`."""
        return "--" + self.name.replace("_", "-")

    def checked(self, value: object, owner: str) -> object:
        """`value` as this parameter's type and inside its range.

        Raises:
            UserError: names the owner, the parameter, the value and what is allowed.
        """
        if self.many:
            return tuple(
                replace(self, many=False).checked(item, owner) for item in _items(value, f"{owner}: {self.name}")
            )
        value = self._typed(value, owner)
        if self.range is not None and isinstance(value, int | float):
            low, high = self.range.low, self.range.high
            if not low <= value <= high:  # also refuses NaN
                raise UserError(f"{owner}: {self.name} must be between {low:g} and {high:g}, but is {_float(value):g}")
        return value

    def parsed(self, text: str, owner: str = "") -> object:
        """The value that `text`, typed by a person, means: a number, its name, yes/no, a choice, knots, a list."""
        if self.many:
            words = [] if text.strip() == "none" else text.replace(",", " ").split()
            return tuple(replace(self, many=False).parsed(word, owner) for word in words)
        named = self.range.named(text) if self.range else None
        if named is not None:
            return named
        if self.type is bool:
            return self._yes_or_no(text)
        if self.type is tuple:
            return parse_knots(text)
        try:
            return self.checked(self.type(text) if self.type in (int, float) else text, owner or self.name)
        except UserError:
            raise
        except ValueError as error:
            raise UserError(f"{self.name}: {text!r} is not {_a(self.type)}") from error

    def _yes_or_no(self, text: str) -> bool:
        if text.lower() not in YES | NO:
            raise UserError(f"{self.name}: {text!r} is neither yes nor no")
        return text.lower() in YES

    def _typed(self, value: object, owner: str) -> object:
        if issubclass(self.type, Enum):
            return _choice(self.type, value, f"{owner}: {self.name}")
        if self.type is tuple:
            return _knots(value, f"{owner}: {self.name}")
        if self.type is float and isinstance(value, int) and not isinstance(value, bool):
            return _float(value)
        if not isinstance(value, self.type) or (self.type is int and isinstance(value, bool)):
            raise UserError(f"{owner}: {self.name} must be {_a(self.type)}, but is {value!r}")
        return value


class Parameters:
    """Base of every settings value: checks each field against its annotation when it is made."""

    kind: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for parameter in parameters(type(self)):
            value = parameter.checked(getattr(self, parameter.name), self.kind or type(self).__name__.lower())
            object.__setattr__(self, parameter.name, value)

    def to_json(self) -> dict[str, object]:
        """Its kind, if it has one, and its fields, as JSON values."""
        values = {p.name: _to_json(getattr(self, p.name)) for p in parameters(type(self))}
        return {"kind": self.kind, **values} if self.kind else values

    @classmethod
    def from_json(cls, data: object, where: str) -> Self:
        """The value that `to_json` wrote; missing fields take their defaults.

        Raises:
            UserError: a key that is no field of this class (all are named), or a value out of its range.
        """
        given = dict(as_object(data, where))
        if cls.kind:
            given.pop("kind", None)
        refuse_unknown(given, {p.name for p in parameters(cls)}, where)
        return cls(**given)


P = TypeVar("P", bound=Parameters)


def parameters(cls: type) -> tuple[Parameter, ...]:
    """The parameters of a dataclass, in the order of its fields."""
    return _parameters(cls)


@cache
def _parameters(cls: Hashable) -> tuple[Parameter, ...]:
    assert isinstance(cls, type)
    hints = get_type_hints(cls, include_extras=True)
    return tuple(_parameter(f.name, hints[f.name], None if f.default is MISSING else f.default) for f in fields(cls))


def one_of(kinds: Mapping[str, type[P]], data: object, where: str) -> P:
    """The value of whichever kind `data["kind"]` names."""
    kind = as_object(data, where).get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise UserError(f"{where}: unknown kind {kind!r}; known are {', '.join(kinds)}")
    return kinds[kind].from_json(data, where)


def as_object(data: object, where: str) -> Json:
    """`data` if it is a JSON object; otherwise a UserError that says where one was expected."""
    if not isinstance(data, Mapping):
        raise UserError(f"{where} must be a JSON object, but is {type(data).__name__}")
    return data


def refuse_unknown(given: Json, known: set[str], where: str) -> None:
    """Raises a UserError that names every key of `given` that is not in `known`."""
    if unknown := sorted(set(given) - known):
        raise UserError(f"{where}: unknown {', '.join(map(repr, unknown))}; known are {', '.join(sorted(known))}")


def parse_knots(text: str) -> Knots:
    """Knots as a person types them: `0:0.0001, 0.5:0.01, 1:0.02`."""
    try:
        pairs = [part.split(":") for part in text.replace(",", " ").split()]
        return tuple((float(u), float(value)) for u, value in pairs)
    except ValueError as error:
        raise UserError(f"knots are written u:value, as in '0:0.0001,1:0.02'; {text!r} is not") from error


def _parameter(name: str, hint: object, default: object) -> Parameter:
    kind, extras = (get_args(hint)[0], get_args(hint)[1:]) if get_origin(hint) is Annotated else (hint, ())
    many = kind != Knots and get_origin(kind) is tuple
    kind = get_args(kind)[0] if many else get_origin(kind) or kind  # Knots, tuple[tuple[float, float], ...], is a tuple
    assert isinstance(kind, type)
    found = next((e for e in extras if isinstance(e, Range)), None)
    return Parameter(name, kind, default, found, next((e for e in extras if isinstance(e, str)), ""), many)


def _choice(choices: type[Enum], value: object, where: str) -> Enum:
    try:
        return choices(value)
    except ValueError as error:
        known = ", ".join(str(c.value) for c in choices)
        raise UserError(f"{where} must be one of {known}, but is {value!r}") from error


def _knots(value: object, where: str) -> Knots:
    try:
        if not isinstance(value, Iterable):
            raise TypeError(value)
        return tuple((_number(u), _number(y)) for u, y in value)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"{where} must be pairs of numbers [u, value]") from error


def _items(value: object, where: str) -> tuple[object, ...]:
    if not isinstance(value, tuple | list):
        raise UserError(f"{where} must be a list, but is {value!r}")
    return tuple(value)


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(value)
    return float(value)


def _float(value: float) -> float:
    """`value` as a float; infinite if it is a whole number too large for one."""
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def _to_json(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Parameters):
        return value.to_json()
    return [_to_json(item) for item in value] if isinstance(value, tuple) else value


def _a(kind: type) -> str:
    return {int: "a whole number", float: "a number", bool: "true or false", str: "text"}.get(kind, kind.__name__)
