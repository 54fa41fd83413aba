"""The optimal σ² of a denoiser whose error has been measured."""

from functools import cache

import numpy as np
import pytest
import torch

from ddpm_studio.denoiser import Exact
from ddpm_studio.levels import probe_times
from ddpm_studio.likelihood import ErrorCurve, Measured, measured
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral, Ddim, Sigma, Variances, wants_errors
from ddpm_studio.schedule import Linear


@cache
def two_points() -> Measured:
    """±1 under linear, T = 1000, measured on 4,000 of them."""
    exact = Exact.mixture(Linear(), torch.tensor([[1.0], [-1.0]]))
    x0 = torch.tensor([[1.0], [-1.0]]).repeat(2000, 1)
    levels = measured(exact, x0, probe_times(Linear(), 40).tolist(), tables=set())
    return Measured(exact, ErrorCurve.of(levels, x0))


@pytest.mark.parametrize(
    ("t", "error"), [(100, 0.042348182), (200, 0.46609349), (260, 0.4483192), (400, 0.19422893), (500, 0.078563057)]
)
def test_the_measured_error_of_two_points_is_the_reference_value(t, error):
    guess = two_points()(torch.zeros(1, 1), t)
    assert guess.mse == pytest.approx(error, abs=0.03)


def test_the_optimal_variance_is_beta_tilde_plus_the_weighted_error():
    denoiser, schedule = two_points(), Linear()
    step = next(sample(denoiser, Ancestral(steps=20, sigma=Sigma.OPTIMAL), seed=0, samples=[0], start=400))
    mse = denoiser(step.x, 400).mse
    beta = 1 - schedule.alpha_bar[400] / schedule.alpha_bar[350]
    weight = beta**2 / ((1 - beta) * schedule.one_minus_alpha_bar[400])
    small = Variances.of(schedule, 400, 350).beta_tilde
    assert step.sigma**2 == pytest.approx(small + weight * mse, rel=1e-6)
    assert np.sqrt(small) < step.sigma < np.sqrt(beta)


def test_only_ancestral_steps_with_the_optimal_variance_want_errors():
    assert wants_errors(Ancestral(sigma=Sigma.OPTIMAL))
    assert not wants_errors(Ancestral(sigma=Sigma.LEARNED))
    assert not wants_errors(Ddim())
