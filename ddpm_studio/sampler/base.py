"""What every sampler is told: how many steps, which timesteps, whether x̂_0 is clipped; and the numbers of one move."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from ddpm_studio.errors import UserError
from ddpm_studio.params import Parameters, Range
from ddpm_studio.sampler.spacing import Spacing, Times, timesteps
from ddpm_studio.schedule import Schedule


@dataclass(frozen=True)
class Move:
    """One reverse step from t to s: x_s = a·x̂_0 + b·x_t + c·ε̂ + d·x̂_0⁻ + σ·z. All float64; σ is 0 when s = 0."""

    t: int
    s: int
    a: float
    b: float
    c: float
    sigma: float
    d: float = 0.0
    """The factor of x̂_0⁻, the guess of the step before; 0 for all but multistep samplers."""


@dataclass(frozen=True)
class Sampler(Parameters, ABC):
    """How the reverse chain is walked."""

    steps: Annotated[int, Range(1, 4000), "reverse steps, at most T"] = 100
    spacing: Annotated[Spacing, "which timesteps are visited when there are fewer steps than T"] = Spacing.TRAILING
    clip: Annotated[bool, "clip x̂_0 to [−1, 1] before it is used (Ho et al.'s code)"] = True

    multistep: ClassVar[bool] = False
    """Whether a step also goes by the guess of the step before."""

    def times(self, T: int) -> Times:
        """The timesteps this sampler visits, falling, shape (steps,); see `timesteps`."""
        return timesteps(T, self.steps, self.spacing)

    def stops(self, T: int, start: int | None = None) -> tuple[int, ...]:
        """The timesteps of the states of a chain, falling, 0 included.

        Args:
            T: of the schedule.
            start: where the chain begins, 1..T: from there to the next timestep that the sampler visits. With None it
                begins with the first that it does.

        Raises:
            UserError: more steps than T, or no such start.
        """
        visited = self.times(T).tolist()
        if start is None:
            return (*visited, 0)
        if not 1 <= start <= T:
            raise UserError(f"a chain goes on from a t in 1..T = {T}, not from t = {start}")
        return (start, *(t for t in visited if t < start), 0)

    def evaluations(self, steps: int) -> int:
        """How often a chain of so many steps asks the denoiser, at most."""
        return steps

    @abstractmethod
    def move(self, schedule: Schedule, t: int, s: int, last: int | None = None) -> Move:
        """The numbers of the step from t to s, 0 ≤ s < t ≤ T.

        Args:
            schedule: the one the chain is walked under.
            t: where the step begins.
            s: where it leads.
            last: the timestep of the guess before, > t, for a multistep sampler; None where there is none.
        """


def between(schedule: Schedule, s: int, t: int) -> float:
    """ᾱ_t/ᾱ_s, from the logarithms: right where both have underflowed."""
    return float(np.exp(schedule.log_alpha_bar[t] - schedule.log_alpha_bar[s]))
