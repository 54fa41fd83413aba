import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ddpm_studio.data import to_bytes
from ddpm_studio.forward import NoisingFilm, State, chain, clean, evenly, fixed_noise, noised
from ddpm_studio.schedule import Cosine, Linear

SHORT = Linear(T=40, scaled=True)
LEVEL = 0.4


@pytest.fixture
def plain():
    """49,152 pixels of one level: at any t they are that many draws of one normal variable."""
    return torch.full((1, 3, 128, 128), LEVEL)


def states(schedule, x0, seed):
    return {state.t: state.x for state in chain(schedule, x0, seed)}


def assert_is_normal(x, mean, variance):
    """Sample mean and variance within five standard errors."""
    n = x.numel()
    assert float(x.mean()) == pytest.approx(mean, abs=5 * np.sqrt(variance / n) + 1e-6)
    assert float(x.var()) == pytest.approx(variance, rel=5 * np.sqrt(2 / n) + 1e-5)


@pytest.mark.parametrize("t", [1, 5, 20, 40])
def test_that_closed_form_and_chain_have_the_distribution_of_equation_4(plain, t):
    mean, variance = SHORT.sqrt_alpha_bar[t] * LEVEL, SHORT.one_minus_alpha_bar[t]
    assert_is_normal(noised(SHORT, plain, [t], seed=1), mean, variance)
    assert_is_normal(states(SHORT, plain, seed=1)[t], mean, variance)


def test_that_each_step_of_the_chain_adds_beta_t_of_fresh_noise(plain):
    x = states(SHORT, plain, seed=2)
    steps = {t: x[t] - np.sqrt(SHORT.alpha[t]) * x[t - 1] for t in (7, 8)}
    for t, z in steps.items():
        assert_is_normal(z, 0.0, SHORT.beta[t])
    correlation = np.corrcoef(steps[7].flatten(), steps[8].flatten())[0, 1]
    assert abs(correlation) < 5 / np.sqrt(plain.numel())


def test_that_the_chain_is_another_draw_than_the_closed_form(plain):
    one, other = noised(SHORT, plain, [40], seed=3), states(SHORT, plain, seed=3)[40]
    assert abs(np.corrcoef(one.flatten(), other.flatten())[0, 1]) < 5 / np.sqrt(plain.numel())


def test_that_every_t_of_the_closed_form_has_the_same_noise(plain):
    ts = [10, 25, 40]
    x = noised(SHORT, plain, ts, seed=4).double()
    eps = [(x[i] - SHORT.sqrt_alpha_bar[t] * LEVEL) / SHORT.sqrt_one_minus_alpha_bar[t] for i, t in enumerate(ts)]
    torch.testing.assert_close(eps[0], eps[1], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(eps[0], eps[2], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(eps[0].float(), fixed_noise(plain, 4)[0], atol=1e-5, rtol=1e-5)


def test_that_both_begin_with_the_clean_picture_to_the_bit(plain):
    assert torch.equal(noised(SHORT, plain, [0], seed=5), plain)
    first = next(iter(chain(SHORT, plain, seed=5)))
    assert isinstance(first, State)
    assert first.t == 0
    assert torch.equal(first.x, plain)


def test_that_the_chain_visits_every_t_once(plain):
    assert [state.t for state in chain(SHORT, plain, seed=6)] == list(range(SHORT.T + 1))


def test_that_a_seed_fixes_every_bit_and_another_seed_changes_it(plain):
    for draw in (lambda seed: noised(SHORT, plain, [9], seed), lambda seed: states(SHORT, plain, seed)[9]):
        assert torch.equal(draw(7), draw(7))
        assert not torch.equal(draw(7), draw(8))


def test_that_zero_terminal_snr_leaves_nothing_of_the_picture():
    schedule = Cosine(T=30, zero_terminal_snr=True)
    black, white = (torch.full((1, 1, 16, 16), level) for level in (-1.0, 1.0))
    assert torch.equal(noised(schedule, black, [30], seed=1), noised(schedule, white, [30], seed=1))
    assert torch.equal(states(schedule, black, seed=1)[30], states(schedule, white, seed=1)[30])


def test_that_a_suspended_chain_leaves_gradients_on(plain):
    walk = chain(SHORT, plain, seed=1)
    next(walk)
    next(walk)
    assert torch.is_grad_enabled()


def test_that_clean_maps_bytes_to_the_unit_range_and_back():
    picture = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=-1)
    x0 = clean(picture)
    assert x0.shape == (1, 3, 16, 16)
    assert (float(x0.min()), float(x0.max())) == (-1.0, 1.0)
    assert np.array_equal(to_bytes(x0.numpy())[0], picture)


def test_that_the_frames_of_a_film_are_the_closed_form(plain):
    eps = fixed_noise(plain, 3)
    film = NoisingFilm(SHORT, plain, eps, (0, 13, 40))
    assert len(film) == 3
    expected = to_bytes(noised(SHORT, plain, (0, 13, 40), seed=3).numpy())
    for index in range(3):
        assert np.abs(film[index].astype(int) - expected[index].astype(int)).max() <= 1  # rounding of float32


@given(T=st.integers(2, 4000), count=st.integers(2, 200))
def test_that_evenly_spaced_times_rise_from_0_to_T(T, count):
    times = evenly(T, count)
    assert (times[0], times[-1]) == (0, T)
    gaps = np.diff(times)
    assert (gaps > 0).all()
    assert gaps.max() - gaps.min() <= 1
    assert len(times) == min(count, T + 1)
