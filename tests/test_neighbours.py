import numpy as np
import pytest
import torch
from same_steps import assert_same

from ddpm_studio.denoiser import Exact
from ddpm_studio.neighbours import Walk, compare, watch
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral, Ddim, Heun, PredictorCorrector, Sampler
from ddpm_studio.schedule import Linear

PICTURES = torch.rand(64, 1, 4, 4, generator=torch.Generator().manual_seed(3)) * 2 - 1


def walk(sampler: Sampler, seed: int, count: int) -> Walk:
    return lambda denoiser: sample(denoiser, sampler, seed=seed, samples=range(count))


@pytest.mark.parametrize(
    "sampler", [Ancestral(steps=50), Ddim(steps=25, eta=0.5), Heun(steps=9), PredictorCorrector(steps=5)], ids=str
)
def test_watching_does_not_change_a_bit_of_the_chain(sampler):
    exact = Exact.mixture(Linear(T=200), PICTURES)
    chain = sample(exact, sampler, seed=4, samples=range(6))
    for step, seen in zip(chain, watch(exact, walk(sampler, 4, 6)), strict=True):
        assert_same(step, seen.step)
        assert np.array_equal(seen.neighbours.nearest, exact.posterior(step.x, step.t, 8).nearest)


def test_the_chain_begins_undecided_and_ends_in_the_picture_that_it_chose():
    *first, last = watch(Exact.mixture(Linear(T=1000), PICTURES), walk(Ancestral(steps=200), 0, 16))
    assert np.all(first[0].neighbours.entropy > 5.5)  # of 6 bits
    assert np.all(last.neighbours.entropy < 1e-3)
    assert np.all(last.neighbours.weights[:, 0] > 0.999)
    chosen = PICTURES[torch.from_numpy(last.neighbours.nearest[:, 0])]
    assert torch.allclose(last.step.next, chosen, atol=1e-3)


def test_the_nearest_are_sorted_and_as_many_as_asked_or_as_there_are():
    for k, expected in ((5, 5), (100, 64)):
        seen = next(watch(Exact.mixture(Linear(), PICTURES), walk(Ancestral(), 0, 1), k)).neighbours
        assert seen.nearest.shape == seen.weights.shape == (1, expected)
        assert np.all(np.diff(seen.weights) <= 0)
        assert len(set(seen.nearest[0])) == expected


def test_a_network_beside_the_data_changes_no_bit_of_its_chain_and_has_their_odds():
    exact, network = Exact.mixture(Linear(T=200), PICTURES), Exact.gaussian(Linear(T=200), 0.3, (1, 4, 4))
    sampler, samples = Ddim(steps=20), range(5)
    chain = sample(network, sampler, seed=1, samples=samples)
    for step, seen in zip(chain, compare(network, exact, walk(sampler, 1, 5)), strict=True):
        assert torch.equal(step.x, seen.step.x)
        assert torch.equal(step.next, seen.step.next)
        posterior = exact.posterior(step.x, step.t, 8)
        assert np.array_equal(seen.neighbours.nearest, posterior.nearest)
        assert np.array_equal(seen.neighbours.entropy, posterior.entropy)
        apart = (step.x0[:, None] - PICTURES[posterior.nearest]).square().flatten(2).mean(2).sqrt()
        assert np.allclose(seen.neighbours.distance, apart.amin(1), atol=1e-6)
    assert all(each.neighbours is None for each in compare(network, None, walk(sampler, 1, 5)))


def test_the_distance_is_that_of_the_nearest_picture():
    x = torch.cat([PICTURES[7:8], PICTURES[9:10] + 0.05])
    apart = (x[:, None] - PICTURES).square().flatten(2).mean(2).sqrt().amin(1)
    assert torch.allclose(Exact.mixture(Linear(), PICTURES).distance(x), apart, atol=1e-6)
    assert apart[0] == 0.0
