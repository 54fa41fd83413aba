"""One reverse step taken apart: the sizes of its quantities, a few numbers for each sample."""

from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddpm_studio.sample import Step
from ddpm_studio.schedule import Schedule

Column = NDArray[np.float32]  # (B,)


@dataclass(frozen=True, eq=False)
class Sizes:
    """What a step's quantities amount to, (B,) each; D is the number of values of a sample."""

    x: Column  # root mean square of x_t
    eps: Column  # ‖ε̂‖/√D: 1 for true noise
    clipped: Column  # the share of x̂_0's values outside [−1, 1], 0..1
    change: Column  # root mean square of x̂_0's difference from the step before; NaN where there is none
    residual: Column  # the greatest |x_t − √ᾱ_t x̂_0 − √(1−ᾱ_t) ε̂|: rounding, if x̂_0 and ε̂ are of one guess
    sigma: Column  # σ; its root mean square where every value has its own

    @classmethod
    def of(cls, schedule: Schedule, step: Step, before: Tensor | None = None) -> "Sizes":
        """Of a step under `schedule`; `before` is x̂_0 (B, *shape) of the step before it in the same walk."""
        x, eps, x0 = (tensor.flatten(1) for tensor in (step.x, step.eps, step.x0))
        sigma = step.sigma.flatten(1) if isinstance(step.sigma, Tensor) else torch.full((len(x), 1), step.sigma)
        change = x.new_full((len(x),), torch.nan) if before is None else rms(x0 - before.flatten(1))
        clipped = (x0.abs() > 1.0).float().mean(1)
        left = torch.linalg.vector_norm(residual(schedule, step).flatten(1), torch.inf, 1)
        columns = (rms(x), rms(eps), clipped, change, left, rms(sigma))
        return cls(*(column.cpu().numpy() for column in columns))


def residual(schedule: Schedule, step: Step) -> Tensor:
    """x_t − √ᾱ_t x̂_0 − √(1−ᾱ_t) ε̂, (B, *shape): what the guess leaves unexplained (REFERENCE §1, eq. 4)."""
    rest = torch.add(step.x, step.x0, alpha=-float(schedule.sqrt_alpha_bar[step.t]))
    return rest.add_(step.eps, alpha=-float(schedule.sqrt_one_minus_alpha_bar[step.t]))


def rms(values: Tensor) -> Tensor:
    """The root mean square of each row, (B, D) → (B,)."""
    norm: Tensor = torch.linalg.vector_norm(values, dim=1)
    return norm / sqrt(values.shape[1])


def one(step: Step, sample: int) -> Step:
    """The step of a single sample, as a batch of one."""
    cut = slice(sample, sample + 1)
    x0 = step.x0[cut]
    return replace(
        step,
        x=step.x[cut],
        eps=step.eps[cut],
        x0=x0,
        x0_clipped=x0 if step.x0_clipped is step.x0 else step.x0_clipped[cut],
        mean=step.mean[cut],
        sigma=step.sigma[cut] if isinstance(step.sigma, Tensor) else step.sigma,
        z=step.z[cut],
        before=None if step.before is None else step.before[cut],
        answers=(),
    )
