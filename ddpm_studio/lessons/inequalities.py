"""The two inequalities under the variational bound, and what the Markov assumption saves: small numbers (NumPy)."""

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def tangent(x: Numbers, slope: float) -> Numbers:
    """λx − log λ − 1: the tangent of log x at x = 1/λ, above log x everywhere else (λ > 0).

    log x = min over λ of this, so a bound with a free λ can be made exact (Jordan et al. 1999, eq. 14).
    """
    return slope * x - float(np.log(slope)) - 1.0


def log_mean_and_mean_log(values: Numbers, weights: Numbers) -> tuple[float, float]:
    """log E[x] and E[log x] for x = values[i] > 0 with probability weights[i] ≥ 0, which need not sum to 1.

    The first is never smaller; they are equal when all values of positive weight are (Jensen 1906).
    """
    p = weights / weights.sum()
    return float(np.log(p @ values)), float(p @ np.log(values))


def joint_numbers(levels: int, values: int, steps: int) -> float:
    """log10 of how many numbers say p(x_0, …, x_T) as one table; each x has `values` pixels with `levels` levels.

    With n = levels^values states each, n^(T+1) − 1: the last entry follows from the others.
    """
    return _less_one((steps + 1) * values * float(np.log10(levels)))


def chain_numbers(levels: int, values: int, steps: int) -> float:
    """log10 of how many numbers say the same of a Markov chain: p(x_T) and T tables p(x_{t−1} | x_t).

    (n − 1) + T·n·(n − 1) with n = levels^values.
    """
    n = values * float(np.log10(levels))
    return _less_one(n) + float(np.logaddexp(0.0, np.log(steps) + n * np.log(10.0)) / np.log(10.0))


def _less_one(power: float) -> float:
    """log10(10^power − 1), for power > 0."""
    return power + float(np.log1p(-(10.0**-power)) / np.log(10.0))


def gaussian_numbers(values: int, steps: int) -> float:
    """log10 of what is left when every step is Gaussian with a fixed variance: T functions with D outputs each."""
    return float(np.log10(steps * values))
