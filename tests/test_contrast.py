import numpy as np
import pytest
import torch

from ddpm_studio.contrast import Look, States, contrast, nearest
from ddpm_studio.denoiser import Exact
from ddpm_studio.errors import UserError
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral, Ddim
from ddpm_studio.schedule import Linear
from ddpm_studio.trajectory import Trajectory

T = 60


@pytest.fixture
def exact():
    return Exact.of_pictures(Linear(T=T), np.random.default_rng(0).integers(0, 256, (7, 4, 4, 1), np.uint8))


def walked(exact, sampler, count=3, until=None):
    path = Trajectory(exact, sampler, seed=1, samples=range(count))
    for step in list(sample(exact, sampler, seed=1, samples=range(count)))[:until]:
        path.append(step)
    return path


def test_a_chain_is_nowhere_apart_from_itself(exact):
    path = walked(exact, Ancestral(steps=12))
    meetings = list(contrast(path, T, path.walk(), T))
    assert len(meetings) == 13
    assert all((far == 0).all() for meeting in meetings for far in meeting.far)


def test_two_chains_are_compared_where_both_are_at_the_same_t(exact):
    path, other = walked(exact, Ancestral(steps=12)), walked(exact, Ddim(steps=6))
    meetings = list(contrast(path, T, other.walk(), T))
    assert [round(meeting.share * T) for meeting in meetings] == list(other.times)
    for meeting in meetings[:-1]:
        place = path.times.index(round(meeting.share * T))
        x, x0 = path.state(place), path.step(place).x0
        norm = torch.linalg.vector_norm
        assert meeting.far[0] == pytest.approx((norm((x - meeting.look.x).flatten(1), dim=1) / 4).numpy(), abs=1e-6)
        assert meeting.far[1] == pytest.approx((norm((x0 - meeting.look.x0).flatten(1), dim=1) / 4).numpy(), abs=1e-6)
    assert np.all(meetings[0].far[0] == 0)  # the same noise to begin with
    assert np.array_equal(*meetings[-1].far)  # at the end the guess is the sample


def test_where_the_first_chain_has_not_been_nothing_is_compared(exact):
    path, other = walked(exact, Ancestral(steps=12), until=5), walked(exact, Ddim(steps=12))
    far = [meeting.far for meeting in contrast(path, T, other.walk(), T)]
    assert [each is None for each in far] == [False] * 5 + [True] * 8


def test_unlike_numbers_of_samples_are_refused_in_one_line(exact):
    path, other = walked(exact, Ancestral(steps=12)), walked(exact, Ancestral(steps=12), count=2)
    with pytest.raises(UserError, match="3×1×4×4 values cannot be compared with samples of 2×1×4×4"):
        list(contrast(path, T, other.walk(), T))


def test_the_nearest_state_is_found_under_another_T():
    assert nearest((1000, 500, 0), 1000, 130 / 250) == 1
    assert nearest((1000, 500, 0), 1000, 0.75) == 0


def test_states_stay_within_their_budget_and_the_end_is_kept():
    look = Look(torch.zeros(2, 1, 4, 4), torch.zeros(2, 1, 4, 4))
    states = States(budget=10 * look.nbytes)
    for i in range(101):
        states.append((100 - i) / 100, look)
    assert len(states._kept) <= 11
    assert states.at(0.0)[0] == 0.0
    assert abs(states.at(0.5)[0] - 0.5) <= 0.08
    assert States().at(0.5) is None
