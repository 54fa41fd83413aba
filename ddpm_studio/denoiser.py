"""What a sampler calls: the best guess of the clean picture behind a noisy one.

`Trained` asks a network. `Exact` needs no training: if the data are a mixture of equal Gaussians,
x_0 ~ Σ_i π_i N(m_i, s² I), then E[x_0 | x_t] has a closed form. A finite data set is the mixture of width s = 0, one
component per picture; a Gaussian is the mixture with one component.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ddpm_studio.data import Data, PointData, to_unit
from ddpm_studio.objective import Target
from ddpm_studio.prediction import Answer, Prediction, predicted
from ddpm_studio.process import eps_from_x0
from ddpm_studio.schedule import Schedule

__all__ = ["Denoiser", "Exact", "Odds", "Posterior", "Prediction", "Trained", "asked", "predicted"]

CHUNK = 16384
"""Components weighed at once: bounds the memory of the weights at B × CHUNK numbers."""
LEAST = -87.0
"""The logarithm of a weight that is nothing beside 1. An exponential that underflows takes ten times as long."""


class Denoiser(Protocol):
    """Anything that guesses x_0 from x_t under a schedule."""

    @property
    def schedule(self) -> Schedule:
        """The schedule the guess is made under."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample, (C, H, W) or (2,)."""
        ...

    def __call__(self, x: Tensor, t: int) -> Prediction:
        """The guess for x = x_t, shape (B, *shape), 1 ≤ t ≤ T."""
        ...


@dataclass(frozen=True, eq=False)
class Trained:
    """A network as a denoiser: on whatever device it lies, its answer comes back to where x is."""

    schedule: Schedule
    shape: tuple[int, ...]
    module: nn.Module
    target: Target

    @torch.inference_mode()
    def __call__(self, x: Tensor, t: int) -> Prediction:
        """x̂_0, ε̂ and what is known of their spread for x = x_t, shape (B, *shape), 1 ≤ t ≤ T; not to be changed."""
        device = next(self.module.parameters()).device
        values = asked(self.module, x.to(device), torch.full((len(x),), t, device=device)).to(x)
        return Answer(self.target, values).read(self.schedule, x, t)


def asked(module: nn.Module, x: Tensor, t: Tensor) -> Tensor:
    """The network's answer for x_t (B, *shape) at t (B,), 1 ≤ t ≤ T. Its own time is τ = t − 1 (Ho et al.'s code)."""
    answer: Tensor = module(x, t - 1)
    return answer


@dataclass(frozen=True, eq=False)
class Odds:
    """p(i | x_t) over the components i of a mixture."""

    entropy: Tensor
    """In bits, shape (B,): 0 when one component explains x_t alone, log2 N when all do equally."""
    nearest: Tensor
    """The k most probable components, most probable first, int64 (B, k)."""
    weights: Tensor
    """Their probabilities, (B, k)."""

    @classmethod
    def of(cls, logits: list[Tensor], k: int) -> Self:
        """From log p(i | x_t) up to a constant per row, (B, n) for each chunk of components."""
        weights = torch.cat(logits, 1).softmax(1)
        top = weights.topk(min(k, weights.shape[1]), dim=1)
        return cls(torch.special.entr(weights).sum(1) / np.log(2.0), top.indices, top.values)


@dataclass(frozen=True, eq=False)
class Posterior(Odds, Prediction):
    """The exact denoiser's guess and what it rests on."""


@dataclass(frozen=True, eq=False)
class Exact:
    """E[x_0 | x_t] for x_0 ~ Σ_i π_i N(m_i, s² I), in closed form (REFERENCE: optimal denoiser, Gaussian data).

    With v_t = ᾱ_t s² + 1 − ᾱ_t the variance of x_t within a component and g_t = √ᾱ_t s² / v_t,

        p(i | x_t) ∝ π_i exp(−‖x_t − √ᾱ_t m_i‖² / 2v_t),    x̂_0 = Σ_i p(i | x_t) [m_i + g_t (x_t − √ᾱ_t m_i)].
    """

    schedule: Schedule
    shape: tuple[int, ...]
    means: Tensor  # (N, D), D = prod(shape)
    half_norms: Tensor  # (N,), ‖m_i‖²/2
    log_weights: Tensor | None = None  # (N,), log π_i; None when all are equal
    variance: float = 0.0  # s²

    @classmethod
    def mixture(
        cls, schedule: Schedule, means: Tensor, variance: float = 0.0, log_weights: Tensor | None = None
    ) -> Self:
        """Components at `means` (N, *shape) of variance s² ≥ 0; `log_weights` (N,) need not be normalised."""
        flat = means.reshape(len(means), -1)
        half_norms = flat.square().sum(1) / 2
        return cls(schedule, tuple(means.shape[1:]), flat, half_norms, log_weights, variance)

    @classmethod
    def of(cls, schedule: Schedule, data: Data) -> Self:
        """The exact denoiser of pictures, or of points: of the density these were drawn from, if that is known."""
        if isinstance(data, PointData) and data.mixture is not None:
            return cls.mixture(schedule, torch.from_numpy(data.mixture.means), data.mixture.variance)
        return cls.finite(schedule, data)

    @classmethod
    def finite(cls, schedule: Schedule, data: Data) -> Self:
        """The exact denoiser of the training set itself, whatever it was drawn from: it knows these by heart."""
        return cls.mixture(schedule, torch.from_numpy(data.x0()))

    @classmethod
    def of_pictures(cls, schedule: Schedule, pictures: NDArray[np.uint8], device: str = "cpu") -> Self:
        """The exact denoiser of a finite data set, uint8 (N, H, W, C): it can only ever lead back to one of them."""
        return cls.mixture(schedule, torch.from_numpy(to_unit(pictures)).to(device))

    @classmethod
    def gaussian(cls, schedule: Schedule, variance: float, shape: tuple[int, ...]) -> Self:
        """The exact denoiser of N(0, s² I): ε* = √(1−ᾱ) x / (ᾱ s² + 1 − ᾱ)."""
        return cls.mixture(schedule, torch.zeros(1, *shape), variance)

    def with_schedule(self, schedule: Schedule) -> Self:
        """The same data under another schedule; shares the data."""
        return replace(self, schedule=schedule)

    @torch.no_grad()
    def __call__(self, x: Tensor, t: int) -> Prediction:
        """x̂_0 and ε̂ for x = x_t, shape (B, *shape), 1 ≤ t ≤ T: two matrix products with the data."""
        flat = x.reshape(len(x), -1)
        guess = _Merged(flat)
        for chunk, logits in self._logits(flat, t):
            guess.add(logits, self.means[chunk])
        x0 = self._x0(guess.mean(), flat, t).reshape(x.shape)
        return Answer(Target.X0, x0, self._mse(t)).read(self.schedule, x, t)

    @torch.no_grad()
    def posterior(self, x: Tensor, t: int, k: int = 8) -> Posterior:
        """The guess, to the bit as by calling it, the entropy of p(i | x_t), and the k components nearest to x_t.

        Memory: a few times B × N numbers.
        """
        flat = x.reshape(len(x), -1)
        guess, kept = _Merged(flat), []
        for chunk, logits in self._logits(flat, t):
            kept.append(logits.clone())  # `add` works in place
            guess.add(logits, self.means[chunk])
        x0 = self._x0(guess.mean(), flat, t).reshape(x.shape)
        odds = Odds.of(kept, k)
        said, eps = Answer(Target.X0, x0, self._mse(t)), eps_from_x0(self.schedule, x, t, x0)
        return Posterior(x0, eps, odds.entropy, odds.nearest, odds.weights, mse=said.mse, said=said)

    @torch.no_grad()
    def odds(self, x: Tensor, t: int, k: int = 8) -> Odds:
        """p(i | x_t) alone, for half the work of `posterior`; memory as there."""
        return Odds.of([logits for _, logits in self._logits(x.reshape(len(x), -1), t)], k)

    @torch.no_grad()
    def distance(self, x: Tensor) -> Tensor:
        """How far each of x (B, *shape) is from the component nearest to it: root mean square over its values, (B,)."""
        flat = x.reshape(len(x), -1)
        nearest = torch.addmm(self.half_norms, flat, self.means.T, alpha=-1.0).argmin(1)
        return (flat - self.means[nearest]).square().mean(1).sqrt()

    def _logits(self, x: Tensor, t: int) -> Iterator[tuple[slice, Tensor]]:
        """log p(i | x_t) up to a constant per row, (B, ≤ CHUNK), chunk by chunk."""
        alpha_bar = float(self.schedule.alpha_bar[t])
        spread = self._spread(t)
        for start in range(0, len(self.means), CHUNK):
            chunk = slice(start, start + CHUNK)
            offset = self.half_norms[chunk] * (-alpha_bar / spread)
            if self.log_weights is not None:
                offset = offset + self.log_weights[chunk]
            yield chunk, torch.addmm(offset, x, self.means[chunk].T, alpha=alpha_bar**0.5 / spread)

    def _x0(self, mean: Tensor, x: Tensor, t: int) -> Tensor:
        """x̂_0 from Σ_i p(i | x_t) m_i."""
        if self.variance == 0.0:
            return mean
        root = float(self.schedule.sqrt_alpha_bar[t])
        gain = root * self.variance / self._spread(t)
        return (1.0 - gain * root) * mean + gain * x

    def _mse(self, t: int) -> float | None:
        """E‖ε − ε*‖² per value: ᾱ s²/(ᾱ s² + 1 − ᾱ) of a single Gaussian; no closed form is known for several."""
        if len(self.means) > 1:
            return None
        return float(self.schedule.alpha_bar[t] * self.variance) / self._spread(t)

    def _spread(self, t: int) -> float:
        """v_t = ᾱ_t s² + 1 − ᾱ_t."""
        return float(self.schedule.alpha_bar[t] * self.variance + self.schedule.one_minus_alpha_bar[t])


class _Merged:
    """A softmax-weighted mean over chunks, each rescaled to the largest logit so far: nothing overflows."""

    def __init__(self, x: Tensor) -> None:
        self.largest = x.new_full((len(x), 1), -torch.inf)
        self.total = x.new_zeros((len(x), 1))
        self.sum = torch.zeros_like(x)

    def add(self, logits: Tensor, means: Tensor) -> None:
        largest = torch.maximum(self.largest, logits.amax(1, keepdim=True))
        weights = logits.sub_(largest).clamp_(min=LEAST).exp_()
        shrink = (self.largest - largest).exp_()
        self.total = self.total * shrink + weights.sum(1, keepdim=True)
        self.sum = torch.addmm(self.sum * shrink, weights, means)
        self.largest = largest

    def mean(self) -> Tensor:
        return self.sum / self.total
