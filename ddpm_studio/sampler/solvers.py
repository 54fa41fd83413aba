"""Solvers of the probability-flow ODE, for few steps. Both integrate d(x/σ) = x̂_0 d(α/σ), α = √ᾱ, σ = √(1−ᾱ).

Exactly so if x̂_0 stays as it is: x_s = (σ_s/σ_t) x_t + (α_s − α_t σ_s/σ_t) x̂_0, which is DDIM's step (Song et al.
2021, eq. 14). No number of it is infinite, not at ᾱ_T = 0 and not at t = 0. They differ in how x̂_0 changes on the way.
"""

from dataclasses import dataclass

from ddpm_studio.sampler.base import Move, Sampler
from ddpm_studio.schedule import Schedule


@dataclass(frozen=True)
class DpmSolver(Sampler):
    """DPM-Solver++ (2M): x̂_0 changes in log SNR as it has since the step before (Lu et al. 2022, Alg. 2): order 2."""

    kind = "dpm"
    multistep = True

    def move(self, schedule: Schedule, t: int, s: int, last: int | None = None) -> Move:
        """D = x̂_0 + (h/2h⁻)(x̂_0 − x̂_0⁻) in the place of x̂_0; h = λ_s − λ_t, h⁻ = λ_t − λ_last, λ = ½ log SNR.

        The first step and the one to t = 0, where h = ∞, are of order 1.
        """
        a, b = _ratios(schedule, t, s)
        log_snr = schedule.log_snr
        ahead = 0.0 if last is None or s == 0 else float((log_snr[s] - log_snr[t]) / (2 * (log_snr[t] - log_snr[last])))
        return Move(t=t, s=s, a=a * (1.0 + ahead), b=b, c=0.0, sigma=0.0, d=-a * ahead)


@dataclass(frozen=True)
class Heun(Sampler):
    """Heun's method: the mean of x̂_0 here and of x̂_0 where that leads (Karras et al. 2022, Alg. 1): order 2, two calls.

    In α/σ, the inverse of the σ of that paper: every weight then lies in [0, 1], whatever the schedule's ends are.
    """

    kind = "heun"

    def evaluations(self, steps: int) -> int:
        """Two a step, one for the last."""
        return 2 * steps - 1

    def move(self, schedule: Schedule, t: int, s: int, last: int | None = None) -> Move:  # noqa: ARG002
        """Euler's step, which the second call corrects unless it leads to t = 0."""
        a, b = _ratios(schedule, t, s)
        return Move(t=t, s=s, a=a, b=b, c=0.0, sigma=0.0)


def _ratios(schedule: Schedule, t: int, s: int) -> tuple[float, float]:
    """α_s − α_t σ_s/σ_t and σ_s/σ_t."""
    ratio = float(schedule.sqrt_one_minus_alpha_bar[s] / schedule.sqrt_one_minus_alpha_bar[t])
    return float(schedule.sqrt_alpha_bar[s] - schedule.sqrt_alpha_bar[t] * ratio), ratio
