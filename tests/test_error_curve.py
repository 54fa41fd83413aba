"""The error as a function of log SNR: measured curves against closed forms, and what lies between the levels."""

import numpy as np
import pytest
import torch
from torch.distributions import Normal

from ddpm_studio.denoiser import Exact, Prediction
from ddpm_studio.likelihood import ErrorCurve, GaussianCurve, Level, measured, on_grid, stages, surveyed
from ddpm_studio.likelihood.measure import RATIOS, EvenLogSnr
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.process import eps_from_x0, q_sample
from ddpm_studio.schedule import Cosine, Linear
from ddpm_studio.terms import LEVEL

SCHEDULE = Linear()


def curve_of(denoiser, x0, **options):
    return ErrorCurve.of(surveyed(denoiser, x0), x0, **options)


def eps_stderr(curve):
    """The standard error of the mean error of ε̂ at each of the curve's levels: ᾱ times that of v̂."""
    return curve.v_errors.std(1, ddof=1) / np.sqrt(curve.v_errors.shape[1]) / (1.0 + np.exp(-curve.log_snr))


def test_the_grid_falls_evenly_in_log_snr():
    np.testing.assert_allclose(np.diff(EvenLogSnr().log_snr[1:]), -0.0625, atol=1e-9)
    assert EvenLogSnr().log_snr[[1, -1]] == pytest.approx([14.0, -14.0])


def test_the_closed_form_has_the_mean_eps_error_of_the_reference():
    lam = SCHEDULE.log_snr[1:]
    for variance, expected in ((1.0, 0.27551323), (0.25, 0.17305341)):
        error = GaussianCurve(variance).v_error(lam) * SCHEDULE.alpha_bar[1:]
        assert error.mean() == pytest.approx(expected, abs=5e-9)


def test_a_measured_gaussian_lies_within_its_error_bars_around_the_closed_form():
    x0 = 0.5 * torch.randn(4000, 2, generator=torch.Generator().manual_seed(0))
    curve = curve_of(Exact.gaussian(SCHEDULE, 0.25, (2,)), x0)
    expected = GaussianCurve(0.25).v_error(curve.log_snr) / (1.0 + np.exp(-curve.log_snr))
    off = np.abs(curve.eps_error(curve.log_snr) - expected) / eps_stderr(curve)
    assert off.max() < 4.0
    assert eps_stderr(curve).max() < 0.02


def two_points(log_snr):
    """The error of v̂ for data ±1, by quadrature: x̂_0 = tanh(√ᾱ x/(1−ᾱ))."""
    z, weight = np.polynomial.hermite_e.hermegauss(201)
    alpha_bar = (1.0 / (1.0 + np.exp(-log_snr)))[:, None]
    guess = np.tanh(np.sqrt(alpha_bar) * (np.sqrt(alpha_bar) + np.sqrt(1 - alpha_bar) * z) / (1 - alpha_bar))
    return (1 - guess) ** 2 @ (weight / weight.sum()) / (1 - alpha_bar[:, 0])


def through(known):
    """The curve that is measured where `known` is the error of v̂, without chance: one sample stands for all."""
    grid = EvenLogSnr().log_snr[1::4]
    errors = known(grid) / (1.0 + np.exp(grid))
    levels = [
        Level(t, log_snr, np.array([error]), None)
        for t, (log_snr, error) in enumerate(zip(grid, errors, strict=True), 1)
    ]
    return ErrorCurve.of(levels, torch.zeros(1, 2))


def test_between_the_levels_first_asked_the_cubic_is_near_closed_forms():
    fine = np.linspace(-13.9, 13.9, 3001)
    for known, within in ((GaussianCurve(0.01).v_error, 1e-4), (GaussianCurve(0.25).v_error, 1e-4), (two_points, 1e-3)):
        truth = known(fine)
        np.testing.assert_allclose(through(known).v_error(fine), truth, rtol=0, atol=within * truth.max())


def test_where_the_error_falls_by_powers_of_ten_the_curve_between_levels_does_not_leave_it():
    """An error of exp(−exp(λ)): as that of two points goes, and of any data that are known by heart."""
    fine = np.linspace(0.0, 3.5, 200)
    found = through(lambda log_snr: np.exp(-np.exp(log_snr))).v_error(fine)
    np.testing.assert_allclose(np.log(found), -np.exp(fine), rtol=0.02)


def test_more_levels_are_asked_where_the_error_changes_fast_and_only_there():
    exact, x0 = Exact.mixture(SCHEDULE, torch.eye(3)), torch.eye(3).repeat(100, 1)
    (first, coarse), (more, fine) = ((count, list(levels)) for count, levels in stages(exact, x0))
    assert (first, more) == (len(coarse), len(fine))
    added = np.array([level.log_snr for level in fine])
    assert more >= 12
    assert -8.0 < added.min() < 0.0 < added.max() < 5.0  # from blind to certain; beyond both nothing changes
    assert not {level.t for level in coarse} & {level.t for level in fine}


def test_a_network_is_asked_once_at_each_of_its_levels():
    ((count, levels),) = stages(Off(torch.zeros(3, 1, 2, 2)), torch.zeros(3, 1, 2, 2))
    assert len({level.t for level in levels}) == count


def test_an_error_that_cannot_rise_is_shown_without_the_rises_that_chance_has_made():
    """On 64 of its samples an exact denoiser is wrong now and then where it is nearly certain."""
    data = torch.randint(0, 256, (200, 30), generator=torch.Generator().manual_seed(3)) / 127.5 - 1
    levels, x0 = list(surveyed(Exact.mixture(SCHEDULE, data), data[:64])), data[:64]
    fine = np.linspace(-13.0, 13.0, 2000)
    raw, falling = (ErrorCurve.of(levels, x0, falling=falling) for falling in (False, True))
    rises = [np.diff(curve.x0_error(fine)).clip(0.0).sum() for curve in (raw, falling)]
    assert rises[0] > 0.02
    assert rises[1] < 0.2 * rises[0]  # the cubic runs through the error of v̂, which may rise
    np.testing.assert_allclose(falling.v_error(fine).mean(), raw.v_error(fine).mean(), rtol=0.01)


def test_the_halves_of_a_curve_have_its_levels_between_them_and_its_ends_both():
    curve = through(two_points)
    even, odd = curve.halves
    assert {*even.log_snr} | {*odd.log_snr} == {*curve.log_snr}
    assert {*even.log_snr} & {*odd.log_snr} == {curve.log_snr[0], curve.log_snr[-1]}


def test_two_points_have_the_errors_of_the_reference():
    expected = {100: 0.042348182, 200: 0.46609349, 260: 0.4483192, 400: 0.19422893, 500: 0.078563057, 700: 0.006966109}
    x0 = torch.cat([torch.ones(3000, 1), -torch.ones(3000, 1)])
    exact = Exact.mixture(SCHEDULE, torch.tensor([[-1.0], [1.0]]))
    curve = ErrorCurve.of(measured(exact, x0, expected, tables=None), x0)
    log_snr = SCHEDULE.log_snr[list(expected)]
    off = np.abs(curve.eps_error(log_snr) - list(expected.values())) / eps_stderr(curve)[::-1]
    assert off.max() < 4.0
    assert eps_stderr(curve).max() < 0.02
    np.testing.assert_allclose(
        two_points(log_snr) * SCHEDULE.alpha_bar[list(expected)], list(expected.values()), rtol=1e-4
    )


def test_few_levels_say_what_every_level_would():
    """Measured at 113 levels it is, at the 1000 of a schedule, what is measured at each of these."""
    generator = torch.Generator().manual_seed(1)
    data = torch.rand(50, 64, generator=generator) * 2 - 1
    exact, x0 = Exact.mixture(SCHEDULE, data), data.repeat(20, 1)
    curve = curve_of(exact, x0)
    times = range(1, 1001, 7)
    truth = np.array([level.x0_errors.mean() for level in measured(exact, x0, times, tables=None)])
    found = curve.x0_error(SCHEDULE.log_snr[list(times)])
    assert np.abs(found - truth).max() < 0.05 * truth.max()


class Off:
    """x̂_0 = x_0 + 0.3: a guess outside [−1, 1] where x_0 is above 0.7."""

    shape = (1, 2, 2)
    schedule = SCHEDULE

    def __init__(self, x0):
        self.x0 = x0

    def __call__(self, x, t):
        return Prediction(self.x0 + 0.3, eps_from_x0(SCHEDULE, x, t, self.x0 + 0.3))


def test_guesses_are_clipped_as_samplers_do_and_left_alone_when_they_do_not():
    x0 = torch.full((3, 1, 2, 2), 0.9)
    for clip, error in ((True, 0.01), (False, 0.09)):
        (level,) = measured(Off(x0), x0, [500], clip=clip, tables=set())
        np.testing.assert_allclose(level.x0_errors, error, rtol=1e-5)
        assert level.decoder is None


def decoded(x0, mean, sigma):
    """Bits of a grey level under a Gaussian, from torch's own distribution."""
    normal = Normal(mean, torch.tensor(sigma, dtype=torch.float64))
    high = torch.where(x0 > 0.999, torch.tensor(1.0, dtype=torch.float64), normal.cdf(x0 + LEVEL / 2))
    low = torch.where(x0 < -0.999, torch.tensor(0.0, dtype=torch.float64), normal.cdf(x0 - LEVEL / 2))
    return -(high - low).log2().flatten(1).mean(1).numpy()


def test_the_decoder_is_tabulated_over_256_grey_levels_and_read_between_its_nodes():
    x0 = (torch.randint(0, 256, (6, 1, 2, 2), generator=torch.Generator().manual_seed(0)) / 127.5 - 1).float()
    exact = Exact.mixture(SCHEDULE, torch.cat([x0, 0.97 * x0]))
    (level,) = measured(exact, x0, [1], tables={1})
    assert level.decoder.shape == (6, len(RATIOS))
    alone, curve = ErrorCurve.of([level, Level(2, 5.0, level.x0_errors, None)], x0), curve_of(exact, x0)
    eps = gaussian((1, 2, 2), seed=0, samples=range(6), t=1, purpose=Purpose.LIKELIHOOD)
    mean = exact(q_sample(SCHEDULE, x0, 1, eps), 1).x0.clamp(-1, 1).double()
    for ratio in (0.54, 1.0, 0.77):
        variance = ratio * SCHEDULE.beta[1]
        expected = decoded(x0.double(), mean, variance**0.5)
        np.testing.assert_allclose(alone.decoder_bits(level.log_snr, variance), expected, atol=3e-3)
        assert curve.decoder_bits(level.log_snr, variance).mean() == pytest.approx(expected.mean(), abs=0.01)


def test_a_level_without_any_signal_is_left_out():
    schedule = Linear(zero_terminal_snr=True)
    x0 = torch.rand(3, 2)
    curve = ErrorCurve.of(measured(Exact.gaussian(schedule, 1.0, (2,)), x0, [1000, 999, 1], tables=None), x0)
    assert len(curve.log_snr) == 2
    assert np.isfinite(curve.v_error(np.array([-np.inf, np.inf]))).all()


def test_a_network_is_asked_at_its_own_times():
    class Asked(Off):
        schedule = Cosine()

    _, times = on_grid(Asked(torch.zeros(1)))
    assert len(times) >= 64
    assert (times[0], times[-1]) == (1, 1000)
