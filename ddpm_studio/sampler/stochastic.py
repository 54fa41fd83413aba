"""Samplers that draw x_s from a Gaussian around what x̂_0 says: ancestral, and DDIM with as much noise as one likes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import numpy as np

from ddpm_studio.params import Range
from ddpm_studio.sampler.base import Move, Sampler, between
from ddpm_studio.schedule import Schedule


class Sigma(StrEnum):
    """Where the variance of an ancestral step comes from."""

    BETWEEN = "between"
    LEARNED = "learned"
    OPTIMAL = "optimal"


@dataclass(frozen=True)
class Variances:
    """What σ² of the step from t to s may be made of."""

    beta: float  # 1 − ᾱ_t/ᾱ_s, the largest: optimal for x_0 ~ N(0, I)
    beta_tilde: float  # (1−ᾱ_s)/(1−ᾱ_t)·β, the smallest: optimal for a single x_0

    @classmethod
    def of(cls, schedule: Schedule, t: int, s: int) -> "Variances":
        """Of the step from t to s."""
        noise = schedule.one_minus_alpha_bar
        beta = 1.0 - between(schedule, s, t)
        return cls(beta, float(noise[s] / noise[t]) * beta)


@dataclass(frozen=True)
class Ancestral(Sampler):
    """Draw x_s from the posterior q(x_s | x_t, x̂_0) (Ho et al. 2020, Alg. 2 and eq. 7)."""

    sigma: Annotated[
        Sigma,
        "σ²: between β̃ and β; learned by the network (Nichol & Dhariwal 2021, eq. 15); "
        "or optimal for its measured error, β̃ + w·MSE (Bao et al. 2022)",
    ] = Sigma.BETWEEN
    variance: Annotated[
        float,
        Range(0.0, 1.0, names=(("beta_tilde", 0.0), ("beta", 1.0))),
        "v in log σ² = v·log β + (1−v)·log β̃: 0 is β̃ (small), 1 is β (large); only where σ² is between",
    ] = 0.0
    noise: Annotated[bool, "add σ·z; off, every step goes to the posterior's mean"] = True

    kind = "ancestral"

    def move(self, schedule: Schedule, t: int, s: int, last: int | None = None) -> Move:  # noqa: ARG002
        """Eq. 7 between any s < t, with α_t|s = ᾱ_t/ᾱ_s in the place of α_t.

        A learned or optimal σ depends on the guess (`sample` finds it); the one here is always that between β̃ and β.
        """
        noise_t, noise_s = schedule.one_minus_alpha_bar[t], schedule.one_minus_alpha_bar[s]
        may = Variances.of(schedule, t, s)
        variance = may.beta**self.variance * may.beta_tilde ** (1.0 - self.variance)
        return Move(
            t=t,
            s=s,
            a=float(schedule.sqrt_alpha_bar[s] * may.beta / noise_t),
            b=float(np.sqrt(between(schedule, s, t)) * noise_s / noise_t),
            c=0.0,
            sigma=float(np.sqrt(variance)) if self.noise and s > 0 else 0.0,
        )


@dataclass(frozen=True)
class Ddim(Sampler):
    """A non-Markovian step with as much noise as one likes (Song et al. 2021, eq. 12 and 16)."""

    eta: Annotated[float, Range(0.0, 1.0), "η: 0 is deterministic, 1 is as noisy as ancestral sampling with β̃"] = 0.0

    kind = "ddim"

    def move(self, schedule: Schedule, t: int, s: int, last: int | None = None) -> Move:  # noqa: ARG002
        """x_s = √ᾱ_s x̂_0 + √(1−ᾱ_s−σ²) ε̂ + σ z with σ = η √β̃_t|s."""
        variance = self.eta**2 * Variances.of(schedule, t, s).beta_tilde
        return Move(
            t=t,
            s=s,
            a=float(schedule.sqrt_alpha_bar[s]),
            b=0.0,
            c=float(np.sqrt(max(schedule.one_minus_alpha_bar[s] - variance, 0.0))),
            sigma=float(np.sqrt(variance)),
        )


def wants_errors(sampler: Sampler) -> bool:
    """Whether its σ² goes by the denoiser's error at each noise level."""
    return isinstance(sampler, Ancestral) and sampler.sigma is Sigma.OPTIMAL
