from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ddpm_studio.anatomy import Sizes
from ddpm_studio.data import to_bytes
from ddpm_studio.denoiser import Exact
from ddpm_studio.export import Provenance
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral
from ddpm_studio.schedule import Linear
from ddpm_studio.ui.plots.histogram import density
from ddpm_studio.ui.sampling.model import Model, Source
from ddpm_studio.ui.sampling.pixel_view import PixelView, Quantity
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.sampling.step_view import StepView

SCHEDULE = Linear(T=100)


def nothing() -> Provenance:
    return {}


@pytest.fixture
def frames():
    pictures = np.random.default_rng(0).integers(0, 256, (9, 8, 8, 3), np.uint8)
    exact, sampler = Exact.of_pictures(SCHEDULE, pictures), Ancestral(steps=5)
    times = sampler.stops(100)
    steps = list(sample(exact, sampler, seed=1, samples=[0, 1]))
    shown = [Frame(i, times, steps[min(i, 4)], None) for i in range(6)]
    return Model(Source("exact"), exact, None, exact), shown


@pytest.fixture
def view(qtbot, frames):
    view = StepView(nothing)
    qtbot.addWidget(view)
    view.resize(360, 640)
    view.show()
    view.show_model(frames[0])
    view.show_frame(frames[1][2], 1)
    return view


def test_every_quantity_of_the_equation_is_painted_on_its_stated_range(view, frames):
    step = frames[1][2].step
    painted = [
        (step.x, 1), (step.eps, 3), (step.x0, 1), (step.x0_clipped, 1),
        (step.mean, 1), (step.sigma * step.z, 1), (step.next, 1),
    ]  # fmt: skip
    assert len(view.pictures.pictures) == len(painted)
    for shown, (tensor, reach) in zip(view.pictures.pictures, painted, strict=True):
        assert np.array_equal(shown, to_bytes(tensor[1].numpy() / np.float32(reach)))
    assert [quantity.reach for quantity in view._quantities] == [reach for _, reach in painted]


def test_the_numbers_are_those_of_the_step(view, frames):
    step = frames[1][2].step
    assert f"|ε̂|/√D {float(step.eps[1].square().mean().sqrt()):.3f}" in view.numbers.text()
    share = float((step.x0[1].abs() > 1).float().mean())
    assert f"clipped {100 * share:.1f} %" in view.numbers.text()
    assert f"t {step.t} → s {step.s}" in view.numbers.text()


def test_the_residual_is_rounding_unless_guess_and_noise_do_not_belong_together(frames):
    step = frames[1][2].step
    assert Sizes.of(SCHEDULE, step).residual.max() < 1e-5
    spoiled = Sizes.of(SCHEDULE, replace(step, x0=step.x0 + 0.5)).residual
    assert spoiled == pytest.approx(0.5 * SCHEDULE.sqrt_alpha_bar[step.t], rel=1e-4)


def test_the_sizes_of_a_step_are_what_they_are_called(frames):
    first, second = frames[1][0].step, frames[1][1].step
    sizes = Sizes.of(SCHEDULE, second, first.x0)
    assert sizes.x == pytest.approx(second.x.flatten(1).norm(dim=1).numpy() / np.sqrt(192), rel=1e-5)
    assert sizes.change == pytest.approx((second.x0 - first.x0).flatten(1).norm(dim=1).numpy() / np.sqrt(192), rel=1e-4)
    assert np.isnan(Sizes.of(SCHEDULE, first).change).all()
    own = torch.full_like(second.x, 0.25)
    assert Sizes.of(SCHEDULE, replace(second, sigma=own)).sigma == pytest.approx([0.25, 0.25])


def test_under_the_mouse_stand_the_values_of_all_quantities_at_that_pixel(view, frames):
    step, grid = frames[1][2].step, view.pictures
    summary = view.numbers.text()
    point_at(grid, 4, (5, 2))
    assert grid.pixel == (5, 2)
    lines = view.numbers.text().splitlines()
    assert lines[0] == "column 5, row 2"
    expected = "  ".join(f"{value:+.3f}" for value in step.eps[1, :, 2, 5]).replace("-", "−")
    assert lines[2] == f"ε̂\t{expected}"
    QTest.mouseMove(view, QPoint(2, 2))
    QApplication.sendEvent(grid, leave())
    assert view.numbers.text() == summary


def test_the_wheel_zooms_all_pictures_about_the_pixel_under_the_mouse(view):
    grid = view.pictures
    place = point_at(grid, 0, (5, 2))
    for _ in range(3):
        roll(grid, place, 120)
    assert grid.zoom == pytest.approx(1.25**3)
    assert grid.pixel_at(QPointF(place)) == (5, 2)
    before = grid._corner
    QTest.mousePress(grid, Qt.MouseButton.LeftButton, pos=place)
    drag(grid, place + QPoint(12, 0))
    QTest.mouseRelease(grid, Qt.MouseButton.LeftButton, pos=place)
    assert grid._corner.x() < before.x()
    for _ in range(12):
        roll(grid, place, 120)
    assert grid.zoom == 2.0  # four of eight pixels are still seen
    QTest.mouseDClick(grid, Qt.MouseButton.LeftButton, pos=place)
    assert (grid.zoom, grid._corner) == (1.0, QPointF(0, 0))


def test_the_crosshair_is_in_every_picture(view):
    grid = view.pictures
    before = grid.grab().toImage()
    point_at(grid, 0, (5, 2))
    after, cells = grid.grab().toImage(), grid._cells()
    for index in range(7):
        left, top = (int(each) for each in cells.origin(index))
        width, height = int(cells.width), int(cells.height)
        assert before.copy(left, top, width, height) != after.copy(left, top, width, height)


def test_a_click_shows_that_pictures_values_in_the_histogram(view, frames):
    step, grid = frames[1][2].step, view.pictures
    assert np.array_equal(view.histogram._density, density(step.eps[1].numpy()))
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=point_at(grid, 2, (3, 3)))
    assert np.array_equal(view.histogram._density, density(step.x0[1].numpy()))
    assert "guess" in view.histogram.plotItem.titleLabel.text


def test_the_last_state_shows_the_step_that_led_there(view, frames):
    view.show_frame(frames[1][5], 0)
    assert view._quantities[-1].name == "x₀"
    assert np.array_equal(view._quantities[-1].values, frames[1][5].x[0].numpy())


def test_pictures_of_another_size_are_seen_whole(qtbot):
    grid = PixelView("", "", nothing)
    qtbot.addWidget(grid)
    grid.resize(200, 200)
    grid.show_quantities([Quantity("x", "x", np.zeros((1, 8, 8), np.float32))])
    grid._see(QPointF(0.2, 0.2), 2.0)
    grid.show_quantities([Quantity("x", "x", np.ones((1, 8, 8), np.float32))])
    assert grid.zoom == 2.0
    grid.show_quantities([Quantity("x", "x", np.zeros((1, 16, 16), np.float32))])
    assert grid.zoom == 1.0


def point_at(grid, index, pixel):
    """Moves the mouse onto a pixel of a picture; where that is."""
    cells = grid._cells()
    left, top = cells.origin(index)
    _, height, width = grid._quantities[0].values.shape
    place = QPoint(
        int(left + (pixel[0] + 0.5) * cells.width / width), int(top + (pixel[1] + 0.5) * cells.height / height)
    )
    grid.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, True)
    QTest.mouseMove(grid, place)
    grid._follow(QPointF(place))  # the offscreen platform sends no move where the mouse was already
    return place


def roll(grid, place, angle):
    event = QWheelEvent(
        QPointF(place), QPointF(grid.mapToGlobal(place)), QPoint(), QPoint(0, angle), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(grid, event)


def drag(grid, place):
    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(place), QPointF(grid.mapToGlobal(place)), Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(grid, event)


def leave():
    return QEvent(QEvent.Type.Leave)


def test_a_step_is_told_under_the_schedule_it_was_walked_under_though_another_has_come(view, frames, monkeypatch):
    monkeypatch.setattr(view.pictures, "told", lambda: "")  # wherever the mouse is
    model, shown = frames
    view.show_frame(shown[0], 0)  # at t = 100; drawn a moment later
    other = Linear(T=60)
    view.show_model(replace(model, denoiser=model.exact.with_schedule(other), exact=model.exact.with_schedule(other)))
    view._draw()
    assert "t 100 → s 80" in view.numbers.text()
    assert f"residual {float(Sizes.of(SCHEDULE, shown[0].step).residual[0]):.1e}" in view.numbers.text()
