"""The errors of a denoiser at some noise levels, sample by sample, and which levels tell most."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from math import log
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddpm_studio.denoiser import Denoiser, Exact
from ddpm_studio.levels import probe_times
from ddpm_studio.likelihood.times import evenly_filled
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.params import Range
from ddpm_studio.process import q_sample
from ddpm_studio.sampler import Times
from ddpm_studio.schedule import Schedule, Table
from ddpm_studio.terms import bound_terms, decoder_nll, learned_log_variance

Floats = NDArray[np.float64]

LEVELS = 64
"""Noise levels at which a network is asked: as many of its own t's."""
STRIDE = 4
"""How many levels of the even grid lie in the step from one first asked to the next."""
CHANGE, NOTHING = 1.1, 1e-9
"""By what factor the error of v̂ changes where all of them are asked; the share of the largest that counts as none."""
RATIOS = np.array([1e-3, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0, 1.5, 3.0, 10.0])
"""σ²/β at which the decoder is tabulated: densest where β̃ lies."""
LOUDEST = -3.0
"""log SNR below which no schedule is expected to take its last step."""


@dataclass(frozen=True)
class EvenLogSnr(Schedule):
    """The grid: log SNR falls evenly from one end to the other. Not offered: it is no schedule to sample with."""

    T: Annotated[int, Range(2, 4000), "levels"] = 449
    first: Annotated[float, Range(-20.0, 20.0), "log SNR at t = 1"] = 14.0
    last: Annotated[float, Range(-20.0, 20.0), "log SNR at t = T"] = -14.0

    kind = "even-log-snr"

    def _betas(self) -> Table:
        log_alpha_bar = np.concatenate(([0.0], -np.logaddexp(0.0, -np.linspace(self.first, self.last, self.T))))
        return -np.expm1(np.diff(log_alpha_bar))


@dataclass(frozen=True, eq=False)
class Level:
    """The errors at one noise level, of each of N samples."""

    t: int
    log_snr: float
    x0_errors: Floats  # (N,), mean over its values of ‖x_0 − x̂_0‖²
    decoder: Floats | None  # (N, R), bits per dimension of L_0, were this t = 1 with σ² = RATIOS·(1 − ᾱ)
    learned: Floats | None = None  # (N,), bits per dimension of the bound's term at t with the learned variance
    learned_variance: float = 0.0  # the mean of σ_t², where it is learned


def on_grid(denoiser: Denoiser) -> tuple[Denoiser, Times]:
    """The denoiser and the t's to ask first: an exact one on the even grid, a network at LEVELS of its own t's."""
    if isinstance(denoiser, Exact):
        grid = EvenLogSnr()
        return denoiser.with_schedule(grid), np.arange(1, grid.T + 1, STRIDE)
    return denoiser, probe_times(denoiser.schedule, LEVELS)


def between(levels: Sequence[Level]) -> list[int]:
    """The t's of the even grid between those of `levels` where the error of v̂ changes much from one to the next."""
    rising = sorted(levels, key=lambda level: level.t)
    times = [level.t for level in rising]
    errors = np.array([level.x0_errors.mean() * (1.0 + np.exp(level.log_snr)) for level in rising])
    errors = np.maximum(errors, NOTHING * errors.max())
    steep = np.abs(np.diff(np.log(errors))) > log(CHANGE)
    return [t for i in np.flatnonzero(steep) for t in range(times[i] + 1, times[i + 1])]


def stages(denoiser: Denoiser, x0: Tensor, *, seed: int = 0) -> Iterator[tuple[int, Iterator[Level]]]:
    """What makes a curve, one measurement after the other, and of how many levels each is; to be run out in turn.

    The first is evenly filled in, so that any beginning of it covers the whole range. With an exact denoiser a second
    one follows where the first has found the error to change fast. Args and errors: as in `measured`.
    """
    asked, times = on_grid(denoiser)
    first: list[Level] = []
    order = [int(times[place - 1]) for place in evenly_filled(len(times))]
    yield len(order), _kept(measured(asked, x0, order, seed=seed, tables=None), first)
    if isinstance(denoiser, Exact):
        more = between(first)
        yield len(more), measured(asked, x0, more, seed=seed, tables=set())


def surveyed(denoiser: Denoiser, x0: Tensor, *, seed: int = 0) -> Iterator[Level]:
    """All levels of all `stages`."""
    for _, levels in stages(denoiser, x0, seed=seed):
        yield from levels


@torch.no_grad()
def measured(
    denoiser: Denoiser, x0: Tensor, times: Iterable[int], *, seed: int = 0, clip: bool = True, tables: Set[int] | None
) -> Iterator[Level]:
    """The errors on `x0` (N, *shape) at each t of `times`, one level a value, in the given order.

    Each sample has its own noise at each t: what is by chance in it averages out over the levels too.

    Args:
        denoiser: a network or an exact denoiser.
        x0: what is measured on, float32; pictures in [−1, 1].
        times: 1..T.
        seed: which noise.
        clip: whether x̂_0 is clipped to [−1, 1] first, as samplers do with pictures; never for points.
        tables: the t's at which the decoder of pictures is tabulated; None: wherever log SNR ≥ LOUDEST.
    """
    schedule, pictures = denoiser.schedule, x0.ndim == 4
    shape, samples = tuple(x0.shape[1:]), range(len(x0))
    for t in times:
        eps = gaussian(shape, seed=seed, samples=samples, t=t, purpose=Purpose.LIKELIHOOD)
        xt = q_sample(schedule, x0, t, eps)
        guess = denoiser(xt, t)
        x0_hat = guess.x0.clamp(-1.0, 1.0) if clip and pictures else guess.x0
        errors = (x0 - x0_hat).double().square().flatten(1).mean(1).numpy()
        log_snr = float(schedule.log_snr[t])
        wanted = log_snr >= LOUDEST if tables is None else t in tables
        table = _table(x0, x0_hat, float(schedule.one_minus_alpha_bar[t])) if pictures and wanted else None
        if guess.v is None:
            yield Level(t, log_snr, errors, table)
        else:
            spread = learned_log_variance(schedule, torch.tensor([t]), 2.0 * guess.v - 1.0)
            bits = bound_terms(schedule, x0, xt, torch.full((len(x0),), t), x0_hat, spread).double().numpy()
            yield Level(t, log_snr, errors, table, bits, float(spread.exp().mean()))


def _kept(levels: Iterable[Level], into: list[Level]) -> Iterator[Level]:
    for level in levels:
        into.append(level)
        yield level


def _table(x0: Tensor, x0_hat: Tensor, beta: float) -> Floats:
    """The decoder's bits per dimension of each sample at each of RATIOS·beta, (N, R)."""
    columns = [decoder_nll(x0, x0_hat, x0.new_tensor(ratio * beta).log()) for ratio in RATIOS]
    return torch.stack([column.flatten(1).mean(1, dtype=torch.float64) for column in columns], 1).numpy() / log(2.0)
