"""σ_t² of the reverse step: which one, what it is at every t, and where none gives a finite bound."""

from enum import StrEnum

import numpy as np

from ddpm_studio.errors import UserError
from ddpm_studio.likelihood.measure import RATIOS, Floats
from ddpm_studio.sampler import Ancestral, Sampler, Sigma
from ddpm_studio.schedule import Schedule, Table


class ReverseVariance(StrEnum):
    """Which σ_t² every reverse step has."""

    BETA = "beta"
    BETA_TILDE = "beta-tilde"
    OPTIMUM = "optimum"

    def of(self, schedule: Schedule, x0_error: Floats) -> Table:
        """σ_t², (T+1,), where the error of x̂_0 at t is `x0_error` (T+1,); 0 at t = 0.

        β̃_1 = 0 would make the last term infinite: β̃_2 stands for it (Ho et al.'s code). The optimum is β̃_t + c_t²·error
        (Bao et al. 2022): of all numbers it makes each term least. At t = 1 it is no less than β_1/1000: who knows the
        samples by heart is certain of them there, and a density would have no bound.
        """
        if self is ReverseVariance.BETA:
            return schedule.beta
        if self is ReverseVariance.BETA_TILDE:
            return small_variance(schedule)
        variance = schedule.posterior_variance + pull(schedule) ** 2 * x0_error
        variance[1] = max(variance[1], RATIOS[0] * schedule.beta[1])
        return variance


def pull(schedule: Schedule) -> Table:
    """c_t = √ᾱ_{t−1} β_t / (1−ᾱ_t), the factor of x_0 in μ̃_t (eq. 7), (T+1,); 1 at t = 1, 0 at t = 0."""
    factor = np.zeros(schedule.T + 1)
    factor[1:] = schedule.sqrt_alpha_bar[:-1] * schedule.beta[1:] / schedule.one_minus_alpha_bar[1:]
    return factor


def small_variance(schedule: Schedule) -> Table:
    """β̃_t with β̃_2 in the place of β̃_1 = 0, (T+1,)."""
    variance = schedule.posterior_variance.copy()
    variance[1] = variance[2]
    return variance


def sampler_variance(sampler: Sampler, schedule: Schedule) -> ReverseVariance | Table:
    """σ_t² of an ancestral sampler that takes every step, (T+1,); at t = 1 what it would be with β̃_2 for β̃_1.

    Raises:
        UserError: another sampler, whose steps are not those of the bound; one that adds no noise; or one whose σ² the
            network has learned, for then there is no table.
    """
    if not isinstance(sampler, Ancestral):
        raise UserError(
            f"the bound is that of ancestral steps, and {sampler.kind} takes others; choose beta, beta-tilde or optimum"
        )
    if not sampler.noise:
        refuse_infinite(np.zeros(schedule.T + 1))
    if sampler.sigma is Sigma.OPTIMAL:
        return ReverseVariance.OPTIMUM
    if sampler.sigma is Sigma.LEARNED:
        raise UserError("the variance of this sampler is the one that the network has learned; choose learned")
    share = sampler.variance
    variance = np.zeros(schedule.T + 1)
    variance[1:] = schedule.beta[1:] ** share * small_variance(schedule)[1:] ** (1.0 - share)
    return variance


def refuse_infinite(variance: Table) -> None:
    """Raises a UserError where σ_t = 0 at t > 1: the reverse step is a point, which x_{t−1} misses."""
    if (still := np.flatnonzero(variance[2:] <= 0.0)).size:
        raise UserError(
            f"the bound is infinite: σ is 0 at t = {still[-1] + 2}, so p(x_{{t−1}} | x_t) is a single point, and "
            "x_{t−1} is elsewhere; choose σ² = beta, beta-tilde or optimum"
        )
