"""An equation as a tree, and what it says in one line of text. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto


class Role(Enum):
    """What a symbol does in its row: this decides the space around it."""

    ORDINARY = auto()
    BINARY = auto()
    RELATION = auto()
    OPERATOR = auto()
    OPEN = auto()
    CLOSE = auto()
    PUNCTUATION = auto()


class Mark(Enum):
    """What stands over a symbol."""

    HAT = "\N{COMBINING CIRCUMFLEX ACCENT}"
    BAR = "\N{COMBINING MACRON}"
    TILDE = "\N{COMBINING TILDE}"


@dataclass(frozen=True)
class Symbol:
    """One sign, or a word in upright letters."""

    text: str
    role: Role = Role.ORDINARY
    italic: bool = False


@dataclass(frozen=True)
class Row:
    """Parts beside each other."""

    parts: tuple["Part", ...]


@dataclass(frozen=True)
class Fraction:
    """One part above the other."""

    above: "Part"
    below: "Part"


@dataclass(frozen=True)
class Script:
    """A part with others at its lower and upper right."""

    base: "Part"
    sub: "Part | None" = None
    sup: "Part | None" = None


@dataclass(frozen=True)
class Root:
    """A square root."""

    body: "Part"


@dataclass(frozen=True)
class Accent:
    """A part with a mark over it."""

    body: "Part"
    mark: Mark


@dataclass(frozen=True)
class Fence:
    """A part between signs that are as high as it is."""

    left: str
    body: "Part"
    right: str


@dataclass(frozen=True)
class Named:
    """A part that has a name: it can be lit, pointed at, and has a value."""

    name: str
    body: "Part"


@dataclass(frozen=True)
class Space:
    """An empty width in em."""

    em: float


Part = Symbol | Row | Fraction | Script | Root | Accent | Fence | Named | Space


def plain(part: Part) -> str:
    """The equation in one line of text, for those who hear it and for tooltips."""
    return "".join(_spelled(part)).strip()


def _spelled(part: Part) -> Iterator[str]:
    """Piece by piece, with the signs that text has for what is drawn."""
    match part:
        case Symbol(text, role, _):
            yield f" {text} " if role in (Role.BINARY, Role.RELATION) else text + " " * (role is Role.OPERATOR)
        case Row(parts):
            yield from (piece for each in parts for piece in _spelled(each))
        case Fraction(above, below):
            yield f"({plain(above)})/({plain(below)})"
        case Script(base, sub, sup):
            yield plain(base) + (f"_{_grouped(sub)}" if sub else "") + (f"^{_grouped(sup)}" if sup else "")
        case Root(body):
            yield f"√({plain(body)})"
        case Accent(body, mark):
            yield plain(body) + mark.value
        case Fence(left, body, right):
            yield left + plain(body) + right
        case Named(_, body):
            yield plain(body)
        case Space():
            yield " "


def _grouped(part: Part) -> str:
    text = plain(part)
    return text if len(text) == 1 else f"({text})"
