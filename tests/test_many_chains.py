"""Importance-weighted estimates of log p(x_0) against the exact one of a Gaussian chain."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from ddpm_studio.denoiser import Exact
from ddpm_studio.likelihood import (
    GaussianCurve,
    ReverseVariance,
    bound,
    climb,
    gaussian_truth,
    log_weights,
    short_chain,
)
from ddpm_studio.schedule import Cosine, Linear


@pytest.mark.parametrize("schedule", [Linear(), Cosine(), Linear(zero_terminal_snr=True)])
def test_a_short_chain_has_the_noise_levels_of_the_long_one(schedule):
    short = short_chain(schedule, 10)
    assert short.T == 10
    kept = schedule.alpha_bar[100:1000:100]
    np.testing.assert_allclose(short.alpha_bar[1:10], kept, rtol=1e-6)


def test_the_estimate_climbs_from_the_bound_to_the_truth():
    s2, schedule = 0.25, short_chain(Linear(), 8)
    exact = Exact.gaussian(schedule, s2, (2,))
    variance = schedule.beta
    x0 = torch.tensor([0.3, -0.4])
    truth = gaussian_truth(schedule, variance, s2, x0)
    weights = np.concatenate(list(log_weights(exact, variance, x0, 20_000)))
    rungs = climb(weights, 2)
    assert [rung.k for rung in rungs] == [1, 10, 100, 1000]
    assert all(a.bits > b.bits for a, b in pairwise(rungs))
    assert rungs[0].bits > truth + 5 * rungs[0].stderr
    assert rungs[-1].bits == pytest.approx(truth, abs=4 * rungs[-1].stderr + 0.003)


def test_one_sample_gives_the_bound_itself():
    """Over x_0 from the data, k = 1 is the closed-form bound."""
    s2, schedule = 0.25, short_chain(Linear(), 6)
    exact, variance = Exact.gaussian(schedule, s2, (1000,)), schedule.beta
    x0 = 0.5 * torch.randn(1000, generator=torch.Generator().manual_seed(0))
    x0 *= 0.5 / x0.square().mean().sqrt()
    weights = np.concatenate(list(log_weights(exact, variance, x0, 64)))
    (rung,) = climb(weights, 1000, (1,))
    assert rung.bits == pytest.approx(
        bound(schedule, GaussianCurve(s2), ReverseVariance.BETA).total, abs=5 * rung.stderr
    )
    assert rung.stderr < 0.01


def test_the_truth_of_a_chain_with_optimal_variance_is_the_data_s_own_density():
    schedule, s2, x0 = Linear(), 0.25, torch.tensor([0.3])
    variance = bound(schedule, GaussianCurve(s2), ReverseVariance.OPTIMUM).variance
    expected = -torch.distributions.Normal(0.0, 0.5).log_prob(x0).item() / np.log(2)
    assert gaussian_truth(schedule, variance, s2, x0) == pytest.approx(expected, abs=1e-4)


def test_more_samples_than_there_are_give_no_rung():
    assert [rung.k for rung in climb(np.zeros(50), 1)] == [1, 10]
