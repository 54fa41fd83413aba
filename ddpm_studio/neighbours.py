"""What the exact denoiser goes by: the data pictures nearest to x_t, watched along the whole chain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ddpm_studio.denoiser import Exact, Posterior, Prediction
from ddpm_studio.sample import Step, sample
from ddpm_studio.sampler import Sampler
from ddpm_studio.schedule import Schedule

NEAREST = 8


@dataclass(frozen=True, eq=False)
class Neighbours:
    """p(i | x_t) over the pictures of the data set, for every sample of a batch."""

    entropy: NDArray[np.float32]  # (B,), bits: log2 N when all pictures are as likely, 0 when one has been chosen
    nearest: NDArray[np.int64]  # (B, k), the most probable pictures, most probable first
    weights: NDArray[np.float32]  # (B, k), their probabilities

    @classmethod
    def of(cls, posterior: Posterior) -> "Neighbours":
        """The part of the posterior that is no picture."""
        return cls(posterior.entropy.cpu().numpy(), posterior.nearest.cpu().numpy(), posterior.weights.cpu().numpy())


@dataclass(frozen=True, eq=False)
class Watched:
    """A reverse step and what its guess rested on."""

    step: Step
    neighbours: Neighbours


def watch(exact: Exact, sampler: Sampler, *, seed: int, samples: Sequence[int], k: int = NEAREST) -> Iterator[Watched]:
    """The chain of `sample`, to the bit, with the k pictures nearest to every x_t; raises what `sample` does."""
    witness = _Witness(exact, k)
    for step in sample(witness, sampler, seed=seed, samples=samples):
        yield Watched(step, Neighbours.of(witness.last))


class _Witness:
    """The exact denoiser; remembers what its last guess rested on."""

    last: Posterior

    def __init__(self, exact: Exact, k: int) -> None:
        self._exact, self._k = exact, k

    @property
    def schedule(self) -> Schedule:
        return self._exact.schedule

    @property
    def shape(self) -> tuple[int, ...]:
        return self._exact.shape

    def __call__(self, x: Tensor, t: int) -> Prediction:
        self.last = self._exact.posterior(x, t, self._k)
        return self.last
