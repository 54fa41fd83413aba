"""What a chapter of the Learn panel is made of, and how it is read from `chapters.txt`. No Qt.

# Title
panels: schedule, noising            the panels it is about, one or two

A paragraph.

$ x_t = … $  (eq. 4)                 an equation in the notation of `ui.typesetting.markup`, and where it is from

> t                                  the shared cursor, as a slider
> linear β | cosine                  buttons: ACTIONS by name
> settings ddim: eta                 settings of the sampler of this kind, while it is chosen
> figure jensen                      a drawing with something to drag in it
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ddpm_studio.lessons.actions import ACTIONS, Action, View


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Equation:
    """A displayed equation, and where it is from."""

    markup: str
    source: str = ""


@dataclass(frozen=True)
class Buttons:
    """Things to do, side by side."""

    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Cursor:
    """A slider for the shared t, the same as in every panel."""


@dataclass(frozen=True)
class Settings:
    """Some settings of a sampler, shown while it is the document's."""

    kind: str
    names: tuple[str, ...]


class Figure(Enum):
    """A drawing with something to drag in it."""

    TANGENT = "tangent"
    JENSEN = "jensen"
    MARKOV = "markov"


Block = Text | Equation | Buttons | Cursor | Settings | Figure


@dataclass(frozen=True)
class Chapter:
    """A page of the Learn panel, with the panels that it is about beside it."""

    title: str
    panels: tuple[str, ...]
    """Their keys, from the top down."""
    blocks: tuple[Block, ...]

    @property
    def view(self) -> View | None:
        """The first view of a panel that it speaks of."""
        actions = (action for block in self.blocks if isinstance(block, Buttons) for action in block.actions)
        return next((action for action in actions if isinstance(action, View)), None)


def chapters(text: str) -> tuple[Chapter, ...]:
    """The chapters of a text in the notation above.

    Raises:
        ValueError: a paragraph that cannot be read, or a button or figure that there is none of.
    """
    return tuple(_chapter(page) for page in re.split(r"^# ", text, flags=re.MULTILINE)[1:])


def _chapter(page: str) -> Chapter:
    head, *paragraphs = re.split(r"\n\s*\n", page.strip())
    title, _, panels = head.partition("\npanels:")
    if not panels:
        raise ValueError(f"chapter {title!r} names no panels")
    return Chapter(title, tuple(_words(panels, ",")), tuple(map(_block, paragraphs)))


def _block(paragraph: str) -> Block:
    text = " ".join(paragraph.split())
    if text.startswith("$"):
        found = re.fullmatch(r"\$ (.+) \$(?: \((.+)\))?", text)
        if found is None:
            raise ValueError(f"not an equation: {text}")
        return Equation(found[1], found[2] or "")
    return _control(text[1:].strip()) if text.startswith(">") else Text(text)


def _control(text: str) -> Block:
    word, _, rest = text.partition(" ")
    if text == "t":
        return Cursor()
    if word == "figure":
        return Figure(rest)
    if word == "settings":
        kind, _, names = rest.partition(":")
        return Settings(kind, tuple(_words(names, ",")))
    unknown = [name for name in _words(text, "|") if name not in ACTIONS]
    if unknown:
        raise ValueError(f"no button is called {unknown[0]!r}")
    return Buttons(tuple(ACTIONS[name] for name in _words(text, "|")))


def _words(text: str, between: str) -> Iterator[str]:
    return (word.strip() for word in text.split(between))
