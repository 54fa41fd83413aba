"""Terms of the variational bound, in nats, value by value: what a learned variance is trained on."""

import math

import torch
from torch import Tensor

from ddpm_studio.process import at, q_posterior
from ddpm_studio.schedule import Schedule

LEVEL = 1.0 / 127.5
"""The distance of two neighbouring grey levels in [−1, 1]."""
FAR = 1e3
"""Stands for ∞ in grey levels, where ∞ itself would make the gradient of σ undefined."""


def normal_kl(mean1: Tensor, log_variance1: Tensor, mean2: Tensor, log_variance2: Tensor) -> Tensor:
    """KL(N(mean1, variance1) ‖ N(mean2, variance2)) of each value."""
    gap = log_variance1 - log_variance2
    return 0.5 * (gap.exp() - 1.0 - gap + (mean1 - mean2).square() * (-log_variance2).exp())


def decoder_nll(x0: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """−log p(x_0) of each value under a Gaussian cut into 256 levels, the outer two reaching to ±∞ (eq. 13)."""
    root = (-0.5 * log_variance).exp()
    above = torch.where(x0 > 1.0 - LEVEL / 2, FAR, x0 - mean + LEVEL / 2) * root
    below = torch.where(x0 < -1.0 + LEVEL / 2, -FAR, x0 - mean - LEVEL / 2) * root
    flipped = (above + below) > 0.0  # the difference of two small tails, not of two numbers near 1
    upper, lower = torch.where(flipped, -below, above), torch.where(flipped, -above, below)
    chance: Tensor = torch.special.ndtr(upper) - torch.special.ndtr(lower)
    return -chance.clamp_min(1e-12).log()


def learned_log_variance(schedule: Schedule, t: Tensor, said: Tensor) -> Tensor:
    """log σ² = v log β_t + (1−v) log β̃_t with v = (said + 1)/2 (Nichol & Dhariwal 2021, eq. 15; β̃_2 stands for β̃_1)."""
    small = schedule.posterior_variance.copy()
    small[:2] = small[2]
    large = schedule.beta.copy()
    large[0] = large[1]
    share = (said + 1.0) / 2.0
    return share * at(large, t, said).log() + (1.0 - share) * at(small, t, said).log()


def bound_terms(schedule: Schedule, x0: Tensor, xt: Tensor, t: Tensor, x0_hat: Tensor, log_variance: Tensor) -> Tensor:
    """L_{t−1}, and L_0 where t = 1, in bits per dimension, shape (B,) (Ho et al. 2020, eq. 5).

    Pictures (B, C, H, W) are decoded to 256 levels; points have a density.
    """
    mean, variance = q_posterior(schedule, x0, xt, t)
    guess, _ = q_posterior(schedule, x0_hat, xt, t)
    terms = normal_kl(mean, variance.clamp_min(1e-20).log(), guess, log_variance)
    if x0.ndim == 4:
        last = decoder_nll(x0, guess, log_variance)
    else:
        last = 0.5 * (math.log(2.0 * math.pi) + log_variance + (x0 - guess).square() * (-log_variance).exp())
    first = (t == 1).to(x0.device).reshape(-1, *(1,) * (x0.ndim - 1))
    return torch.where(first, last, terms).flatten(1).mean(1) / math.log(2.0)
