from dataclasses import replace

import numpy as np
import pytest
import torch

from ddpm_studio.document import Document, Sampling
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral, Ddim
from ddpm_studio.schedule import Linear
from ddpm_studio.ui.job import Job
from ddpm_studio.ui.panels.sampling import SamplingPanel
from ddpm_studio.ui.session import Session

STEPS = 20


@pytest.fixture
def session(tmp_path):
    path = tmp_path / "pictures.npz"
    np.savez(path, arr_0=np.random.default_rng(0).integers(0, 256, (16, 6, 6, 3), np.uint8))
    sampling = Sampling(count=3, seed=5)
    return Session(
        Document(schedule=Linear(T=100), dataset=str(path), sampler=Ancestral(steps=STEPS), sampling=sampling)
    )


@pytest.fixture
def panel(qtbot, session):
    panel = SamplingPanel(session)
    qtbot.addWidget(panel)
    panel.resize(1300, 720)
    panel.show()
    panel._inspector.show_view(panel._compare)
    panel._player.slider.setValue(STEPS)
    qtbot.waitUntil(lambda: panel._frame is not None and panel._frame.final, timeout=10000)
    yield panel
    panel.close_jobs()


def compare(qtbot, panel, count):
    panel._compare.start.click()
    qtbot.waitUntil(lambda: len(panel._compare._meetings) == count, timeout=10000)


def test_b_is_what_its_settings_give_from_the_same_noise(qtbot, panel, session):
    view = panel._compare
    view._on_sampler(Ddim(steps=10))
    compare(qtbot, panel, 11)
    denoiser = panel._chain.model.denoiser
    *_, last = sample(denoiser, Ddim(steps=10), seed=5, samples=range(3))
    assert torch.equal(view._meetings[-1].look.x, last.next)
    shown = view.second._values
    assert np.array_equal(shown, last.next.numpy())
    assert np.allclose(view.apart._values, np.abs(panel._frame.x.numpy() - last.next.numpy()))


def test_the_same_settings_differ_nowhere(qtbot, panel):
    panel._compare._on_sampler(Ancestral(steps=STEPS))
    compare(qtbot, panel, STEPS + 1)
    assert not panel._compare.apart._values.any()
    assert panel._compare.plot._chosen.yData.tolist() == [0.0] * (STEPS + 1)
    assert panel._compare.told.text() == "RMS of A − B here: sample 0 0.000, median 0.000"


def test_both_are_shown_where_the_player_is(qtbot, panel):
    view = panel._compare
    view._on_sampler(Ddim(steps=10))
    compare(qtbot, panel, 11)
    panel._player.go(10)
    qtbot.waitUntil(lambda: panel._frame.index == 10, timeout=5000)
    assert view.first._caption == "A, t = 50"
    assert view.second._caption == "B, t = 50"
    assert np.array_equal(view.first._values, panel._frame.step.x0.numpy())
    view.of.setCurrentIndex(1)
    view._on_of(1)
    assert np.array_equal(view.first._values, panel._frame.x.numpy())
    assert view.plot._cursor.value() == 50


def test_another_chain_makes_a_comparison_old(qtbot, panel, session):
    view = panel._compare
    compare(qtbot, panel, STEPS + 1)
    session.edit("seed", sampling=replace(session.document.sampling, seed=9))
    qtbot.waitUntil(lambda: panel._frame is not None and panel._frame.final, timeout=10000)
    assert view.told.text() == "A has changed: compare again."
    assert view.second.isHidden()


def test_a_setting_that_cannot_be_walked_is_one_line_in_the_message_bar(qtbot, panel, session, tmp_path):
    panel._compare._on_denoiser(str(tmp_path / "missing.safetensors"))
    with qtbot.waitSignal(session.reported, timeout=5000) as told:
        panel._compare.start.click()
    assert "missing.safetensors" in told.args[0]
    assert panel._compare.second.isHidden()


def test_closing_while_b_is_walked_leaves_no_thread(qtbot, panel):
    panel._compare._on_sampler(Ancestral(steps=100))
    panel._compare.start.click()
    panel.close_jobs()
    assert not any(job.running for job in panel.findChildren(Job))
