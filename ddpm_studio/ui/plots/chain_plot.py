"""A number of every sample of a chain against t, bold for the selected one, with the shared cursor."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtWidgets import QSizePolicy, QWidget

from ddpm_studio.ui import theme
from ddpm_studio.ui.plots.plot import Columns, PlotOverT
from ddpm_studio.ui.plots.plot_backdrop import TimeAxis

Rows = NDArray[np.float64]  # (F, B): F moments, B samples
RIGHT = 16  # pixels beside the plot, for half of the last number below it


class ChainPlot(PlotOverT):
    """What the two kinds of it share; how the samples that are not selected are drawn is theirs.

    Args:
        name: what is plotted.
        tip: the same in a few words, with its unit.
        colour: of the selected sample, by its name in `theme.Colours`.
    """

    def __init__(self, name: str, tip: str, colour: str, parent: QWidget | None = None) -> None:
        file = name.replace("/", " by ").replace("|", "")
        super().__init__(file, self._numbers, parent, {"bottom": TimeAxis("bottom")})
        self._colour = colour
        self._t: NDArray[np.float64] = np.zeros(0)
        self._shown: Rows = np.zeros((0, 0))
        self._chosen, self._cursor = pg.PlotCurveItem(connect="finite", antialias=True), pg.InfiniteLine(0)
        for height, item in enumerate((self._chosen, self._cursor), start=1):  # above the other samples
            item.setZValue(height)
            self.addItem(item)
        self.setMouseEnabled(False, False)
        for side in ("left", "bottom"):
            self.getAxis(side).setStyle(tickLength=3, tickTextOffset=3, maxTickLevel=0, hideOverlappingLabels=RIGHT)
        self.getPlotItem().layout.setContentsMargins(0, 0, RIGHT, 0)
        self.setToolTip(tip)
        self.setAccessibleName(f"{name} against t")
        self.setMinimumSize(140, 84)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.watcher().changed.connect(self.show_colours)

    def show_end(self, T: int) -> None:
        """The axis goes from t = 0 to T."""
        self.setXRange(0, T, padding=0.02)

    def show_t(self, t: int) -> None:
        """Puts the cursor at t."""
        self._cursor.setValue(t)

    def show_colours(self, colours: theme.Colours) -> None:
        """Takes the current colours."""
        self._chosen.setPen(pg.mkPen(getattr(colours, self._colour), width=2))
        self._cursor.setPen(pg.mkPen(colours.cursor, width=1))

    def _numbers(self) -> Columns:
        """t, and the number of every sample there."""
        columns = self._shown.T.astype(np.float64)
        return {"t": self._t} | {f"sample {i}": column for i, column in enumerate(columns)}
