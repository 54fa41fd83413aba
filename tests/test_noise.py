"""Noise: a pure function of (seed, sample, t, purpose), normal, and independent in each of the four."""

from concurrent.futures import ThreadPoolExecutor
from math import erf

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ddpm_studio.noise import Purpose, gaussian, permutation, uniform

seeds = st.integers(0, 2**63 - 1)
numbers = st.integers(0, 2**40)
draws = st.tuples(seeds, numbers, st.integers(0, 4000), st.sampled_from(Purpose))


def drawn(seed=0, sample=0, t=1, purpose=Purpose.STEP, size=64) -> torch.Tensor:
    """One sample's numbers, shape (size,)."""
    return gaussian((size,), seed=seed, samples=[sample], t=t, purpose=purpose)[0]


@given(draws, st.lists(numbers, max_size=5), st.integers(0, 5))
def test_a_sample_s_numbers_do_not_depend_on_its_batch(draw, others, place):
    seed, sample, t, purpose = draw
    batch = [*others[:place], sample, *others[place:]]
    rows = gaussian((3, 5), seed=seed, samples=batch, t=t, purpose=purpose)
    alone = gaussian((3, 5), seed=seed, samples=[sample], t=t, purpose=purpose)
    assert torch.equal(rows[min(place, len(others))], alone[0])


@given(draws)
def test_the_numbers_are_those_of_numpy_s_philox_with_this_key_and_counter(draw):
    """NumPy's documented construction, one new generator for each draw."""
    seed, sample, t, purpose = draw
    bits = np.random.Philox(key=np.array([seed, purpose], np.uint64), counter=np.array([0, 0, t, sample], np.uint64))
    expected = np.random.Generator(bits).standard_normal(64, dtype=np.float32)
    assert drawn(seed, sample, t, purpose).numpy().tobytes() == expected.tobytes()


@given(draws, draws)
def test_different_draws_share_no_number(one, other):
    shared = set(drawn(*one).tolist()) & set(drawn(*other).tolist())
    assert len(shared) == (64 if one == other else 0)


@given(draws, st.lists(st.integers(1, 5), min_size=1, max_size=3))
def test_the_shape_only_arranges_the_numbers(draw, shape):
    seed, sample, t, purpose = draw
    size = int(np.prod(shape))
    arranged = gaussian(tuple(shape), seed=seed, samples=[sample, sample], t=t, purpose=purpose)
    assert arranged.shape == (2, *shape)
    assert arranged.dtype == torch.float32
    assert torch.equal(arranged[1].flatten(), drawn(seed, sample, t, purpose, size=size))


def grid() -> torch.Tensor:
    """Neighbouring seeds, samples, t's and all purposes, (2, purposes, 4, 4, 4096), the shape said by its axes."""
    rows = [
        gaussian((4096,), seed=seed, samples=range(4), t=t, purpose=purpose)
        for seed in (0, 1)
        for purpose in Purpose
        for t in (1, 2, 3, 1000)
    ]
    return torch.stack(rows).reshape(2, len(Purpose), 4, 4, 4096)


def test_every_draw_has_mean_0_and_variance_1():
    values = grid().double()
    n = values.shape[-1]
    assert values.mean(-1).abs().max() < 5 / n**0.5
    assert (values.var(-1) - 1).abs().max() < 5 * (2 / n) ** 0.5
    assert values.mean().abs() < 4 / values.numel() ** 0.5
    assert (values.var() - 1).abs() < 4 * (2 / values.numel()) ** 0.5


def test_the_numbers_are_normal():
    """The largest distance between their distribution function and Φ (Kolmogorov: 1.95/√n at one in a thousand)."""
    values = grid().flatten().double().sort().values
    phi = 0.5 * (1 + torch.special.erf(values / 2**0.5))
    steps = torch.arange(1, len(values) + 1) / len(values)
    assert (phi - steps).abs().max() < 1.95 / len(values) ** 0.5
    assert (values.abs() > 3).double().mean() == pytest.approx(1 - erf(3 / 2**0.5), rel=0.1)


def test_draws_that_differ_in_seed_purpose_t_or_sample_are_uncorrelated():
    values = grid().reshape(-1, 4096)
    correlations = torch.corrcoef(values) - torch.eye(len(values))
    assert correlations.abs().max() < 5.5 / 4096**0.5
    lagged = torch.corrcoef(torch.stack([values[:, :-1].flatten(), values[:, 1:].flatten()]))
    assert lagged[0, 1].abs() < 4 / values.numel() ** 0.5


def test_nothing_else_s_random_state_is_read_or_changed():
    torch.manual_seed(3)
    np.random.seed(3)
    one, torch_next, numpy_next = drawn(), torch.rand(()), np.random.rand()
    torch.manual_seed(3)
    np.random.seed(3)
    assert (torch.rand(()), np.random.rand()) == (torch_next, numpy_next)
    assert torch.equal(drawn(), one)


def test_threads_that_draw_at_once_get_the_numbers_of_one_that_draws_alone():
    expected = [drawn(sample=i, size=20_000) for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda i: drawn(sample=i, size=20_000), range(40)))
    assert all(torch.equal(a, b) for a, b in zip(expected, together, strict=True))


def test_a_draw_after_one_of_an_odd_length_starts_afresh():
    """float32 normals use half of the generator's 64 bits; the other half must not reach the next draw."""
    expected = drawn(sample=3)
    drawn(sample=2, size=7)
    assert torch.equal(drawn(sample=3), expected)


def test_no_samples_are_no_numbers():
    assert gaussian((3, 2), seed=0, samples=[], t=1, purpose=Purpose.START).shape == (0, 3, 2)


def test_uniform_numbers_and_orders_depend_on_seed_t_and_purpose_alone():
    rows = [
        uniform(4096, seed=seed, t=t, purpose=purpose)
        for seed in (0, 1)
        for t in (0, 7)
        for purpose in list(Purpose)[:3]
    ]
    assert (uniform(4096, seed=0, t=0, purpose=Purpose(0)) == rows[0]).all()
    correlations = np.corrcoef(rows) - np.eye(len(rows))
    assert np.abs(correlations).max() < 5 / 4096**0.5
    assert 0 <= np.min(rows) < 1e-3 < 1 - 1e-3 < np.max(rows) < 1
    one, other = (permutation(100, seed=0, t=t, purpose=Purpose.ORDER) for t in (0, 1))
    assert sorted(one) == sorted(other) == list(range(100))
    assert list(one) != list(other)
