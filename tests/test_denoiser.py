"""Exact denoisers against a direct sum of Gaussians, against the gradient of log q(x_t), and against REFERENCE."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import ddpm_studio.denoiser
from ddpm_studio.data import to_unit
from ddpm_studio.denoiser import Exact
from ddpm_studio.process import q_sample
from ddpm_studio.schedule import Cosine, Jsd, Linear, Schedule

SCHEDULES = [Linear(), Cosine(T=50), Linear(T=100, zero_terminal_snr=True), Jsd(T=10)]


def components(n: int, shape: tuple[int, ...], seed: int = 0) -> Tensor:
    """n means in [−1, 1], float64."""
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


def noisy(schedule: Schedule, means: Tensor, t: int, batch: int) -> Tensor:
    """x_t of some of the means, (batch, *shape)."""
    generator = torch.Generator().manual_seed(t)
    chosen = torch.randint(len(means), (batch,), generator=generator)
    eps = torch.randn(batch, *means.shape[1:], generator=generator, dtype=means.dtype)
    return q_sample(schedule, means[chosen], t, eps)


def log_density(
    schedule: Schedule, means: Tensor, s2: float, log_pi: Tensor, x: Tensor, t: int
) -> tuple[Tensor, Tensor]:
    """log q(x_t) up to a constant, (B,), and p(i | x_t), (B, N): component by component, as defined."""
    alpha_bar = schedule.alpha_bar[t]
    spread = alpha_bar * s2 + 1 - alpha_bar
    logs = [
        log_pi[i] - ((x - alpha_bar**0.5 * means[i]).flatten(1) ** 2).sum(1) / (2 * spread) for i in range(len(means))
    ]
    logs = torch.stack(logs, 1)
    return torch.logsumexp(logs, 1), torch.softmax(logs, 1)


def brute_force(schedule: Schedule, means: Tensor, s2: float, log_pi: Tensor, x: Tensor, t: int) -> Tensor:
    """E[x_0 | x_t], by the mean of each component's own posterior: a product of two Gaussians."""
    weights = log_density(schedule, means, s2, log_pi, x, t)[1]
    a, noise = schedule.alpha_bar[t] ** 0.5, 1 - schedule.alpha_bar[t]
    each = [(noise * m + s2 * a * x) / (noise + s2 * a**2) for m in means]
    return sum(w.reshape(-1, *(1,) * (x.ndim - 1)) * e for w, e in zip(weights.T, each, strict=True))


@given(
    st.sampled_from(SCHEDULES),
    st.integers(1, 12),
    st.sampled_from([(2,), (1, 3, 3), (3, 2, 4)]),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.05, 1.0]),
    st.booleans(),
    st.data(),
)
def test_the_guess_is_the_brute_force_posterior_mean(schedule, n, shape, batch, s2, weighted, data):
    t = data.draw(st.integers(1, schedule.T))
    means = components(n, shape)
    log_pi = torch.linspace(-2.0, 0.0, n, dtype=torch.float64) if weighted else torch.zeros(n, dtype=torch.float64)
    x = noisy(schedule, means, t, batch)
    guess = Exact.mixture(schedule, means, s2, log_pi if weighted else None)(x, t)
    expected = brute_force(schedule, means, s2, log_pi, x, t)
    assert guess.x0.shape == guess.eps.shape == x.shape
    torch.testing.assert_close(guess.x0, expected, rtol=1e-7, atol=1e-7)
    torch.testing.assert_close(q_sample(schedule, guess.x0, t, guess.eps), x, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("s2", [0.0, 0.3])
@pytest.mark.parametrize("t", [1, 20, 300, 700, 1000])
def test_the_guess_of_eps_is_the_gradient_of_the_log_density(t, s2):
    """Tweedie: ε̂ = −√(1−ᾱ_t) ∇ log q(x_t), the gradient by automatic differentiation."""
    schedule, means = Linear(), components(9, (1, 3, 3))
    x = noisy(schedule, means, t, 4).requires_grad_()
    density, _ = log_density(schedule, means, s2, torch.zeros(9), x, t)
    (score,) = torch.autograd.grad(density.sum(), x)
    eps = Exact.mixture(schedule, means, s2)(x.detach(), t).eps
    torch.testing.assert_close(eps, -((1 - schedule.alpha_bar[t]) ** 0.5) * score, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("s2", "expected"), [(1.0, 0.27551323), (0.25, 0.17305341)])
def test_the_mean_eps_error_of_the_gaussian_oracle_has_the_reference_value(s2, expected):
    """ε̂ = h·x_t, so the error is (1 − h√(1−ᾱ))² + h²·ᾱ·s²; h is read off the denoiser at every t."""
    schedule = Linear()
    oracle = Exact.mixture(schedule, torch.zeros(1, 2, dtype=torch.float64), s2)
    one = torch.ones(1, 2, dtype=torch.float64)
    h = np.array([oracle(one, t).eps[0, 0] for t in range(1, 1001)])
    alpha_bar = schedule.alpha_bar[1:]
    errors = (1 - h * (1 - alpha_bar) ** 0.5) ** 2 + h**2 * alpha_bar * s2
    assert errors.mean() == pytest.approx(expected, abs=5e-9)
    assert errors == pytest.approx(alpha_bar * s2 / (alpha_bar * s2 + 1 - alpha_bar), rel=1e-8)


@pytest.mark.parametrize(
    ("t", "expected"),
    [
        (100, 0.042348182),
        (200, 0.46609349),
        (260, 0.4483192),
        (400, 0.19422893),
        (500, 0.078563057),
        (700, 0.006966109),
        (1000, 4.0358298e-5),
    ],
)
def test_the_eps_error_on_two_points_has_the_reference_value(t, expected):
    """By quadrature over ε at x_0 = 1; x_0 = −1 is its mirror image. The guess is tanh(√ᾱ x/(1−ᾱ))."""
    schedule = Linear()
    points = Exact.mixture(schedule, torch.tensor([[1.0], [-1.0]], dtype=torch.float64))
    eps = torch.linspace(-12, 12, 48_001, dtype=torch.float64)[:, None]
    weight = torch.exp(-(eps**2) / 2)
    x = q_sample(schedule, torch.ones_like(eps), t, eps)
    guess = points(x, t)
    error = float((weight * (eps - guess.eps) ** 2).sum() / weight.sum())
    assert error == pytest.approx(expected, rel=2e-7)
    alpha_bar = schedule.alpha_bar[t]
    torch.testing.assert_close(guess.x0, torch.tanh(alpha_bar**0.5 * x / (1 - alpha_bar)))


@pytest.mark.parametrize("chunk", [1, 7, 40, 41])
@pytest.mark.parametrize("t", [1, 300, 1000])
def test_chunks_make_no_difference(monkeypatch, chunk, t):
    exact = Exact.mixture(
        Linear(), components(40, (1, 3, 3)), log_weights=torch.linspace(0, 1, 40, dtype=torch.float64)
    )
    x = noisy(exact.schedule, exact.means.reshape(40, 1, 3, 3), t, 5)
    whole, whole_posterior = exact(x, t), exact.posterior(x, t)
    monkeypatch.setattr(ddpm_studio.denoiser, "CHUNK", chunk)
    torch.testing.assert_close(exact(x, t).x0, whole.x0, rtol=1e-12, atol=1e-12)
    in_chunks = exact.posterior(x, t)
    torch.testing.assert_close(in_chunks.weights, whole_posterior.weights, rtol=1e-10, atol=1e-14)
    assert torch.equal(in_chunks.nearest, whole_posterior.nearest)


@pytest.mark.parametrize("t", [1, 100, 400, 900])
def test_the_posterior_s_entropy_and_nearest_are_those_of_its_weights(t):
    schedule, means = Linear(), components(30, (2,))
    x = noisy(schedule, means, t, 6)
    posterior = Exact.mixture(schedule, means).posterior(x, t, k=5)
    weights = log_density(schedule, means, 0.0, torch.zeros(30), x, t)[1]
    entropy = -(weights * torch.log2(weights.clamp_min(1e-300))).sum(1)
    torch.testing.assert_close(posterior.entropy, entropy, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(posterior.weights, weights.sort(1, descending=True).values[:, :5], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(weights.gather(1, posterior.nearest), posterior.weights, rtol=1e-9, atol=1e-12)


def test_the_posterior_guesses_as_the_call_does_to_the_bit():
    exact = Exact.mixture(Linear(), components(30, (1, 4, 4)).float())
    x = torch.randn(5, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    for t in (1, 500, 1000):
        assert torch.equal(exact.posterior(x, t).x0, exact(x, t).x0)
        assert torch.equal(exact.posterior(x, t).eps, exact(x, t).eps)


def test_one_point_explains_a_picture_near_it_alone():
    means = torch.tensor([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    posterior = Exact.mixture(Linear(), means).posterior(torch.tensor([[0.98, -1.01]]), 1, k=3)
    assert posterior.nearest[0, 0] == 2
    assert posterior.entropy.tolist() == [0.0]
    assert posterior.weights.tolist() == [[1.0, 0.0, 0.0]]
    assert posterior.x0.tolist() == [[1.0, -1.0]]


def test_in_the_middle_all_points_explain_a_picture_equally():
    means = torch.tensor([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    posterior = Exact.mixture(Linear(), means).posterior(torch.zeros(1, 2), 500, k=9)
    assert posterior.entropy.tolist() == [2.0]
    assert posterior.weights.tolist() == [[0.25] * 4]
    assert sorted(posterior.nearest[0].tolist()) == [0, 1, 2, 3]


def test_unequal_frequencies_are_the_posterior_where_nothing_is_left_of_the_picture():
    means, log_pi = torch.tensor([[1.0], [-1.0]]), torch.tensor([0.75, 0.25]).log() + 5.0
    posterior = Exact.mixture(Jsd(T=5), means, log_weights=log_pi).posterior(torch.tensor([[3.0]]), 5)
    torch.testing.assert_close(posterior.weights, torch.tensor([[0.75, 0.25]]))
    torch.testing.assert_close(posterior.x0, torch.tensor([[0.5]]))


def pictures(n: int = 200) -> np.ndarray:
    """uint8 (n, 14, 14, 1): random walks along the rows, as unlike noise as pictures are."""
    steps = np.random.default_rng(0).integers(-40, 41, (n, 14, 14, 1))
    return (128 + np.cumsum(steps, axis=2)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: s.kind)
@pytest.mark.parametrize("where", ["first", "last"])
def test_float32_stays_finite_and_inside_the_data_at_both_ends_and_far_outside(schedule, where):
    exact = Exact.of_pictures(schedule, pictures())
    t = 1 if where == "first" else schedule.T
    usual = noisy(schedule, exact.means.reshape(-1, 1, 14, 14), t, 4)
    for x in (usual, 1e6 * usual, -1e6 * usual, torch.zeros_like(usual)):
        posterior = exact.posterior(x, t)
        for value in (posterior.x0, posterior.eps, posterior.entropy, posterior.weights):
            assert torch.isfinite(value).all()
        assert posterior.x0.abs().max() <= 1.0 + 1e-6


@pytest.mark.parametrize("t", [1, 10, 100, 400, 700, 1000])
def test_float32_is_close_to_float64_at_every_noise(t):
    schedule, means = Linear(), torch.from_numpy(to_unit(pictures())).double()
    x = noisy(schedule, means, t, 8)
    fine = Exact.mixture(schedule, means)(x, t)
    coarse = Exact.of_pictures(schedule, pictures())(x.float(), t)
    assert (coarse.x0.double() - fine.x0).abs().max() < 1e-4


def test_an_exact_denoiser_takes_another_schedule_and_keeps_its_data():
    exact = Exact.of_pictures(Linear(), pictures(5))
    other = exact.with_schedule(Cosine(T=50))
    assert other.means is exact.means
    x = torch.randn(2, 1, 14, 14, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(other(x, 20).x0, Exact.of_pictures(Cosine(T=50), pictures(5))(x, 20).x0)


def test_the_shape_is_that_of_one_sample_channels_first():
    colour = np.zeros((4, 5, 6, 3), np.uint8)
    assert Exact.of_pictures(Linear(), colour).shape == (3, 5, 6)
    assert Exact.gaussian(Linear(), 0.5, (2,)).shape == (2,)


def test_a_call_leaves_its_input_and_its_data_alone():
    exact = Exact.of_pictures(Linear(), pictures(20))
    x = torch.randn(2, 1, 14, 14, generator=torch.Generator().manual_seed(0))
    before, data, norms = x.clone(), exact.means.clone(), exact.half_norms.clone()
    exact(x, 500)
    exact.posterior(x, 500)
    assert torch.equal(x, before)
    assert torch.equal(exact.means, data)
    assert torch.equal(exact.half_norms, norms)
