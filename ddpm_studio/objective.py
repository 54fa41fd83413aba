"""What a network is asked to predict, and how much an error counts at each t (NumPy only).

For a given x_t the errors of ε̂, x̂_0 and v̂ are one error in three units,

    ‖ε − ε̂‖² = SNR·‖x_0 − x̂_0‖² ,      ‖v − v̂‖² = (1 + SNR)·‖x_0 − x̂_0‖² ,

so a weight is told once, for the error of x̂_0, and converted for the others.
"""

from abc import abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import numpy as np

from ddpm_studio.errors import UserError
from ddpm_studio.params import Parameters, Range
from ddpm_studio.schedule import Schedule, Table


class Target(StrEnum):
    """What the network's output means."""

    EPS = "eps"
    X0 = "x0"
    V = "v"


class Draw(StrEnum):
    """How the t of a training sample is drawn."""

    UNIFORM = "uniform"
    LOSS = "loss"


@dataclass(frozen=True)
class Objective(Parameters):
    """A target, the weight of its squared error at each t, and how often each t is asked for."""

    target: Annotated[Target, "what the network predicts: ε, x_0, or v = √ᾱ ε − √(1−ᾱ) x_0"] = Target.EPS
    draw: Annotated[Draw, "t uniform, or in proportion to √E[loss²] (Nichol & Dhariwal 2021, eq. 18)"] = Draw.UNIFORM
    bound_share: Annotated[
        float, Range(0.0, 1.0), "λ of the hybrid loss L + λ L_vlb; it counts where the variance is learned"
    ] = 0.001

    def weights(self, schedule: Schedule) -> Table:
        """The weight of ‖target − prediction‖² at each t, shape (T+1,); 0 at t = 0, finite everywhere.

        Raises:
            UserError: ε is the target where ᾱ_T = 0: there ε̂ says nothing of x̂_0.
        """
        self.refuse_impossible(schedule)
        weights = np.zeros(schedule.T + 1)
        weights[1:] = self._weights(schedule)[1:]
        return weights

    def refuse_impossible(self, schedule: Schedule) -> None:
        """Raises a UserError if a network with this target cannot be sampled from under this schedule."""
        if self.target is Target.EPS and schedule.alpha_bar[-1] == 0.0:
            raise UserError(
                "ᾱ_T = 0, so x̂_0 cannot be had from ε̂ at t = T: predict v or x0, or switch zero terminal SNR off"
            )

    @abstractmethod
    def _weights(self, schedule: Schedule) -> Table:
        """Shape (T+1,); what stands at t = 0 is not used."""


@dataclass(frozen=True)
class Simple(Objective):
    """L_simple: every t counts the same, in the target's own units (Ho et al. 2020, eq. 14)."""

    kind = "simple"

    def _weights(self, schedule: Schedule) -> Table:
        return np.ones(schedule.T + 1)


@dataclass(frozen=True)
class Converted(Objective):
    """A weight of the error of x̂_0, in the unit of whatever is predicted."""

    def _weights(self, schedule: Schedule) -> Table:
        per_x0 = self._per_x0(schedule)
        if self.target is Target.X0:
            return per_x0
        with np.errstate(invalid="ignore", divide="ignore"):  # at t = 0
            return per_x0 * schedule.one_minus_alpha_bar if self.target is Target.V else per_x0 / schedule.snr

    @abstractmethod
    def _per_x0(self, schedule: Schedule) -> Table:
        """The weight of ‖x_0 − x̂_0‖² at each t, shape (T+1,); what stands at t = 0 is not used."""


@dataclass(frozen=True)
class Bound(Converted):
    """λ_t, as the variational bound weighs the terms with σ² = β (Ho et al. 2020, eq. 12); it sums to nats."""

    kind = "bound"

    def _per_x0(self, schedule: Schedule) -> Table:
        """KL of two Gaussians of variance β_t whose means differ by √ᾱ_{t−1} β_t/(1−ᾱ_t)·(x_0 − x̂_0) (eq. 7)."""
        weights = np.zeros(schedule.T + 1)
        noise = schedule.one_minus_alpha_bar[1:]
        weights[1:] = schedule.alpha_bar[:-1] * schedule.beta[1:] / (2.0 * noise**2)
        return weights


@dataclass(frozen=True)
class P2(Converted):
    """1/(k + SNR)^γ on the error of ε̂: less where only invisible detail is left (Choi et al. 2022, eq. 8)."""

    gamma: Annotated[float, Range(0.0, 2.0), "γ: at 0 all errors of ε̂ count the same"] = 1.0
    k: Annotated[float, Range(0.1, 10.0), "k: keeps the weight finite where there is no signal"] = 1.0

    kind = "p2"

    def _per_x0(self, schedule: Schedule) -> Table:
        with np.errstate(invalid="ignore"):
            return schedule.snr * (self.k + schedule.snr) ** -self.gamma


@dataclass(frozen=True)
class MinSnr(Converted):
    """min(SNR, γ) on the error of x̂_0: no t outweighs the others (Hang et al. 2023, §3.4)."""

    gamma: Annotated[float, Range(0.1, 100.0, log=True), "γ: the largest weight of an error of x̂_0"] = 5.0

    kind = "min-snr"

    def _per_x0(self, schedule: Schedule) -> Table:
        return np.minimum(schedule.snr, self.gamma)


OBJECTIVES: dict[str, type[Objective]] = {cls.kind: cls for cls in (Simple, Bound, P2, MinSnr)}
