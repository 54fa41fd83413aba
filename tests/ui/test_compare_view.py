from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QWidget
from sampling_panels import shown_panel, small_session

from ddpm_studio.branch import TRUNK, Branch
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral, Ddim
from ddpm_studio.second import Second
from ddpm_studio.ui.job import Job
from ddpm_studio.ui.place import Place
from ddpm_studio.ui.sampling import compare_view
from ddpm_studio.ui.window.document_file import DocumentFile

STEPS = 20


@pytest.fixture
def session(tmp_path):
    return small_session(tmp_path, Ancestral(steps=STEPS), count=3, pictures=16)


@pytest.fixture
def panel(qtbot, session):
    with shown_panel(qtbot, session, 1300, 720) as panel:
        panel._inspector.show_view(panel._inspector.compare)
        panel._player.slider.setValue(STEPS)
        qtbot.waitUntil(lambda: panel._chain.frame is not None and panel._chain.frame.final, timeout=10000)
        yield panel


def compare(qtbot, panel, count):
    panel._inspector.compare.start.click()
    qtbot.waitUntil(lambda: len(panel._inspector.compare._second._far) == count, timeout=10000)


def test_b_is_what_its_settings_give_from_the_same_noise(qtbot, panel, session):
    view = panel._inspector.compare
    session.edit("compare", second=Second(Ddim(steps=10)))
    compare(qtbot, panel, 11)
    denoiser = panel._chain.model.denoiser
    *_, last = sample(denoiser, Ddim(steps=10), seed=5, samples=range(3))
    assert torch.equal(view._second.at(0.0)[1].x, last.next)
    shown = view.grids.second._values
    assert np.array_equal(shown, last.next.numpy())
    assert np.allclose(view.grids.apart._values, np.abs(panel._chain.frame.x.numpy() - last.next.numpy()))


def test_the_same_settings_differ_nowhere(qtbot, panel, session):
    session.edit("compare", second=Second(Ancestral(steps=STEPS)))
    compare(qtbot, panel, STEPS + 1)
    assert not panel._inspector.compare.grids.apart._values.any()
    assert panel._inspector.compare.plot._chosen.yData.tolist() == [0.0] * (STEPS + 1)
    assert panel._inspector.compare.told.text() == "RMS of A − B here: sample 0 0.000, median 0.000"


def test_both_are_shown_where_the_player_is(qtbot, panel, session):
    view = panel._inspector.compare
    session.edit("compare", second=Second(Ddim(steps=10)))
    compare(qtbot, panel, 11)
    panel._player.go(10)
    qtbot.waitUntil(lambda: panel._chain.frame.index == 10, timeout=5000)
    assert view.grids.first._caption == "A, t = 50"
    assert view.grids.second._caption == "B, t = 50"
    assert np.array_equal(view.grids.first._values, panel._chain.frame.step.x0.numpy())
    view.controls.of.setCurrentIndex(1)
    view.controls.of.activated.emit(1)
    assert np.array_equal(view.grids.first._values, panel._chain.frame.x.numpy())
    assert view.plot._cursor.value() == 50


def test_another_chain_makes_a_comparison_old(qtbot, panel, session):
    view = panel._inspector.compare
    compare(qtbot, panel, STEPS + 1)
    session.edit("seed", sampling=replace(session.document.sampling, seed=9))
    qtbot.waitUntil(lambda: panel._chain.frame is not None and panel._chain.frame.final, timeout=10000)
    assert view.told.text() == "A has changed: compare again."
    assert view.grids.second.isHidden()


def test_a_setting_that_cannot_be_walked_is_one_line_in_the_message_bar(qtbot, panel, session, tmp_path):
    panel._inspector.compare.controls.denoiser.asked.emit(str(tmp_path / "missing.safetensors"))
    with qtbot.waitSignal(session.reported, timeout=5000) as told:
        panel._inspector.compare.start.click()
    assert "missing.safetensors" in told.args[0]
    assert panel._inspector.compare.grids.second.isHidden()


def test_what_is_compared_is_undone_and_an_old_comparison_is_not_shown_as_a_new_one(qtbot, panel, session):
    view = panel._inspector.compare
    compare(qtbot, panel, STEPS + 1)
    assert session.document.second is None  # the same as nothing: DDIM with as many steps
    view.controls.sampler.edited.emit(Ddim(steps=7, eta=0.5))
    assert session.document.second == Second(Ddim(steps=7, eta=0.5))
    assert panel._provenance()["document"]["second"]["sampler"]["eta"] == 0.5
    assert view.told.text() == "B has changed: compare again."
    assert view.grids.second.isHidden()
    assert panel._chain.frame.final  # A stays as it was walked
    compare(qtbot, panel, 8)
    session.undo_stack.undo()
    assert view.controls.sampler.kind.currentData() == "ddim"
    assert view.grids.second.isHidden()


def test_more_steps_than_the_schedule_has_are_refused_and_the_controls_go_back(panel, session, qtbot):
    with qtbot.waitSignal(session.reported) as told:
        panel._inspector.compare.controls.sampler.forms["ddim"].edited.emit(Ddim(steps=101))
    assert "101" in told.args[0]
    assert session.document.second is None


@pytest.mark.parametrize("name", ["apart.png", "apart.npz"])
def test_the_comparison_is_exported_side_by_side_and_opens_again_with_both_settings(
    qtbot, panel, session, tmp_path, monkeypatch, name
):
    compared = panel._inspector.compare
    assert not compared.export.isEnabled()
    session.edit("compare", second=Second(Ddim(steps=10)))
    compared.start.click()
    qtbot.waitUntil(compared.export.isEnabled, timeout=10000)
    monkeypatch.setattr(compare_view, "ask_target", lambda *_: tmp_path / name)
    with qtbot.waitSignal(session.noticed, timeout=5000):
        compared.export.click()
    made_of = session.document
    assert (made_of.sampler, made_of.second) == (Ancestral(steps=STEPS), Second(Ddim(steps=10)))
    panel.show_sample(2)
    session.edit("other settings", second=None, sampler=Ancestral(steps=5))
    panel._inspector.show_view(panel._inspector.step)
    window = QWidget()
    qtbot.addWidget(window)
    files = DocumentFile(session, QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat), window)
    session.undo_stack.setClean()
    with qtbot.waitSignal(files.opened, timeout=20000):
        files.open(tmp_path / name)
    assert session.document == made_of
    assert (session.t, panel._selected) == (0, 0)
    assert panel._inspector.currentWidget() is compared
    files.close()


def test_what_was_drawn_with_one_chain_turns_to_no_page(panel, session):
    session.place(Place(0, 1))
    assert panel._inspector.currentWidget() is panel._inspector.compare
    panel._inspector.show_view(panel._inspector.step)
    session.place(Place(50, 1))
    assert panel._inspector.currentWidget() is panel._inspector.step


def test_an_export_that_cannot_be_written_is_one_line_in_the_message_bar(qtbot, panel, session, tmp_path, monkeypatch):
    compared = panel._inspector.compare
    compared.start.click()
    qtbot.waitUntil(compared.export.isEnabled, timeout=10000)
    monkeypatch.setattr(compare_view, "ask_target", lambda *_: tmp_path / "apart.gif")
    with qtbot.waitSignal(session.reported, timeout=5000) as told:
        compared.export.click()
    assert "apart.gif" in told.args[0]


def test_on_a_branch_b_leaves_where_the_branch_does(qtbot, panel, session):
    twig = Branch(TRUNK, 50, Ddim(steps=STEPS, eta=1.0), 3, (1, 0), (0, 1))
    session.edit("branch", branches=(twig,), branch=0, second=Second(twig.sampler))
    qtbot.waitUntil(lambda: panel._chain.frame is not None and panel._chain.frame.final, timeout=10000)
    compare(qtbot, panel, 11)
    assert not panel._inspector.compare.grids.apart._values.any()
    assert panel._inspector.compare.plot._t.max() == 50


def test_another_path_of_the_tree_is_compared_without_another_walk(qtbot, panel, session):
    twig = Branch(TRUNK, 50, Ddim(steps=STEPS), 3, (0, 1, 2), (0, 1, 2), "mine")
    session.edit("branch", branches=(twig,), branch=0)
    qtbot.waitUntil(lambda: panel._chain.frame is not None and panel._chain.frame.final, timeout=10000)
    controls = panel._inspector.compare.controls
    assert [controls.what.itemText(i) for i in range(3)] == ["other settings", "path: trunk", "path: mine"]
    controls.what.setCurrentIndex(1)
    controls.what.activated.emit(1)
    assert controls.sampler.isHidden()
    compare(qtbot, panel, STEPS + 1)
    shares, rows = panel._inspector.compare._second.far(of_noisy=True)
    assert [bool(row.any()) for row in rows[:-1]] == [share < 0.5 for share in shares[:-1]]  # both end as one picture


def test_closing_while_b_is_walked_leaves_no_thread(qtbot, panel, session):
    session.edit("compare", second=Second(Ancestral(steps=100)))
    panel._inspector.compare.start.click()
    panel.close_jobs()
    assert not any(job.running for job in panel.findChildren(Job))
