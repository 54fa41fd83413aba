"""How undecided the chain is among the data pictures, at every t it has been to: memorisation made visible."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from ddpm_studio.ui import theme

POINTS = 256  # of each other sample's curve at most


class EntropyPlot(pg.PlotWidget):
    """The entropy of p(i | x_t) in bits against t: bold for the selected sample, faint for the others."""

    asked = Signal(int)  # the t that the cursor was dragged to

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._others = pg.PlotCurveItem(connect="finite", antialias=False)
        self._chosen = pg.PlotCurveItem(antialias=True)
        self._cursor = pg.InfiniteLine(0, movable=True)
        for item in (self._others, self._chosen, self._cursor):
            self.addItem(item)
        self._cursor.sigDragged.connect(self._on_dragged)
        self.setLabel("left", "entropy, bits")
        self.setLabel("bottom", "t")
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.setToolTip(
            "Entropy of p(i | xₜ), in bits. log₂ N: every picture of the data set is as likely.\n"
            "0: the sample has become one picture of the data set. Drag the line to look at another t."
        )
        self.setAccessibleName("entropy of the posterior against t")
        self.setMinimumSize(140, 90)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.watcher().changed.connect(self.show_colours)
        self.show_colours(theme.colours())

    def show_axes(self, T: int, pictures: int) -> None:
        """Sets the scales: t from 0 to T, entropy up to log2 of the number of pictures."""
        top = max(np.log2(pictures), 0.1)
        self.setXRange(0, T, padding=0.02)
        self.setYRange(0, top, padding=0.06)
        self._cursor.setBounds((0, T))

    def show_entropy(self, times: Sequence[int], entropy: NDArray[np.float32], selected: int) -> None:
        """Shows the curves of all samples.

        Args:
            times: t of the steps taken, falling, F of them.
            entropy: (F, B), bits.
            selected: which of the B is bold.
        """
        t = np.asarray(times, np.float64)
        self._chosen.setData(t, entropy[:, selected].astype(np.float64))
        every = slice(None, None, max(1, len(t) // POINTS))
        gap = np.full((1, entropy.shape[1]), np.nan)
        rows = np.concatenate([entropy[every], gap])
        self._others.setData(np.tile(np.append(t[every], np.nan), entropy.shape[1]), rows.T.ravel())

    def show_t(self, t: int) -> None:
        """Puts the cursor at t."""
        self._cursor.setValue(t)

    def show_colours(self, colours: theme.Colours) -> None:
        """Takes the current colours."""
        self._others.setPen(pg.mkPen(colours.grid, width=1))
        self._chosen.setPen(pg.mkPen(colours.accent, width=2))
        self._cursor.setPen(pg.mkPen(colours.cursor, width=1))
        self._cursor.setHoverPen(pg.mkPen(colours.cursor, width=3))

    def _on_dragged(self, line: pg.InfiniteLine) -> None:
        self.asked.emit(round(line.value()))
