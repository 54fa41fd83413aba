"""Small screens and long names: the window is never higher than a laptop's screen, and nothing is cut in a letter."""

from itertools import product

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QLabel, QStyleOptionComboBox

from ddpm_studio.schedule import Linear
from ddpm_studio.ui.plots.line_plot import LEFT, Line, LinePlot
from ddpm_studio.ui.schedule.readout import ROWS, Readout
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets.combo import Combo
from ddpm_studio.ui.widgets.scroll_column import ScrollColumn
from ddpm_studio.ui.window.main_window import MainWindow

LAPTOP = 1366, 768 - 70  # less the bars of the system and of the window
LEAST = 900, 560
EMPTY = "Start trains the network: its loss falls here"


@pytest.fixture
def window(qtbot, settings):
    made = MainWindow(Session(), settings)
    qtbot.addWidget(made)
    with qtbot.waitSignal(made.ready):
        made.show()
    yield made
    made.session.undo_stack.setClean()
    made.close()


def test_no_workspace_needs_more_than_a_small_screen_also_after_its_layout_is_reset(qtbot, window):
    for key, size in product(("explore", "train", "sample", "theory", "learn"), (LAPTOP, LEAST)):
        window.resize(*size)
        window.choose_workspace(key)
        QApplication.processEvents()
        window.resize(*size)
        window.reset_layout()
        QApplication.processEvents()
        assert (window.width(), window.height()) == size, key


def test_a_name_that_is_too_long_for_its_box_ends_in_an_ellipsis(qtbot):
    box = Combo()
    qtbot.addWidget(box)
    box.addItem("cuda:0: a device with a very long name, 78.2 GiB free")
    for width, whole in ((150, False), (600, True)):
        box.resize(width, 24)
        option = QStyleOptionComboBox()
        box.initStyleOption(option)
        assert option.currentText.endswith("…") is not whole
        assert option.currentText == box.currentText() or not whole


def test_a_column_that_scrolls_is_as_wide_as_what_is_in_it_beside_its_scroll_bar(qtbot):
    column = QLabel("a line of text that is meant to be read to its very end")
    area = ScrollColumn(column)
    qtbot.addWidget(area)
    area.resize(area.minimumSizeHint())
    column.setMinimumHeight(4000)
    area.show()
    QApplication.processEvents()
    assert area.verticalScrollBar().isVisible()
    assert area.viewport().width() >= column.minimumSizeHint().width() > 100


def test_the_readout_leaves_what_has_no_room_to_its_tooltip_and_stays_readable(qtbot):
    readout = Readout()
    qtbot.addWidget(readout)
    readout.show_values(Linear(), 500)
    for height, all_of_them in ((200, True), (60, False)):
        readout.resize(180, height)
        readout.show()
        QApplication.processEvents()
        names, numbers = readout.findChildren(QLabel)
        assert (len(names.text().splitlines()) == len(ROWS) + 1) is all_of_them
        assert len(names.text().splitlines()) == len(numbers.text().splitlines())
        assert names.fontMetrics().lineSpacing() * len(names.text().splitlines()) <= height
        assert names.font().pixelSize() >= 9
    middle = readout.rect().center()
    QApplication.sendEvent(readout, QHelpEvent(QEvent.Type.ToolTip, middle, readout.mapToGlobal(middle)))
    assert readout.text.splitlines()[-1].strip() in readout.toolTip()


def test_a_plot_asks_for_no_more_room_because_it_once_was_large(qtbot):
    plot = LinePlot(
        "loss", "the loss", (Line("each", "pinned"),), empty="Start trains the network: its loss falls here"
    )
    qtbot.addWidget(plot)
    before = plot.sizeHint()
    plot.resize(900, 700)
    plot.show()
    QApplication.processEvents()
    assert plot.sizeHint() == before


def test_what_an_empty_plot_says_stands_beside_its_axis(qtbot):
    plot = LinePlot(
        "loss", "the loss", (Line("each", "pinned"),), empty="Start trains the network: its loss falls here"
    )
    qtbot.addWidget(plot)
    plot.resize(260, 200)
    plot.show()
    QApplication.processEvents()
    (hint,) = (label for label in plot.findChildren(QLabel) if label.text().startswith("Start"))
    assert hint.x() > LEFT
    text = hint.fontMetrics().boundingRect(hint.contentsRect(), Qt.TextFlag.TextWordWrap, hint.text())
    assert text.width() <= hint.contentsRect().width()
