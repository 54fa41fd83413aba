from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from ddpm_studio.checkpoint import Header
from ddpm_studio.data import load
from ddpm_studio.document import TRAINING, Document
from ddpm_studio.plane.choices import Click, Guide, Look, Plane, Shown
from ddpm_studio.schedule import Linear
from ddpm_studio.ui.panels.plane import PlanePanel
from ddpm_studio.ui.plots.hint import Hint
from ddpm_studio.ui.plots.plot_export import save_plot
from ddpm_studio.ui.session import Session


@pytest.fixture
def session():
    return Session(Document(plane=Plane(compared=("ddim",), chains=2, steps=30, batch=64)))


@pytest.fixture
def panel(qtbot, session):
    panel = PlanePanel(session)
    qtbot.addWidget(panel)
    panel.resize(900, 620)
    panel.show()
    yield panel
    panel.close_jobs()


def press(view, x, y):
    """Where a place of the plane is in the widget."""
    at = view.mapFromScene(view.getPlotItem().getViewBox().mapViewToScene(QPointF(x, y)))
    return QPoint(at.x(), at.y())


def test_that_the_density_follows_the_cursor_and_the_schedule(panel, session):
    session.set_t(50)
    early = panel._view.numbers()["q"]
    session.set_t(900)
    late = panel._view.numbers()["q"]
    assert early.max() > 3 * late.max()
    session.preview(schedule=Linear(beta_end=0.0005))
    assert panel._view.numbers()["q"].max() > 1.5 * late.max()
    session.cancel()
    assert np.array_equal(panel._view.numbers()["q"], late)


def test_that_a_click_is_a_place_that_can_be_undone(panel, session, qtbot):
    QTest.mouseClick(panel._view.viewport(), Qt.MouseButton.LeftButton, pos=press(panel._view, -1.0, 0.5))
    plane = session.document.plane
    assert (plane.x, plane.y) == pytest.approx((-1.0, 0.5), abs=0.03)
    qtbot.waitUntil(lambda: bool(panel._state.walks), timeout=20_000)
    assert panel._state.walks[0].states[0, 0] == pytest.approx((plane.x, plane.y))
    session.undo_stack.undo()
    assert (session.document.plane.x, session.document.plane.y) == (Plane().x, Plane().y)


def test_that_nothing_lies_over_the_density_before_a_place_is_clicked(panel, session, qtbot):
    qtbot.waitUntil(lambda: bool(panel._state.walks), timeout=20_000)
    assert not panel._view._paths.isVisible()
    assert "click anywhere" in panel._note.text()
    session.edit("click", plane=session.document.plane.starting_at(0.4, 0.3))
    qtbot.waitUntil(panel._view._paths.isVisible, timeout=20_000)
    assert "click anywhere" not in panel._note.text()


def test_that_samplers_and_bounds_on_their_way_give_way_to_a_training(panel, qtbot):
    panel._work.ask(panel._state)
    qtbot.waitUntil(lambda: panel._work._walker.walking and panel._work._judge.judging)
    panel._on_go()
    assert panel._training.running
    assert not panel._work._walker.walking
    assert not panel._work._judge.judging


def test_that_an_empty_plot_says_what_will_fill_it(panel, session):
    over_steps = panel._side.plots[-1]
    hint = over_steps.findChild(Hint)
    assert hint.isVisible()
    assert "Start" in hint.text()
    assert over_steps.rect().contains(hint.geometry())
    assert hint.height() > hint.heightForWidth(hint.width())


def test_that_a_mean_is_dragged_in_one_undo_step(panel, session):
    session.edit("data", plane=replace(session.document.plane, dataset="mixture:0,1 0,-1"))
    view, before = panel._view, session.undo_stack.count()
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=press(view, 0.0, 1.0))
    for x in (0.2, 0.5, 0.8):
        QTest.mouseMove(view.viewport(), press(view, x, 0.9))
        view.mean_moved.emit(0, x, 0.9)
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=press(view, 0.8, 0.9))
    assert session.undo_stack.count() == before + 1
    assert session.document.plane.dataset.startswith("mixture:0.8")
    assert panel._state.data.mixture.means[0] == pytest.approx((0.8, 0.9), abs=0.03)
    session.undo_stack.undo()
    assert session.document.plane.dataset == "mixture:0,1 0,-1"


def test_that_strokes_become_data_and_add_up(panel, session):
    panel._controls.draw.setChecked(True)
    panel._view.drawn.emit(((-1.0, 0.0), (1.0, 0.0)))
    panel._view.drawn.emit(((0.0, -1.0), (0.0, 1.0)))
    assert session.document.plane.dataset.count("/") == 1
    points = panel._state.data.train
    assert (np.abs(points).min(1) < 0.15).all()
    session.undo_stack.undo()
    assert "/" not in session.document.plane.dataset


@pytest.mark.parametrize(("ref", "told"), [("pixel-faces", "has pictures"), ("nothing.csv", "no data set or file")])
def test_that_what_holds_no_points_is_told_in_a_line_and_the_points_stay(panel, session, qtbot, ref, told):
    before, lines = panel._state.data, []
    session.reported.connect(lines.append)
    session.edit("data", plane=replace(session.document.plane, dataset=ref))
    qtbot.waitUntil(lambda: bool(lines), timeout=20_000)
    assert told in lines[0]
    assert panel._state.data is before
    qtbot.waitUntil(lambda: session.document.plane.dataset == Plane().dataset, timeout=20_000)


BAD_POINTS = {
    "one.csv": ("0.5,0.5\n", "one point"),
    "same.csv": ("1,2\n" * 5, "5 points in one place"),
    "nan.csv": ("0,0\nnan,1\n", "point 2 is NaN"),
    "text.csv": ("x,y\n0,0\nleft,right\n", "line 3: 'left right' is no point"),
}


@pytest.mark.parametrize("name", BAD_POINTS)
def test_that_a_file_of_bad_points_is_told_in_a_line_and_never_chosen(panel, session, qtbot, tmp_path, name):
    content, told = BAD_POINTS[name]
    (tmp_path / name).write_text(content)
    steps, lines = session.undo_stack.count(), []
    session.reported.connect(lines.append)
    panel._controls.edited.emit("points", replace(session.document.plane, dataset=str(tmp_path / name)))
    qtbot.waitUntil(lambda: bool(lines), timeout=20_000)
    assert len(lines) == 1
    assert told in lines[0]
    assert "\n" not in lines[0]
    assert session.undo_stack.count() == steps
    assert session.document.plane.dataset == Plane().dataset
    assert panel._controls.data.names.currentText() == "swiss-roll"


def test_that_a_file_of_a_million_points_is_chosen_and_what_was_kept_of_it_is_told(panel, session, qtbot, tmp_path):
    path = tmp_path / "many.npz"
    np.savez(path, points=np.random.default_rng(0).standard_normal((1_000_000, 2), np.float32))
    panel._controls.edited.emit("points", replace(session.document.plane, dataset=str(path)))
    qtbot.waitUntil(lambda: session.document.plane.dataset == str(path), timeout=20_000)
    assert len(panel._state.data.train) == 5000
    assert "5,000 of 1,000,000 points, evenly chosen" in panel._side._about.toolTip()


def test_that_of_points_in_any_order_all_kinds_are_held_against_the_samples(panel, session, qtbot, tmp_path):
    path, found = tmp_path / "sorted.npz", []
    np.savez(path, points=np.repeat([[-1.0, 0.0], [1.0, 0.5]], 3000, axis=0))
    panel._work.judged.connect(found.append)
    session.edit("points", plane=replace(session.document.plane, dataset=str(path), shown=Shown.SAMPLES))
    qtbot.waitUntil(lambda: panel._state.data.name == "sorted.npz", timeout=20_000)
    panel._work._on_settled()
    x, _ = panel._side.walks.views[0]._data.getData()
    assert (np.count_nonzero(x < 0), np.count_nonzero(x > 0)) == (500, 500)
    qtbot.waitUntil(lambda: len(panel._state.walks) == 1, timeout=20_000)
    assert abs(panel._state.walks[0].distance) < 0.05  # from both places


def test_that_a_document_whose_network_is_gone_shows_one_that_can_be_opened(panel, session, qtbot):
    lines = []
    session.reported.connect(lines.append)
    session.open(Document(plane=replace(session.document.plane, network="gone.safetensors")))
    qtbot.waitUntil(lambda: session.document.plane.network == Plane().network, timeout=20_000)
    assert len(lines) == 1
    assert "gone.safetensors" in lines[0]


def test_that_a_network_for_pictures_is_refused_before_it_is_chosen(panel, session):
    lines = []
    session.reported.connect(lines.append)
    panel._controls.edited.emit("network", replace(session.document.plane, network="checkpoint:pixel-faces"))
    assert "makes pictures" in lines[0]
    assert session.document.plane.network == Plane().network


def test_that_the_network_learns_while_its_error_is_shown(panel, session, qtbot):
    session.edit("look", plane=replace(session.document.plane, look=Look.DIFFERENCE))
    panel._on_go()
    plane = session.document.plane
    assert (plane.network, plane.look) == (TRAINING, Look.DIFFERENCE)
    assert (plane.guide, plane.shown) == (Guide.NETWORK, Shown.SAMPLES)  # so that it can be seen what it has learned
    qtbot.waitUntil(lambda: bool(panel._state.learned) and not panel._training.under_way, timeout=60_000)
    last = panel._state.learned[-1]
    assert last.step == 30
    assert panel._world.network is last.denoiser
    assert panel._side._keep.isEnabled()
    shown = panel._side.plots[-2].numbers()
    assert np.array_equal(shown["now"], last.errors)


def test_that_a_network_that_learned_here_is_kept_and_opened_again(panel, session, qtbot, tmp_path, monkeypatch):
    panel._on_go()
    qtbot.waitUntil(lambda: bool(panel._state.learned) and not panel._training.under_way, timeout=60_000)
    path = tmp_path / "mine.safetensors"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    told = []
    session.noticed.connect(told.append)
    panel._side._keep.click()
    assert str(path) in told[0]
    panel._controls.edited.emit("network", replace(session.document.plane, network=str(path)))
    assert session.document.plane.network == str(path)
    x = torch.randn(7, 2)
    assert torch.equal(panel._world.network(x, 300).x0, panel._state.learned[-1].denoiser(x, 300).x0)


def test_that_the_posterior_of_the_clicked_place_is_drawn(panel, session):
    session.set_t(300)
    session.edit("click", plane=replace(session.document.plane, click=Click.POSTERIOR).starting_at(0.4, 0.3))
    x, _ = panel._view._circles.getData()
    found = panel._world.posterior(session.document.plane.x, session.document.plane.y, 300)
    assert np.nanmax(x[3:]) == pytest.approx(found.mean[0] + 2 * found.deviation, abs=1e-3)
    session.set_t(0)
    assert len(panel._view._circles.getData()[0]) == 0


def test_that_the_plane_is_saved_as_a_picture_with_its_numbers(panel, session, tmp_path):
    session.set_t(100)
    for suffix in (".png", ".svg", ".csv"):
        save_plot(panel._view, tmp_path / f"plane{suffix}", {"app": "DDPM Studio"})
        assert (tmp_path / f"plane{suffix}").stat().st_size > 1000
    assert (tmp_path / "plane.csv").read_text().startswith("x,y,q\n")


def test_that_a_network_that_has_come_further_changes_what_it_says_and_nothing_else(panel, session, qtbot):
    session.edit("look", plane=replace(session.document.plane, look=Look.NETWORK, steps=40))
    session.set_t(300)
    panel._on_go()
    qtbot.waitUntil(lambda: len(panel._state.learned) > 0 and not panel._training.under_way, timeout=20_000)
    first = panel._state.learned[-1]
    seen, ground = panel._main._seen[1], panel._view._ground.image
    arrows = panel._view._arrows.getData()[0]
    other = deepcopy(first.denoiser.module)
    other.out.bias.data += 1.0
    panel.show_progress(replace(first, denoiser=replace(first.denoiser, module=other)))
    assert panel._main._seen[1] is seen
    assert panel._view._ground.image is ground
    assert not np.array_equal(panel._view._arrows.getData()[0], arrows)


def test_that_a_network_in_training_is_walked_from_its_first_look_on(panel, session, qtbot):
    session.edit("run", plane=replace(session.document.plane, steps=1_000_000, compared=("ddim", "ancestral")))
    qtbot.waitUntil(lambda: len(panel._state.walks) == 2, timeout=20_000)
    panel._work._walk_cost = 1e9  # what other walks took does not matter
    panel._on_go()
    qtbot.waitUntil(lambda: bool(panel._state.learned), timeout=20_000)
    qtbot.waitUntil(lambda: panel._state.walks != (), timeout=20_000)
    (walk,) = panel._state.walks
    assert walk.distance is not None
    assert panel._work._walk_cost == walk.seconds > 0.0
    assert [note.text() for note in panel._side.walks._notes][1:] == ["at a pause"] * 2


def test_that_a_network_for_other_points_is_told_from_one_for_these(panel, session, qtbot, tmp_path):
    path, roll = tmp_path / "mine.csv", load("swiss-roll")
    told = "trained on other points: "
    assert told not in panel._note.toolTip()
    session.edit("points", plane=replace(session.document.plane, dataset="spiral"))
    assert f"{told}swiss-roll" in panel._note.toolTip()
    np.savetxt(path, roll.train, fmt="%.9f", delimiter=",")
    session.edit("points", plane=replace(session.document.plane, dataset=str(path)))
    qtbot.waitUntil(lambda: panel._state.data.name == "mine.csv", timeout=20_000)
    header = Header(replace(Document(), dataset=str(path)), (2,), 1, digest=panel._state.data.holding_out(0.05).digest)
    panel._state = replace(panel._state, opened=replace(panel._state.opened, header=header))
    panel.show_world()
    assert told not in panel._note.toolTip()
    panel._state = replace(panel._state, data=replace(panel._state.data, train=panel._state.data.train[1:]))
    panel.show_world()
    assert f"{told}mine.csv" in panel._note.toolTip()


def test_that_a_network_that_learns_is_told_from_one_for_the_points_that_are_chosen_next(panel, session, qtbot):
    panel._on_go()
    qtbot.waitUntil(lambda: bool(panel._state.learned) and not panel._training.under_way, timeout=60_000)
    assert "other points" not in panel._note.toolTip()
    session.edit("points", plane=replace(session.document.plane, dataset="rings"))
    assert "other points: swiss-roll" in panel._note.toolTip()
    panel._on_go()
    qtbot.waitUntil(lambda: bool(panel._state.learned) and not panel._training.under_way, timeout=60_000)
    assert "other points" not in panel._note.toolTip()


def test_that_bounds_of_another_network_are_not_left_beside_a_training(panel, qtbot):
    qtbot.waitUntil(lambda: "network" in panel._side._bounds.toolTip(), timeout=20_000)
    panel._on_go()
    assert panel._side._bounds.toolTip() == ""
