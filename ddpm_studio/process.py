"""The forward process q, its posterior, and the four ways to say what a network predicts: ε, x_0, v and the score.

Shapes: pictures (B, C, H, W) or points (B, 2); t is one int for all, or a tensor (B,) of them, 0 ≤ t ≤ T.
"""

import numpy as np
import torch
from torch import Tensor

from ddpm_studio.schedule import Schedule, Table

Time = int | Tensor


def at(table: Table, t: Time, like: Tensor) -> Tensor:
    """The table's values at t, ready to multiply `like`: its dtype and device, and one axis of 1 per axis after B.

    The one place where the float64 tables meet the tensors.
    """
    found = np.asarray(table.take(t.cpu().numpy() if isinstance(t, Tensor) else t))
    values = torch.from_numpy(found).to(device=like.device, dtype=like.dtype)
    return values.reshape(*values.shape, *(1,) * (like.ndim - values.ndim)) if values.ndim else values


def factor(table: Table, t: Time, like: Tensor) -> Tensor | float:
    """The same to multiply or divide `like` by: a number where t is one for all, which costs less."""
    return float(table[t]) if isinstance(t, int) else at(table, t, like)


def q_sample(schedule: Schedule, x0: Tensor, t: Time, eps: Tensor) -> Tensor:
    """x_t = √ᾱ_t x_0 + √(1−ᾱ_t) ε (Ho et al. 2020, eq. 4)."""
    return factor(schedule.sqrt_alpha_bar, t, x0) * x0 + factor(schedule.sqrt_one_minus_alpha_bar, t, x0) * eps


def q_step(schedule: Schedule, x_prev: Tensor, t: Time, eps: Tensor) -> Tensor:
    """x_t = √(1−β_t) x_{t−1} + √β_t ε, one step of the Markov chain (eq. 2)."""
    return at(schedule.alpha, t, x_prev).sqrt() * x_prev + at(schedule.beta, t, x_prev).sqrt() * eps


def q_posterior(schedule: Schedule, x0: Tensor, xt: Tensor, t: Time) -> tuple[Tensor, Tensor]:
    """Mean μ̃_t and variance β̃_t of q(x_{t−1} | x_t, x_0) (eq. 7), for t ≥ 1. The variance broadcasts against x_t."""
    before = t - 1
    noise = at(schedule.one_minus_alpha_bar, t, xt)
    from_x0 = at(schedule.sqrt_alpha_bar, before, xt) * at(schedule.beta, t, xt) / noise
    from_xt = at(schedule.alpha, t, xt).sqrt() * at(schedule.one_minus_alpha_bar, before, xt) / noise
    return from_x0 * x0 + from_xt * xt, at(schedule.posterior_variance, t, xt)


def x0_from_eps(schedule: Schedule, xt: Tensor, t: Time, eps: Tensor) -> Tensor:
    """x̂_0 = (x_t − √(1−ᾱ_t) ε) / √ᾱ_t (eq. 15); infinite where ᾱ_t = 0."""
    return (xt - factor(schedule.sqrt_one_minus_alpha_bar, t, xt) * eps) / factor(schedule.sqrt_alpha_bar, t, xt)


def eps_from_x0(schedule: Schedule, xt: Tensor, t: Time, x0: Tensor) -> Tensor:
    """ε̂ = (x_t − √ᾱ_t x̂_0) / √(1−ᾱ_t), for t ≥ 1."""
    return (xt - factor(schedule.sqrt_alpha_bar, t, xt) * x0) / factor(schedule.sqrt_one_minus_alpha_bar, t, xt)


def v_from(schedule: Schedule, x0: Tensor, t: Time, eps: Tensor) -> Tensor:
    """v = √ᾱ_t ε − √(1−ᾱ_t) x_0 (Salimans & Ho 2022)."""
    return q_sample_and_v(schedule, x0, t, eps)[1]


def q_sample_and_v(schedule: Schedule, x0: Tensor, t: Time, eps: Tensor) -> tuple[Tensor, Tensor]:
    """x_t and v together: (x_0, ε) turned by one angle, whose cos and sin √ᾱ_t and √(1−ᾱ_t) are looked up once."""
    signal, noise = factor(schedule.sqrt_alpha_bar, t, x0), factor(schedule.sqrt_one_minus_alpha_bar, t, x0)
    return signal * x0 + noise * eps, signal * eps - noise * x0


def x0_from_v(schedule: Schedule, xt: Tensor, t: Time, v: Tensor) -> Tensor:
    """x̂_0 = √ᾱ_t x_t − √(1−ᾱ_t) v: finite at every t."""
    return factor(schedule.sqrt_alpha_bar, t, xt) * xt - factor(schedule.sqrt_one_minus_alpha_bar, t, xt) * v


def eps_from_v(schedule: Schedule, xt: Tensor, t: Time, v: Tensor) -> Tensor:
    """ε̂ = √(1−ᾱ_t) x_t + √ᾱ_t v: finite at every t."""
    return factor(schedule.sqrt_one_minus_alpha_bar, t, xt) * xt + factor(schedule.sqrt_alpha_bar, t, xt) * v


def score_from_eps(schedule: Schedule, t: Time, eps: Tensor) -> Tensor:
    """∇ log q(x_t) = −ε̂ / √(1−ᾱ_t) (§3.2), for t ≥ 1."""
    return -eps / factor(schedule.sqrt_one_minus_alpha_bar, t, eps)
