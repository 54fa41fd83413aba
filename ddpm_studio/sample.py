"""The reverse process: a generator that walks from noise to data and yields every quantity of every step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

from ddpm_studio.denoiser import Denoiser
from ddpm_studio.errors import UserError
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.sampler import Move, Sampler


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a chain from t to s, all tensors of shape (B, *shape): x_s = mean + σ·z, whatever the sampler.

    s < t on the way to the picture; s > t where a picture is encoded. What a step draws besides z, for a corrector or a
    resampling, has gone into x_t's guess or the mean.
    """

    t: int
    s: int
    x: Tensor  # x_t
    eps: Tensor  # ε̂
    x0: Tensor  # x̂_0 as predicted
    x0_clipped: Tensor  # x̂_0 as used: clipped to [−1, 1], or the same tensor when clipping is off
    mean: Tensor  # the mean of x_s
    sigma: float | Tensor  # a tensor (B, *shape) where the network has learned its variance
    z: Tensor  # the noise; zeros when σ = 0
    before: Tensor | None = None  # x̂_0 of the step before: with it a multistep sampler goes on from here to the bit
    evaluations: int = 1  # how often the denoiser was asked

    @cached_property
    def next(self) -> Tensor:
        """x_s, where the next step begins."""
        if isinstance(self.sigma, Tensor):
            return self.mean + self.sigma * self.z
        return torch.add(self.mean, self.z, alpha=self.sigma) if self.sigma else self.mean

    def sigma_of(self, sample: int) -> float:
        """σ of one sample; the root mean square over its values where they differ."""
        return float(self.sigma[sample].square().mean().sqrt()) if isinstance(self.sigma, Tensor) else self.sigma


@torch.no_grad()
def sample(
    denoiser: Denoiser,
    sampler: Sampler,
    *,
    seed: int,
    samples: Sequence[int],
    x: Tensor | None = None,
    start: int | None = None,
) -> Iterator[Step]:
    """Walks the reverse chain, one `Step` per reverse step; the last one's `next` is x_0.

    Args:
        denoiser: the network or exact denoiser, with the schedule it belongs to.
        sampler: which steps to take, and how.
        seed: with the numbers of the samples it fixes every draw.
        samples: the number of each sample in the batch, ≥ 0: its picture depends on the number, not on the batch.
        x: x_t to go on from, (B, *shape), at t = `start`; with None the chain begins with noise at its first timestep.
        start: the timestep of x, 1..T; the first step goes from it to the first one below that the sampler visits.

    Raises:
        UserError: the sampler takes more steps than the schedule has, or `start` is outside 1..T.
    """
    schedule, stops = denoiser.schedule, _stops(sampler, denoiser.schedule.T, start)
    if x is None:
        x = gaussian(denoiser.shape, seed=seed, samples=samples, t=stops[0], purpose=Purpose.START)
    for t, s in pairwise(stops):  # each move when its turn comes, so that going on from the middle starts at once
        yield (step := _step(denoiser, sampler, sampler.move(schedule, t, s), x, seed, samples))
        x = step.next


def _stops(sampler: Sampler, T: int, start: int | None) -> list[int]:
    """The timesteps of the states from `start` on, falling, 0 included."""
    stops = [*sampler.times(T).tolist(), 0]
    if start is None:
        return stops
    if not 1 <= start <= T:
        raise UserError(f"a chain goes on from a t in 1..T = {T}, not from t = {start}")
    return [start, *(t for t in stops if t < start)]


def _step(denoiser: Denoiser, sampler: Sampler, move: Move, x: Tensor, seed: int, samples: Sequence[int]) -> Step:
    guess = denoiser(x, move.t)
    x0 = guess.x0.clamp(-1.0, 1.0) if sampler.clip else guess.x0
    mean = move.a * x0
    if move.b:
        mean.add_(x, alpha=move.b)
    if move.c:
        mean.add_(guess.eps, alpha=move.c)
    z = _noise(x, move, seed, samples)
    return Step(move.t, move.s, x, guess.eps, guess.x0, x0, mean, move.sigma, z)


def _noise(x: Tensor, move: Move, seed: int, samples: Sequence[int]) -> Tensor:
    if not move.sigma:
        return torch.zeros_like(x)
    return gaussian(tuple(x.shape[1:]), seed=seed, samples=samples, t=move.t, purpose=Purpose.STEP).to(x)
