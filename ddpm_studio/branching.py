"""The branches of a document: the way to each, and the chain along it."""

from collections.abc import Iterator, Sequence
from itertools import islice

from ddpm_studio.branch import lineage
from ddpm_studio.denoiser import Denoiser
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.origin.start import Start, begin
from ddpm_studio.route import Leg, Route, route, trunk
from ddpm_studio.step import State, Step
from ddpm_studio.tree import begun, rows_in, steps, taken


def route_of(document: Document, branch: int | None = None) -> Route:
    """The way to a branch, the one that is looked at unless another is named.

    Raises:
        UserError: the branch begins as a sample that there is not.
    """
    T, sampling = document.schedule.T, document.sampling
    numbers = document.origin.numbers(range(sampling.count))
    start = trunk(document.sampler, sampling.seed, sampling.count, document.stops, numbers)
    return route(start, lineage(document.branches, document.branch if branch is None else branch), T)


def broken(document: Document, branch: int) -> str:
    """Why a branch cannot be walked, in one line; empty if it can."""
    try:
        route_of(document, branch)
    except UserError as error:
        return str(error)
    return ""


def start_of(document: Document, denoiser: Denoiser) -> Start:
    """Where the trunk begins; a picture that is encoded is so here, at once. Raises what `start.begin` does."""
    sampling = document.sampling
    found = begin(
        document.origin,
        denoiser,
        document.sampler,
        seed=sampling.seed,
        samples=range(sampling.count),
        count=sampling.count,
    )
    *_, start = found
    assert isinstance(start, Start)
    return start


def walk_along(document: Document, denoiser: Denoiser) -> Iterator[Step]:
    """Every step to the branch that is looked at, each in the rows of its own leg; the last one's `next` is x_0.

    Raises:
        UserError: as `route_of`, `start_of`, `tree.begun` and `sample`.
    """
    for _, step in legs_along(document, denoiser):
        yield step


def legs_along(document: Document, denoiser: Denoiser) -> Iterator[tuple[Leg, Step]]:
    """Every step of `walk_along`, and the leg that it belongs to."""
    start, state = start_of(document, denoiser), None
    for leg in route_of(document).legs:
        state = State(start.stops[0], start.x) if state is None else begun(leg, state, denoiser.schedule)
        for step in islice(steps(denoiser, leg, state, start.known), leg.taken):
            yield leg, step
            state = State(step.s, step.next, step.t, step.x0_clipped if leg.sampler.multistep else None)


def ways(document: Document, denoiser: Denoiser, numbers: Sequence[int]) -> Iterator[Step]:
    """The whole way of some samples of the branch that is looked at: `walk_along`, in the rows that became theirs.

    Args:
        document: which branch.
        denoiser: what is walked with.
        numbers: of the samples, from 0, in the order in which they are given.

    Raises:
        UserError: as `walk_along`.
    """
    route = route_of(document)
    lengths = (leg.taken for leg in route.legs)
    chosen = [rows for rows, length in zip(rows_in(route), lengths, strict=True) for _ in range(length)]
    for step, rows in zip(walk_along(document, denoiser), chosen, strict=True):
        yield taken(taken(step, rows), tuple(numbers))
