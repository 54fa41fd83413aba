"""The way to the end of a branch, leg by leg: which timesteps, which rows, which noise. Nothing is run here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ddpm_studio.branch import TRUNK, Branch, Branches, Edit
from ddpm_studio.errors import UserError
from ddpm_studio.sampler import Sampler


@dataclass(frozen=True)
class Leg:
    """A stretch that is walked with one sampler: the trunk, or one branch."""

    branches: Branches
    """The branches up to here, nameless, each at the t it really leaves; none for the trunk. Tells legs apart."""
    sampler: Sampler
    seed: int
    samples: tuple[int, ...]
    times: tuple[int, ...]
    """t of its states, falling, from where it begins to 0."""
    last: int | None = None
    """The timestep before the first, where the chain goes on as it was: a multistep sampler does not begin anew."""
    rows: tuple[int, ...] = ()
    """Which row of the state it leaves each of its own begins as; () for the trunk."""
    edits: tuple[Edit, ...] = ()
    taken: int = 0
    """How many of its steps belong to the route; after the last of them the next leg begins."""


@dataclass(frozen=True)
class Route:
    """All legs to the end of one branch."""

    legs: tuple[Leg, ...]

    @property
    def times(self) -> tuple[int, ...]:
        """t of every state on the way, falling to 0; where a leg leaves, its own state stands for its parent's."""
        return (*(t for leg in self.legs for t in leg.times[: leg.taken]), 0)

    @property
    def starts(self) -> tuple[int, ...]:
        """The number of the state that each leg begins at."""
        ends = [0]
        for leg in self.legs:
            ends.append(ends[-1] + leg.taken)
        return tuple(ends[:-1])

    def leaving(self, branch: Branch, T: int) -> "Route":
        """The route that turns off into a branch at the state nearest to its t, the earlier one where two are.

        Raises:
            UserError: the branch begins as a sample that there is not.
        """
        times = self.times[:-1]
        state = min(range(len(times)), key=lambda i: abs(times[i] - branch.t))
        place = max(k for k, start in enumerate(self.starts) if start <= state)
        stem = (*self.legs[:place], replace(self.legs[place], taken=state - self.starts[place]))
        rows = _through(self.legs[place + 1 :], branch)
        if max(rows) >= len(stem[-1].samples):
            raise UserError(
                f"this branch begins as sample {max(rows)}, and there are {len(stem[-1].samples)}; "
                f"draw more samples, or delete the branch"
            )
        return Route((*stem, _leg(branch, stem[-1], rows, T)))


def trunk(
    sampler: Sampler, seed: int, count: int, times: Sequence[int], numbers: tuple[int, ...] | None = None
) -> Route:
    """The document's own chain: `count` samples, at the states `times`, falling to 0.

    `numbers` are what the noise of each is drawn by, 0..count − 1 unless the chain's origin says otherwise.
    """
    times, numbers = tuple(times), tuple(range(count)) if numbers is None else numbers
    return Route((Leg((), sampler, seed, numbers, times, taken=len(times) - 1),))


def route(start: Route, branches: Branches, T: int) -> Route:
    """The trunk, and off into each of a lineage's branches in turn. UserError: as `Route.leaving`."""
    for branch in branches:
        start = start.leaving(branch, T)
    return start


def _leg(branch: Branch, stem: Leg, rows: tuple[int, ...], T: int) -> Leg:
    begin = stem.times[stem.taken]
    times = branch.sampler.stops(T, begin)
    goes_on = stem.sampler == branch.sampler and not branch.edits
    before = stem.times[stem.taken - 1] if stem.taken else stem.last
    last = before if goes_on else None
    told = (*stem.branches, replace(branch, name="", parent=TRUNK, t=begin, rows=rows))
    return Leg(told, branch.sampler, branch.seed, branch.samples, times, last, rows, branch.edits, len(times) - 1)


def _through(legs: Sequence[Leg], branch: Branch) -> tuple[int, ...]:
    """The branch's rows among those of an earlier leg, if it leaves from before its parent does."""
    rows = branch.rows
    for leg in reversed(legs):
        if max(rows) >= len(leg.rows):
            raise UserError(
                f"this branch begins as sample {max(rows)} of its parent, which has {len(leg.rows)}; delete the branch"
            )
        rows = tuple(leg.rows[row] for row in rows)
    return rows
