"""Samplers that shake x at one noise level until it is a sample of it, with the score −ε̂/√(1−ᾱ_t)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from ddpm_studio.params import Range
from ddpm_studio.sampler.base import Move, Sampler
from ddpm_studio.sampler.stochastic import Ancestral, Ddim
from ddpm_studio.schedule import Schedule

Corrections = Annotated[int, Range(1, 100), "Langevin moves at every noise level; each asks the denoiser once"]
SignalToNoise = Annotated[
    float,
    Range(0.001, 1.0, log=True),
    "r, the size of the score's pull against the noise: a move's length is 2 r² (1−ᾱ_t)",
]


@dataclass(frozen=True)
class Langevin(Sampler):
    """Annealed Langevin dynamics: moves at each level, then on to the next as it is (Song & Ermon 2019, Alg. 1)."""

    corrections: Corrections = 3
    snr: SignalToNoise = 0.16

    kind = "langevin"

    def evaluations(self, steps: int) -> int:
        """One a move, and one for the last denoising."""
        return steps * self.corrections + 1

    def move(self, schedule: Schedule, t: int, s: int, last: int | None = None) -> Move:  # noqa: ARG002
        """x_s = x_t, and x̂_0 at the end (Jolicoeur-Martineau et al. 2021)."""
        return Move(t=t, s=s, a=float(s == 0), b=float(s > 0), c=0.0, sigma=0.0)


class Predictor(StrEnum):
    """How a predictor–corrector sampler gets to the next level."""

    ANCESTRAL = "ancestral"
    DDIM = "ddim"


@dataclass(frozen=True)
class PredictorCorrector(Sampler):
    """A step of another sampler, then Langevin moves where it leads (Song et al. 2021, Alg. 3 and 5)."""

    predictor: Annotated[Predictor, "how it gets to the next level: ancestral with β̃, or DDIM without noise"] = (
        Predictor.ANCESTRAL
    )
    corrections: Corrections = 1
    snr: SignalToNoise = 0.16

    kind = "pc"

    def evaluations(self, steps: int) -> int:
        """One a step and one a correction, of which the last step has none."""
        return steps + (steps - 1) * self.corrections

    def move(self, schedule: Schedule, t: int, s: int, last: int | None = None) -> Move:
        """The predictor's."""
        return _PREDICTORS[self.predictor].move(schedule, t, s, last)


_PREDICTORS: dict[Predictor, Sampler] = {Predictor.ANCESTRAL: Ancestral(), Predictor.DDIM: Ddim()}
