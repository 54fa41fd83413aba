"""A plot whose context menu saves it: as a picture, as vectors, or the numbers behind it."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QWidget

from ddpm_studio.ui import theme

Column = NDArray[np.float64]
Columns = dict[str, Column]

PICTURES, NUMBERS = (".png", ".svg"), ".csv"
SIZE = QSize(240, 160)
"""What a plot asks for, logical pixels; its least size is less."""


class Plot(pg.PlotWidget):
    """In the place of pyqtgraph's own menus stands one that speaks the language of the rest of the window.

    Args:
        name: what a file is called that it is saved in, without suffix.
        numbers: what is plotted, when it is asked for: columns of one length, by their names.
        axes: instead of pyqtgraph's own, by their sides.
    """

    export_asked = Signal(str)  # a suffix: one of PICTURES, or NUMBERS

    edged = False
    """Whether a line stands around it, also while it does not have the keyboard."""

    def __init__(
        self,
        name: str,
        numbers: Callable[[], Columns],
        parent: QWidget | None = None,
        axes: Mapping[str, pg.AxisItem] | None = None,
    ) -> None:
        theme.watcher()  # sets the colours that pyqtgraph gives to new plots
        super().__init__(parent, axisItems=axes, enableMenu=False)
        self.name, self.numbers = name, numbers
        self.hideButtons()

    def sizeHint(self) -> QSize:
        """The same for all plots: Qt's own is the size that a plot has had, which would take its neighbours' room."""
        return SIZE

    def menu(self) -> QMenu:
        """What the right button offers."""
        menu = QMenu(self)
        for suffix in (*PICTURES, NUMBERS):
            what = "numbers" if suffix == NUMBERS else "plot"
            action = menu.addAction(f"Save {what} as {suffix[1:].upper()}…")
            action.triggered.connect(partial(self._on_export_asked, suffix))
        return menu

    def place(self, position: QPointF) -> QPointF:
        """A place in the widget, in pixels, in the units of the axes."""
        place: QPointF = self.getPlotItem().getViewBox().mapSceneToView(self.mapToScene(position.toPoint()))
        return place

    def show_focus(self) -> None:
        """The line around it tells whether it has the keyboard."""
        if self.closed:
            return
        colours = theme.colours()
        colour = colours.accent if self.hasFocus() else colours.grid if self.edged else None
        self.getPlotItem().getViewBox().setBorder(pg.mkPen(colour))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.show_focus()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.show_focus()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.menu()
        menu.exec(event.globalPos())
        menu.deleteLater()

    def _on_export_asked(self, suffix: str, _checked: bool = False) -> None:
        self.export_asked.emit(suffix)


class PlotOverT(Plot):
    """A plot over t: the left button, pressed or dragged, picks the t under the mouse."""

    picked = Signal(int)  # a t; it may lie outside 0..T

    def t_at(self, position: QPointF) -> int:
        """The t at a place in the widget."""
        return round(self.place(position).x())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(self.t_at(event.position()))
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.picked.emit(self.t_at(event.position()))
        else:
            super().mouseMoveEvent(event)
