"""The loss of a network on a batch, sample by sample."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from ddpm_studio.denoiser import asked, predicted
from ddpm_studio.device import sent
from ddpm_studio.objective import Objective, Target
from ddpm_studio.process import at, q_sample, q_sample_and_v
from ddpm_studio.schedule import Schedule, Table
from ddpm_studio.terms import bound_terms, learned_log_variance


@dataclass(frozen=True, eq=False)
class Losses:
    """Of each sample, shape (B,)."""

    weighted: Tensor  # what is minimised
    squared: Tensor  # the mean squared error of the target, whatever it weighs


@dataclass(frozen=True, eq=False)
class Loss:
    """‖target − prediction‖², weighted; with a learned variance the hybrid loss (Nichol & Dhariwal 2021, eq. 16)."""

    schedule: Schedule
    objective: Objective
    weights: Table | None  # (T+1,); None where every t counts the same
    learned_variance: bool

    @classmethod
    def of(cls, schedule: Schedule, objective: Objective, learned_variance: bool) -> "Loss":
        """Raises a UserError where target and schedule do not go together."""
        weights = objective.weights(schedule)
        return cls(schedule, objective, None if np.all(weights[1:] == 1.0) else weights, learned_variance)

    def __call__(self, module: nn.Module, x0: Tensor, t: Tensor, eps: Tensor) -> Losses:
        """x0, eps (B, *shape) on the module's device; t (B,) on the CPU, where the schedule's tables are."""
        xt, target = self._question(x0, t, eps)
        answer = asked(module, xt, sent(t, x0.device)).float()
        guess, said = answer.chunk(2, 1) if self.learned_variance else (answer, None)
        squared = mse_loss(guess, target, reduction="none").flatten(1).mean(1)
        weighted = squared if self.weights is None else squared * at(self.weights, t, squared)
        if said is not None:
            weighted = weighted + self.objective.bound_share * self._bound(x0, xt, t, guess, said)
        return Losses(weighted, squared)

    def _question(self, x0: Tensor, t: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
        """x_t, and what the network should say of it."""
        if self.objective.target is Target.V:
            return q_sample_and_v(self.schedule, x0, t, eps)
        return q_sample(self.schedule, x0, t, eps), eps if self.objective.target is Target.EPS else x0

    def _bound(self, x0: Tensor, xt: Tensor, t: Tensor, guess: Tensor, said: Tensor) -> Tensor:
        """An estimate of the whole bound from the term at t; it teaches the variance and leaves the mean alone."""
        x0_hat = predicted(self.schedule, self.objective.target, xt, t, guess.detach()).x0
        log_variance = learned_log_variance(self.schedule, t, said)
        return self.schedule.T * bound_terms(self.schedule, x0, xt, t, x0_hat, log_variance)
