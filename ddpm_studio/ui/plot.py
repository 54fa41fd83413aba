"""A plot whose context menu saves it: as a picture, as vectors, or the numbers behind it."""

from functools import partial

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QMenu

PICTURES, NUMBERS = (".png", ".svg"), ".csv"


class Plot(pg.PlotWidget):
    """In the place of pyqtgraph's own menus stands one that speaks the language of the rest of the window."""

    export_asked = Signal(str)  # a suffix: one of PICTURES, or NUMBERS

    @property
    def name(self) -> str:
        """What a file is called that it is saved in, without suffix."""
        raise NotImplementedError

    def numbers(self) -> dict[str, NDArray[np.float64]]:
        """What is plotted: columns of one length, by their names."""
        raise NotImplementedError

    def menu(self) -> QMenu:
        """What the right button offers."""
        menu = QMenu(self)
        for suffix in (*PICTURES, NUMBERS):
            what = "numbers" if suffix == NUMBERS else "plot"
            action = menu.addAction(f"Save {what} as {suffix[1:].upper()}…")
            action.triggered.connect(partial(self._on_export_asked, suffix))
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.menu()
        menu.exec(event.globalPos())
        menu.deleteLater()

    def _on_export_asked(self, suffix: str, _checked: bool = False) -> None:
        self.export_asked.emit(suffix)
