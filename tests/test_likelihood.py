"""The bound against closed forms and against an implementation of its own, written from the formulas."""

from math import e, log2, pi

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from ddpm_studio.denoiser import Exact, Trained
from ddpm_studio.errors import UserError
from ddpm_studio.likelihood import (
    ErrorCurve,
    GaussianCurve,
    Level,
    ReverseVariance,
    bound,
    evenly_filled,
    interpolation_error,
    measured,
    sampler_variance,
    surveyed,
)
from ddpm_studio.likelihood.measure import STRIDE, EvenLogSnr, between
from ddpm_studio.likelihood.variance import pull
from ddpm_studio.networks import UNet
from ddpm_studio.networks.build import fresh
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.objective import Target
from ddpm_studio.sampler import Ancestral, Ddim, Sigma
from ddpm_studio.schedule import Cosine, Linear, Quadratic

SCHEDULE = Linear()


def test_gaussian_data_with_unit_variance_have_no_gap():
    found = bound(SCHEDULE, GaussianCurve(1.0), ReverseVariance.BETA)
    assert found.prior == pytest.approx(2.911e-5, abs=5e-9)
    assert found.middle == pytest.approx(6.64383, abs=5e-6)
    assert found.last == pytest.approx(-4.59676, abs=5e-6)
    assert found.total == pytest.approx(2.04710, abs=5e-6)
    assert found.total == pytest.approx(0.5 * log2(2 * pi * e), abs=1e-12)


@pytest.mark.parametrize(
    ("variance", "sigma", "expected"),
    [
        (1.0, ReverseVariance.BETA_TILDE, 2.88183),
        (0.25, ReverseVariance.BETA, 1.04867),
        (0.25, ReverseVariance.OPTIMUM, 1.04710),
    ],
)
def test_gaussian_bounds_of_the_reference(variance, sigma, expected):
    assert bound(SCHEDULE, GaussianCurve(variance), sigma).total == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize("schedule", [SCHEDULE, Cosine(), Quadratic(), Linear(zero_terminal_snr=True)])
@pytest.mark.parametrize("variance", [0.04, 0.25, 1.0, 3.0])
def test_with_the_optimal_variance_a_gaussian_has_no_gap_under_any_schedule(schedule, variance):
    left = schedule.alpha_bar[-1] * variance + schedule.one_minus_alpha_bar[-1]
    prior_gap = 0.5 * (left - 1 - np.log(left)) / np.log(2)  # KL(q(x_T) ‖ N(0, 1))
    found = bound(schedule, GaussianCurve(variance), ReverseVariance.OPTIMUM).total
    assert found == pytest.approx(0.5 * log2(2 * pi * e * variance) + prior_gap, abs=1e-9)


def test_the_prior_term_of_the_reference():
    for moment, expected in ((0.25, 7.279e-6), (1.0, 2.911e-5)):
        assert bound(SCHEDULE, GaussianCurve(moment), ReverseVariance.BETA).prior == pytest.approx(expected, abs=5e-9)


def test_the_weights_are_the_lambda_of_the_reference():
    curve = GaussianCurve(1.0)
    for sigma, known in (
        (
            ReverseVariance.BETA,
            {1: 0.50005, 2: 0.272692, 10: 0.073717, 100: 0.0100813, 500: 0.00550343, 1000: 0.0102045},
        ),
        (ReverseVariance.BETA_TILDE, {2: 0.599672, 10: 0.0864366, 100: 0.010267}),
    ):
        found = bound(SCHEDULE, curve, sigma)
        for t, weight in known.items():
            nats = found.weighted_error[t] * np.log(2) / found.eps_error[t]
            assert nats == pytest.approx(weight, rel=1e-5)


def test_rate_and_distortion_meet_the_bound_at_both_ends():
    found = bound(SCHEDULE, GaussianCurve(0.25), ReverseVariance.BETA)
    assert found.rate[1000] == found.prior
    assert found.rate[0] == pytest.approx(found.total)
    assert found.rate[1] == pytest.approx(found.total - found.last)
    assert found.rate[500] == pytest.approx(found.prior + found.terms[501:].sum())
    assert found.distortion[1000] == pytest.approx(127.5 * 0.5, rel=1e-4)
    assert found.distortion[0] == 0.0


def test_l_simple_of_gaussian_data_is_the_mean_of_the_reference():
    for variance, expected in ((1.0, 0.27551323), (0.25, 0.17305341)):
        assert bound(SCHEDULE, GaussianCurve(variance), ReverseVariance.BETA).simple == pytest.approx(
            expected, abs=5e-9
        )


def test_no_other_variance_has_a_lower_term_than_the_optimum():
    curve = GaussianCurve(0.1)
    best = bound(SCHEDULE, curve, ReverseVariance.OPTIMUM)
    for factor in (0.97, 1.03):
        assert (bound(SCHEDULE, curve, best.variance * factor).terms[1:] > best.terms[1:]).all()
    small, large = (
        bound(SCHEDULE, curve, sigma).variance for sigma in (ReverseVariance.BETA_TILDE, ReverseVariance.BETA)
    )
    assert (best.variance[2:] >= small[2:]).all()
    assert (best.variance[2:] <= large[2:]).all()


def test_knowing_points_by_heart_gives_a_finite_bound():
    exact, x0 = Exact.mixture(SCHEDULE, torch.eye(2)), torch.eye(2)
    curve = ErrorCurve.of(measured(exact, x0, [1, 10, 500, 1000], tables=None), x0)
    for sigma in ReverseVariance:
        assert np.isfinite(bound(SCHEDULE, curve, sigma).total)


def entropy_of_two_noisy_points(alpha_bar):
    """h(x_t) in bits for x_0 = ±1, by quadrature."""
    x = np.linspace(-12, 12, 200_001)
    noise = 1 - alpha_bar
    density = sum(np.exp(-((x - s * np.sqrt(alpha_bar)) ** 2) / (2 * noise)) for s in (-1, 1)) / np.sqrt(8 * pi * noise)
    return -np.trapezoid(density * np.log2(np.maximum(density, 1e-300)), x)


def test_the_rate_of_two_points_is_the_one_bit_that_tells_them_apart():
    """With σ² at its optimum the steps' terms sum to I(x_0; x_1), as far as the reverse is Gaussian."""
    schedule = Linear(T=4000, beta_start=2.5e-5, beta_end=0.005)
    exact = Exact.mixture(schedule, torch.tensor([[-1.0], [1.0]]))
    x0 = torch.cat([torch.ones(1000, 1), -torch.ones(1000, 1)])
    curve = ErrorCurve.of(surveyed(exact, x0), x0)
    information = entropy_of_two_noisy_points(schedule.alpha_bar[1]) - 0.5 * log2(2 * pi * e * schedule.beta[1])
    assert information == pytest.approx(1.0, abs=1e-6)
    found = bound(schedule, curve, ReverseVariance.OPTIMUM)
    assert found.prior + found.middle == pytest.approx(information, abs=4 * found.stderr + 0.01)
    assert found.stderr < 0.05


def small_network(schedule):
    settings = UNet(width=8, multipliers=(1, 2), blocks=1, attention=())
    module = fresh(settings, (1, 8, 8), seed=0)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in module.parameters():  # an untrained network's last layer is 0 and would say nothing
            parameter.add_(0.02 * torch.randn(parameter.shape, generator=generator))
    return Trained(schedule, (1, 8, 8), module.eval(), Target.EPS)


def independent_bound(denoiser, x0, variance, eps):
    """Ho et al.'s eq. 5 and 13 with torch's own distributions, in float64, value by value: (N, T+2) bits."""
    beta = torch.tensor(denoiser.schedule.beta)
    alpha_bar = torch.cumprod(1 - beta, 0)
    said = torch.tensor(variance).sqrt()
    columns = []
    for t in range(1, denoiser.schedule.T + 1):
        xt = alpha_bar[t].sqrt() * x0.double() + (1 - alpha_bar[t]).sqrt() * eps(t).double()
        with torch.no_grad():
            noise = denoiser.module(xt.float(), torch.full((len(x0),), t - 1)).double()
        guess = ((xt - (1 - alpha_bar[t]).sqrt() * noise) / alpha_bar[t].sqrt()).clamp(-1, 1)
        if t == 1:
            high, low = (Normal(guess, said[1]).cdf(x0.double() + side / 255) for side in (1, -1))
            high, low = torch.where(x0 > 0.999, 1.0, high), torch.where(x0 < -0.999, 0.0, low)
            nats = -(high - low).clamp_min(1e-12).log()
        else:
            a = alpha_bar[t - 1].sqrt() * beta[t] / (1 - alpha_bar[t])
            b = (1 - beta[t]).sqrt() * (1 - alpha_bar[t - 1]) / (1 - alpha_bar[t])
            true = (beta[t] * (1 - alpha_bar[t - 1]) / (1 - alpha_bar[t])).sqrt()
            nats = kl_divergence(Normal(a * x0 + b * xt, true), Normal(a * guess + b * xt, said[t]))
        columns.append(nats.flatten(1).mean(1))
    left = kl_divergence(
        Normal(alpha_bar[-1].sqrt() * x0, (1 - alpha_bar[-1]).sqrt()), Normal(torch.tensor(0.0).double(), 1.0)
    )
    return torch.stack([left.flatten(1).mean(1), *columns], 1).numpy() / np.log(2)


@pytest.mark.parametrize("sigma", [ReverseVariance.BETA, ReverseVariance.BETA_TILDE, ReverseVariance.OPTIMUM])
def test_an_independent_implementation_finds_the_same_bound_of_a_network(sigma):
    schedule = Linear(T=40, scaled=True)
    denoiser = small_network(schedule)
    x0 = (torch.randint(0, 256, (6, 1, 8, 8), generator=torch.Generator().manual_seed(0)) / 127.5 - 1).float()
    curve = ErrorCurve.of(measured(denoiser, x0, evenly_filled(40), seed=5, tables={1}), x0)
    found = bound(schedule, curve, sigma)

    def eps(t):
        return gaussian((1, 8, 8), seed=5, samples=range(6), t=t, purpose=Purpose.LIKELIHOOD)

    expected = independent_bound(denoiser, x0, found.variance, eps)
    assert found.prior == pytest.approx(expected[:, 0].mean(), rel=1e-5)
    np.testing.assert_allclose(found.terms[2:], expected[:, 2:].mean(0), rtol=2e-4)
    assert found.last == pytest.approx(expected[:, 1].mean(), rel=5e-3)
    assert found.total == pytest.approx(expected.sum(1).mean(), rel=2e-3)
    assert found.stderr == pytest.approx(expected.sum(1).std(ddof=1) / np.sqrt(6), rel=0.02)


def live_and_full(schedule, data, x0, *, falling):
    """The curve from the even grid, and that of a measurement at each of the schedule's own t's."""
    exact = Exact.mixture(schedule, data)
    live = ErrorCurve.of(surveyed(exact, x0), x0, falling=falling)
    return live, ErrorCurve.of(measured(exact, x0, evenly_filled(schedule.T), tables={1}), x0)


PICTURES = torch.rand(60, 1, 8, 8, generator=torch.Generator().manual_seed(2)).mul(255).round() / 127.5 - 1


@pytest.mark.parametrize("schedule", [Linear(T=400, scaled=True), Cosine(T=300)])
@pytest.mark.parametrize("known", [True, False])
def test_the_live_bound_of_an_exact_denoiser_of_pictures_is_the_full_one_within_two_thousandths(schedule, known):
    """On its own pictures and on others, from the even grid and from every t of the schedule.

    On others only as far as the steps go: where it is certain, and wrong, the decoder says 12 decimal places' worth.
    """
    x0 = PICTURES if known else (PICTURES[::2] + 0.1).clamp(-1, 1).mul(127.5).round() / 127.5
    live, whole = live_and_full(schedule, PICTURES, x0.repeat(8, 1, 1, 1), falling=known)
    for sigma in ReverseVariance:
        fast, full = bound(schedule, live, sigma), bound(schedule, whole, sigma)
        assert fast.middle == pytest.approx(full.middle, rel=1e-3, abs=2e-3)  # bits per dimension
        assert not known or fast.total == pytest.approx(full.total, abs=2e-3)
        assert np.abs(fast.terms[2:] - full.terms[2:]).sum() < 0.08 * full.middle


@pytest.mark.parametrize("schedule", [SCHEDULE, Cosine(), Quadratic(), Cosine(T=200)])
@pytest.mark.parametrize("variance", [0.25, 1.0, 2.0])
def test_the_live_bound_of_gaussian_data_is_the_closed_form_to_five_digits(schedule, variance):
    """What lies between the levels that are asked, where the error at these is exact."""
    known, grid = GaussianCurve(variance), EvenLogSnr()

    def level(t):
        lam = grid.log_snr[t]
        return Level(t, lam, known.v_error(np.array([lam])) / (1.0 + np.exp(lam)), None)

    first = [level(t) for t in range(1, grid.T + 1, STRIDE)]
    live = ErrorCurve.of([*first, *(level(t) for t in between(first))], torch.full((1, 2), variance**0.5))
    for sigma in ReverseVariance:
        assert bound(schedule, live, sigma).total == pytest.approx(bound(schedule, known, sigma).total, abs=5e-6)
        assert interpolation_error(schedule, live, sigma) < 5e-5


def test_a_variance_of_zero_is_explained_and_not_nan():
    for sigma in (np.zeros(1001), np.append(SCHEDULE.beta[:-1], 0.0)):
        with pytest.raises(UserError, match=r"infinite: σ is 0 at t = 1000.*choose σ² = beta"):
            bound(SCHEDULE, GaussianCurve(1.0), sigma)
    with pytest.raises(UserError, match="infinite"):
        sampler_variance(Ancestral(noise=False), SCHEDULE)
    with pytest.raises(UserError, match="ddim takes others"):
        sampler_variance(Ddim(), SCHEDULE)


def test_a_sampler_s_own_variance_is_between_the_two():
    for share, sigma in ((0.0, ReverseVariance.BETA_TILDE), (1.0, ReverseVariance.BETA)):
        own = sampler_variance(Ancestral(variance=share), SCHEDULE)
        np.testing.assert_allclose(own[1:], sigma.of(SCHEDULE, np.zeros(1001))[1:])


def test_a_sampler_whose_variance_depends_on_the_network_has_the_bound_of_that_variance():
    assert sampler_variance(Ancestral(sigma=Sigma.OPTIMAL), SCHEDULE) is ReverseVariance.OPTIMUM
    with pytest.raises(UserError, match="choose learned"):
        sampler_variance(Ancestral(sigma=Sigma.LEARNED), SCHEDULE)


@pytest.mark.parametrize("T", [2, 3, 10, 1000])
def test_levels_are_filled_in_evenly_and_each_once(T):
    order = list(evenly_filled(T))
    assert sorted(order) == list(range(1, T + 1))
    assert set(order[:2]) == {1, T}
    for count in (n for n in (9, 33, 129) if n <= T):
        assert np.diff(sorted(order[:count])).max() <= 2 * T / (count - 1) + 1


def test_the_pull_of_x0_is_one_at_the_last_step():
    assert pull(SCHEDULE)[1] == pytest.approx(1.0)
    assert np.isfinite(pull(Linear(zero_terminal_snr=True))).all()
