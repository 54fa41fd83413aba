"""The distribution of a picture's pixel values beside the standard normal density that it drifts to."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from ddpm_studio.ui import theme
from ddpm_studio.ui.plots.plot import Columns, Plot

REACH, BINS_PER_UNIT = 4, 16  # from −4 to 4, a bin every 1/16
TOP = 1.0  # of the density's axis


class Histogram(Plot):
    """Fixed axes, so that nothing moves but the distribution."""

    def __init__(self, title: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__("histogram", self._numbers, parent)
        self._density: NDArray[np.float64] = np.zeros(2 * REACH * BINS_PER_UNIT)
        self._edges = np.linspace(-REACH, REACH, 2 * REACH * BINS_PER_UNIT + 1)
        self._bars = pg.PlotDataItem(stepMode="center", fillLevel=0.0, antialias=False)
        self._normal = pg.PlotDataItem(self._edges, normal_density(self._edges), antialias=True)
        self.addItem(self._bars)
        self.addItem(self._normal)
        self._fix_axes()
        self._title = ""
        self.set_title(title)
        self.setToolTip(tip)
        self.setMinimumSize(150, 80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.watcher().changed.connect(self.show_colours)
        self.show_colours(theme.colours())

    def set_title(self, title: str) -> None:
        """What is shown, above it."""
        if title != self._title:
            self._title = title
            self.setTitle(title, size="9pt")
            self.setAccessibleName(title)

    def show_values(self, values: NDArray[np.float32]) -> None:
        """Shows how the values, of any shape, are distributed."""
        self._density = density(values)
        self._bars.setData(self._edges, self._density)

    def _numbers(self) -> Columns:
        """The middle of each bin, the share of the values there per unit, and the density of N(0, 1)."""
        middles = (self._edges[1:] + self._edges[:-1]) / 2
        return {"value": middles, "density": self._density, "N(0, 1)": normal_density(middles)}

    def show_colours(self, colours: theme.Colours) -> None:
        """Takes the current colours."""
        self._bars.setPen(None)
        self._bars.setBrush(pg.mkBrush(colours.signal))
        self._normal.setPen(pg.mkPen(colours.foreground, width=1.5, style=Qt.PenStyle.DashLine))

    def _fix_axes(self) -> None:
        self.setXRange(-REACH, REACH, padding=0)
        self.setYRange(0.0, TOP, padding=0)
        self.setMouseEnabled(False, False)
        self.getAxis("left").setWidth(28)
        self.getAxis("bottom").setTickSpacing(2, 1)
        self.getAxis("left").setTickSpacing(0.5, 0.5)


def density(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """The share of the values in each bin of [−4, 4), per unit; what lies outside counts in the whole only."""
    codes = np.multiply(values, BINS_PER_UNIT, dtype=np.float32)
    codes += REACH * BINS_PER_UNIT + 1
    np.clip(codes, 0, 2 * REACH * BINS_PER_UNIT + 1, out=codes)
    counts = np.bincount(codes.astype(np.uint8).ravel(order="K"), minlength=2 * REACH * BINS_PER_UNIT + 2)
    return np.asarray(counts[1:-1] * (BINS_PER_UNIT / values.size), np.float64)


def normal_density(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The density of N(0, 1)."""
    return np.asarray(np.exp(-0.5 * x**2) / np.sqrt(2.0 * np.pi), np.float64)
