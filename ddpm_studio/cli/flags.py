"""The parser, and the flags that follow from the fields of a `Parameters` class.

Every kind of schedule has its own fields, and the kind is known only after the command line has been read. So each
field of any kind becomes a flag, its text is kept as typed, and `Family.chosen` reads it as the chosen kind does.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, NoReturn, TypeAlias, TypeVar

from ddpm_studio.document import Seed
from ddpm_studio.errors import UserError
from ddpm_studio.networks import NETWORKS, PRESETS, Network
from ddpm_studio.objective import OBJECTIVES, Objective
from ddpm_studio.params import Parameter, Parameters, parameters
from ddpm_studio.sampler import SAMPLERS, Sampler
from ddpm_studio.schedule import SCHEDULES, Schedule
from ddpm_studio.training import Training

P = TypeVar("P", bound=Parameters)


class Parser(argparse.ArgumentParser):
    """An argparse parser whose complaints are UserErrors, so one line and no usage; flags are never abbreviated."""

    def __init__(self, **options: object) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Every complaint of argparse comes here."""
        raise UserError(f"{message}; see {self.prog} --help")


Subcommands: TypeAlias = "argparse._SubParsersAction[Parser]"
"""What `add_subparsers` returns; argparse has no public name for it."""


@dataclass(frozen=True)
class Family(Generic[P]):
    """A registry of kinds on the command line: `--schedule cosine --s 0.01`."""

    noun: str
    kinds: Mapping[str, type[P]]
    base: type
    """The class above all kinds: the fields they share are kept when the kind changes."""
    presets: Mapping[str, P] = field(default_factory=dict)
    """Values that can be named in the place of a kind."""
    of: str = ""
    """Whose it is, where a command has two of them: with "B", the flags are --b-sampler, --b-steps …"""

    def add_flags(self, parser: argparse.ArgumentParser, *, choice: bool = True) -> None:
        """A flag for the kind (unless the command has another way to say it) and one for each field of any kind."""
        group = parser.add_argument_group(f"the {self.noun} of {self.of}" if self.of else f"the {self.noun}")
        if choice:
            group.add_argument(self._flag(self.noun), metavar="KIND", help=f"one of {', '.join(self._names())}")
        for parameter, owners in self._fields():
            _add_flag(group, self._flag(parameter.name), f"{self._mark}{parameter.name}", parameter, owners)

    def chosen(self, args: argparse.Namespace, kind: str | None, current: P) -> P:
        """`current` with what the flags say.

        Raises:
            UserError: an unknown kind, a flag that this kind has not, or a value that its field refuses.
        """
        preset = None if kind is None else self.presets.get(kind)
        if preset is not None:
            kind, current = None, preset
        cls = type(current) if kind is None else self.named(kind)
        fields = {p.name: p for p in parameters(cls)}
        given = self._given(args)
        for name in given:
            if name not in fields:
                raise UserError(f"a {cls.kind} {self.noun} has no {self._flag(name)}; {self.flags_of(cls)}")
        typed = {n: text if isinstance(text, bool) else fields[n].parsed(text, cls.kind) for n, text in given.items()}
        kept = parameters(cls if cls is type(current) else self.base)
        return cls(**{p.name: getattr(current, p.name) for p in kept} | typed)

    def is_asked_for(self, args: argparse.Namespace) -> bool:
        """Whether any of its flags was given."""
        kind = self._flag(self.noun).strip("-").replace("-", "_")
        return vars(args).get(kind) is not None or bool(self._given(args))

    def named(self, kind: str) -> type[P]:
        """The class of a kind; the UserError about an unknown one names all."""
        if kind not in self.kinds:
            raise UserError(f"unknown {self.noun} {kind!r}; known are {', '.join(self._names())}")
        return self.kinds[kind]

    def flags_of(self, cls: type[P]) -> str:
        """The flags of a kind, in a sentence."""
        return f"the flags of a {cls.kind} {self.noun} are {', '.join(self._flag(p.name) for p in parameters(cls))}"

    def _names(self) -> list[str]:
        return [*self.presets, *self.kinds]

    def _given(self, args: argparse.Namespace) -> dict[str, str | bool]:
        mark = self._mark
        return {key.removeprefix(mark): value for key, value in vars(args).items() if key.startswith(mark)}

    def _flag(self, name: str) -> str:
        """As it is typed."""
        prefix = f"{self.of.lower()}-" if self.of else ""
        return f"--{prefix}{name.replace('_', '-')}"

    @property
    def _mark(self) -> str:
        """What its fields are kept under."""
        return f"{self.of}{self.noun}."

    def _fields(self) -> list[tuple[Parameter, str]]:
        """Each field of any kind once, with the names of the kinds that have it ("" for all)."""
        owners: dict[str, list[str]] = {}
        fields: dict[str, Parameter] = {}
        for kind, cls in self.kinds.items():
            for parameter in parameters(cls):
                owners.setdefault(parameter.name, []).append(kind)
                fields.setdefault(parameter.name, parameter)
        everyone = {p.name for p in parameters(self.base)}
        return [(p, "" if name in everyone else ", ".join(owners[name])) for name, p in fields.items()]


SCHEDULE = Family("schedule", SCHEDULES, Schedule)
SAMPLER = Family("sampler", SAMPLERS, Sampler)
SECOND_SAMPLER = Family("sampler", SAMPLERS, Sampler, of="B")
NETWORK = Family("network", NETWORKS, Network, PRESETS)
OBJECTIVE = Family("objective", OBJECTIVES, Objective)
TRAINING = Family("training", {Training.kind: Training}, Training)


def seed_of(text: str) -> int:
    """The seed in `text`; UserError unless it is one."""
    return whole(text, "--seed", int(Seed.low), int(Seed.high))


def whole(text: str, flag: str, low: int, high: int) -> int:
    """The whole number in `text`; a UserError that names the flag and its range otherwise."""
    try:
        number = int(text)
    except ValueError as error:
        raise UserError(f"{flag}: {text!r} is not a whole number") from error
    if not low <= number <= high:
        raise UserError(f"{flag} must be between {low} and {high}, but is {number}")
    return number


def _add_flag(group: argparse._ArgumentGroup, flag: str, dest: str, parameter: Parameter, owners: str) -> None:
    text = f"{owners}: {_explained(parameter)}" if owners else _explained(parameter)
    text = text.replace("%", "%%")
    if parameter.type is bool:
        group.add_argument(flag, dest=dest, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=text)
    else:
        group.add_argument(flag, dest=dest, default=argparse.SUPPRESS, metavar=_metavar(parameter), help=text)


def _metavar(parameter: Parameter) -> str:
    metavar = {int: "N", float: "V", tuple: "U:V,…"}.get(parameter.type, "NAME")
    return f"{metavar},…" if parameter.many else metavar


def _explained(parameter: Parameter) -> str:
    """Its help, and what it may be."""
    allowed = ""
    if issubclass(parameter.type, Enum):
        allowed = ", ".join(str(choice.value) for choice in parameter.type)
    elif parameter.range is not None:
        names = "".join(f", or {name}" for name, _ in parameter.range.names)
        allowed = f"{parameter.range.low:g} to {parameter.range.high:g}{names}"
    return f"{parameter.help} ({allowed})" if allowed else parameter.help
