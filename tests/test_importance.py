"""The bound from fewer t's: unbiased, and honest about its error."""

from itertools import islice

import numpy as np
import pytest
import torch

from ddpm_studio.denoiser import Exact
from ddpm_studio.errors import UserError
from ddpm_studio.likelihood import ErrorCurve, GaussianCurve, ReverseVariance, bound, estimated, evenly_filled, measured
from ddpm_studio.likelihood.importance import chances, drawn_times
from ddpm_studio.schedule import Linear

SCHEDULE = Linear()


def last(values):
    *_, end = values
    return end


def test_the_chances_are_a_distribution_that_leaves_no_t_out():
    p = chances(SCHEDULE, GaussianCurve(0.25), ReverseVariance.BETA)
    assert p.shape == (999,)
    assert p.sum() == pytest.approx(1.0)
    assert p.min() >= 0.1 / 999


def test_t_is_drawn_as_often_as_its_chance_says():
    p = chances(SCHEDULE, GaussianCurve(0.25), ReverseVariance.BETA)
    counts = np.bincount(np.concatenate([drawn_times(p, 50, seed) for seed in range(400)]), minlength=1001)[2:]
    drawn, expected = counts.reshape(27, 37).sum(1), 20_000 * p.reshape(27, 37).sum(1)
    assert (np.abs(drawn - expected) < 5 * np.sqrt(expected)).all()


@pytest.mark.parametrize("sigma", list(ReverseVariance))
def test_over_many_draws_the_estimate_is_the_whole_bound_and_its_error_bar_covers_it(sigma):
    """Data that the guide knows nothing of: 30 points in 16 dimensions, each known by heart below some noise level."""
    data = torch.rand(30, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    schedule = Linear(T=60, scaled=True)
    exact, x0 = Exact.mixture(schedule, data), data[:10] + 0.02
    errors = []
    stderrs = []
    for seed in range(30):
        curve = ErrorCurve.of(measured(exact, x0, evenly_filled(60), seed=seed, tables={1}), x0)
        found = last(estimated(exact, x0, sigma, seed=seed, draws=12))
        errors.append(found.total - bound(schedule, curve, sigma).total)  # of the choice of t alone
        stderrs.append(found.stderr)
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors))
    assert np.std(errors) < 1.1 * np.sqrt(np.mean(np.square(stderrs)))
    assert np.std(errors) > 0.0


def test_an_estimate_that_ends_early_is_unbiased_and_its_error_bar_covers_it():
    """After 5 of 16 draws: which shares they are from is chance, not the order of t."""
    data = torch.rand(30, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    schedule = Linear(T=60, scaled=True)
    exact, x0 = Exact.mixture(schedule, data), data[:10] + 0.02
    errors, stderrs = [], []
    for seed in range(40):
        curve = ErrorCurve.of(measured(exact, x0, evenly_filled(60), seed=seed, tables={1}), x0)
        *_, found = islice(estimated(exact, x0, ReverseVariance.BETA, seed=seed, draws=16), 5)
        errors.append(found.total - bound(schedule, curve, ReverseVariance.BETA).total)
        stderrs.append(found.stderr)
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors))
    assert np.std(errors) < 1.2 * np.sqrt(np.mean(np.square(stderrs)))


def test_partial_results_come_with_each_draw_and_sharpen():
    x0 = 0.5 * torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    found = list(estimated(Exact.gaussian(SCHEDULE, 0.25, (2,)), x0, ReverseVariance.BETA, draws=32))
    assert [estimate.done for estimate in found] == list(range(1, 33))
    assert found[-1].total == pytest.approx(1.047, abs=4 * found[-1].stderr)
    assert np.isinf(found[0].stderr)
    assert found[-1].stderr < 0.3


class Slow:
    """An exact denoiser whose every call seems to take a second, or `tiring` times as long as the one before."""

    def __init__(self, exact, clock, tiring=1.0):
        self.exact, self.schedule, self.shape, self.clock = exact, exact.schedule, exact.shape, clock
        self.seconds, self.tiring = 1.0, tiring

    def __call__(self, x, t):
        self.clock[0] += self.seconds
        self.seconds *= self.tiring
        return self.exact(x, t)


def test_in_a_short_time_fewer_t_are_drawn(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("ddpm_studio.likelihood.importance.perf_counter", lambda: clock[0])
    slow = Slow(Exact.gaussian(SCHEDULE, 1.0, (2,)), clock)
    found = last(estimated(slow, torch.zeros(4, 2), ReverseVariance.BETA, seconds=40.0))
    assert found.draws == found.done == 34
    assert clock[0] <= 40.0


def test_where_calls_get_slower_it_ends_in_time_and_says_how_far_it_came(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("ddpm_studio.likelihood.importance.perf_counter", lambda: clock[0])
    slow = Slow(Exact.gaussian(SCHEDULE, 1.0, (2,)), clock, tiring=1.1)
    found = last(estimated(slow, torch.zeros(4, 2), ReverseVariance.BETA, seconds=40.0))
    assert 4 < found.done < found.draws <= 34
    assert 30.0 < clock[0] <= 42.0
    assert np.isfinite(found.stderr)


def test_even_the_slowest_network_is_asked_at_a_few_t(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("ddpm_studio.likelihood.importance.perf_counter", lambda: clock[0])
    slow = Slow(Exact.gaussian(SCHEDULE, 1.0, (2,)), clock)
    found = last(estimated(slow, torch.zeros(4, 2), ReverseVariance.BETA, seconds=1.0))
    assert found.done == found.draws == 4
    assert np.isfinite(found.stderr)


def test_a_variance_of_zero_is_refused():
    with pytest.raises(UserError, match="infinite"):
        next(estimated(Exact.gaussian(SCHEDULE, 1.0, (2,)), torch.zeros(4, 2), np.zeros(1001)))
