"""The paths that were walked through the tree of branches, each asked like one trajectory, all within one budget."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

import numpy as np
from torch import Tensor

from ddpm_studio.branch import Branches
from ddpm_studio.denoiser import Denoiser
from ddpm_studio.painting import painted
from ddpm_studio.route import Leg, Route
from ddpm_studio.sample import Known, Step
from ddpm_studio.schedule import Schedule
from ddpm_studio.step import State
from ddpm_studio.trajectory import BUDGET, Trajectory, go_on

D = TypeVar("D")
Rows = tuple[int, ...] | None
"""Which rows of a batch; None is all of them, as they are."""


def begun(leg: Leg, stem: State, schedule: Schedule) -> State:
    """Where a branch begins: its rows of the state it leaves, painted over. Raises what `painting.painted` does."""
    rows = _chosen(leg.rows, len(stem.x))
    x = taken(stem.x, rows)
    x = painted(x, leg.edits, schedule, stem.t, leg.seed, leg.samples)
    if leg.last is None or stem.before is None:
        return State(stem.t, x)
    return State(stem.t, x, leg.last, taken(stem.before, rows))


def steps(denoiser: Denoiser, leg: Leg, state: State, known: Known | None = None) -> Iterator[Step]:
    """The steps of a leg from one of its states to t = 0."""
    return go_on(denoiser, leg.sampler, state, leg.times, leg.seed, leg.samples, known)


def taken(values: D, rows: Rows) -> D:
    """The rows of a tensor, an array, or of every one in a tuple or frozen dataclass; what is none of these stays."""
    if rows is None or values is None:
        return values
    if isinstance(values, Tensor | np.ndarray):
        return values[list(rows)]  # type: ignore[return-value]
    if isinstance(values, tuple):
        return tuple(taken(each, rows) for each in values)  # type: ignore[return-value]
    if not is_dataclass(values) or isinstance(values, type):
        return values
    return replace(values, **{field.name: taken(getattr(values, field.name), rows) for field in fields(values)})


class Path:
    """From noise to x_0 along a route, with the interface of a `Trajectory`.

    Above the place where a branch leaves, the steps are its parent's, in the rows that the branch has made its own.
    """

    def __init__(self, route: Route, walked: Sequence[Trajectory]) -> None:
        self.route, self.times = route, route.times
        self._starts = route.starts
        self._walked = tuple(walked)  # one for each leg
        self.rows = rows_in(route)

    def __len__(self) -> int:
        """The steps taken so far, without a gap."""
        count = 0
        for leg, walked in zip(self.route.legs, self._walked, strict=True):
            count += min(len(walked), leg.taken)
            if len(walked) < leg.taken:
                break
        return count

    @property
    def finished(self) -> bool:
        """Whether it has arrived at t = 0."""
        return len(self) == len(self.times) - 1

    @property
    def stride(self) -> int:
        """How often the denoiser is asked at most for a step that is not kept."""
        return max(walked.stride for walked in self._walked)

    def leg_of(self, i: int) -> tuple[int, int]:
        """The leg that step i belongs to, and its number in it."""
        place = max(k for k, start in enumerate(self._starts) if start <= i and self.route.legs[k].taken)
        return place, i - self._starts[place]

    def keeps(self, i: int) -> bool:
        """Whether step i can be had without calling the denoiser."""
        place, own = self.leg_of(i)
        return self._walked[place].keeps(own)

    def around(self, i: int) -> range:
        """The steps that are made again together with step i."""
        place, own = self.leg_of(i)
        found, start = self._walked[place].around(own), self._starts[place]
        return range(start + found.start, start + min(found.stop, self.route.legs[place].taken))

    def step(self, i: int) -> Step:
        """Step i, 0 ≤ i < len: the same values as when it was taken. IndexError: it has not been."""
        return next(self.walk(i))

    def walk(self, first: int = 0) -> Iterator[Step]:
        """The steps from `first` to the last one taken. IndexError: `first` has not been taken."""
        length = len(self)
        if not 0 <= first < length:
            raise IndexError(f"step {first} of {length}")
        parts = [
            (walked.walk(max(first - start, 0)), min(start + leg.taken, length) - max(first, start), rows)
            for start, leg, walked, rows in zip(self._starts, self.route.legs, self._walked, self.rows, strict=True)
            if max(first, start) < min(start + leg.taken, length)
        ]
        return _one_after_the_other(parts)

    def state(self, i: int) -> Tensor:
        """x at t = times[i], (B, *shape), 0 ≤ i ≤ len; where a branch leaves, its own, painted one."""
        if i == len(self):
            place = max(k for k, start in enumerate(self._starts) if start < i or (k == 0 and i == 0))
            return taken(self._walked[place].state(i - self._starts[place]), self.rows[place])
        place, own = self.leg_of(i)
        return taken(self._walked[place].state(own), self.rows[place])


class Tree:
    """The trajectory of every leg that was walked under one denoiser; a leg is told from others by its branches.

    Args:
        denoiser: what all are walked with.
        known: what the chain keeps to, if it repairs a picture.
        budget: bytes for all of them: the largest is thinned out first.
    """

    def __init__(self, denoiser: Denoiser, *, known: Known | None = None, budget: int = BUDGET) -> None:
        self.denoiser, self.known = denoiser, known
        self._budget = budget
        self._walked: dict[Branches, Trajectory] = {}

    @property
    def nbytes(self) -> int:
        """What is kept in all."""
        return sum(walked.nbytes for walked in self._walked.values())

    def path(self, route: Route) -> Path:
        """The path along a route, as far as it has been walked."""
        return Path(route, [self._of(leg) for leg in route.legs])

    def append(self, leg: Leg, step: Step) -> None:
        """Adds the step that was taken next on a leg. ValueError: it does not follow."""
        self._of(leg).append(step)
        while self.nbytes > self._budget and max(self._walked.values(), key=lambda walked: walked.nbytes).thin():
            pass

    def length(self, leg: Leg) -> int:
        """The steps of a leg that have been taken."""
        return len(self._of(leg))

    def keep_only(self, legs: set[Branches]) -> None:
        """Forgets every other leg: it can be walked again, to the bit."""
        self._walked = {branches: walked for branches, walked in self._walked.items() if branches in legs}

    def standing(self, leg: Leg, steps: int) -> Callable[[], State]:
        """Finds the state of a leg after so many of the steps taken, as things are now; may ask the denoiser."""
        return self._of(leg).standing(steps)

    def _of(self, leg: Leg) -> Trajectory:
        if leg.branches not in self._walked:
            self._walked[leg.branches] = Trajectory(
                self.denoiser,
                leg.sampler,
                seed=leg.seed,
                samples=leg.samples,
                times=leg.times,
                last=leg.last,
                known=self.known,
                budget=self._budget,
            )
        return self._walked[leg.branches]


def rows_in(route: Route) -> list[Rows]:
    """For each leg, which of its rows the last leg's are."""
    found: list[Rows] = [None]
    for leg, stem in zip(reversed(route.legs[1:]), reversed(route.legs[:-1]), strict=True):
        after = found[-1]
        rows = leg.rows if after is None else tuple(leg.rows[row] for row in after)
        found.append(_chosen(rows, len(stem.samples)))
    return list(reversed(found))


def _chosen(rows: tuple[int, ...], count: int) -> Rows:
    return None if rows == tuple(range(count)) else rows


def _one_after_the_other(parts: Sequence[tuple[Iterator[Step], int, Rows]]) -> Iterator[Step]:
    for walk, count, rows in parts:
        for _, step in zip(range(count), walk, strict=False):
            yield taken(step, rows)
