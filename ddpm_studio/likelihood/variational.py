"""The variational bound on −log p(x_0), term by term, in bits per dimension (Ho et al. 2020, eq. 5).

    L = L_T + Σ_{t=2..T} L_{t−1} + L_0 ,      L_{t−1} = ½[log(σ_t²/β̃_t) − 1 + (β̃_t + c_t² ‖x_0 − x̂_0‖²) / σ_t²]

with c_t = √ᾱ_{t−1} β_t / (1−ᾱ_t), how far μ̃_t moves with x_0 (eq. 7). All that a denoiser contributes is its error at
each noise level: so a curve of errors gives the bound under any schedule, exactly where the guess depends on the noise
level alone (an exact denoiser); for a network its noise levels are matched with the schedule's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log

import numpy as np
from torch import Tensor

from ddpm_studio.errors import UserError
from ddpm_studio.likelihood.error_curve import Curve, ErrorCurve, standard_error
from ddpm_studio.likelihood.measure import Floats, Level
from ddpm_studio.likelihood.variance import ReverseVariance, pull, refuse_infinite
from ddpm_studio.sampler import Times
from ddpm_studio.schedule import Schedule, Table


@dataclass(frozen=True, eq=False)
class Bound:
    """The bound and its parts in bits per dimension; tables are (T+1,), indexed by t."""

    schedule: Schedule
    variance: Table
    """σ_t²."""
    prior: float
    """L_T: what is left of x_0 in x_T."""
    terms: Table
    """At t the term of the step from t to t − 1, that is L_{t−1}: L_0 stands at t = 1, nothing at t = 0."""
    x0_error: Table
    """The mean of ‖x_0 − x̂_0‖² per value; 0 at t = 0."""
    stderr: float
    """Standard error of the total; 0 where a closed form stands for all samples."""

    @property
    def total(self) -> float:
        """L, at least −log2 p(x_0) per dimension."""
        return self.prior + float(self.terms.sum())

    @property
    def middle(self) -> float:
        """Σ L_{t−1} over t = 2..T."""
        return float(self.terms[2:].sum())

    @property
    def last(self) -> float:
        """L_0: the decoder's share, the bits of the finest detail."""
        return float(self.terms[1])

    @property
    def eps_error(self) -> Table:
        """The mean of ‖ε − ε̂‖² per value: the terms of L_simple; 0 at t = 0."""
        error = np.zeros(self.schedule.T + 1)
        error[1:] = self.schedule.snr[1:] * self.x0_error[1:]
        return error

    @property
    def simple(self) -> float:
        """L_simple: the mean over t of ‖ε − ε̂‖² per value (eq. 14)."""
        return float(self.eps_error[1:].mean())

    @property
    def weighted_error(self) -> Table:
        """λ_t ‖ε − ε̂‖² in bits (eq. 12): what the error alone costs at t."""
        cost = np.zeros(self.schedule.T + 1)
        cost[1:] = pull(self.schedule)[1:] ** 2 * self.x0_error[1:] / (2.0 * self.variance[1:]) / log(2.0)
        return cost

    @property
    def rate(self) -> Table:
        """Bits per dimension sent when the receiver knows x_t: L_T + Σ_{s>t} L_{s−1}; the whole bound at t = 0."""
        return self.prior + np.append(np.cumsum(self.terms[:0:-1])[::-1], 0.0)

    @property
    def distortion(self) -> Table:
        """Root mean square of x_0 − x̂_0(x_t) on the scale 0..255; 0 at t = 0 (Ho et al. 2020, §4.3)."""
        return 127.5 * np.sqrt(self.x0_error)

    def to_json(self) -> dict[str, object]:
        """`L_T`, `L_t` (length T+1, L_t[1] = L_0), `total_bits_per_dim`, `stderr`, and the errors behind them."""
        return {
            "L_T": self.prior,
            "L_t": self.terms.tolist(),
            "total_bits_per_dim": self.total,
            "stderr": self.stderr,
            "eps_mse": self.eps_error.tolist(),
            "x0_mse": self.x0_error.tolist(),
        }


def bound(schedule: Schedule, curve: Curve, sigma: ReverseVariance | Table) -> Bound:
    """The bound of a denoiser with this error curve, in closed form: no network is asked.

    Args:
        schedule: any; at the levels where the curve was measured nothing is interpolated.
        curve: the errors.
        sigma: which σ_t², or a table of them (T+1,).

    Raises:
        UserError: σ_t = 0 at some t > 1: the bound is infinite.
    """
    noise, log_snr = schedule.one_minus_alpha_bar, schedule.log_snr
    x0_error = np.zeros(schedule.T + 1)
    x0_error[1:] = noise[1:] * curve.v_error(log_snr[1:])
    variance = sigma.of(schedule, x0_error) if isinstance(sigma, ReverseVariance) else sigma
    refuse_infinite(variance)
    prior = prior_bits(schedule, curve.second_moments)
    last = curve.decoder_bits(float(log_snr[1]), float(variance[1]))
    terms = np.zeros(schedule.T + 1)
    terms[1] = last.mean()
    terms[2:] = step_bits(schedule, np.arange(2, schedule.T + 1), variance[2:], x0_error[2:])
    weights = pull(schedule)[2:] ** 2 * noise[2:] / (2.0 * variance[2:] * log(2.0))
    each = prior + last + curve.weighted(log_snr[2:], weights)  # up to a constant, the same for all
    return Bound(schedule, variance, float(prior.mean()), terms, x0_error, standard_error(each))


def interpolation_error(schedule: Schedule, curve: ErrorCurve, sigma: ReverseVariance | Table) -> float:
    """How far a bound may be off for lying between measured levels, in bits per dimension; what chance does counts too.

    It is half of what the bounds from every other level, the even ones and the odd ones, are apart.
    """
    even, odd = (bound(schedule, half, sigma).total for half in curve.halves)
    return abs(even - odd) / 2.0


def learned_bound(schedule: Schedule, levels: Iterable[Level], x0: Tensor) -> Bound:
    """The bound with the variance that the network has learned, from a measurement at every t of its own schedule.

    Raises:
        UserError: the network has learned none.
    """
    prior = prior_bits(schedule, x0.double().square().flatten(1).mean(1).numpy())
    terms, x0_error, variance = (np.zeros(schedule.T + 1) for _ in range(3))
    each = prior.copy()
    for level in levels:
        if level.learned is None:
            raise UserError("this denoiser has learned no variance; choose σ² = beta, beta-tilde or optimum")
        terms[level.t], x0_error[level.t] = level.learned.mean(), level.x0_errors.mean()
        variance[level.t] = level.learned_variance
        each += level.learned
    return Bound(schedule, variance, float(prior.mean()), terms, x0_error, standard_error(each))


def prior_bits(schedule: Schedule, second_moments: Floats) -> Floats:
    """L_T of samples with these E[x_0²] (N,): KL(q(x_T | x_0) ‖ N(0, I)) in bits per dimension, (N,)."""
    kept, noise = schedule.alpha_bar[-1], schedule.one_minus_alpha_bar[-1]
    bits: Floats = 0.5 * (kept * second_moments + noise - 1.0 - np.log(noise)) / log(2.0)
    return bits


def step_bits(schedule: Schedule, t: Times, variance: Floats, x0_error: Floats) -> Floats:
    """L_{t−1} in bits per dimension at each t ≥ 2 of `t`, where σ_t² is `variance` and the error of x̂_0 `x0_error`.

    The three arrays broadcast against each other: one t a row and one sample a column, or one t an entry.
    """
    true = schedule.posterior_variance[t]
    nats = 0.5 * (np.log(variance / true) - 1.0 + (true + pull(schedule)[t] ** 2 * x0_error) / variance)
    bits: Floats = np.maximum(nats, 0.0) / log(2.0)  # rounding alone makes a KL negative
    return bits
