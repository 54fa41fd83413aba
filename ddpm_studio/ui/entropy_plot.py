"""How undecided the chain is among the data pictures, at every t it has been to: memorisation made visible."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ddpm_studio.ui import theme
from ddpm_studio.ui.plot import Plot
from ddpm_studio.ui.plot_backdrop import TimeAxis

POINTS = 256  # of each other sample's curve at most
RIGHT = 16  # pixels beside the plot, for half of the last number below it


class EntropyPlot(Plot):
    """The entropy of p(i | x_t) in bits against t: bold for the selected sample, faint for the others.

    The left button asks for the t under the mouse.
    """

    asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, axisItems={"bottom": TimeAxis("bottom")})
        self._times: NDArray[np.float64] = np.zeros(0)
        self._entropy: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._others = pg.PlotCurveItem(connect="finite", antialias=False)
        self._chosen = pg.PlotCurveItem(antialias=True)
        self._cursor = pg.InfiniteLine(0)
        for item in (self._others, self._chosen, self._cursor):
            self.addItem(item)
        self.show_of_whom("")
        self.setMouseEnabled(False, False)
        self.setMenuEnabled(False)
        self.hideButtons()
        for name in ("left", "bottom"):
            self.getAxis(name).setStyle(tickLength=3, tickTextOffset=3, maxTickLevel=0, hideOverlappingLabels=RIGHT)
        self.getPlotItem().layout.setContentsMargins(0, 0, RIGHT, 0)
        self.setToolTip(
            "Entropy of p(i | xₜ), in bits. log₂ N: every picture of the data set is as likely.\n"
            "0: the sample has become one picture of the data set. Click or drag to look at another t."
        )
        self.setAccessibleName("entropy of the posterior against t")
        self.setMinimumSize(140, 100)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.watcher().changed.connect(self.show_colours)
        self.show_colours(theme.colours())

    @property
    def name(self) -> str:
        """Of a file that it is saved in."""
        return "entropy"

    def numbers(self) -> dict[str, NDArray[np.float64]]:
        """t of the steps taken, and the entropy of every sample there, in bits."""
        return {"t": self._times} | {f"sample {i}": bits.astype(np.float64) for i, bits in enumerate(self._entropy.T)}

    def show_of_whom(self, prefix: str) -> None:
        """Whose posterior it is: the denoiser's own, or that of the exact one beside a network."""
        whose = f"the {prefix}" if prefix else ""
        self.setTitle(f"entropy of {whose}p(i | xₜ) in bits, at each t", size="9pt")

    def show_axes(self, T: int, pictures: int) -> None:
        """Sets the scales: t from 0 to T, entropy up to log2 of the number of pictures."""
        top = max(np.log2(pictures), 0.1)
        self.setXRange(0, T, padding=0.02)
        self.setYRange(0, top, padding=0.06)

    def show_entropy(self, times: Sequence[int], entropy: NDArray[np.float32], selected: int) -> None:
        """Shows the curves of all samples.

        Args:
            times: t of the steps taken, falling, F of them.
            entropy: (F, B), bits.
            selected: which of the B is bold.
        """
        t = np.asarray(times, np.float64)
        self._times, self._entropy = t, entropy
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

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._ask(event)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(event)
        else:
            super().mouseMoveEvent(event)

    def _ask(self, event: QMouseEvent) -> None:
        place = self.getPlotItem().getViewBox().mapSceneToView(self.mapToScene(event.position().toPoint()))
        self.asked.emit(round(place.x()))
