"""What the window's reverse chain is made of: the values its job yields, a state to look at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from torch import Tensor

from ddpm_studio.branch import TRUNK
from ddpm_studio.branching import broken, route_of, start_of
from ddpm_studio.document import Document
from ddpm_studio.likelihood import ErrorCurve, Measured, levels_of
from ddpm_studio.neighbours import Neighbours, Watched, compare, near, watch
from ddpm_studio.origin.start import known_of
from ddpm_studio.route import Leg
from ddpm_studio.sample import Known, Step
from ddpm_studio.sampler import wants_errors
from ddpm_studio.schedule import Schedule
from ddpm_studio.step import State
from ddpm_studio.tree import begun, steps
from ddpm_studio.ui.sampling.model import Model, Source, opened


@dataclass(frozen=True, eq=False)
class Frame:
    """One state of the chain and the step that leaves it; for the last state, the step that led to it."""

    index: int
    times: tuple[int, ...]  # t of every state, falling to 0
    step: Step
    neighbours: Neighbours | None

    @property
    def t(self) -> int:
        """Where on the schedule this is."""
        return self.times[self.index]

    @property
    def final(self) -> bool:
        """Whether x is the finished sample."""
        return self.index == len(self.times) - 1

    @property
    def x(self) -> Tensor:
        """x_t of all samples, (B, C, H, W)."""
        return self.step.next if self.final else self.step.x


@dataclass(frozen=True, eq=False)
class Standing:
    """Where a walk is taken up again: the first leg of a route that has steps missing."""

    place: int
    done: int  # steps of it that have been taken
    state: Callable[[], State]  # after them; before the first, where the leg before is left


@dataclass(frozen=True, eq=False)
class Opened:
    """What a walk begins with: the denoiser, and what the chain keeps to if it repairs a picture."""

    model: Model
    known: Known | None


@dataclass(frozen=True, eq=False)
class Taken:
    """A step that has been taken on a leg."""

    leg: Leg
    watched: Watched


def walk(
    document: Document,
    source: Source,
    model: Model | None,
    standing: Standing | None,
    compared: Callable[[], bool],
) -> Iterator[Opened | Taken]:
    """The model, read unless it is of this source already, then the missing steps of the document's route.

    A network's step is told with the pictures near it if `compared()` holds when it has been taken.

    Raises what `opened`, `route_of`, `start.begin` and `tree.begun` do.
    """
    if model is None or model.source != source:
        model = next(opened(source, document.schedule))
    model = model.under(document.schedule)
    document = under(document, model.denoiser.schedule)
    legs = route_of(document).legs
    if any(wants_errors(leg.sampler) for leg in legs):
        model = measured(model)
    known = known_of(document.origin, model.denoiser)
    yield Opened(model, known)
    place, done = (standing.place, standing.done) if standing else (0, 0)
    state = standing.state() if standing else _first_state(document, model)
    for number in range(place, len(legs)):
        leg = legs[number]
        if number and not done:
            state = begun(leg, state, model.denoiser.schedule)
        for watched in islice(_watched(model, leg, state, known, compared), leg.taken - done):
            yield Taken(leg, watched)
            step = watched.step
            state = State(step.s, step.next, step.t, step.x0_clipped if leg.sampler.multistep else None)
        done = 0


def walkable(document: Document) -> tuple[Document, str]:
    """The document, looking at the nearest ancestor that can be walked, and why not at the branch itself."""
    reason = broken(document, document.branch)
    place = document.branch
    while place != TRUNK and broken(document, place):
        place = document.branches[place].parent
    return replace(document, branch=place), reason


def under(document: Document, schedule: Schedule) -> Document:
    """What is walked with a denoiser of this schedule: the document itself, if it has the same."""
    return document if document.schedule == schedule else replace(document, schedule=schedule)


def measured(model: Model) -> Model:
    """The model that knows its errors, which are measured here at once; one whose data are not to be had as it is."""
    if model.data is None or isinstance(model.denoiser, Measured):
        return model
    levels, probe = levels_of(model.denoiser, model.data)
    return replace(model, denoiser=Measured(model.denoiser, ErrorCurve.of(levels, probe.x0)))


def _first_state(document: Document, model: Model) -> State:
    """Where the trunk begins."""
    start = start_of(document, model.denoiser)
    return State(start.stops[0], start.x)


def _watched(
    model: Model, leg: Leg, state: State, known: Known | None, compared: Callable[[], bool]
) -> Iterator[Watched]:
    walked = partial(steps, leg=leg, state=state, known=known)
    if model.network is None and model.exact is not None:
        told = model.denoiser
        of = (lambda witness: walked(replace(told, denoiser=witness))) if isinstance(told, Measured) else walked
        yield from watch(model.exact, of)
        return
    for each in compare(model.denoiser, None, walked):
        wanted = model.exact is not None and compared()
        yield replace(each, neighbours=near(model.exact, each.step)) if wanted and model.exact else each
