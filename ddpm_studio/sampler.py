"""What a sampler is told: its settings, the timesteps it visits and the numbers of every move (NumPy only).

A reverse step goes from t to s < t. Every sampler here is one linear rule,

    x_s = a·x̂_0 + b·x_t + c·ε̂ + σ·z,        z ~ N(0, I),

and differs from the others only in (a, b, c, σ). `sample.py` runs them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.errors import UserError
from ddpm_studio.params import Parameters, Range
from ddpm_studio.schedule import Schedule

Times = NDArray[np.int64]


class Spacing(StrEnum):
    """Which timesteps a sampler visits when it takes fewer than T steps."""

    LINSPACE = "linspace"
    LEADING = "leading"
    TRAILING = "trailing"
    QUADRATIC = "quadratic"


@dataclass(frozen=True)
class Move:
    """One reverse step from t to s: x_s = a·x̂_0 + b·x_t + c·ε̂ + σ·z. All float64; σ is 0 when s = 0."""

    t: int
    s: int
    a: float
    b: float
    c: float
    sigma: float


@dataclass(frozen=True)
class Sampler(Parameters, ABC):
    """How the reverse chain is walked."""

    steps: Annotated[int, Range(1, 4000), "reverse steps, at most T"] = 100
    spacing: Annotated[Spacing, "which timesteps are visited when there are fewer steps than T"] = Spacing.TRAILING
    clip: Annotated[bool, "clip x̂_0 to [−1, 1] before it is used (Ho et al.'s code)"] = True

    def times(self, T: int) -> Times:
        """The timesteps this sampler visits, falling, shape (steps,); see `timesteps`."""
        return timesteps(T, self.steps, self.spacing)

    @abstractmethod
    def move(self, schedule: Schedule, t: int, s: int) -> Move:
        """The numbers of the step from t to s, 0 ≤ s < t ≤ T."""


@dataclass(frozen=True)
class Ancestral(Sampler):
    """Draw x_s from the posterior q(x_s | x_t, x̂_0) (Ho et al. 2020, Alg. 2 and eq. 7)."""

    variance: Annotated[
        float,
        Range(0.0, 1.0, names=(("beta_tilde", 0.0), ("beta", 1.0))),
        "v in log σ² = v·log β + (1−v)·log β̃: 0 is β̃ (small), 1 is β (large)",
    ] = 0.0
    noise: Annotated[bool, "add σ·z; off, every step goes to the posterior's mean"] = True

    kind = "ancestral"

    def move(self, schedule: Schedule, t: int, s: int) -> Move:
        """Eq. 7 between any s < t, with α_t|s = ᾱ_t/ᾱ_s in the place of α_t."""
        alpha = _between(schedule, s, t)
        noise_t, noise_s = schedule.one_minus_alpha_bar[t], schedule.one_minus_alpha_bar[s]
        beta = 1.0 - alpha
        sigma = np.sqrt(beta**self.variance * (noise_s / noise_t * beta) ** (1.0 - self.variance))
        return Move(
            t=t,
            s=s,
            a=float(schedule.sqrt_alpha_bar[s] * beta / noise_t),
            b=float(np.sqrt(alpha) * noise_s / noise_t),
            c=0.0,
            sigma=float(sigma) if self.noise and s > 0 else 0.0,
        )


@dataclass(frozen=True)
class Ddim(Sampler):
    """A non-Markovian step with as much noise as one likes (Song et al. 2021, eq. 12 and 16)."""

    eta: Annotated[float, Range(0.0, 1.0), "η: 0 is deterministic, 1 is as noisy as ancestral sampling with β̃"] = 0.0

    kind = "ddim"

    def move(self, schedule: Schedule, t: int, s: int) -> Move:
        """x_s = √ᾱ_s x̂_0 + √(1−ᾱ_s−σ²) ε̂ + σ z with σ = η √β̃_t|s."""
        noise_t, noise_s = schedule.one_minus_alpha_bar[t], schedule.one_minus_alpha_bar[s]
        variance = self.eta**2 * noise_s / noise_t * (1.0 - _between(schedule, s, t))
        return Move(
            t=t,
            s=s,
            a=float(schedule.sqrt_alpha_bar[s]),
            b=0.0,
            c=float(np.sqrt(max(noise_s - variance, 0.0))),
            sigma=float(np.sqrt(variance)),
        )


def timesteps(T: int, steps: int, spacing: Spacing) -> Times:
    """`steps` distinct timesteps in 1..T, falling.

    linspace: both 1 and T. leading: multiples of ⌊T/steps⌋ from 1 up, so T is left out unless steps = T.
    trailing: from T down, so 1 may be left out (Lin et al. 2023, Table 2). quadratic: dense near 1, reaches T.

    Raises:
        UserError: steps is not in 1..T.
    """
    if not 1 <= steps <= T:
        raise UserError(f"a sampler takes between 1 and T = {T} steps, not {steps}; lower steps")
    return _SPACINGS[spacing](T, steps)[::-1].copy()


def _leading(T: int, steps: int) -> Times:
    return 1 + np.arange(steps) * (T // steps)


def _trailing(T: int, steps: int) -> Times:
    return np.round(np.arange(T, 0, -T / steps)[:steps]).astype(np.int64)[::-1]


def _linspace(T: int, steps: int) -> Times:
    return np.array([T]) if steps == 1 else 1 + np.round(np.linspace(0, T - 1, steps)).astype(np.int64)


def _quadratic(T: int, steps: int) -> Times:
    """Squares of evenly spaced numbers, moved up just enough to be distinct."""
    if steps == 1:
        return np.array([T])
    order = np.arange(steps)
    t = 1 + np.round((T - 1) * (order / (steps - 1)) ** 2).astype(np.int64)
    return np.maximum.accumulate(t - order) + order


_SPACINGS: dict[Spacing, Callable[[int, int], Times]] = {
    Spacing.LINSPACE: _linspace,
    Spacing.LEADING: _leading,
    Spacing.TRAILING: _trailing,
    Spacing.QUADRATIC: _quadratic,
}


def _between(schedule: Schedule, s: int, t: int) -> float:
    """ᾱ_t/ᾱ_s, from the logarithms: right where both have underflowed."""
    return float(np.exp(schedule.log_alpha_bar[t] - schedule.log_alpha_bar[s]))


SAMPLERS: dict[str, type[Sampler]] = {cls.kind: cls for cls in (Ancestral, Ddim)}
