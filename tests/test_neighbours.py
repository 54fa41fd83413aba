from dataclasses import fields

import numpy as np
import pytest
import torch

from ddpm_studio.denoiser import Exact
from ddpm_studio.neighbours import watch
from ddpm_studio.sample import Step, sample
from ddpm_studio.sampler import Ancestral, Ddim
from ddpm_studio.schedule import Linear

PICTURES = torch.rand(64, 1, 4, 4, generator=torch.Generator().manual_seed(3)) * 2 - 1


@pytest.mark.parametrize("sampler", [Ancestral(steps=50), Ddim(steps=25, eta=0.5)], ids=str)
def test_watching_does_not_change_a_bit_of_the_chain(sampler):
    exact = Exact.mixture(Linear(T=200), PICTURES)
    chain = sample(exact, sampler, seed=4, samples=range(6))
    for step, seen in zip(chain, watch(exact, sampler, seed=4, samples=range(6)), strict=True):
        for field in fields(Step):
            a, b = getattr(step, field.name), getattr(seen.step, field.name)
            assert torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b, field.name


def test_the_chain_begins_undecided_and_ends_in_the_picture_that_it_chose():
    *first, last = watch(Exact.mixture(Linear(T=1000), PICTURES), Ancestral(steps=200), seed=0, samples=range(16))
    assert np.all(first[0].neighbours.entropy > 5.5)  # of 6 bits
    assert np.all(last.neighbours.entropy < 1e-3)
    assert np.all(last.neighbours.weights[:, 0] > 0.999)
    chosen = PICTURES[torch.from_numpy(last.neighbours.nearest[:, 0])]
    assert torch.allclose(last.step.next, chosen, atol=1e-3)


def test_the_nearest_are_sorted_and_as_many_as_asked_or_as_there_are():
    for k, expected in ((5, 5), (100, 64)):
        seen = next(watch(Exact.mixture(Linear(), PICTURES), Ancestral(), seed=0, samples=[2], k=k)).neighbours
        assert seen.nearest.shape == seen.weights.shape == (1, expected)
        assert np.all(np.diff(seen.weights) <= 0)
        assert len(set(seen.nearest[0])) == expected
