"""How well a denoiser guesses as a function of log SNR λ alone: measured once, it serves every schedule.

The errors of ε̂, x̂_0 and v̂ are one error in three units. What is kept is that of v, which stays bounded and smooth
where the others vanish or blow up; with sigmoid(λ) = ᾱ and sigmoid(−λ) = 1 − ᾱ

    ‖x_0 − x̂_0‖² = sigmoid(−λ) ‖v − v̂‖² ,      ‖ε − ε̂‖² = sigmoid(λ) ‖v − v̂‖² .

Between measured levels runs a monotone cubic of the logarithm: where an exact denoiser gets certain the error falls by
ten powers of ten in a unit of λ. On the even grid (four levels to a unit) that is off by 1e-4 of the largest error at
most for Gaussian data and by 1e-3 for two points; beyond its ends the error of v hardly changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from math import log, pi
from typing import Protocol

import numpy as np
from torch import Tensor

from ddpm_studio.curve import monotone_cubic
from ddpm_studio.likelihood.measure import RATIOS, Floats, Level

LEAST = 1e-30
"""What stands for an error of 0, which has no logarithm."""


class Curve(Protocol):
    """The error of v̂ at any log SNR."""

    @property
    def second_moments(self) -> Floats:
        """E[x_0²] over the values of each sample, (N,)."""
        ...

    def v_error(self, log_snr: Floats) -> Floats:
        """The mean error of v̂ at each of `log_snr` (M,)."""
        ...

    def weighted(self, log_snr: Floats, weights: Floats) -> Floats:
        """Σ_m weights_m · error of v̂ at log_snr_m, of each sample by itself, (N,)."""
        ...

    def decoder_bits(self, log_snr: float, variance: float) -> Floats:
        """L_0 of each sample in bits per dimension, (N,): −log p(x_0 | x_1) under N(x̂_0, `variance`)."""
        ...


@dataclass(frozen=True, eq=False)
class ErrorCurve:
    """A measured curve."""

    log_snr: Floats  # (K,), rising
    v_errors: Floats  # (K, N)
    second_moments: Floats  # (N,)
    decoder_log_snr: Floats  # (J,), rising; J is 0 for points, whose decoder is a density
    decoder: Floats  # (J, N, R)

    @classmethod
    def of(cls, levels: Iterable[Level], x0: Tensor, *, falling: bool = False) -> "ErrorCurve":
        """From at least two levels, in any order; levels of no signal at all are left out.

        With `falling` the error of x̂_0 is known never to rise with λ, as that of the best possible guess (Guo, Shamai &
        Verdú 2005): where it was measured to rise, which is chance, neighbouring levels are merged into their mean.
        """
        kept = sorted((level for level in levels if np.isfinite(level.log_snr)), key=lambda level: level.log_snr)
        log_snr = np.array([level.log_snr for level in kept])
        x0_errors = np.stack([level.x0_errors for level in kept])
        tables = [(level.log_snr, level.decoder) for level in kept if level.decoder is not None]
        if falling:
            log_snr, x0_errors = _merged(log_snr, x0_errors)
        return cls(
            log_snr,
            x0_errors * (1.0 + np.exp(log_snr))[:, None],
            x0.double().square().flatten(1).mean(1).numpy(),
            np.array([where for where, _ in tables]),
            np.stack([table for _, table in tables]) if tables else np.zeros((0, len(x0), len(RATIOS))),
        )

    def v_error(self, log_snr: Floats) -> Floats:
        """The mean error of v̂ at each of `log_snr` (M,); constant beyond the ends."""
        at = np.clip(log_snr, self.log_snr[0], self.log_snr[-1])
        error: Floats = np.exp(monotone_cubic(self.log_snr, self._log_v_error, at))
        return error

    @cached_property
    def _log_v_error(self) -> Floats:
        logs: Floats = np.log(np.maximum(self.v_errors.mean(1), LEAST))
        return logs

    @cached_property
    def halves(self) -> tuple["ErrorCurve", "ErrorCurve"]:
        """Two curves, each from every other level: as far as they are apart, each is off. Of at least four levels."""
        ends = [0, len(self.log_snr) - 1]
        places = (np.union1d(ends, np.arange(first, len(self.log_snr), 2)) for first in (0, 1))
        even, odd = (replace(self, log_snr=self.log_snr[at], v_errors=self.v_errors[at]) for at in places)
        return even, odd

    def eps_error(self, log_snr: Floats) -> Floats:
        """The mean error of ε̂ at each of `log_snr` (M,)."""
        return _sigmoid(log_snr) * self.v_error(log_snr)

    def x0_error(self, log_snr: Floats) -> Floats:
        """The mean error of x̂_0 at each of `log_snr` (M,)."""
        return _sigmoid(-log_snr) * self.v_error(log_snr)

    def weighted(self, log_snr: Floats, weights: Floats) -> Floats:
        """Σ_m weights_m · error of v̂ at log_snr_m of each sample, (N,); linear between the levels."""
        at = np.clip(log_snr, self.log_snr[0], self.log_snr[-1])
        i = np.clip(np.searchsorted(self.log_snr, at, side="right") - 1, 0, len(self.log_snr) - 2)
        share = (at - self.log_snr[i]) / (self.log_snr[i + 1] - self.log_snr[i])
        count = len(self.log_snr)
        on_levels = np.bincount(i, weights * (1.0 - share), count) + np.bincount(i + 1, weights * share, count)
        summed: Floats = on_levels @ self.v_errors
        return summed

    def decoder_bits(self, log_snr: float, variance: float) -> Floats:
        """L_0 of each sample, (N,): over 256 grey levels for pictures (eq. 13), as a density for points."""
        if not len(self.decoder_log_snr):
            here, noise = np.array([log_snr]), _sigmoid(-log_snr)
            linear = self.weighted(here, np.ones(1))
            return density_bits(noise * (linear - linear.mean() + self.v_error(here)), variance)
        at = np.clip(log_snr, self.decoder_log_snr[0], self.decoder_log_snr[-1])
        last = max(len(self.decoder_log_snr) - 4, 0)
        start = int(np.clip(np.searchsorted(self.decoder_log_snr, at) - 2, 0, last))
        near = slice(start, start + 4)  # the cubic at `at` depends on no other level
        ratio = np.clip(np.log(max(variance, 1e-300) * (1.0 + np.exp(at))), *np.log(RATIOS[[0, -1]]))
        along = _cubic(np.log(RATIOS), np.moveaxis(self.decoder[near], 2, 0), ratio)  # (≤ 4, N)
        return _cubic(self.decoder_log_snr[near], along, at)


@dataclass(frozen=True)
class GaussianCurve:
    """The closed form for x_0 ~ N(0, s² I) and its exact denoiser: the error of ε̂ is ᾱ s² / (ᾱ s² + 1 − ᾱ)."""

    variance: float  # s²

    @property
    def second_moments(self) -> Floats:
        """s², of one sample that stands for all."""
        return np.array([self.variance])

    def v_error(self, log_snr: Floats) -> Floats:
        """s² / (ᾱ s² + 1 − ᾱ) at each of `log_snr` (M,)."""
        return self.variance / (_sigmoid(log_snr) * self.variance + _sigmoid(-log_snr))

    def weighted(self, log_snr: Floats, weights: Floats) -> Floats:
        """Σ_m weights_m · error of v̂ at log_snr_m, (1,)."""
        return np.array([weights @ self.v_error(log_snr)])

    def decoder_bits(self, log_snr: float, variance: float) -> Floats:
        """L_0 as a density, (1,)."""
        return density_bits(self.weighted(np.array([log_snr]), np.array([_sigmoid(-log_snr)])), variance)


def standard_error(values: Floats) -> float:
    """Of the mean of independent values (N,); 0 for a single one."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def density_bits(x0_errors: Floats, variance: float) -> Floats:
    """−log2 N(x_0; x̂_0, variance) per dimension, where ‖x_0 − x̂_0‖² is `x0_errors`."""
    bits: Floats = 0.5 * (log(2.0 * pi * variance) + x0_errors / variance) / log(2.0)
    return bits


def _merged(log_snr: Floats, x0_errors: Floats) -> tuple[Floats, Floats]:
    """Rising λ (K,) and errors (K, N) with neighbours averaged until the mean over N never rises (pooled violators)."""
    blocks: list[tuple[int, float, Floats]] = []  # how many levels, and the sums of their λ and errors
    for block in ((1, float(lam), row) for lam, row in zip(log_snr, x0_errors, strict=True)):
        while blocks and block[2].mean() / block[0] > blocks[-1][2].mean() / blocks[-1][0]:
            before = blocks.pop()
            block = (before[0] + block[0], before[1] + block[1], before[2] + block[2])
        blocks.append(block)
    return np.array([lam / count for count, lam, _ in blocks]), np.stack([row / count for count, _, row in blocks])


def _cubic(x: Floats, y: Floats, at: float) -> Floats:
    """Lagrange's polynomial through the up to four points (x, y) nearest to `at`; y (K, …) gives (…)."""
    start = int(np.clip(np.searchsorted(x, at) - 2, 0, max(len(x) - 4, 0)))
    x, y = x[start : start + 4], y[start : start + 4]
    others = [np.delete(x, i) for i in range(len(x))]
    weights = np.array([np.prod((at - o) / (x[i] - o)) for i, o in enumerate(others)])
    value: Floats = np.tensordot(weights, y, 1)
    return value


def _sigmoid(x: Floats | float) -> Floats:
    return np.exp(-np.logaddexp(0.0, -np.asarray(x, np.float64)))
