"""A branch of the reverse chain: where it leaves, how it goes on, and what is painted on x_t first. Values only.

The trunk is the document's own chain, from noise to x_0. A branch leaves its parent's path at some t and goes on from
that very state, with a sampler, a seed and rows of its own: one row of the parent copied k times is a fan.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Annotated

from ddpm_studio.errors import UserError
from ddpm_studio.params import Json, Knots, Parameters, Range, as_object, one_of, refuse_unknown
from ddpm_studio.sampler import SAMPLERS, Sampler

TRUNK = -1
"""As a parent or as the branch that is looked at: the document's own chain."""
ALL = -1
"""As the row of an edit: every sample."""
MOST = 64
"""Samples of one branch."""
Seed = Range(0, 2**63 - 1)
Row = Range(ALL, MOST - 1)


class Ink(StrEnum):
    """What a brush leaves on x_t."""

    COLOUR = "colour"  # a draw from q(x_t | x_0 = the colour): the colour with the noise that belongs to t
    NOISE = "noise"  # N(0, I): what was there is forgotten
    PLAIN = "plain"  # the colour itself, without any noise
    ERASE = "erase"  # what the parent has there


@dataclass(frozen=True)
class Stroke(Parameters):
    """One stroke of a brush: every pixel whose centre is within `radius` of the line through the points."""

    ink: Annotated[Ink, "what the brush leaves"] = Ink.COLOUR
    colour: Annotated[str, "#rrggbb; on grey pictures the mean of the three"] = "#ffffff"
    radius: Annotated[float, Range(0.0, 512.0), "pixels"] = 1.0
    points: Annotated[Knots, "x:y of the line's corners, in pixels from the centre of the upper left one"] = ()
    row: Annotated[int, Row, "the sample it is painted on; −1 is every one"] = ALL

    kind = "stroke"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not re.fullmatch("#[0-9a-fA-F]{6}", self.colour):
            raise UserError(f"stroke: a colour is written #rrggbb, not {self.colour!r}")


@dataclass(frozen=True)
class Paste(Parameters):
    """A picture put onto x_t as a draw from q(x_t | x_0 = the picture); what lies beyond the edge is left out."""

    picture: Annotated[str, "as the noising panel's: a photograph, fashion:7, or a file"] = "chelsea"
    x: Annotated[int, Range(-4096, 4096), "column of its left edge, pixels"] = 0
    y: Annotated[int, Range(-4096, 4096), "row of its upper edge, pixels"] = 0
    size: Annotated[int, Range(1, 512), "its side, pixels"] = 16
    row: Annotated[int, Row, "the sample it is put on; −1 is every one"] = ALL

    kind = "paste"


Edit = Stroke | Paste
EDITS: dict[str, type[Parameters]] = {cls.kind: cls for cls in (Stroke, Paste)}


@dataclass(frozen=True)
class Branch:
    """One branch. Row r of it begins as row `rows[r]` of its parent and draws the noise of sample `samples[r]`.

    Raises:
        UserError: a number out of range, or not as many samples as rows.
    """

    parent: int
    """TRUNK, or the place of an earlier branch in the document."""
    t: int
    """Where it leaves, 1..T; from the state nearest to it that the parent's path visits."""
    sampler: Sampler
    seed: int
    rows: tuple[int, ...]
    samples: tuple[int, ...]
    name: str = ""
    edits: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.t <= 4000 or self.parent < TRUNK or not Seed.low <= self.seed <= Seed.high:
            raise UserError(
                f"branch: t must be from 1, seed and parent whole numbers from 0 and −1, but are "
                f"{self.t}, {self.seed} and {self.parent}"
            )
        if not 1 <= len(self.rows) <= MOST or len(self.samples) != len(self.rows):
            raise UserError(f"branch: as many samples as rows, 1 to {MOST}, not {len(self.samples)}, {len(self.rows)}")
        if not all(0 <= r < MOST for r in self.rows) or not all(0 <= n < 2**31 for n in self.samples):
            raise UserError(f"branch: rows are 0 to {MOST - 1} and samples from 0, not {self.rows} and {self.samples}")

    @property
    def fans(self) -> bool:
        """Whether all of it begins as one and the same sample."""
        return len(self.rows) > 1 and len(set(self.rows)) == 1

    def within(self, T: int) -> "Branch":
        """The same under a schedule of T steps: its sampler takes no more."""
        return self if self.sampler.steps <= T else replace(self, sampler=replace(self.sampler, steps=T))

    def to_json(self) -> dict[str, object]:
        """A JSON object that `from_json` reads back to an equal branch."""
        return {
            "parent": self.parent,
            "t": self.t,
            "sampler": self.sampler.to_json(),
            "seed": self.seed,
            "rows": list(self.rows),
            "samples": list(self.samples),
            "name": self.name,
            "edits": [edit.to_json() for edit in self.edits],
        }

    @classmethod
    def from_json(cls, data: object, where: str) -> "Branch":
        """The branch that `to_json` wrote. UserError: an unknown or a missing key, or a value out of range."""
        given = as_object(data, where)
        refuse_unknown(given, {f.name for f in fields(cls)}, where)
        if missing := {"parent", "t", "sampler", "seed", "rows", "samples"} - set(given):
            raise UserError(f"{where}: {', '.join(sorted(missing))} missing")
        name = given.get("name", "")
        if not isinstance(name, str):
            raise UserError(f"{where}: name must be text, but is {name!r}")
        return cls(
            parent=whole(given["parent"], f"{where}: parent"),
            t=whole(given["t"], f"{where}: t"),
            sampler=one_of(SAMPLERS, given["sampler"], f"{where}: sampler"),
            seed=whole(given["seed"], f"{where}: seed"),
            rows=_numbers(given, "rows", where),
            samples=_numbers(given, "samples", where),
            name=name,
            edits=tuple(_edit(edit, f"{where}: edit") for edit in _items(given.get("edits", ()), f"{where}: edits")),
        )


Branches = tuple[Branch, ...]


def checked(branches: Iterable[Branch], shown: int) -> Branches:
    """The branches, each after its parent, and the one looked at among them; UserError otherwise."""
    made = tuple(branches)
    for place, branch in enumerate(made):
        if branch.parent >= place:
            raise UserError(f"branch {place} leaves branch {branch.parent}, which does not come before it")
    if not TRUNK <= shown < len(made):
        raise UserError(f"branch must be −1 (the trunk) or one of {len(made)} from 0 on, but is {shown}")
    return made


def lineage(branches: Branches, place: int) -> Branches:
    """The branches from the one that leaves the trunk to the one at `place`; none for the trunk. Names are left out."""
    found: list[Branch] = []
    while place != TRUNK:
        found.append(replace(branches[place], name="", parent=TRUNK))
        place = branches[place].parent
    return tuple(reversed(found))


def with_descendants(branches: Branches, place: int) -> set[int]:
    """The places of a branch and of all that leave it, at whatever remove."""
    found = {place}
    for other in range(place + 1, len(branches)):
        if branches[other].parent in found:
            found.add(other)
    return found


def without(branches: Branches, place: int) -> tuple[Branches, dict[int, int]]:
    """The branches without one and its descendants, and where each of the others, and the trunk, has gone."""
    gone = with_descendants(branches, place)
    kept = [other for other in range(len(branches)) if other not in gone]
    places = {TRUNK: TRUNK, **{old: new for new, old in enumerate(kept)}}
    return tuple(replace(branches[old], parent=places[branches[old].parent]) for old in kept), places


def branches_from_json(data: object) -> Branches:
    """What is under "branches" in a document. UserError: no list of branches."""
    return tuple(Branch.from_json(item, f"branch {i}") for i, item in enumerate(_items(data, "branches")))


def _edit(data: object, where: str) -> Edit:
    made = one_of(EDITS, data, where)
    assert isinstance(made, Stroke | Paste)
    return made


def _items(value: object, where: str) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise UserError(f"{where} must be a list, but is {type(value).__name__}")
    return value


def _numbers(given: Json, name: str, where: str) -> tuple[int, ...]:
    return tuple(whole(item, f"{where}: {name}") for item in _items(given[name], f"{where}: {name}"))


def whole(value: object, where: str) -> int:
    """`value` if it is a whole number; otherwise a UserError that says where one was expected."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise UserError(f"{where} must be a whole number, but is {value!r}")
    return value
