"""Every panel by keyboard and by ear: what Tab stops at, in which order, and what it is called."""

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import (
    QAbstractButton,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSplitter,
    QTabBar,
    QTabWidget,
    QWidget,
)

from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets.tab_order import controls, tab_as_read
from ddpm_studio.ui.window.main_window import MainWindow
from ddpm_studio.ui.window.workspaces import PANELS


@pytest.fixture
def page(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    return page


def line_edits(count, parent):
    return [QLineEdit(str(i), parent) for i in range(count)]


def chain(first, count):
    """What Tab comes to, one after the other."""
    out = [first]
    while len(out) < count:
        following = out[-1].nextInFocusChain()
        while not isinstance(following, QLineEdit):
            following = following.nextInFocusChain()
        out.append(following)
    return [widget.text() for widget in out]


def spoken(widget):
    """What a reader of the screen calls it by its own account."""
    return widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")


def test_a_grid_is_read_row_by_row_whatever_was_put_into_it_first(page):
    edits = line_edits(4, page)
    grid = QGridLayout(page)
    for edit, place in zip(edits, ((1, 1), (0, 1), (1, 0), (0, 0)), strict=True):
        grid.addWidget(edit, *place)
    tab_as_read(page)
    assert chain(edits[3], 4) == ["3", "1", "2", "0"]


def test_nested_layouts_splitters_pages_and_scrolled_columns_are_read_in_their_place(page):
    a, b, c, d = line_edits(4, page)
    row, inner = QHBoxLayout(page), QHBoxLayout()
    splitter, pages, area = QSplitter(page), QTabWidget(page), QScrollArea(page)
    inner.addWidget(d)
    row.addLayout(inner)
    splitter.addWidget(c)
    pages.addTab(b, "page")
    area.setWidget(a)
    for widget in (splitter, pages, area):
        row.addWidget(widget)
    read = list(controls(page))
    assert [widget for widget in read if isinstance(widget, QLineEdit)] == [d, c, b, a]
    assert read.index(pages.tabBar()) == 2


@pytest.mark.parametrize("key", PANELS)
def test_everything_in_a_panel_that_tab_stops_at_has_a_name_to_be_read_out(qtbot, key):
    panel = PANELS[key].make(Session())
    qtbot.addWidget(panel)
    if hasattr(panel, "close_jobs"):
        panel.close_jobs()
    stops = [w for w in controls(panel) if w is not panel and not w.isHidden()]  # the panel has the dock's title
    labelled = {label.buddy() for label in panel.findChildren(QLabel)}
    assert len(stops) > 5
    assert [
        (type(w).__name__, w.toolTip())
        for w in stops
        if not spoken(w) and w not in labelled and not isinstance(w, QTabBar)
    ] == []


def test_a_panel_is_called_by_its_title(qtbot, settings: QSettings):
    window = MainWindow(Session(), settings)
    qtbot.addWidget(window)
    dock = window.docks["schedule"]
    dock.fill(QWidget())
    assert dock.widget().accessibleName() == "Schedule"
