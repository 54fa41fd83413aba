"""The forward process: against diffusers, against Bayes' rule on a grid, and there and back."""

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ddpm_studio.process import (
    eps_from_v,
    eps_from_x0,
    q_posterior,
    q_sample,
    q_sample_and_v,
    q_step,
    score_from_eps,
    v_from,
    x0_from_eps,
    x0_from_v,
)
from ddpm_studio.schedule import Cosine, Jsd, Linear

shapes = st.sampled_from([(2,), (1, 4, 4), (3, 5, 2)])
batches = st.integers(1, 5)
SCHEDULES = [Linear(), Cosine(T=50), Linear(T=20, scaled=True)]


def pair(batch: int, shape: tuple[int, ...], seed: int = 0) -> tuple[Tensor, Tensor]:
    """x_0 in [−1, 1] and ε, float64 (batch, *shape)."""
    generator = torch.Generator().manual_seed(seed)
    x0 = torch.rand(batch, *shape, generator=generator, dtype=torch.float64) * 2 - 1
    return x0, torch.randn(batch, *shape, generator=generator, dtype=torch.float64)


@given(batches, shapes, st.sampled_from(SCHEDULES), st.data())
def test_every_function_treats_a_batch_of_t_as_its_rows_one_by_one(batch, shape, schedule, data):
    x0, eps = pair(batch, shape)
    t = torch.tensor(data.draw(st.lists(st.integers(1, schedule.T - 1), min_size=batch, max_size=batch)))
    functions = [
        lambda x, t, e: q_sample(schedule, x, t, e),
        lambda x, t, e: q_step(schedule, x, t, e),
        lambda x, t, e: q_posterior(schedule, x, e, t)[0],
        lambda x, t, e: q_posterior(schedule, x, e, t)[1].expand_as(x),
        lambda x, t, e: x0_from_eps(schedule, x, t, e),
        lambda x, t, e: eps_from_x0(schedule, x, t, e),
        lambda x, t, e: v_from(schedule, x, t, e),
        lambda x, t, e: x0_from_v(schedule, x, t, e),
        lambda x, t, e: eps_from_v(schedule, x, t, e),
        lambda _, t, e: score_from_eps(schedule, t, e),
    ]
    for function in functions:
        together = function(x0, t, eps)
        alone = [function(x0[i : i + 1], int(t[i]), eps[i : i + 1]) for i in range(batch)]
        assert together.shape == x0.shape
        assert together.dtype == torch.float64
        assert torch.equal(together, torch.cat(alone))


@given(batches, shapes, st.sampled_from(SCHEDULES), st.data())
def test_x0_eps_and_v_say_the_same(batch, shape, schedule, data):
    x0, eps = pair(batch, shape)
    t = torch.tensor(data.draw(st.lists(st.integers(1, schedule.T - 1), min_size=batch, max_size=batch)))
    xt, v = q_sample(schedule, x0, t, eps), v_from(schedule, x0, t, eps)
    torch.testing.assert_close(x0_from_eps(schedule, xt, t, eps), x0, rtol=0, atol=1e-9)
    torch.testing.assert_close(eps_from_x0(schedule, xt, t, x0), eps, rtol=0, atol=1e-9)
    torch.testing.assert_close(x0_from_v(schedule, xt, t, v), x0, rtol=0, atol=1e-12)
    torch.testing.assert_close(eps_from_v(schedule, xt, t, v), eps, rtol=0, atol=1e-12)
    assert all(map(torch.equal, q_sample_and_v(schedule, x0, t, eps), (xt, v)))


def test_the_score_of_one_picture_is_the_gradient_of_its_log_density():
    schedule, t = Linear(), 300
    x0, eps = pair(2, (1, 3, 3))
    xt = q_sample(schedule, x0, t, eps).requires_grad_()
    mean, variance = schedule.alpha_bar[t] ** 0.5 * x0, 1 - schedule.alpha_bar[t]
    (gradient,) = torch.autograd.grad((-((xt - mean) ** 2) / (2 * variance)).sum(), xt)
    torch.testing.assert_close(score_from_eps(schedule, t, eps), gradient)


@pytest.mark.parametrize("t", [1, 2, 250, 999, 1000])
def test_noise_and_velocity_equal_those_of_diffusers(t):
    theirs = DDPMScheduler(num_train_timesteps=1000)
    x0, eps = (x.float() for x in pair(3, (3, 4, 4)))
    index = torch.tensor([t - 1] * 3)
    torch.testing.assert_close(q_sample(Linear(), x0, t, eps), theirs.add_noise(x0, eps, index), rtol=0, atol=1e-5)
    torch.testing.assert_close(v_from(Linear(), x0, t, eps), theirs.get_velocity(x0, eps, index), rtol=0, atol=1e-5)


def test_at_t_0_nothing_has_happened():
    x0, eps = pair(2, (2,))
    assert torch.equal(q_sample(Linear(), x0, 0, eps), x0)


def test_at_the_end_of_a_schedule_with_zero_terminal_snr_only_noise_is_left():
    x0, eps = pair(2, (2,))
    assert torch.equal(q_sample(Jsd(T=10), x0, 10, eps), eps)
    assert torch.equal(x0_from_v(Jsd(T=10), eps, 10, v_from(Jsd(T=10), x0, 10, eps)), x0)


@pytest.mark.parametrize("schedule", [Linear(T=60), Cosine(T=60), Jsd(T=60)])
def test_the_steps_of_the_chain_add_up_to_the_closed_form(schedule):
    """Mean and variance of x_T carried from step to step: the mean by noise 0, the variance by its coefficient."""
    mean, variance = torch.ones(1, 2, dtype=torch.float64), 0.0
    zero, one = torch.zeros(1, 2, dtype=torch.float64), torch.ones(1, 2, dtype=torch.float64)
    for t in range(1, schedule.T + 1):
        mean = q_step(schedule, mean, t, zero)
        keep, noise = q_step(schedule, one, t, zero)[0, 0], q_step(schedule, zero, t, one)[0, 0]
        variance = float(keep**2 * variance + noise**2)
        torch.testing.assert_close(mean, q_sample(schedule, one, t, zero), rtol=1e-9, atol=1e-12)
        assert variance == pytest.approx(float(q_sample(schedule, zero, t, one)[0, 0]) ** 2, rel=1e-9)


@pytest.mark.parametrize("t", [2, 7, 30, 50])
@pytest.mark.parametrize("schedule", [Linear(T=50, beta_end=0.2), Cosine(T=50), Jsd(T=50)])
def test_the_posterior_is_bayes_rule(schedule, t):
    """q(x_{t−1} | x_t, x_0) ∝ q(x_t | x_{t−1}) q(x_{t−1} | x_0), summed on a fine grid of x_{t−1}."""
    x0, xt = 0.7, -0.4
    grid = np.linspace(-8, 8, 400_001)
    log = -((xt - schedule.alpha[t] ** 0.5 * grid) ** 2) / (2 * schedule.beta[t])
    log -= (grid - schedule.alpha_bar[t - 1] ** 0.5 * x0) ** 2 / (2 * (1 - schedule.alpha_bar[t - 1]))
    weight = np.exp(log - log.max())
    mean = (weight * grid).sum() / weight.sum()
    variance = (weight * (grid - mean) ** 2).sum() / weight.sum()
    point = torch.full((1, 2), x0, dtype=torch.float64), torch.full((1, 2), xt, dtype=torch.float64)
    ours = q_posterior(schedule, *point, t)
    assert ours[0].numpy() == pytest.approx(mean, rel=1e-6)
    assert float(ours[1]) == pytest.approx(variance, rel=1e-6)


def test_at_t_1_the_posterior_is_x0_itself():
    x0, xt = pair(3, (2,))
    mean, variance = q_posterior(Linear(), x0, xt, 1)
    torch.testing.assert_close(mean, x0)
    assert float(variance) == 0.0


def test_the_posterior_mean_in_terms_of_eps_is_eq_11():
    schedule, t = Linear(), 400
    x0, eps = pair(2, (1, 3, 3))
    xt = q_sample(schedule, x0, t, eps)
    beta, alpha, alpha_bar = schedule.beta[t], schedule.alpha[t], schedule.alpha_bar[t]
    expected = (xt - beta / (1 - alpha_bar) ** 0.5 * eps) / alpha**0.5
    torch.testing.assert_close(q_posterior(schedule, x0, xt, t)[0], expected)


def test_float32_pictures_stay_float32():
    x0, eps = (x.float() for x in pair(2, (1, 2, 2)))
    for t in (5, torch.tensor([5, 9])):
        assert q_sample(Linear(), x0, t, eps).dtype == torch.float32
        assert q_posterior(Linear(), x0, eps, t)[0].dtype == torch.float32
