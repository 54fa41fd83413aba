"""The data pictures nearest to x_t, watched along a whole chain: what the exact denoiser goes by, a network may not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ddpm_studio.anatomy import Sizes
from ddpm_studio.denoiser import Denoiser, Exact, Odds, Posterior, Prediction
from ddpm_studio.sample import Step
from ddpm_studio.schedule import Schedule

NEAREST = 8


@dataclass(frozen=True, eq=False)
class Neighbours:
    """p(i | x_t) over the pictures of the data set, for every sample of a batch."""

    entropy: NDArray[np.float32]  # (B,), bits: log2 N when all pictures are as likely, 0 when one has been chosen
    nearest: NDArray[np.int64]  # (B, k), the most probable pictures, most probable first
    weights: NDArray[np.float32]  # (B, k), their probabilities
    distance: NDArray[np.float32]  # (B,), root mean square difference of x̂_0 from the most alike of these k

    @classmethod
    def of(cls, exact: Exact, odds: Odds, x0: Tensor) -> "Neighbours":
        """Of the data in `exact`; `x0` is the guess x̂_0, (B, *shape), whatever made it."""
        apart = (exact.means[odds.nearest] - x0.reshape(len(x0), 1, -1)).square().mean(2).amin(1).sqrt()
        tensors = (odds.entropy, odds.nearest, odds.weights, apart)
        return cls(*(tensor.cpu().numpy() for tensor in tensors))


@dataclass(frozen=True, eq=False)
class Watched:
    """A reverse step, the pictures near it (None where there are none to compare with), and what it amounts to."""

    step: Step
    neighbours: Neighbours | None
    sizes: Sizes


Walk = Callable[[Denoiser], Iterator[Step]]
"""A chain, or a part of one, for whichever denoiser it is given."""


def watch(exact: Exact, walk: Walk, k: int = NEAREST) -> Iterator[Watched]:
    """The steps of a walk, to the bit, with the k pictures nearest to every x_t; raises what the walk does."""
    witness = _Witness(exact, k)
    before = None
    for step in walk(witness):
        near = Neighbours.of(exact, witness.first(), step.x0)
        yield Watched(step, near, Sizes.of(exact.schedule, step, before))
        before = step.x0


def compare(denoiser: Denoiser, exact: Exact | None, walk: Walk, k: int = NEAREST) -> Iterator[Watched]:
    """The walk of a network, and what the exact denoiser of the pictures it was trained on would go by at each x_t."""
    before = None
    for step in walk(denoiser):
        found = None if exact is None else near(exact, step, k)
        yield Watched(step, found, Sizes.of(denoiser.schedule, step, before))
        before = step.x0


def near(exact: Exact, step: Step, k: int = NEAREST) -> Neighbours:
    """The k pictures nearest to x_t of a step, whatever made it."""
    return Neighbours.of(exact, exact.odds(step.x, step.t, k), step.x0)


class _Witness:
    """The exact denoiser; remembers what its guess rested on, of several in a step that of x_t, which is the first."""

    def __init__(self, exact: Exact, k: int) -> None:
        self._exact, self._k = exact, k
        self._seen: list[Posterior] = []

    def first(self) -> Posterior:
        """The first guess since this was asked for last."""
        first, *_ = self._seen
        self._seen.clear()
        return first

    @property
    def schedule(self) -> Schedule:
        return self._exact.schedule

    @property
    def shape(self) -> tuple[int, ...]:
        return self._exact.shape

    def __call__(self, x: Tensor, t: int) -> Prediction:
        self._seen.append(self._exact.posterior(x, t, self._k))
        return self._seen[-1]
