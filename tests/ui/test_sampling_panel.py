from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from sampling_panels import PATIENCE, shown_panel, small_session

from ddpm_studio.document import Document, Sampling
from ddpm_studio.export import read_provenance
from ddpm_studio.sampler import Ancestral, Ddim
from ddpm_studio.schedule import Cosine, Linear
from ddpm_studio.ui.job import Job
from ddpm_studio.ui.panels.sampling import SamplingPanel
from ddpm_studio.ui.widgets.neighbours_view import NeighboursView

STEPS = 40


@pytest.fixture
def session(tmp_path):
    return small_session(tmp_path, Ancestral(steps=STEPS), count=4)


@pytest.fixture
def panel(qtbot, session):
    with shown_panel(qtbot, session, 1200, 440) as panel:
        yield panel


def at(panel: SamplingPanel) -> int:
    """The state that is on the screen."""
    return -1 if panel._chain.frame is None else panel._chain.frame.index


def press(qtbot, panel: SamplingPanel, key: Qt.Key, index: int, modifier=Qt.KeyboardModifier.NoModifier):
    """Presses a key and waits for a state; the frame that is shown then."""
    QTest.keyClick(QApplication.focusWidget(), key, modifier)
    qtbot.waitUntil(lambda: at(panel) == index, timeout=PATIENCE)
    return panel._chain.frame


def test_stepping_back_and_forth_shows_the_same_pictures_to_the_bit(qtbot, panel, session):
    panel._inspector.show_view(panel._inspector.data)
    frames = [panel._chain.frame, *(press(qtbot, panel, Qt.Key.Key_Right, index) for index in range(1, 6))]
    for index in (4, 3, 2, 1, 0):
        again = press(qtbot, panel, Qt.Key.Key_Left, index)
        assert torch.equal(again.x, frames[index].x)
        assert torch.equal(again.step.eps, frames[index].step.eps)
        assert session.t == again.t == frames[index].t
        assert np.array_equal(panel._inspector.data.entropy._chosen.yData, [f.neighbours.entropy[0] for f in frames])
    assert session.t == 100


def test_the_keys_run_to_the_end_and_back_to_the_start(qtbot, panel, session):
    last = press(qtbot, panel, Qt.Key.Key_End, STEPS)
    assert (last.final, session.t) == (True, 0)
    assert panel._status.text() == "finished"
    assert panel._player.position == STEPS
    press(qtbot, panel, Qt.Key.Key_Left, STEPS - 1)
    press(qtbot, panel, Qt.Key.Key_Left, STEPS - 11, Qt.KeyboardModifier.ShiftModifier)
    press(qtbot, panel, Qt.Key.Key_Home, 0)
    assert session.t == 100


def test_space_plays_and_pauses(qtbot, panel, session):
    panel._player.speed.setValue(100)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: at(panel) >= 5, timeout=PATIENCE)
    assert session.t == panel._chain.frame.t
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert not panel._player.playing
    index = at(panel)
    qtbot.wait(150)
    assert at(panel) == index
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: at(panel) == STEPS and not panel._player.playing, timeout=PATIENCE)
    assert session.t == 0


def test_the_slider_scrubs_the_whole_chain(qtbot, panel):
    panel._player.slider.setValue(30)
    qtbot.waitUntil(lambda: at(panel) == 30, timeout=PATIENCE)
    panel._player.slider.setValue(7)
    qtbot.waitUntil(lambda: at(panel) == 7, timeout=PATIENCE)
    assert panel._chain.trail.front >= 30


def test_a_cursor_moved_elsewhere_is_followed_as_far_as_the_chain_has_been(qtbot, panel, session):
    press(qtbot, panel, Qt.Key.Key_Right, 1)
    panel._player.slider.setValue(20)
    qtbot.waitUntil(lambda: at(panel) == 20, timeout=PATIENCE)
    session.set_t(80)
    assert (at(panel), panel._chain.frame.t) == (8, 80)
    assert panel._player.position == 8
    session.set_t(3)
    assert (at(panel), session.t) == (20, 3)
    assert panel._chain.trail.front == 20


@pytest.mark.parametrize(
    ("changes", "text"),
    [({"sampler": Ddim(steps=30, eta=0.5)}, "sampler settings"), ({"schedule": Cosine(T=100)}, "cosine")],
)
def test_what_has_settled_is_walked_again_to_where_it_was(qtbot, panel, session, changes, text):
    press(qtbot, panel, Qt.Key.Key_End, STEPS)
    before = panel._chain.frame
    session.edit(text, **changes)
    qtbot.waitUntil(lambda: panel._chain.frame is not None and panel._chain.frame.final, timeout=PATIENCE)
    assert panel._chain.frame.times != before.times or not torch.equal(panel._chain.frame.x, before.x)
    assert session.undo_stack.count() == 1
    session.undo_stack.undo()
    qtbot.waitUntil(lambda: panel._chain.frame is not None and panel._chain.frame.final, timeout=PATIENCE)
    assert torch.equal(panel._chain.frame.x, before.x)


def test_nothing_is_walked_while_the_schedule_is_dragged_and_the_cursor_stays(qtbot, panel, session):
    press(qtbot, panel, Qt.Key.Key_End, STEPS)
    session.set_t(50)
    walking = panel._chain._walking.job
    for end in np.linspace(0.021, 0.05, 10):
        session.preview(schedule=Linear(T=100, beta_end=end))
        QApplication.processEvents()
    assert panel._chain._walking.job is walking
    session.edit("schedule", schedule=session.document.schedule)
    qtbot.waitUntil(lambda: panel._chain.trail.front == STEPS, timeout=PATIENCE)
    assert panel._chain._walking.job is not walking
    assert (session.t, panel._chain.frame.t) == (50, 50)


def test_a_picture_for_the_noising_panel_does_not_disturb_the_chain(qtbot, panel, session):
    walking = panel._chain._walking.job
    session.edit("picture", noising=replace(session.document.noising, picture="astronaut"))
    assert panel._chain._walking.job is walking


def test_a_playing_chain_plays_on_after_a_change(qtbot, panel, session):
    panel._player.speed.setValue(50)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: at(panel) >= 5, timeout=PATIENCE)
    session.edit("noise", sampling=Sampling(count=4, seed=6))
    assert not panel._player.playing
    qtbot.waitUntil(lambda: panel._player.playing, timeout=PATIENCE)
    assert at(panel) >= 4
    qtbot.waitUntil(lambda: at(panel) == STEPS, timeout=PATIENCE)


def test_the_sampler_box_changes_the_sampler_as_one_undo_step(qtbot, panel, session):
    box = panel._controls.sampler.kind
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert session.document.sampler == Ddim(steps=STEPS)
    assert session.undo_stack.count() == 1
    assert panel._controls.sampler.forms["ddim"].isVisible()
    session.undo_stack.undo()
    assert box.currentData() == "ancestral"
    assert panel._controls.sampler.forms["ancestral"].isVisible()


def test_more_steps_than_the_schedule_has_are_refused_in_one_line(qtbot, panel, session):
    steps = panel._controls.sampler.forms["ancestral"].control("steps")
    steps.setFocus()
    steps.selectAll()
    QTest.keyClicks(steps, "101")
    with qtbot.waitSignal(session.reported, timeout=PATIENCE) as reported:
        QTest.keyClick(steps, Qt.Key.Key_Return)
    assert "T = 100" in reported.args[0]
    assert session.document.sampler.steps == steps.value == STEPS
    assert session.undo_stack.count() == 0


def test_a_click_selects_the_sample_that_is_looked_at(qtbot, panel):
    grid = panel._views.xt
    cells = grid._cells()
    left, top = cells.origin(2)
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=QPoint(int(left + 5), int(top + 5)))
    assert [each.selected for each in panel._views.grids] == [2, 2, 2]
    assert np.array_equal(panel._inspector.step.pictures.pictures[0], grid.pictures[2])
    press(qtbot, panel, Qt.Key.Key_Right, 1)
    QTest.keyClick(grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert panel._selected == 3


def test_a_click_on_the_entropy_shows_the_chain_at_that_t(qtbot, panel, session):
    press(qtbot, panel, Qt.Key.Key_End, STEPS)
    panel._inspector.show_view(panel._inspector.data)
    plot = panel._inspector.data.entropy
    place = plot.mapFromScene(plot.getPlotItem().getViewBox().mapViewToScene(QPointF(50.0, 2.0)))
    QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert abs(session.t - 50) <= 1
    assert abs(panel._chain.frame.t - session.t) <= 2


def test_at_the_end_the_sample_is_the_picture_that_the_inspector_names(qtbot, panel):
    panel._inspector.show_view(panel._inspector.data)
    assert panel._inspector.data.verdict.text() == "entropy 1.37 of 5.00 bits: torn between 2.6 pictures"
    press(qtbot, panel, Qt.Key.Key_End, STEPS)
    nearest = panel._inspector.data.neighbours.numbers[0]
    assert panel._inspector.data.verdict.text().endswith(f"it has become picture {nearest} of the data set")
    picture = panel._chain.model.data.train[nearest]
    assert np.abs(panel._views.xt.pictures[0].astype(int) - picture).max() <= 1
    assert panel._inspector.data.neighbours.weights[0] > 0.999


def test_another_data_set_is_read_before_it_is_chosen(qtbot, panel, session, tmp_path):
    (tmp_path / "empty").mkdir()
    with qtbot.waitSignal(session.reported, timeout=PATIENCE):
        panel._controls.dataset.asked.emit(str(tmp_path / "empty"))
    assert session.undo_stack.count() == 0
    assert panel._controls.dataset.names.currentText() == "pictures.npz"
    with qtbot.waitSignal(session.dataset_changed, timeout=PATIENCE):
        panel._controls.dataset.asked.emit("fashion")
    assert session.undo_stack.count() == 1
    qtbot.waitUntil(
        lambda: panel._chain.position >= 0 and panel._chain.frame.x.shape[1:] == (1, 28, 28), timeout=PATIENCE
    )
    assert panel._controls.dataset.names.currentText() == "fashion"
    assert panel._controls.note.text.text().startswith("Exact denoiser of 10,000 pictures")


def test_ten_rapid_changes_end_with_the_last_one(qtbot, panel, session):
    press(qtbot, panel, Qt.Key.Key_Right, 1)
    for seed in range(10, 20):
        session.edit("noise", sampling=Sampling(count=4, seed=seed))
        QApplication.processEvents()
    qtbot.waitUntil(lambda: at(panel) == 1, timeout=PATIENCE)
    assert panel._chain.document.sampling.seed == 19
    qtbot.waitUntil(lambda: len(panel._chain.findChildren(Job)) == 1, timeout=PATIENCE)


def test_playing_goes_on_after_ten_rapid_changes(qtbot, panel, session):
    press(qtbot, panel, Qt.Key.Key_Space, 2)
    for seed in range(10, 20):
        session.edit("noise", sampling=Sampling(count=4, seed=seed))
        QApplication.processEvents()
    qtbot.waitUntil(lambda: panel._player.playing, timeout=PATIENCE)
    assert panel._chain.document.sampling.seed == 19


def test_closing_while_playing_leaves_no_thread(qtbot, panel):
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_End)
    qtbot.waitUntil(lambda: at(panel) >= 1, timeout=PATIENCE)
    panel.close_jobs()
    assert not any(job.running for job in panel.findChildren(Job))


@pytest.mark.parametrize("name", ["grid.png", "strip.png", "film.gif", "film.webp", "numbers.npz"])
def test_what_is_exported_says_where_it_comes_from(qtbot, panel, session, tmp_path, monkeypatch, name):
    press(qtbot, panel, Qt.Key.Key_End, STEPS)
    lines = {"grid": 0, "strip": 1, "film": 2, "numbers": 3}
    monkeypatch.setattr("ddpm_studio.ui.widgets.export_button.ask_target", lambda *_: tmp_path / name)
    with qtbot.waitSignal(session.noticed, timeout=PATIENCE) as noticed:
        panel._export.menu().actions()[lines[name.partition(".")[0]]].trigger()
    assert noticed.args == [f"Saved {tmp_path / name}"]
    told = read_provenance(tmp_path / name)
    assert Document.from_json(told["document"]) == session.document


def test_exported_numbers_are_the_chain(qtbot, panel, session, tmp_path, monkeypatch):
    panel._player.slider.setValue(STEPS)
    qtbot.waitUntil(lambda: at(panel) == STEPS, timeout=PATIENCE)
    monkeypatch.setattr("ddpm_studio.ui.widgets.export_button.ask_target", lambda *_: tmp_path / "n.npz")
    with qtbot.waitSignal(session.noticed, timeout=PATIENCE):
        panel._export.menu().actions()[3].trigger()
    with np.load(tmp_path / "n.npz") as arrays:
        assert arrays["t"].tolist() == list(panel._chain.trail.course.times)
        assert np.array_equal(arrays["samples"], panel._chain.frame.x.numpy())
        assert np.array_equal(arrays["trajectory"][-1], arrays["samples"])
        assert np.array_equal(arrays["trajectory"][7], panel._chain.trail.path.state(7).numpy())
        assert np.array_equal(arrays["x0_hat"][7], panel._chain.trail.path.step(7).x0.numpy())
        assert arrays["arr_0"].shape == (4, 6, 6, 3)


def test_a_file_that_cannot_be_written_is_one_line(qtbot, panel, session, tmp_path, monkeypatch):
    monkeypatch.setattr("ddpm_studio.ui.widgets.export_button.ask_target", lambda *_: tmp_path / "no" / "grid.png")
    with qtbot.waitSignal(session.reported, timeout=PATIENCE) as reported:
        panel._export.menu().actions()[0].trigger()
    assert "grid.png" in reported.args[0] or "no" in reported.args[0]


def test_other_pictures_of_the_same_numbers_take_the_place_of_the_neighbours(qtbot):
    view = NeighboursView()
    qtbot.addWidget(view)
    view.resize(200, 100)
    shown = []
    for value in (0, 255):
        view.show_neighbours(np.full((2, 4, 4, 3), value, np.uint8), [7, 3], [0.5, 0.25])
        shown.append(view.grab().toImage().pixelColor(20, 90).red())
    assert shown == [0, 255]
