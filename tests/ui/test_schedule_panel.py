import csv
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from ddpm_studio.data import load
from ddpm_studio.document import Document
from ddpm_studio.export import read_provenance
from ddpm_studio.lint import lint
from ddpm_studio.schedule import Constant, Cosine, Drawn, Jsd, Linear, ScaledLinear, Sigmoid, Space
from ddpm_studio.ui import theme
from ddpm_studio.ui.panels.schedule import SchedulePanel
from ddpm_studio.ui.session import Session

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def open_panel(qtbot):
    """Opens a shown panel on a session; what it says is kept in `reports` and `notices`."""

    def opened(schedule=None, **fields):
        session = Session(Document(schedule=schedule or Linear(), **fields))
        session.reports, session.notices = [], []
        session.reported.connect(session.reports.append)
        session.noticed.connect(session.notices.append)
        panel = SchedulePanel(session)
        qtbot.addWidget(panel, before_close_func=lambda panel: panel.close_jobs())
        panel.resize(1200, 800)
        with qtbot.waitSignal(panel._moment.measured, timeout=20_000):
            panel.show()
        qtbot.waitUntil(lambda: not panel._lint_timer.isActive())
        return panel, session

    return opened


def drag(panel, index, right, down):
    viewport, start = panel.editor.viewport(), panel.editor.points()[index].toPoint()
    QTest.mousePress(viewport, LEFT, NONE, start)
    QTest.mouseMove(viewport, start + QPoint(right, down))
    QTest.mouseRelease(viewport, LEFT, NONE, start + QPoint(right, down))


def chooses(monkeypatch, path):
    """The next file dialog answers with `path`."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))


def action(menu, text):
    return next(action for action in menu.actions() if action.text().startswith(text))


def test_the_panel_is_imported_without_torch():
    code = "import sys, ddpm_studio.ui.panels.schedule; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_everything_follows_a_drag_before_the_button_is_let_go(open_panel):
    panel, session = open_panel()
    before = [plot.grab().toImage() for plot in panel.plots.plots]
    readout = panel.plots.readout.text
    viewport, start = panel.editor.viewport(), panel.editor.points()[2].toPoint()
    QTest.mousePress(viewport, LEFT, NONE, start)
    QTest.mouseMove(viewport, start + QPoint(0, -80))
    assert all(plot.grab().toImage() != image for plot, image in zip(panel.plots.plots, before, strict=True))
    assert panel.plots.readout.text != readout
    assert panel.form.kind.currentText() == "linear"
    QTest.mouseRelease(viewport, LEFT, NONE, start)
    assert panel.form.kind.currentText() == "drawn"
    assert session.undo_stack.count() == 1


def test_undo_and_redo_bring_curve_and_form_back(open_panel):
    panel, session = open_panel()
    drag(panel, 2, 0, -80)
    drawn = session.document.schedule
    session.undo_stack.undo()
    assert session.document.schedule == Linear()
    assert panel.form.kind.currentText() == "linear"
    assert panel.editor._schedule == Linear()
    session.undo_stack.redo()
    assert panel.editor._schedule == drawn


def test_choosing_a_kind_snaps_to_its_preset_and_keeps_T_and_the_switches(open_panel):
    panel, session = open_panel(Linear(T=500, beta_end=0.03, zero_terminal_snr=True))
    panel.form.kind.textActivated.emit("cosine")
    assert session.document.schedule == Cosine(T=500, zero_terminal_snr=True)
    assert session.undo_stack.undoText() == "Snap to cosine"
    panel.form.kind.textActivated.emit("linear")
    assert session.document.schedule == Linear(T=500, zero_terminal_snr=True)


def test_choosing_drawn_follows_the_curve_that_is_there(open_panel):
    panel, session = open_panel(Sigmoid())
    panel.form.kind.textActivated.emit("drawn")
    assert isinstance(session.document.schedule, Drawn)
    np.testing.assert_allclose(session.document.schedule.alpha_bar, Sigmoid().alpha_bar, atol=0.01)


def test_a_kind_that_cannot_have_this_T_is_refused_and_the_choice_restored(open_panel):
    panel, session = open_panel(Constant(T=15, scaled=True))
    panel.form.kind.setCurrentText("linear")
    panel.form.kind.textActivated.emit("linear")
    assert "T = 15" in session.reports[0]
    assert panel.form.kind.currentText() == "constant"
    assert session.document.schedule == Constant(T=15, scaled=True)


def test_a_typed_T_keeps_the_kind_and_moves_every_axis(open_panel):
    panel, session = open_panel()
    box = panel.form.form(Linear).control("T")
    box.selectAll()
    QTest.keyClicks(box, "50")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert session.document.schedule == Linear(T=50)
    assert all(50 < plot.viewRange()[0][1] < 60 for plot in (panel.editor, *panel.plots.plots))
    assert session.t == 25


@pytest.mark.parametrize(("text", "complaint"), [("1", "between 2 and 4000"), ("19", "T = 19: β_19")])
def test_an_impossible_T_is_told_and_taken_back(open_panel, text, complaint):
    panel, session = open_panel(Linear(scaled=True))
    box = panel.form.form(Linear).control("T")
    box.selectAll()
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert complaint in session.reports[0]
    assert box.value == 1000
    assert session.document.schedule == Linear(scaled=True)


def test_the_zero_terminal_switch_rescales_and_shows_an_infinite_snr(open_panel):
    panel, session = open_panel()
    panel.form.form(Linear).control("zero_terminal_snr").click()
    assert session.document.schedule.alpha_bar[-1] == 0.0
    session.set_t(1000)
    assert "−∞" in panel.plots.readout.text
    session.undo_stack.undo()
    assert session.document.schedule == Linear()


@pytest.mark.parametrize("index", range(6))
def test_a_click_in_any_plot_moves_the_cursor_of_all(open_panel, index):
    panel, session = open_panel()
    plots = (panel.editor, *panel.plots.plots)
    at = plots[index]._frame.pixel(QPointF(700.0, 0.0)).toPoint()
    QTest.mousePress(plots[index].viewport(), LEFT, NONE, QPoint(at.x(), 60))
    assert session.t == pytest.approx(700, abs=4)
    QTest.mouseMove(plots[index].viewport(), QPoint(0, 60))
    assert session.t == 0
    QTest.mouseRelease(plots[index].viewport(), LEFT, NONE, QPoint(0, 60))
    assert {plot._t for plot in plots} == {0}


def test_the_readout_names_every_number_at_t(open_panel):
    panel, session = open_panel()
    session.set_t(500)
    lines = panel.plots.readout.text.split("\n")
    assert lines[0].strip() == "500"
    assert [float(line.replace("−", "-")) for line in lines[1:4]] == pytest.approx(
        [0.01004, 0.0785872, 0.280334], rel=1e-4
    )
    assert float(lines[9]) == pytest.approx(0.00550343, rel=1e-5)
    session.set_t(0)
    assert "∞" in panel.plots.readout.text
    session.set_t(1)
    assert panel.plots.readout.text.split("\n")[8].strip() == "∞"


def test_pins_keep_up_to_four_schedules_and_give_each_back(open_panel):
    panel, session = open_panel()
    bare = panel.plots.plots[0].grab().toImage()
    for schedule in (Linear(), Cosine(), Sigmoid(), Constant(), Jsd()):
        session.edit("other", schedule=schedule)
        QTest.mouseClick(panel.pins.button, LEFT)
    assert panel.pins.kept == (Linear(), Cosine(), Sigmoid(), Constant())
    assert not panel.pins.button.isEnabled()
    assert [chip.text() for chip in panel.pins.chips[:2]] == ["linear 1000 ✕", "cosine 1000 ✕"]
    session.edit("back", schedule=Linear())
    assert panel.plots.plots[0].grab().toImage() != bare
    QTest.mouseClick(panel.pins.chips[1], LEFT)
    assert panel.pins.kept == (Linear(), None, Sigmoid(), Constant())
    for chip in panel.pins.chips:
        if chip.isVisible():
            QTest.mouseClick(chip, LEFT)
    assert panel.plots.plots[0].grab().toImage() == bare


def test_the_same_schedule_is_pinned_once(open_panel):
    panel, _ = open_panel()
    QTest.mouseClick(panel.pins.button, LEFT)
    QTest.mouseClick(panel.pins.button, LEFT)
    assert panel.pins.kept == (Linear(), None, None, None)


def test_findings_take_the_data_sets_second_moment(open_panel):
    panel, session = open_panel(ScaledLinear())
    moment = load("pixel-faces").second_moment
    assert panel._moment.value == moment
    expected = lint(session.document.schedule, moment, session.document.sampler.times(1000))
    assert [row.text.text() for row in panel.findings.rows] == [finding.text for finding in expected]


def test_a_fix_is_one_undoable_step(open_panel, qtbot):
    panel, session = open_panel(Linear(T=50))
    row = next(row for row in panel.findings.rows if not row.button.isHidden())
    label = row.button.text()
    QTest.mouseClick(row.button, LEFT)
    assert session.document.schedule != Linear(T=50)
    assert session.undo_stack.undoText() == label
    session.undo_stack.undo()
    assert session.document.schedule == Linear(T=50)


def test_findings_follow_the_schedule_and_the_sampler(open_panel, qtbot):
    panel, session = open_panel()
    assert panel.findings.rows == ()
    session.edit("few", schedule=Linear(T=50))
    qtbot.waitUntil(lambda: len(panel.findings.rows) > 0)
    session.undo_stack.undo()
    qtbot.waitUntil(lambda: len(panel.findings.rows) == 0)


def test_a_data_set_that_does_not_ship_is_taken_for_full_contrast(open_panel):
    panel, session = open_panel()
    session.edit("other data", dataset="elsewhere")
    assert panel._moment.value == 1.0


@pytest.mark.parametrize("text", ["Export as JSON", "Export as NPZ", "Export as CSV", "Export for diffusers"])
def test_an_exported_schedule_can_be_imported_again(open_panel, monkeypatch, tmp_path, text):
    panel, session = open_panel(Cosine(T=40))
    suffix = {"NPZ": ".npz", "CSV": ".csv"}.get(text.split()[-1], ".json")
    chooses(monkeypatch, tmp_path / f"mine{suffix}")
    action(panel.menu.menu(), text).trigger()
    assert session.notices == [f"Saved {tmp_path / f'mine{suffix}'}"]
    session.edit("other", schedule=Linear())
    action(panel.menu.menu(), "Import").trigger()
    np.testing.assert_allclose(session.document.schedule.beta, Cosine(T=40).beta, rtol=1e-12)
    assert session.undo_stack.undoText() == f"Import mine{suffix}"
    assert len(panel.editor.points()) <= 8


def test_a_bad_file_changes_nothing_and_is_told(open_panel, monkeypatch, tmp_path):
    panel, session = open_panel()
    (tmp_path / "bad.json").write_text("{")
    chooses(monkeypatch, tmp_path / "bad.json")
    action(panel.menu.menu(), "Import").trigger()
    assert "not JSON" in session.reports[0]
    assert session.document.schedule == Linear()
    chooses(monkeypatch, tmp_path / "nowhere" / "s.json")
    action(panel.menu.menu(), "Export as JSON").trigger()
    assert "does not exist" in session.reports[1]


def test_a_dialog_that_is_left_does_nothing(open_panel, monkeypatch):
    panel, session = open_panel()
    chooses(monkeypatch, "")
    for entry in panel.menu.menu().actions():
        entry.trigger()
    action(panel.editor.menu(), "Save plot as PNG").trigger()
    assert session.reports == session.notices == []


@pytest.mark.parametrize("index", range(6))
def test_every_plot_can_be_saved_as_picture_vectors_and_numbers(open_panel, monkeypatch, tmp_path, index):
    panel, session = open_panel()
    plot = (panel.editor, *panel.plots.plots)[index]
    for suffix in (".png", ".svg", ".csv"):
        chooses(monkeypatch, tmp_path / f"plot{suffix}")
        action(plot.menu(), f"Save {'numbers' if suffix == '.csv' else 'plot'} as {suffix[1:].upper()}").trigger()
    assert len(session.notices) == 3
    with Image.open(tmp_path / "plot.png") as picture:
        assert picture.size == (plot.width(), plot.height())
    assert read_provenance(tmp_path / "plot.png")["document"] == session.document.to_json()
    assert "<svg" in (tmp_path / "plot.svg").read_text(encoding="utf-8")
    rows = list(csv.reader((tmp_path / "plot.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 1002
    assert rows[0] == ["t", *(quantity.symbol for quantity in plot.graph.quantities)]


def test_a_plot_that_cannot_be_written_is_told(open_panel, monkeypatch, tmp_path):
    panel, session = open_panel()
    chooses(monkeypatch, tmp_path / "nowhere" / "plot.png")
    action(panel.editor.menu(), "Save plot as PNG").trigger()
    assert "does not exist" in session.reports[0]


def test_a_zoom_along_t_is_shared_and_show_all_undoes_it(open_panel):
    panel, _ = open_panel()
    plots = (panel.editor, *panel.plots.plots)
    wide = plots[2].viewRange()[0]
    wheel(plots[2], 600)
    close = plots[2].viewRange()[0]
    assert close[1] - close[0] < 0.8 * (wide[1] - wide[0])
    assert all(plot.viewRange()[0] == pytest.approx(close) for plot in plots)
    panel.editor.show_schedule(replace(Linear(), beta_end=0.0199))
    assert panel.editor.viewRange()[0] == pytest.approx(close)
    action(plots[2].menu(), "Show All").trigger()
    assert plots[2].viewRange()[0] == pytest.approx(wide)
    assert panel.editor.viewRange()[0][1] >= 1000


def test_another_quantity_is_grabbed_and_log_snr_has_no_log_axis(open_panel):
    panel, _ = open_panel()
    panel.space.setCurrentText("ᾱ")
    panel.space.activated.emit(1)
    assert panel.editor.space is Space.ALPHA_BAR
    QTest.mouseClick(panel.log, LEFT, NONE, QPoint(8, panel.log.height() // 2))
    assert panel.editor.graph.log
    panel.space.setCurrentText("log SNR")
    panel.space.activated.emit(2)
    assert panel.editor.space is Space.LOG_SNR
    assert not panel.log.isEnabled()
    assert not panel.editor.graph.log


def test_what_cannot_be_grabbed_is_said_beside_the_choice(open_panel):
    panel, _ = open_panel(Linear(T=4000))
    panel.space.setCurrentText("log SNR")
    panel.space.activated.emit(2)
    assert "grab another one" in panel._pointed.toolTip()


def test_the_plots_follow_the_theme(open_panel, light):
    panel, _ = open_panel()
    assert corner(panel) == theme.LIGHT.background
    light.choose(theme.Choice.DARK)
    QApplication.processEvents()
    assert corner(panel) == theme.DARK.background


@pytest.mark.parametrize("size", [(1600, 1000), (780, 480), (420, 700)])
def test_no_plot_is_cut_off_at_the_edge_of_the_panel(open_panel, size):
    panel, _ = open_panel()
    panel.resize(*size)
    QApplication.processEvents()
    for plot in (panel.editor, *panel.plots.plots):
        corner = plot.mapTo(panel, QPoint(plot.width(), plot.height()))
        assert corner.x() <= size[0]
        assert corner.y() <= size[1]


@pytest.mark.parametrize(
    "schedule", [Jsd(), Cosine(zero_terminal_snr=True), Constant(beta_value=0.9), Linear(T=2), Jsd(T=4000)]
)
@pytest.mark.parametrize("space", [0, 1, 2])
def test_extreme_schedules_are_drawn_in_every_quantity(open_panel, schedule, space):
    panel, session = open_panel(schedule)
    panel.space.setCurrentIndex(space)
    panel.space.activated.emit(space)
    for t in (0, 1, schedule.T):
        session.set_t(t)
        assert panel.plots.readout.text.split("\n")[0].strip() == str(t)
    assert all(np.isfinite(plot.viewRange()).all() for plot in (panel.editor, *panel.plots.plots))


def wheel(plot, delta):
    """Turns the wheel in the middle of a plot."""
    middle = QPointF(plot.viewport().rect().center())
    event = QWheelEvent(
        middle, plot.mapToGlobal(middle), QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, NONE,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(plot.viewport(), event)


def corner(panel):
    return panel.plots.plots[0].grab().toImage().pixelColor(1, 1).name()
