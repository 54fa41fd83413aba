import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from sampling_panels import shown_panel, small_session

from ddpm_studio.anatomy import one
from ddpm_studio.data import to_bytes
from ddpm_studio.sampler import SAMPLERS, Ancestral, Heun
from ddpm_studio.ui.sampling.algorithm_line import number
from ddpm_studio.ui.theme import Choice
from ddpm_studio.ui.widgets.pixels import image_of

STEPS = 20


@pytest.fixture
def session(tmp_path):
    return small_session(tmp_path, Ancestral(steps=STEPS, clip=False), count=3, pictures=16)


@pytest.fixture
def panel(qtbot, session):
    with shown_panel(qtbot, session, 1300, 640) as panel:
        panel._inspector.show_view(panel._inspector.algorithm)
        yield panel


def at(panel):
    return -1 if panel._chain.frame is None else panel._chain.frame.index


def shown(panel, name):
    """What the first line that has the symbol shows of it."""
    rows = panel._inspector.algorithm.rows
    return next(row.values.shown(name) for row in rows if name in row.values.symbols)


def test_each_symbol_carries_the_value_of_the_step_that_is_shown(qtbot, panel):
    panel.show_sample(1)
    step = panel._chain.frame.step
    for name, tensor, reach in (("x", step.x, 1), ("eps", step.eps, 3), ("mean", step.mean, 1), ("xs", step.next, 1)):
        expected = image_of(to_bytes(tensor[1].numpy() / np.float32(reach)))
        assert shown(panel, name).image == expected
    assert shown(panel, "sigma").text == number(step.sigma)
    assert shown(panel, "at").text == number(float(panel._chain.model.denoiser.schedule.alpha_bar[100]))


def test_lines_are_lit_one_after_the_other_and_the_last_leads_to_the_next_step(qtbot, panel, session):
    view = panel._inspector.algorithm
    count = len(view.rows)
    first = panel._chain.frame
    for number_ in range(count):
        QTest.mouseClick(view.onward, Qt.MouseButton.LeftButton)
        assert [row.lit for row in view.rows] == [index == number_ for index in range(count)]
        later = view.rows[number_ + 1 :]
        assert all(row.values.shown(row.line.gives).image is None for row in later)
    assert panel._chain.frame is first
    QTest.mouseClick(view.onward, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: at(panel) == 1, timeout=5000)
    assert view.line == 0
    assert session.t == panel._chain.frame.t == 95
    QTest.mouseClick(view.backward, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: at(panel) == 0, timeout=5000)
    assert view.line == count - 1
    assert torch.equal(panel._chain.frame.step.next, first.step.next)


def test_keys_go_line_by_line_only_while_the_lines_are_to_be_seen(qtbot, panel):
    view = panel._inspector.algorithm
    panel.activateWindow()
    panel.setFocus()
    QTest.keyClick(panel, Qt.Key.Key_BracketRight)
    QTest.keyClick(panel, Qt.Key.Key_BracketRight)
    assert view.line == 1
    QTest.keyClick(panel, Qt.Key.Key_BracketLeft)
    assert view.line == 0
    panel._inspector.show_view(panel._inspector.step)
    QTest.keyClick(panel, Qt.Key.Key_BracketRight)
    assert view.line == 0


def test_slowly_goes_on_by_itself_through_the_steps_until_it_is_stopped(qtbot, panel):
    view = panel._inspector.algorithm
    view._timer.setInterval(1)
    QTest.mouseClick(view.slowly, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: at(panel) >= 2, timeout=10000)
    QTest.mouseClick(view.all, Qt.MouseButton.LeftButton)
    assert (view.line, view.slowly.isChecked(), view._timer.isActive()) == (None, False, False)


@pytest.mark.parametrize("width", [230, 385, 400, 640])
def test_no_value_of_a_line_is_cut_whatever_the_columns_width(qtbot, panel, width):
    view = panel._inspector.algorithm
    view.setParent(None)
    qtbot.addWidget(view)
    view.resize(width, 500)
    view.show()
    qtbot.waitExposed(view)

    def whole(row):
        needed = max(area.bottom() for _, area in row.values._places(row.values.width()))
        return row.values.height() >= needed and row.equation.height() >= row.equation._high(row.equation._box) - 1

    qtbot.waitUntil(lambda: all(whole(row) for row in view.rows), timeout=5000)
    QApplication.processEvents()
    assert all(whole(row) for row in view.rows)


def test_playing_shows_whole_steps(qtbot, panel):
    view = panel._inspector.algorithm
    QTest.mouseClick(view.onward, Qt.MouseButton.LeftButton)
    assert view.line == 0
    panel._player.step(1)
    qtbot.waitUntil(lambda: at(panel) == 1, timeout=5000)
    assert view.line is None
    assert not any(row.lit for row in view.rows)


@pytest.mark.parametrize("kind", SAMPLERS)
def test_every_sampler_shows_its_lines_and_they_tell_the_whole_of_its_steps(qtbot, panel, session, kind):
    view = panel._inspector.algorithm
    session.edit("sampler", sampler=SAMPLERS[kind](steps=5))
    qtbot.waitUntil(lambda: panel._chain.frame is not None and len(panel._chain.frame.times) == 6, timeout=5000)
    for index in range(6):
        panel._player.go(index)
        qtbot.waitUntil(lambda index=index: at(panel) == index, timeout=5000)
        assert view.rows
        assert view.rows[-1].line.gives == "xs"
        assert view.note.isHidden()


def test_a_step_that_did_more_than_its_lines_say_is_told_as_such(qtbot, panel, session):
    session.edit("sampler", sampler=Heun(steps=5))
    qtbot.waitUntil(lambda: panel._chain.frame is not None and len(panel._chain.frame.times) == 6, timeout=5000)
    view = panel._inspector.algorithm
    frame = panel._chain.frame
    object.__setattr__(frame.step, "mean", frame.step.mean + 0.1)
    frame.step.__dict__.pop("next", None)
    object.__setattr__(frame.step, "evaluations", 1)
    view.show_frame(frame, 0)
    assert not view.note.isHidden()


@pytest.mark.parametrize(
    ("value", "text"),
    [(584.0, "584"), (-3.0, "−3"), (0.032841, "0.03284"), (4.0358e-5, "4.036·10⁻⁵"), (2e12, "2·10¹²")],
)
def test_numbers_are_written_as_in_print(value, text):
    assert number(value) == text


def test_one_sample_of_a_step_is_that_sample_of_every_tensor(panel):
    step = panel._chain.frame.step
    alone = one(step, 2)
    for name in ("x", "eps", "x0", "mean", "z", "next"):
        assert torch.equal(getattr(alone, name), getattr(step, name)[2:3])
    assert alone.x0_clipped is alone.x0


def test_the_title_and_the_arrows_are_bright_in_a_dark_theme_that_is_chosen_later(panel, light):
    view = panel._inspector.algorithm
    light.choose(Choice.DARK)
    for widget in (view.title, view.backward, view.onward):
        image = widget.grab().toImage()
        places = ((x, y) for x in range(image.width()) for y in range(image.height()))
        assert max(image.pixelColor(x, y).lightness() for x, y in places) > 150
