"""Noise levels: the Wiener filter against closed forms, and what an error is held against."""

import numpy as np
import pytest
import torch
from training_runs import data, pictures

from ddpm_studio.data import ImageData
from ddpm_studio.denoiser import Exact, Prediction
from ddpm_studio.levels import Baselines, Probe, Wiener, errors, probe_times, told, verdict
from ddpm_studio.process import eps_from_x0, q_sample
from ddpm_studio.schedule import Cosine, Linear

SCHEDULE = Linear()


def wiener(mean, axes, variances, schedule=SCHEDULE):
    return Wiener(schedule, (len(mean),), torch.as_tensor(mean), torch.as_tensor(axes), torch.as_tensor(variances))


def test_at_least_20_levels_spread_evenly_over_log_snr():
    for schedule in (SCHEDULE, Cosine(), Linear(zero_terminal_snr=True)):
        times = probe_times(schedule)
        assert 24 <= len(times) <= 40
        assert (times[0], times[-1]) == (1, 1000)
        assert (np.diff(times) > 0).all()
    gaps = np.diff(SCHEDULE.log_snr[probe_times(SCHEDULE)])
    assert np.abs(gaps).max() < 2 * np.abs(gaps).mean()


def test_a_schedule_of_two_steps_has_two_levels():
    assert probe_times(Linear(T=2, beta_end=0.5)).tolist() == [1, 2]


def test_the_wiener_filter_of_a_white_gaussian_is_its_exact_denoiser():
    exact = Exact.gaussian(SCHEDULE, 0.25, (6,))
    linear = wiener(np.zeros(6, np.float32), np.eye(6, dtype=np.float32), np.full(6, 0.25, np.float32))
    x = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    for t in (1, 300, 1000):
        torch.testing.assert_close(linear(x, t).x0, exact(x, t).x0)
        torch.testing.assert_close(linear(x, t).eps, exact(x, t).eps, rtol=1e-4, atol=1e-4)


def test_the_wiener_filter_s_error_is_the_closed_form():
    generator = torch.Generator().manual_seed(0)
    basis = torch.linalg.qr(torch.randn(4, 4, generator=generator))[0]
    variances = torch.tensor([0.01, 0.1, 0.5, 2.0])
    x0 = 0.3 + torch.randn(40_000, 4, generator=generator) * variances.sqrt() @ basis.T
    eps = torch.randn(40_000, 4, generator=generator)
    linear = Wiener(SCHEDULE, (4,), torch.full((4,), 0.3), basis, variances)
    for t in (50, 300, 700):
        signal = SCHEDULE.alpha_bar[t] * variances.numpy()
        expected = (signal / (signal + 1 - SCHEDULE.alpha_bar[t])).mean()
        found = (linear(q_sample(SCHEDULE, x0, t, eps), t).eps - eps).square().mean()
        assert float(found) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("count", [500, 9])
def test_moments_of_pictures_are_found_from_the_covariance_or_from_the_gram_matrix(count):
    stack = pictures(count)
    linear = Wiener.of_pictures(SCHEDULE, stack)
    flat = stack.reshape(count, 16).astype(np.float64) / 127.5 - 1
    covariance = (linear.axes * linear.variances) @ linear.axes.T
    np.testing.assert_allclose(linear.mean.numpy(), flat.mean(0), atol=1e-5)
    np.testing.assert_allclose(covariance.numpy(), np.cov(flat.T, bias=True), atol=1e-5)


def test_no_linear_guess_beats_the_wiener_filter_on_its_own_pictures():
    stack = pictures(400)
    linear = Wiener.of_pictures(SCHEDULE, stack)
    x0 = torch.from_numpy(stack.reshape(400, 1, 4, 4) / np.float32(127.5) - 1).repeat(20, 1, 1, 1)
    t, eps = 300, torch.randn(8000, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    x = q_sample(SCHEDULE, x0, t, eps)
    guess = linear(x, t).x0
    best = (guess - x0).square().mean()
    for gain in (0.9, 1.1):
        changed = linear.mean.reshape(1, 4, 4) + gain * (guess - linear.mean.reshape(1, 4, 4))
        assert (changed - x0).square().mean() > best


class Perfect:
    def __init__(self, x0, schedule):
        self.schedule, self.shape, self.x0 = schedule, tuple(x0.shape[1:]), x0

    def __call__(self, x, t):
        return Prediction(self.x0, eps_from_x0(self.schedule, x, t, self.x0))


class Silent(Perfect):
    def __call__(self, x, t):
        return Prediction(x, torch.zeros_like(x))


def test_the_error_is_zero_for_the_truth_and_one_for_a_zero_guess():
    probe = Probe.of(data(held_out=40), SCHEDULE)
    assert max(errors(Perfect(probe.x0, SCHEDULE), probe)) < 1e-6
    np.testing.assert_allclose(list(errors(Silent(probe.x0, SCHEDULE), probe)), 1.0, rtol=0.3)
    assert len(probe.x0) == 40


def test_the_probe_is_of_held_out_pictures_and_always_the_same():
    one, other = (Probe.of(data(), SCHEDULE, 3) for _ in range(2))
    assert torch.equal(one.eps(7), other.eps(7))
    assert not torch.equal(one.eps(7), one.eps(8))
    test = torch.from_numpy(data().test[[0, 4, 7]].reshape(3, 1, 4, 4) / np.float32(127.5) - 1)
    torch.testing.assert_close(one.x0, test)


def test_on_its_own_pictures_nothing_is_below_the_optimum():
    train = pictures(30)
    whole = ImageData("train", train, train)
    probe = Probe.of(whole, SCHEDULE)
    baselines = Baselines.of(whole, SCHEDULE, probe)
    assert (baselines.optimum <= baselines.wiener * 1.05).all()
    assert baselines.optimum[0] < 1e-3


def test_the_verdict_names_what_is_learned_at_which_levels():
    baselines = Baselines(np.arange(1, 5), np.array([6.0, 2.0, -2.0, -10.0]), np.full(4, 0.4), np.full(4, 0.1))
    assert verdict(baselines, np.array([0.4, 0.41, 0.2, 0.15])) == (
        "log SNR -10.0 to 2.0: between Wiener and optimum, learning shapes; "
        "log SNR 2.0 to 6.0: at the Wiener filter, blurs but no shapes yet"
    )
    assert "worse than the Wiener filter" in verdict(baselines, np.full(4, 0.9))
    assert "at the optimum" in verdict(baselines, np.full(4, 0.105))
    assert "better than the training pictures known by heart" in verdict(baselines, np.full(4, 0.05))


def test_an_untrained_network_is_not_told_it_is_at_the_optimum_where_that_is_worse_than_the_wiener_filter():
    known_by_heart = Baselines(np.arange(1, 3), np.array([6.0, 2.0]), np.full(2, 0.2), np.full(2, 1.0))
    assert (
        verdict(known_by_heart, np.full(2, 1.0)) == "log SNR 2.0 to 6.0: worse than the Wiener filter, not learned yet"
    )


def test_levels_as_json_have_no_infinity():
    schedule = Linear(T=30, scaled=True, beta_end=0.02, zero_terminal_snr=True)
    probe = Probe.of(data(), schedule)
    baselines = Baselines.of(data(), schedule, probe)
    levels = told(baselines, [0.5] * len(probe.times))["levels"]
    assert all(np.isfinite(list(level.values())).all() for level in levels)
    assert levels[-1]["t"] == 30


def test_baselines_are_measured_one_error_after_the_other_and_end_as_those_measured_at_once():
    one, schedule = data(), Linear(T=50)
    probe = Probe.of(one, schedule)
    steps = list(Baselines.measured(one, schedule, probe))
    K = len(probe.times)
    assert [int(np.isfinite([*b.wiener, *b.optimum]).sum()) for b in steps] == list(range(1, 2 * K + 1))
    whole = Baselines.of(one, schedule, probe)
    np.testing.assert_array_equal(steps[-1].wiener, whole.wiener)
    np.testing.assert_array_equal(steps[-1].optimum, whole.optimum)
    np.testing.assert_array_equal(whole.wiener, list(errors(Wiener.of(schedule, one), probe)))
