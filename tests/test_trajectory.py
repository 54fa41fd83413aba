import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from same_steps import assert_same

from ddpm_studio.denoiser import Exact, Prediction
from ddpm_studio.objective import Target
from ddpm_studio.prediction import Answer
from ddpm_studio.sample import Step, sample
from ddpm_studio.sampler import Ancestral, Ddim, DpmSolver, Heun, PredictorCorrector, Sampler
from ddpm_studio.schedule import Cosine, Linear, Schedule
from ddpm_studio.trajectory import Trajectory

SHAPE = (3, 4, 4)
SAMPLES = (0, 1, 5)
PICTURE_BYTES = len(SAMPLES) * 3 * 4 * 4 * 4


class Counted:
    """The exact denoiser of forty random pictures; counts its calls."""

    def __init__(self) -> None:
        data = torch.rand(40, *SHAPE, generator=torch.Generator().manual_seed(1)) * 2 - 1
        self.exact = Exact.mixture(Cosine(T=60), data)
        self.schedule, self.shape, self.calls = self.exact.schedule, SHAPE, 0

    def __call__(self, x: torch.Tensor, t: int) -> Prediction:
        self.calls += 1
        return self.exact(x, t)


def walked(sampler: Sampler, budget: int = 2**20) -> tuple[Trajectory, list[Step], Counted]:
    """A finished trajectory, the steps it was made of, and its denoiser with the count back at 0."""
    denoiser = Counted()
    trajectory = Trajectory(denoiser, sampler, seed=7, samples=SAMPLES, budget=budget)
    steps = []
    for step in sample(denoiser, sampler, seed=7, samples=SAMPLES):
        trajectory.append(step)
        steps.append(step)
    denoiser.calls = 0
    return trajectory, steps, denoiser


SAMPLERS = [
    Ancestral(steps=30),
    Ancestral(steps=23, variance=1.0, clip=False),
    Ddim(steps=31, eta=1.0),
    DpmSolver(steps=20),
    Heun(steps=9),
    PredictorCorrector(steps=12),
]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=str)
@pytest.mark.parametrize("keys", [1, 5, 1000])
def test_back_and_forth_gives_every_step_again_to_the_bit(sampler, keys):
    trajectory, steps, _ = walked(sampler, budget=keys * 3 * PICTURE_BYTES)
    there_and_back = [*reversed(range(len(steps))), *range(len(steps)), len(steps) // 2]
    for i in there_and_back:
        assert_same(trajectory.step(i), steps[i])
        assert torch.equal(trajectory.state(i), steps[i].x)
    assert torch.equal(trajectory.state(len(steps)), steps[-1].next)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=str)
def test_where_the_answers_are_kept_no_step_needs_the_denoiser(sampler):
    trajectory, steps, denoiser = walked(sampler)
    for step, again in zip(steps, trajectory.walk(), strict=True):
        assert_same(step, again)
    assert denoiser.calls == 0
    assert all(trajectory.keeps(i) for i in range(len(steps)))


@pytest.mark.parametrize(("states", "stride"), [(60, 1), (15, 4)])
def test_what_was_forgotten_needs_as_many_calls_as_it_is_away_from_the_kept_state_before_it(states, stride):
    trajectory, _, denoiser = walked(Ancestral(steps=60), budget=states * PICTURE_BYTES)
    assert trajectory.stride == stride
    for i in (8, 9, 10, 11):
        denoiser.calls = 0
        trajectory.step(i)
        assert denoiser.calls == i % stride + 1
        assert not trajectory.keeps(i)
        assert trajectory.around(i) == range(i - i % stride, i - i % stride + stride)


def test_a_walk_is_the_same_chain_from_any_step():
    trajectory, steps, denoiser = walked(Ddim(steps=30, eta=0.5), budget=10 * 3 * PICTURE_BYTES)
    for step, again in zip(steps[17:], trajectory.walk(17), strict=True):
        assert_same(step, again)
    assert denoiser.calls < len(steps[16:])


def test_a_walk_does_not_notice_that_the_trajectory_grows_and_thins_out():
    whole, steps, denoiser = walked(Ancestral(steps=60))
    trajectory = Trajectory(denoiser, whole.sampler, seed=7, samples=SAMPLES, budget=4 * 3 * PICTURE_BYTES)
    for step in steps[:4]:
        trajectory.append(step)
    walk = trajectory.walk(1)
    for step in steps[4:]:
        trajectory.append(step)
    assert trajectory.stride == 8
    for step, again in zip(steps[1:4], walk, strict=True):
        assert_same(step, again)


def test_memory_is_bounded_for_a_thousand_steps_of_64_colour_pictures():
    trajectory, picture = of_64(Linear(T=1000), 16)
    assert trajectory.finished
    assert all(trajectory.keeps(i) for i in range(1000))
    assert trajectory.nbytes == 2 * 1000 * picture.nbytes  # the state and one answer


def test_of_pictures_too_large_for_that_the_states_alone_are_kept():
    trajectory, picture = of_64(Linear(T=1000), 24)
    assert trajectory.stride == 1
    assert not any(trajectory.keeps(i) for i in range(1000))
    assert trajectory.nbytes == 1000 * picture.nbytes


def of_64(schedule: Schedule, side: int) -> tuple[Trajectory, torch.Tensor]:
    """The walk of 64 empty pictures in colour, and one batch of them; fails where it takes more than the budget."""
    picture = torch.zeros(64, 3, side, side)
    trajectory = Trajectory(
        Exact.mixture(schedule, picture[:1]), Ancestral(steps=schedule.T), seed=0, samples=range(64)
    )
    for t in range(schedule.T, 0, -1):
        x, eps, x0, values = (torch.empty_like(picture) for _ in range(4))
        said = Answer(Target.V, values)
        trajectory.append(Step(t, t - 1, x, eps, x0, x0, picture, 0.0, picture, answers=(said,)))
        assert trajectory.nbytes <= 512 * 2**20
    return trajectory, picture


@settings(max_examples=20, deadline=None)
@given(kept=st.integers(1, 70), taken=st.integers(1, 60))
def test_at_any_budget_no_more_than_it_is_used_and_the_last_step_is_there(kept, taken):
    steps = PLAIN[:taken]
    trajectory = Trajectory(Counted(), Ancestral(steps=60), seed=7, samples=SAMPLES, budget=kept * PICTURE_BYTES)
    for step in steps:
        trajectory.append(step)
    assert trajectory.nbytes <= kept * PICTURE_BYTES
    assert trajectory.nbytes // PICTURE_BYTES >= min(taken, (kept + 1) // 2)
    assert_same(trajectory.step(taken - 1), steps[-1])


_, PLAIN, _ = walked(Ancestral(steps=60))


def test_times_go_from_the_first_timestep_down_to_0():
    trajectory, steps, _ = walked(Ddim(steps=20))
    assert trajectory.times == (*(step.t for step in steps), 0)
    assert trajectory.finished


@pytest.mark.parametrize("i", [-1, 10])
def test_a_step_that_was_not_taken_is_refused(i):
    trajectory = Trajectory(Counted(), Ancestral(steps=60), seed=7, samples=SAMPLES)
    for step in PLAIN[:10]:
        trajectory.append(step)
    assert torch.equal(trajectory.state(10), PLAIN[10].x)
    for ask in (trajectory.step, trajectory.walk):
        with pytest.raises(IndexError, match="of 10"):
            ask(i)
    with pytest.raises(IndexError):
        trajectory.state(11)


def test_a_step_that_does_not_follow_is_refused():
    trajectory = Trajectory(Counted(), Ancestral(steps=60), seed=7, samples=SAMPLES)
    with pytest.raises(ValueError, match="does not follow after 0 steps"):
        trajectory.append(PLAIN[1])
    with pytest.raises(ValueError, match="does not follow after 60 steps"):
        walked(Ancestral(steps=60))[0].append(PLAIN[0])


@pytest.mark.parametrize("chunk", [16384, 7])
def test_the_posterior_and_the_guess_of_the_exact_denoiser_agree_to_the_bit(monkeypatch, chunk):
    monkeypatch.setattr("ddpm_studio.denoiser.CHUNK", chunk)
    denoiser = Counted()
    for step in PLAIN[::9]:
        assert torch.equal(denoiser.exact.posterior(step.x, step.t).x0, denoiser(step.x, step.t).x0)
