"""What the window's reverse chain is made of: a model, the values its job yields, a state to look at."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import Tensor

from ddpm_studio.data import ImageData, load
from ddpm_studio.denoiser import Exact
from ddpm_studio.document import Document
from ddpm_studio.neighbours import Neighbours, Watched, watch
from ddpm_studio.sample import Step


@dataclass(frozen=True, eq=False)
class Model:
    """A data set and its exact denoiser under the chain's schedule."""

    ref: str  # the document's name for the data set
    data: ImageData
    exact: Exact


@dataclass(frozen=True, eq=False)
class Frame:
    """One state of the chain and the step that leaves it; for the last state, the step that led to it."""

    index: int
    times: tuple[int, ...]  # t of every state, falling to 0
    step: Step
    neighbours: Neighbours

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


def walk(document: Document, model: Model | None) -> Iterator[Model | Watched]:
    """The document's model, read unless `model` has its data, then the steps of its chain. Raises what `load` does."""
    if model is None or model.ref != document.dataset:
        model = next(opened(document.dataset, document))
    exact = model.exact.with_schedule(document.schedule)
    yield replace(model, exact=exact)
    sampling = document.sampling
    yield from watch(exact, document.sampler, seed=sampling.seed, samples=range(sampling.count))


def opened(ref: str, document: Document) -> Iterator[Model]:
    """The model of another data set. Raises what `load` does."""
    data = load(ref)
    yield Model(ref, data, Exact.of_pictures(document.schedule, data.train))
