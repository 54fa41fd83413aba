"""The bound from fewer t's: an unbiased estimate with its error bar, in seconds where every t would take minutes.

Σ_t L_{t−1} is the mean of L_{t−1}/p_t over t drawn with the chances p_t. The draws are spread over equal shares of the
chances, one to each, so that no part of the range is left out; p_t goes by what the terms are expected to be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from torch import Tensor

from ddpm_studio.denoiser import Denoiser
from ddpm_studio.likelihood.error_curve import Curve, ErrorCurve, GaussianCurve
from ddpm_studio.likelihood.measure import Floats, Level, measured
from ddpm_studio.likelihood.times import evenly_filled
from ddpm_studio.likelihood.variance import ReverseVariance, pull, refuse_infinite
from ddpm_studio.likelihood.variational import bound, prior_bits, step_bits
from ddpm_studio.noise import Purpose, uniform
from ddpm_studio.sampler import Times
from ddpm_studio.schedule import Schedule, Table

DRAWS, FEWEST = 256, 16
"""How many t's are drawn, and how few where the time is short."""
UNIFORM = 0.1
"""The share of the chances that is the same for every t: none is left out, however wrong the expectation."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Of the bound, from the t's looked at so far; unbiased once `done` is `draws`."""

    total: float
    """Bits per dimension."""
    stderr: float
    """Of the total: from the choice of t's and from that of the samples."""
    prior: float
    """L_T, exact."""
    last: float
    """L_0, measured."""
    done: int
    draws: int


def chances(schedule: Schedule, guide: Curve, sigma: ReverseVariance | Table) -> Floats:
    """p_t for t = 2..T, (T−1,): a tenth uniform, the rest in proportion to the terms that `guide` predicts."""
    expected = bound(schedule, guide, sigma).terms[2:]
    whole = expected.sum()
    share = expected / whole if whole > 0.0 else np.full(len(expected), 1.0 / len(expected))
    return UNIFORM / len(expected) + (1.0 - UNIFORM) * share


def estimated(
    denoiser: Denoiser,
    x0: Tensor,
    sigma: ReverseVariance | Table,
    *,
    seed: int = 0,
    draws: int = DRAWS,
    seconds: float | None = None,
    clip: bool = True,
    guide: Curve | None = None,
) -> Iterator[Estimate]:
    """The estimate as it sharpens, one value for each draw.

    Args:
        denoiser: a network or an exact denoiser.
        x0: what is measured on, (N, *shape).
        sigma: which σ_t², or a table of them (T+1,).
        seed: which t's and which noise.
        draws: how many t's, with repetition.
        seconds: so long it may take: as many draws are left out as the first call says are too many.
        clip: as in `measured`.
        guide: errors to expect; those of white Gaussian samples of the same second moment if there are none.

    Raises:
        UserError: σ_t = 0 at some t > 1.
    """
    schedule = denoiser.schedule
    if not isinstance(sigma, ReverseVariance):
        refuse_infinite(sigma)
    next(
        measured(denoiser, x0[:1], [1], seed=seed, clip=clip, tables=set())
    )  # the very first call says nothing of cost
    start = perf_counter()
    (level,) = measured(denoiser, x0, [1], seed=seed, clip=clip, tables={1})
    first = _start(schedule, level, x0, sigma)
    if seconds is not None:
        draws = int(np.clip(seconds / max(perf_counter() - start, 1e-6) - 2, FEWEST, draws))
    guide = guide or GaussianCurve(float(x0.double().square().mean()))
    probabilities = chances(schedule, guide, sigma)
    times = drawn_times(probabilities, draws, seed)
    found, seen = np.zeros((draws, len(x0))), np.zeros(draws, bool)
    known: dict[int, Floats] = {}
    for place in (order - 1 for order in evenly_filled(draws)):
        t = int(times[place])
        if t not in known:
            (level,) = measured(denoiser, x0, [t], seed=seed, clip=clip, tables=set())
            known[t] = _bits(schedule, t, sigma, level.x0_errors)
        found[place], seen[place] = known[t] / probabilities[t - 2], True
        yield _estimate(first, found[seen], draws)


def drawn_times(probabilities: Floats, draws: int, seed: int) -> Times:
    """`draws` t's in 2..T, rising: one from each of as many equal shares of the chances p_2..p_T."""
    u = (np.arange(draws) + uniform(draws, seed=seed, t=0, purpose=Purpose.IMPORTANCE)) / draws
    edges = np.cumsum(probabilities)
    return 2 + np.minimum(np.searchsorted(edges / edges[-1], u, side="right"), len(edges) - 1)


@dataclass(frozen=True, eq=False)
class _First:
    """What needs no drawing, of each sample (N,)."""

    prior: Floats
    last: Floats


def _start(schedule: Schedule, level: Level, x0: Tensor, sigma: ReverseVariance | Table) -> _First:
    error = np.zeros(schedule.T + 1)
    error[1] = level.x0_errors.mean()
    variance = float((sigma.of(schedule, error) if isinstance(sigma, ReverseVariance) else sigma)[1])
    curve = ErrorCurve.of([level, Level(2, level.log_snr - 1.0, level.x0_errors, None)], x0)
    return _First(prior_bits(schedule, curve.second_moments), curve.decoder_bits(level.log_snr, variance))


def _bits(schedule: Schedule, t: int, sigma: ReverseVariance | Table, x0_errors: Floats) -> Floats:
    """L_{t−1} of each sample, (N,)."""
    if sigma is ReverseVariance.OPTIMUM:
        variance = schedule.posterior_variance[t] + pull(schedule)[t] ** 2 * x0_errors.mean()
    else:
        variance = (sigma.of(schedule, np.zeros(schedule.T + 1)) if isinstance(sigma, ReverseVariance) else sigma)[t]
    return step_bits(schedule, np.array(t), variance, x0_errors)


def _estimate(first: _First, found: Floats, draws: int) -> Estimate:
    """From L_{t−1}/p_t of each draw and sample, (K, N), neighbouring draws from neighbouring shares."""
    each = first.prior + first.last + found.mean(0)
    by_draw = found.mean(1)
    pairs = by_draw[: len(by_draw) // 2 * 2].reshape(-1, 2)
    of_times = float(np.square(pairs[:, 0] - pairs[:, 1]).sum()) / len(by_draw) ** 2  # collapsed strata: not too small
    of_samples = float(each.var(ddof=1)) / len(each) if len(each) > 1 else 0.0
    stderr = float(np.sqrt(of_times + of_samples)) if len(by_draw) > 1 else float("inf")
    return Estimate(
        float(each.mean()), stderr, float(first.prior.mean()), float(first.last.mean()), len(by_draw), draws
    )
