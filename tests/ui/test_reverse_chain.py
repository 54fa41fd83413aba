from dataclasses import replace

import numpy as np
import pytest
import torch

from ddpm_studio.data import load
from ddpm_studio.denoiser import Exact
from ddpm_studio.document import Document, Sampling
from ddpm_studio.likelihood import ErrorCurve, Measured, levels_of
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral, Ddim, Sigma, Spacing
from ddpm_studio.schedule import Cosine, Linear
from ddpm_studio.tree import Tree
from ddpm_studio.ui.job import Job
from ddpm_studio.ui.sampling.reverse_chain import ReverseChain
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.sampling.steps_at_hand import BEHIND, LEAST

PATIENCE = 60_000  # ms: it ends what never ends, and judges no speed


@pytest.fixture
def pictures(tmp_path):
    path = tmp_path / "pictures.npz"
    np.savez(path, arr_0=np.random.default_rng(0).integers(0, 256, (32, 6, 6, 3), np.uint8))
    return str(path)


@pytest.fixture
def document(pictures):
    return Document(
        schedule=Linear(T=100), dataset=pictures, sampler=Ancestral(steps=40), sampling=Sampling(count=3, seed=5)
    )


@pytest.fixture
def chain(qtbot):
    chain = ReverseChain()
    chain.frames = []
    chain.shown.connect(chain.frames.append)
    yield chain
    chain.close()


def shown(qtbot, chain: ReverseChain, index: int) -> Frame:
    qtbot.waitUntil(lambda: chain.position == index, timeout=PATIENCE)
    return chain.frames[-1]


def expected(document: Document) -> list[torch.Tensor]:
    """Every state of the chain as the core alone makes it."""
    exact = Exact.of_pictures(document.schedule, load(document.dataset).train)
    steps = list(sample(exact, document.sampler, seed=document.sampling.seed, samples=range(document.sampling.count)))
    return [*(step.x for step in steps), steps[-1].next]


def assert_close(frame: Frame, state: torch.Tensor) -> None:
    torch.testing.assert_close(frame.x, state, rtol=1e-4, atol=1e-4)  # other threads, other rounding


def test_the_first_state_is_ready_at_t_T_and_nothing_more_is_walked(qtbot, chain, document):
    with qtbot.waitSignals([chain.opened, chain.advanced, chain.shown], timeout=PATIENCE):
        chain.restart(document)
    assert chain.model.data.train.shape == (32, 6, 6, 3)
    assert (chain.position, chain.trail.front, chain.frames[-1].t) == (0, 0, 100)
    assert chain.trail.neighbours[0].nearest.shape == (3, 8)


def test_stepping_on_and_back_shows_the_states_of_sample(qtbot, chain, document):
    states = expected(document)
    chain.restart(document)
    first = {i: shown_after(qtbot, chain, i) for i in range(6)}
    for i in (4, 3, 2, 1, 0, 1, 2, 3, 4, 5):
        again = shown_after(qtbot, chain, i)
        assert_close(again, states[i])
        for name in ("x", "eps", "x0", "mean", "z", "next"):
            assert torch.equal(getattr(again.step, name), getattr(first[i].step, name))
    assert chain.trail.front == 5


def shown_after(qtbot, chain: ReverseChain, index: int) -> Frame:
    chain.go(index)
    return shown(qtbot, chain, index)


def test_the_last_state_is_the_finished_sample_at_t_0(qtbot, chain, document):
    chain.restart(document)
    last = shown_after(qtbot, chain, 40)
    assert (last.final, last.t, chain.trail.front) == (True, 0, 40)
    assert_close(last, expected(document)[-1])
    assert torch.equal(last.x, last.step.next)
    assert not shown_after(qtbot, chain, 39).final
    assert chain.trail.path.finished


def test_the_optimal_variance_of_an_exact_denoiser_goes_by_its_error_on_what_it_knows_by_heart(qtbot, chain, document):
    optimal = replace(document, sampler=Ancestral(steps=40, sigma=Sigma.OPTIMAL))
    data = load(document.dataset)
    exact = Exact.of_pictures(document.schedule, data.train)
    levels, probe = levels_of(exact, data)
    expected = list(sample(Measured(exact, ErrorCurve.of(levels, probe.x0)), optimal.sampler, seed=5, samples=range(3)))
    chain.restart(optimal)
    last = shown_after(qtbot, chain, 40)
    assert_close(last, expected[-1].next)
    middle = shown_after(qtbot, chain, 20)
    assert middle.step.sigma == pytest.approx(expected[20].sigma, rel=1e-4)
    assert middle.neighbours.nearest.shape == (3, 8)


def test_a_thinned_trajectory_is_recalled_in_the_background_to_the_bit(qtbot, chain, document, monkeypatch):
    monkeypatch.setitem(Tree.__init__.__kwdefaults__, "budget", 20_000)
    chain.restart(document)
    first = {i: shown_after(qtbot, chain, i) for i in range(41)}
    assert chain.trail.path.stride > 1
    for i in (3, 17, 5, 39, 40, 1):
        assert torch.equal(shown_after(qtbot, chain, i).x, first[i].x)
    for i in (35, 2, 31, 9):  # faster than they can be made: the last one counts
        chain.go(i)
    assert torch.equal(shown(qtbot, chain, 9).x, first[9].x)


def test_the_steps_behind_the_one_that_is_shown_are_made_ready_and_shown_at_once(qtbot, chain, document, monkeypatch):
    monkeypatch.setitem(Tree.__init__.__kwdefaults__, "budget", 20_000)
    monkeypatch.setattr("ddpm_studio.ui.sampling.steps_at_hand.ROOM", 200_000)
    chain.restart(document)
    first = {i: shown_after(qtbot, chain, i) for i in range(41)}
    shown_after(qtbot, chain, 4)
    shown_after(qtbot, chain, 30)
    hand = chain._at_hand
    qtbot.waitUntil(lambda: all(hand.step(i) is not None for i in range(30 - BEHIND, 30)), timeout=PATIENCE)
    for i in range(29, 29 - BEHIND, -1):
        chain.go(i)
        assert chain.position == i
        assert torch.equal(chain.frames[-1].x, first[i].x)


def test_a_chain_that_is_closed_while_steps_are_made_ready_begins_no_others(qtbot, chain, document, monkeypatch):
    monkeypatch.setitem(Tree.__init__.__kwdefaults__, "budget", 20_000)
    monkeypatch.setattr("ddpm_studio.ui.sampling.steps_at_hand.ROOM", 200_000)
    chain.restart(document)
    shown_after(qtbot, chain, 40)
    shown_after(qtbot, chain, 4)
    shown_after(qtbot, chain, 30)
    chain.close()
    chain._at_hand.recall(12)  # as a last report would have it
    assert not any(job.running for job in chain._at_hand.findChildren(Job))


def test_what_is_at_hand_stays_within_its_room(qtbot, chain, document, monkeypatch):
    monkeypatch.setattr("ddpm_studio.ui.sampling.steps_at_hand.ROOM", 1)
    chain.restart(document)
    shown_after(qtbot, chain, 40)
    assert len(chain._at_hand._steps) == LEAST + 2 * chain.trail.path.stride


def test_going_back_breaks_a_long_walk_off(qtbot, chain, document):
    chain.restart(replace(document, sampler=Ancestral(steps=100), sampling=Sampling(count=64)))
    chain.go(100)
    qtbot.waitUntil(lambda: chain.trail.front >= 2, timeout=PATIENCE)
    assert 0 < chain.seconds_left < 60
    chain.go(1)
    shown(qtbot, chain, 1)
    qtbot.wait(100)  # the value in work is done, and those that were reported meanwhile
    reached = chain.trail.front
    assert chain.seconds_left == 0
    with qtbot.assertNotEmitted(chain.advanced, wait=200):
        assert reached < 100
    shown_after(qtbot, chain, 100)


def test_looking_back_walks_nowhere(qtbot, chain, document):
    chain.restart(document)
    shown_after(qtbot, chain, 20)
    chain.look_back(0.905)
    assert shown(qtbot, chain, 4).t == 90
    chain.look_back(0.0)
    assert shown(qtbot, chain, 20).t == 50
    assert chain.trail.front == 20


@pytest.mark.parametrize(
    "changed", [{"schedule": Cosine(T=200)}, {"sampler": Ddim(steps=20)}, {"sampling": Sampling(2)}]
)
def test_a_finished_chain_is_finished_again_and_looked_at_from_the_same_share_of_T(qtbot, chain, document, changed):
    chain.restart(document)
    shown_after(qtbot, chain, 40)
    shown_after(qtbot, chain, 20)
    new = replace(document, **changed)
    chain.restart(new)
    chain.restart(new)  # at once again: it is still to go as far
    qtbot.waitUntil(lambda: chain.trail.front == len(chain.trail.course.times) - 1, timeout=PATIENCE)
    assert chain.frames[-1].t == new.schedule.T // 2
    assert_close(chain.frames[-1], expected(new)[chain.position])


def test_a_chain_that_stood_at_the_start_stands_there_again(qtbot, chain, document):
    chain.restart(document)
    shown(qtbot, chain, 0)
    chain.restart(replace(document, sampler=Ddim(steps=10, spacing=Spacing.LEADING)))
    qtbot.waitUntil(lambda: chain.position == 0, timeout=PATIENCE)
    chain.restart(replace(document, sampler=Ddim(steps=20)))
    shown(qtbot, chain, 0)
    assert (chain.trail.front, chain.frames[-1].t) == (0, 100)


def test_ten_rapid_restarts_end_with_the_last_one_alone(qtbot, chain, document):
    opened = []
    chain.opened.connect(opened.append)
    for seed in range(10):
        chain.restart(replace(document, sampling=Sampling(count=3, seed=seed)))
        chain.go(40)
    last = shown(qtbot, chain, 40)
    assert_close(last, expected(replace(document, sampling=Sampling(count=3, seed=9)))[-1])
    assert len(opened) == 1
    qtbot.waitUntil(lambda: len(chain.findChildren(Job)) == 1, timeout=PATIENCE)


def test_a_data_set_that_is_not_there_is_one_line_and_the_next_restart_goes_on(qtbot, chain, document, tmp_path):
    with qtbot.waitSignal(chain.failed, timeout=PATIENCE) as failed:
        chain.restart(replace(document, dataset=str(tmp_path / "nothing")))
    assert "nothing" in failed.args[0]
    assert chain.position == -1
    chain.go(3)
    chain.look_back(0.5)
    chain.restart(document)
    shown(qtbot, chain, 3)


def test_closing_in_the_middle_of_a_walk_leaves_no_thread(qtbot, document):
    chain = ReverseChain()
    chain.restart(document)
    chain.go(40)
    with qtbot.waitSignal(chain.advanced, timeout=PATIENCE):
        pass
    chain.close()
    assert not any(job.running for job in chain.findChildren(Job))
