"""What the window's reverse chain is made of: the values its job yields, a state to look at."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import Tensor

from ddpm_studio.document import Document
from ddpm_studio.neighbours import Neighbours, Watched, compare, watch
from ddpm_studio.sample import Step
from ddpm_studio.schedule import Schedule
from ddpm_studio.ui.model import Model, Source, opened


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


def walk(document: Document, source: Source, model: Model | None) -> Iterator[Model | Watched]:
    """The model, read unless it is of this source already, then the steps of its chain. Raises what `opened` does."""
    if model is None or model.source != source:
        model = next(opened(source, document.schedule))
    model = model.under(document.schedule)
    yield model
    document = under(document, model.denoiser.schedule)
    seed, samples = document.sampling.seed, range(document.sampling.count)
    if model.network is None and model.exact is not None:
        yield from watch(model.exact, document.sampler, seed=seed, samples=samples)
    else:
        yield from compare(model.denoiser, model.exact, document.sampler, seed=seed, samples=samples)


def under(document: Document, schedule: Schedule) -> Document:
    """What is walked with a denoiser of this schedule: the document itself, if it has the same."""
    return document if document.schedule == schedule else replace(document, schedule=schedule)
