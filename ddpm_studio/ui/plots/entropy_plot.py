"""How undecided the chain is among the data pictures, at every t it has been to: memorisation made visible."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QFont, QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QWidget

from ddpm_studio.ui import theme
from ddpm_studio.ui.plots.chain_plot import RIGHT, ChainPlot

POINT_SIZE = 9  # of the title
POINTS = 256  # of each other sample's curve at most
TIP = """Entropy of p(i | xₜ), in bits. log₂ N: every picture of the data set is as likely.
0: the sample has become one picture of the data set. Click or drag to look at another t."""


class EntropyPlot(ChainPlot):
    """The entropy of p(i | x_t) in bits against t: bold for the selected sample, faint for the others."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("entropy", TIP, "accent", parent)
        self._others = pg.PlotCurveItem(connect="finite", antialias=False)
        self.addItem(self._others)
        self.show_of_whom("")
        self.setMinimumSize(140, 100)
        self.show_colours(theme.colours())

    def show_of_whom(self, prefix: str) -> None:
        """Whose posterior it is: the denoiser's own, or that of the exact one beside a network."""
        whose = f"entropy of {f'the {prefix}' if prefix else ''}p(i | xₜ)"
        self._titles = (f"{whose} in bits, at each t", f"{whose} in bits", f"{whose}, bits", "entropy in bits")
        self._write_title()

    def show_axes(self, T: int, pictures: int) -> None:
        """Sets the scales: t from 0 to T, entropy up to log2 of the number of pictures."""
        self.show_end(T)
        self.setYRange(0, max(np.log2(pictures), 0.1), padding=0.06)

    def show_entropy(self, times: Sequence[int], entropy: NDArray[np.float32], selected: int) -> None:
        """Shows the curves of all samples.

        Args:
            times: t of the steps taken, falling, F of them.
            entropy: (F, B), bits.
            selected: which of the B is bold.
        """
        self._t, self._shown = t, rows = np.asarray(times, np.float64), entropy.astype(np.float64)
        self._chosen.setData(t, rows[:, selected])
        every = slice(None, None, max(1, len(t) // POINTS))
        broken = np.concatenate([rows[every], np.full((1, rows.shape[1]), np.nan)])
        self._others.setData(np.tile(np.append(t[every], np.nan), rows.shape[1]), broken.T.ravel())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_titles") and not self.closed:  # neither while it is being made nor while it goes
            self._write_title()

    def _write_title(self) -> None:
        """The longest that has room."""
        font = QFont(self.font())
        font.setPointSize(POINT_SIZE)
        room, metrics = self.width() - 2 * RIGHT, QFontMetricsF(font)
        fits = (title for title in self._titles if metrics.horizontalAdvance(title) < room)
        self.setTitle(next(fits, self._titles[-1]), size=f"{POINT_SIZE}pt")
        self.getPlotItem().setGeometry(self.range)  # a longer title has pushed it out of its widget

    def show_colours(self, colours: theme.Colours) -> None:
        """Takes the current colours."""
        super().show_colours(colours)
        self._others.setPen(pg.mkPen(colours.grid, width=1))
