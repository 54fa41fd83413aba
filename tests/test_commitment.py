import numpy as np
import pytest
import torch

from ddpm_studio.commitment import committed, decided, distances, order
from ddpm_studio.denoiser import Exact
from ddpm_studio.neighbours import Neighbours
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral
from ddpm_studio.schedule import Linear


def column(*far):
    return np.array(far, np.float32)[:, None]


@pytest.mark.parametrize(
    ("far", "step"),
    [
        ((1.0, 0.5, 0.1, 0.0), 2),
        ((0.1, 0.1, 0.0), 0),
        ((0.1, 0.5, 0.1, 0.0), 2),  # near for a while, and away again
        ((1.0, 1.0, 0.2), 2),  # at the bound is near
        ((1.0, 1.0, 0.3), 3),  # never
    ],
)
def test_a_sample_commits_at_the_first_step_after_which_it_is_never_far_again(far, step):
    assert committed(column(*far), 0.2).tolist() == [step]


def test_samples_are_ordered_by_when_they_commit_and_then_by_number():
    assert order(np.array([5, 2, 9, 2])) == (1, 3, 0, 2)


def test_the_distance_is_that_of_the_guess_from_its_last_one():
    exact = Exact.of_pictures(Linear(T=50), np.random.default_rng(0).integers(0, 256, (5, 4, 4, 1), np.uint8))
    steps = list(sample(exact, Ancestral(steps=20), seed=3, samples=range(4)))
    far = np.stack(list(distances(steps, steps[-1].x0)))
    assert far.shape == (20, 4)
    assert np.all(far[-1] == 0)
    expected = torch.linalg.vector_norm((steps[3].x0 - steps[-1].x0).flatten(1), dim=1) / 4
    assert far[3] == pytest.approx(expected.numpy(), rel=1e-5)


def test_an_exact_denoiser_is_decided_where_its_guess_is_committed_to_one_picture():
    exact = Exact.of_pictures(Linear(T=50), np.random.default_rng(0).integers(0, 256, (5, 4, 4, 1), np.uint8))
    steps = list(sample(exact, Ancestral(steps=20), seed=3, samples=range(8)))
    seen = [Neighbours.of(exact, exact.odds(step.x, step.t), step.x0) for step in steps]
    places = decided(seen)
    for row, place in enumerate(places):
        assert all(near.weights[row, 0] >= 0.99 for near in seen[place:])
        assert place == 0 or seen[place - 1].weights[row, 0] < 0.99
    far = np.stack(list(distances(steps, steps[-1].x0)))
    # the guess is then within 1 % of the greatest distance, 2, from that picture, and so is the last one
    assert np.all(committed(far, 0.04) <= places)
    assert decided([None, None]) is None
