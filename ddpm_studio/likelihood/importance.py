"""The bound from fewer t's: an unbiased estimate with its error bar, in seconds where every t would take minutes.

Σ_t L_{t−1} is the mean of L_{t−1}/p_t over t drawn with the chances p_t. The draws are spread over equal shares of the
chances, one to each, so that no part of the range is left out; p_t goes by what the terms are expected to be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import inf
from time import perf_counter

import numpy as np
from torch import Tensor

from ddpm_studio.denoiser import Denoiser
from ddpm_studio.likelihood.error_curve import Curve, ErrorCurve, GaussianCurve
from ddpm_studio.likelihood.measure import Floats, Level, measured
from ddpm_studio.likelihood.variance import ReverseVariance, refuse_infinite
from ddpm_studio.likelihood.variational import bound, prior_bits, step_bits
from ddpm_studio.noise import Purpose, uniform
from ddpm_studio.sampler import Times
from ddpm_studio.schedule import Schedule, Table

DRAWS, FEWEST = 256, 4
"""How many t's are drawn, and how few where the time is short."""
PLANNED = 0.9
"""The share of the time that is planned for: calls are not all equally fast."""
UNIFORM = 0.1
"""The share of the chances that is the same for every t: none is left out, however wrong the expectation."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Of the bound, from the t's looked at so far; unbiased, however many these are."""

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
    seconds: float = inf,
    clip: bool = True,
    guide: Curve | None = None,
) -> Iterator[Estimate]:
    """The estimate as it sharpens, one value for each draw, in an order of chance: it may end after any of them.

    Args:
        denoiser: a network or an exact denoiser.
        x0: what is measured on, (N, *shape).
        sigma: which σ_t², or a table of them (T+1,).
        seed: which t's and which noise.
        draws: how many t's, with repetition.
        seconds: so long it may take: fewer are drawn where the first call is slow, and it ends early where others are
            slower, but not before FEWEST draws.
        clip: as in `measured`.
        guide: errors to expect; those of white Gaussian samples of the same second moment if there are none.

    Raises:
        UserError: σ_t = 0 at some t > 1.
    """
    until = perf_counter() + seconds
    if not isinstance(sigma, ReverseVariance):
        refuse_infinite(sigma)
    terms = _Terms(denoiser, x0, sigma, seed, clip)
    first = terms.first()
    planned = PLANNED * (until - perf_counter()) / max(terms.seconds, 1e-6)
    draws = int(np.clip(planned, FEWEST, draws))
    probabilities = chances(denoiser.schedule, guide or GaussianCurve(float(x0.double().square().mean())), sigma)
    times = drawn_times(probabilities, draws, seed)
    found, seen = np.zeros((draws, len(x0))), np.zeros(draws, bool)
    for place in np.argsort(uniform(draws, seed=seed, t=1, purpose=Purpose.IMPORTANCE)):
        if seen.sum() >= FEWEST and perf_counter() + terms.seconds > until:
            return
        t = int(times[place])
        found[place], seen[place] = terms.bits(t) / probabilities[t - 2], True
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


class _Terms:
    """What the bound's terms are at a t, each measured once."""

    def __init__(self, denoiser: Denoiser, x0: Tensor, sigma: ReverseVariance | Table, seed: int, clip: bool) -> None:
        self._sigma, self._x0, self._schedule = sigma, x0, denoiser.schedule
        self._measure = partial(measured, denoiser, seed=seed, clip=clip)
        self._known: dict[int, Floats] = {}
        self.seconds = 0.0  # of the call before

    def first(self) -> _First:
        """L_T and L_0, after a call that says nothing of what one costs: it is the very first."""
        next(self._measure(self._x0[:1], [1], tables=set()))
        level, error = self._level(1, {1}), np.zeros(self._schedule.T + 1)
        error[1] = level.x0_errors.mean()
        variance = float(self._variance(error)[1])
        curve = ErrorCurve.of([level, Level(2, level.log_snr - 1.0, level.x0_errors, None)], self._x0)
        return _First(prior_bits(self._schedule, curve.second_moments), curve.decoder_bits(level.log_snr, variance))

    def bits(self, t: int) -> Floats:
        """L_{t−1} of each sample, (N,), t ≥ 2."""
        if t not in self._known:
            errors, table = self._level(t, set()).x0_errors, np.zeros(self._schedule.T + 1)
            table[t] = errors.mean()
            self._known[t] = step_bits(self._schedule, np.array(t), self._variance(table)[t], errors)
        return self._known[t]

    def _level(self, t: int, tables: set[int]) -> Level:
        start = perf_counter()
        (level,) = self._measure(self._x0, [t], tables=tables)
        self.seconds = perf_counter() - start
        return level

    def _variance(self, x0_error: Floats) -> Table:
        return self._sigma.of(self._schedule, x0_error) if isinstance(self._sigma, ReverseVariance) else self._sigma


def _estimate(first: _First, found: Floats, draws: int) -> Estimate:
    """From L_{t−1}/p_t of each draw so far and sample, (K, N), neighbouring draws from neighbouring shares.

    The shares that no draw has come from yet are left out by chance: what that adds to the error is (1 − K/draws) of
    the variance of the draws, none at the end.
    """
    each = first.prior + first.last + found.mean(0)
    by_draw = found.mean(1)
    pairs = by_draw[: len(by_draw) // 2 * 2].reshape(-1, 2)
    of_times = float(np.square(pairs[:, 0] - pairs[:, 1]).sum()) / len(by_draw) ** 2  # collapsed strata: not too small
    if 1 < len(by_draw) < draws:
        of_times += (1.0 - len(by_draw) / draws) * float(by_draw.var(ddof=1)) / len(by_draw)
    of_samples = float(each.var(ddof=1)) / len(each) if len(each) > 1 else 0.0
    stderr = float(np.sqrt(of_times + of_samples)) if len(by_draw) > 1 else float("inf")
    return Estimate(
        float(each.mean()), stderr, float(first.prior.mean()), float(first.last.mean()), len(by_draw), draws
    )
