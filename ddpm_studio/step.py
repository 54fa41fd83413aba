"""One step of a chain, and what every rule that makes one is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from ddpm_studio.denoiser import Denoiser, Prediction
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.prediction import Answer
from ddpm_studio.sampler import Sampler
from ddpm_studio.schedule import Schedule


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a chain from t to s, all tensors of shape (B, *shape): x_s = mean + σ·z, whatever the sampler.

    s < t on the way to the picture; s > t where a picture is encoded. ε̂ and x̂_0 are those of x_t. Where a step asks
    the denoiser or draws more often (`evaluations`), mean, σ and z are those of its last draw.
    """

    t: int
    s: int
    x: Tensor  # x_t
    eps: Tensor  # ε̂
    x0: Tensor  # x̂_0 as predicted
    x0_clipped: Tensor  # x̂_0 as used: clipped to [−1, 1], or the same tensor when clipping is off
    mean: Tensor  # the mean of x_s
    sigma: float | Tensor  # a tensor (B, *shape) where it differs: learned, or of a picture part of which is known
    z: Tensor  # the noise; zeros when σ = 0
    before: Tensor | None = None  # x̂_0⁻ as used in the step before: with it a multistep sampler goes on from here
    evaluations: int = 1  # how often the denoiser was asked
    answers: tuple[Answer, ...] = ()  # what it said each time, if that can be read again

    @cached_property
    def next(self) -> Tensor:
        """x_s, where the next step begins."""
        if isinstance(self.sigma, Tensor):
            return self.mean + self.sigma * self.z
        return torch.add(self.mean, self.z, alpha=self.sigma) if self.sigma else self.mean


@dataclass(frozen=True)
class Noise:
    """The draws of a chain, each a pure function of what it is for."""

    seed: int
    samples: Sequence[int]
    turn: int = 0  # which resampling of a step

    def like(self, x: Tensor, t: int, purpose: Purpose, count: int = 0) -> Tensor:
        """Standard normal numbers of the shape and kind of x (B, *shape): number `count` of this purpose at t."""
        place = t + (count << 16) + (self.turn << 32)  # t ≤ 4000
        return gaussian(tuple(x.shape[1:]), seed=self.seed, samples=self.samples, t=place, purpose=purpose).to(x)


@dataclass(frozen=True, eq=False)
class Chain:
    """What stays the same from step to step."""

    denoiser: Denoiser
    sampler: Sampler
    noise: Noise

    @property
    def schedule(self) -> Schedule:
        """The denoiser's."""
        return self.denoiser.schedule

    def used(self, guess: Prediction) -> Tensor:
        """x̂_0 as the sampler uses it: clipped, or the same tensor."""
        return guess.x0.clamp(-1.0, 1.0) if self.sampler.clip else guess.x0

    def again(self, turn: int) -> "Chain":
        """The same with other noise: for another turn of the same step."""
        return replace(self, noise=replace(self.noise, turn=turn))


@dataclass(frozen=True, eq=False)
class State:
    """Where a chain is, and the guess it comes from."""

    t: int
    x: Tensor  # x_t, (B, *shape)
    last: int | None = None  # the timestep of `before`
    before: Tensor | None = None  # x̂_0 as used in the step that led here; None for samplers that do not look back


Rule = Callable[[Chain, State, int], Step]
"""Makes the step from a state to s < t."""
