"""The tree driven by hand: branches, fans and painting, each undone again; what is drawn, and where it is walked."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog
from sampling_panels import shown_panel, small_session

from ddpm_studio.branch import TRUNK, Ink
from ddpm_studio.data.source import open_source
from ddpm_studio.document import Document, Sampling
from ddpm_studio.opening import read
from ddpm_studio.sampler import Ancestral, Ddim
from ddpm_studio.ui.sampling.branch_dialog import BranchDialog
from ddpm_studio.ui.sampling.paint_view import PaintView

STEPS = 20


@pytest.fixture
def session(tmp_path):
    return small_session(tmp_path, Ancestral(steps=STEPS), count=4)


@pytest.fixture
def panel(qtbot, session):
    with shown_panel(qtbot, session, 1300, 560) as panel:
        panel._inspector.show_view(panel._inspector.tree)
        yield panel


def go(qtbot, panel, index):
    """Shows a state and gives its frame."""
    panel._player.go(index)
    qtbot.waitUntil(lambda: panel._chain.frame is not None and panel._chain.frame.index == index, timeout=5000)
    return panel._chain.frame


def walked(qtbot, panel):
    """The frame of the finished sample."""
    return go(qtbot, panel, len(panel._chain.trail.course.times) - 1)


def click(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_other_noise_grows_a_branch_that_leaves_the_state_shown_and_undo_takes_it_back(qtbot, panel, session):
    trunk, after = walked(qtbot, panel), go(qtbot, panel, 12)
    here = go(qtbot, panel, 10)
    click(panel._inspector.tree.other)
    branch = session.document.branches[0]
    assert (session.document.branch, branch.parent, branch.t) == (0, TRUNK, here.t)
    qtbot.waitUntil(lambda: panel._chain.trail.front == STEPS, timeout=5000)
    assert (panel._chain.frame.t, panel._player.position) == (here.t, 10)
    assert torch.equal(panel._chain.frame.x, here.x)
    end = walked(qtbot, panel)
    assert not torch.equal(go(qtbot, panel, 12).x, after.x)
    session.undo_stack.undo()
    assert session.document.branches == ()
    assert torch.equal(walked(qtbot, panel).x, trunk.x)
    session.undo_stack.redo()
    assert torch.equal(walked(qtbot, panel).x, end.x)


def test_looking_at_the_trunk_and_back_walks_nothing_again(qtbot, panel, session):
    walked(qtbot, panel)
    go(qtbot, panel, 10)
    click(panel._inspector.tree.other)
    walked(qtbot, panel)
    lines = panel._inspector.tree.lines
    lines.setFocus()
    for key, shown in ((Qt.Key.Key_Up, TRUNK), (Qt.Key.Key_Down, 0)):
        QTest.keyClick(lines, key)
        assert session.document.branch == shown
        assert panel._chain.frame.final
        assert panel._chain.trail.front == STEPS
    QTest.mouseClick(lines, Qt.MouseButton.LeftButton, pos=lines.place_of(TRUNK, 30).toPoint())
    assert session.document.branch == TRUNK
    QTest.mouseClick(lines, Qt.MouseButton.LeftButton, pos=lines.place_of(TRUNK, 30).toPoint())
    assert abs(session.t - 30) <= 1


def test_a_branch_takes_the_sampler_and_the_name_that_the_dialog_says(qtbot, panel, session):
    go(qtbot, panel, 10)
    click(panel._inspector.tree.branch)
    dialog = panel._inspector.tree.findChild(BranchDialog)
    dialog.name.setText("mine")
    kinds = dialog.sampler.kind
    kinds.setCurrentIndex(kinds.findData("ddim"))
    kinds.activated.emit(kinds.currentIndex())
    dialog.accept()
    branch = session.document.branches[0]
    assert (branch.name, branch.sampler, branch.rows) == ("mine", Ddim(steps=STEPS), (0, 1, 2, 3))
    assert session.document.sampler == Ancestral(steps=STEPS)
    assert session.undo_stack.undoText() == "branch at t = 50"
    go(qtbot, panel, 12)
    assert panel._chain.trail.sampler_at(12) == Ddim(steps=STEPS)
    assert panel._chain.trail.sampler_at(9) == Ancestral(steps=STEPS)


def test_more_steps_than_there_are_are_refused_in_the_dialog(qtbot, panel, session):
    go(qtbot, panel, 10)
    click(panel._inspector.tree.branch)
    dialog = panel._inspector.tree.findChild(BranchDialog)
    dialog._on_sampler(Ancestral(steps=200))
    dialog.accept()
    assert "T = 100" in dialog.problem.text()
    assert session.document.branches == ()
    dialog.reject()


def test_a_fan_shows_k_children_of_the_sample_and_how_far_they_differ(qtbot, panel, session):
    here = go(qtbot, panel, 1)
    panel.show_sample(2)
    click(panel._inspector.tree.fan)
    dialog = panel._inspector.tree.findChild(BranchDialog)
    dialog._on_growth(replace(dialog._growth, k=9))
    dialog.accept()
    assert session.document.branches[0].rows == (2,) * 9
    qtbot.waitUntil(lambda: panel._chain.position == 1 and len(panel._chain.frame.x) == 9, timeout=5000)
    assert torch.equal(panel._chain.frame.x[8], here.x[2])
    assert panel._inspector.tree.spread.isVisible()
    assert panel._inspector.tree.spread.pictures.max() == 0
    assert "all are the same; they part as t falls" in panel._inspector.tree.told.text()
    end = walked(qtbot, panel)
    expected = end.x.std(0, correction=0).mean(0)
    shown = panel._inspector.tree.spread.pictures[0, :, :, 0] / 255
    assert np.allclose(shown, expected.clamp(0, 1), atol=1 / 255)
    assert shown.max() > 0.1
    panel.show_progress()  # as while a walk goes on
    assert panel._inspector.tree.told.text().endswith(f"Mean deviation {expected.mean():.3f}.")
    session.undo_stack.undo()
    assert not panel._inspector.tree.spread.isVisible()


def test_what_is_painted_begins_a_branch_and_is_copied_and_saved(qtbot, panel, session, tmp_path, monkeypatch):
    here = go(qtbot, panel, 10)
    panel.show_sample(1)
    click(panel._inspector.tree.paint)
    view = panel._inspector.tree.findChild(PaintView)
    qtbot.waitExposed(view)
    view._on_chosen(QColor("#ff0000"))
    view._on_brush(replace(view._brush, ink=Ink.PLAIN, radius=0.0))
    canvas = view.canvas
    start, end = (canvas.point_of((x, 2.0)).toPoint() for x in (1.0, 4.0))
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    for x in (2.0, 3.0):
        QTest.mouseMove(canvas, canvas.point_of((x, 2.0)).toPoint())
    QTest.mouseMove(canvas, end)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)
    assert len(view.edits) == 1
    assert canvas.contextMenuPolicy() is Qt.ContextMenuPolicy.ActionsContextMenu
    copy, save = canvas.actions()
    copy.trigger()
    assert QGuiApplication.clipboard().image().size() == QSize(6, 6)  # pixel for pixel
    assert QGuiApplication.clipboard().image().pixelColor(2, 2) == QColor("#ff0000")
    monkeypatch.setattr("ddpm_studio.ui.widgets.picture_menu.ask_target", lambda *_: tmp_path / "painted.png")
    with qtbot.waitSignal(session.noticed, timeout=5000):
        save.trigger()
    view.accept()
    opened = read(tmp_path / "painted.png")
    assert (opened.document, opened.t, opened.sample) == (session.document, here.t, 1)
    assert session.document.branches[0].edits == view.edits
    qtbot.waitUntil(lambda: panel._chain.frame is not None and panel._chain.trail.front >= 10, timeout=5000)
    changed = (panel._chain.frame.x != here.x).any(1)
    assert not changed[[0, 2, 3]].any()
    assert changed[1].sum() >= 1
    row, column = changed[1].nonzero()[0].tolist()
    torch.testing.assert_close(panel._chain.frame.x[1, :, row, column], torch.tensor([1.0, -1.0, -1.0]))


def test_strokes_can_be_made_with_the_keys_and_taken_back(qtbot, panel, session):
    go(qtbot, panel, 10)
    click(panel._inspector.tree.paint)
    view = panel._inspector.tree.findChild(PaintView)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Space, Qt.Key.Key_Down, Qt.Key.Key_Space):
        QTest.keyClick(view.canvas, key)
    assert [edit.points for edit in view.edits] == [((4.0, 3.0),), ((4.0, 4.0),)]
    click(view.back)
    assert len(view.edits) == 1
    view._on_pasted("no such picture")
    assert "no such picture" in view.told.text()
    assert len(view.edits) == 1
    view.reject()
    assert session.document.branches == ()


def test_a_picture_on_the_clipboard_is_pasted_and_stays_in_the_document(qtbot, panel, session):
    go(qtbot, panel, 10)
    click(panel._inspector.tree.paint)
    view = panel._inspector.tree.findChild(PaintView)
    clipboard = QGuiApplication.clipboard()
    clipboard.clear()
    click(view.paste)
    assert view.paste.shortcut() == QKeySequence(QKeySequence.StandardKey.Paste)
    assert "no picture on the clipboard" in view.told.text()
    assert view.edits == ()
    red = QImage(30, 20, QImage.Format.Format_RGB32)
    red.fill(QColor("#ff0000"))
    clipboard.setImage(red)
    click(view.paste)
    (edit,) = view.edits
    pasted = open_source(edit.picture)
    assert pasted.shape == (edit.size, edit.size, 3)
    assert (pasted == (255, 0, 0)).all()
    view.accept()
    again = Document.from_json(json.loads(json.dumps(session.document.to_json())))
    assert again.branches[0].edits == (edit,)
    qtbot.waitUntil(lambda: panel._chain.frame is not None and panel._chain.trail.front >= 10, timeout=5000)


def test_deleting_a_branch_deletes_its_children_and_undo_brings_them_back(qtbot, panel, session):
    go(qtbot, panel, 5)
    click(panel._inspector.tree.other)
    go(qtbot, panel, 10)
    click(panel._inspector.tree.other)
    end = walked(qtbot, panel).x
    before = session.document
    assert before.branches[1].parent == 0
    QTest.keyClick(panel._inspector.tree.lines, Qt.Key.Key_Up)
    QTest.keyClick(panel._inspector.tree.lines, Qt.Key.Key_Delete)
    assert session.document.branches == ()
    assert session.undo_stack.undoText() == "delete 2 branches"
    session.undo_stack.undo()
    session.undo_stack.undo()
    assert session.document == before
    assert torch.equal(walked(qtbot, panel).x, end)


def test_a_new_name_walks_nothing_again(qtbot, panel, session):
    go(qtbot, panel, 5)
    click(panel._inspector.tree.other)
    walking = panel._chain._walking.job
    click(panel._inspector.tree.rename)
    dialog = panel._inspector.tree.findChild(QInputDialog)
    dialog.setTextValue("warm")
    dialog.accept()
    assert session.document.branches[0].name == "warm"
    assert panel._chain._walking.job is walking


def test_a_branch_whose_sample_is_gone_is_kept_marked_and_told(qtbot, panel, session):
    go(qtbot, panel, 10)
    click(panel._inspector.tree.other)
    qtbot.waitUntil(lambda: panel._chain.frame is not None, timeout=5000)
    with qtbot.waitSignal(session.reported, timeout=5000) as reported:
        session.edit("fewer", sampling=Sampling(count=2, seed=5))
    assert "draw more samples, or delete the branch" in reported.args[0]
    qtbot.waitUntil(lambda: panel._chain.frame is not None and len(panel._chain.frame.x) == 2, timeout=5000)
    assert len(session.document.branches) == 1
    assert [twig.broken for twig in panel._inspector.tree.lines._twigs] == [False, True]
    session.undo_stack.undo()
    qtbot.waitUntil(lambda: panel._chain.frame is not None and len(panel._chain.frame.x) == 4, timeout=5000)
    assert not panel._inspector.tree.lines._twigs[1].broken


def test_another_trunk_keeps_the_branches_and_they_leave_from_the_nearest_state(qtbot, panel, session):
    go(qtbot, panel, 10)
    click(panel._inspector.tree.other)
    walked(qtbot, panel)
    session.edit("sampler", sampler=Ddim(steps=8))
    qtbot.waitUntil(lambda: panel._chain.frame is not None and panel._chain.frame.final, timeout=5000)
    assert len(session.document.branches) == 1
    begin = panel._chain.trail.path.route.legs[1].times[0]
    assert begin == min(Ddim(steps=8).times(100), key=lambda t: abs(t - 50))
    assert panel._inspector.tree.lines._twigs[1].begin == begin


def test_nothing_grows_from_the_last_state(qtbot, panel):
    walked(qtbot, panel)
    assert not panel._inspector.tree.other.isEnabled()
    assert "go to a t above 0 first" in panel._inspector.tree.fan.toolTip()
    go(qtbot, panel, 3)
    assert panel._inspector.tree.other.isEnabled()


def test_the_progress_page_shows_the_guesses_as_far_as_they_have_been_made(qtbot, panel, session):
    panel._inspector.show_view(panel._inspector.progress)
    walked(qtbot, panel)
    strip = panel._inspector.progress.strip
    qtbot.waitUntil(lambda: len(strip.pictures) == 17, timeout=5000)
    path = panel._chain.trail.path
    assert np.array_equal(strip._values[0], path.step(0).x0[0].numpy())
    assert np.array_equal(strip._values[-1], path.state(STEPS)[0].numpy())
    strip.picked.emit(8)
    assert abs(session.t - panel._inspector.progress._shown[8]) <= 1
    assert strip.selected == 8


def test_every_control_of_the_tree_has_a_tip_and_a_name(panel):
    for button in (
        panel._inspector.tree.branch,
        panel._inspector.tree.other,
        panel._inspector.tree.fan,
        panel._inspector.tree.paint,
        panel._inspector.tree.delete,
    ):
        assert button.toolTip()
        assert button.accessibleName()
    assert panel._inspector.tree.lines.accessibleDescription() == "0 branches; looking at trunk"
    assert panel._inspector.tree.lines._at(QPoint(5, 5).toPointF()).tip.startswith("the document's own chain")
