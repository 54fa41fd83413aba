"""One number of every sample against t: bold for the selected one, between them all a band and their median."""

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

Rows = NDArray[np.float64]  # (F, B): F moments, B samples
LEFT, RIGHT = 40, 12  # pixels: the numbers of the upright axis, half of the last number below
FLOOR = 1e-9  # of a logarithmic axis


class BandPlot(Plot):
    """The left button asks for the t under the mouse.

    Args:
        name: what is plotted.
        tip: the same in a few words, with its unit.
        colour: of the selected sample, by its name in `theme.Colours`.
        span: the least range of the upright axis; None: from 0 on what there is to see.
        log: whether the axis is logarithmic.
    """

    asked = Signal(int)

    def __init__(
        self,
        name: str,
        tip: str,
        colour: str,
        span: tuple[float, float] | None = None,
        parent: QWidget | None = None,
        *,
        log: bool = False,
    ) -> None:
        super().__init__(parent, axisItems={"bottom": TimeAxis("bottom")})
        self._name, self._colour, self._span, self._log = name, colour, span, log
        self._t: NDArray[np.float64] = np.zeros(0)
        self._shown: Rows = np.zeros((0, 0))
        self._least, self._most = pg.PlotCurveItem(connect="finite"), pg.PlotCurveItem(connect="finite")
        self._band = pg.FillBetweenItem(self._least, self._most)
        self._middle = pg.PlotCurveItem(connect="finite", antialias=True)
        self._chosen = pg.PlotCurveItem(connect="finite", antialias=True)
        self._cursor = pg.InfiniteLine(0)
        for item in (self._band, self._least, self._most, self._middle, self._chosen, self._cursor):
            self.addItem(item)
        self.setMouseEnabled(False, False)
        self.setMenuEnabled(False)
        self.hideButtons()
        for side in ("left", "bottom"):
            self.getAxis(side).setStyle(tickLength=3, tickTextOffset=3, maxTickLevel=0, hideOverlappingLabels=RIGHT)
        self.getAxis("left").setWidth(LEFT)
        if span is not None:
            self.getAxis("left").setTickSpacing(0.5, 0.5)
        self.getAxis("left").setLogMode(x=False, y=log)
        self.getPlotItem().layout.setContentsMargins(0, 0, RIGHT, 0)
        self.setTitle(name, size="9pt")
        self.setToolTip(f"{tip}\nbold: the selected sample; band and dashes: all samples and their median")
        self.setAccessibleName(f"{name} against t")
        self.setMinimumSize(140, 84)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.watcher().changed.connect(self.show_colours)
        self.show_colours(theme.colours())

    @property
    def name(self) -> str:
        """Of a file that it is saved in."""
        return self._name.replace("/", " by ").replace("|", "")

    def numbers(self) -> dict[str, NDArray[np.float64]]:
        """t, and the number of every sample there."""
        return {"t": self._t} | {f"sample {i}": column for i, column in enumerate(self._shown.T)}

    def show_end(self, T: int) -> None:
        """The axis goes from t = 0 to T."""
        self.setXRange(0, T, padding=0.02)

    def show_rows(self, times: Sequence[float], rows: Rows, selected: int) -> None:
        """Shows the numbers of all samples at some t, falling: (F, B); rows that are not finite are left out."""
        self._t, self._shown = np.asarray(times, np.float64), rows
        heights = np.log10(np.maximum(rows, FLOOR)) if self._log else rows
        known = np.isfinite(heights).all(1)
        heights, t = heights[known], self._t[known]
        for curve, of in ((self._least, np.min), (self._most, np.max), (self._middle, np.median)):
            curve.setData(t, of(heights, axis=1) if len(t) else t)
        self._chosen.setData(t, heights[:, selected] if len(t) else t)
        self._fit(heights)

    def show_t(self, t: int) -> None:
        """Puts the cursor at t."""
        self._cursor.setValue(t)

    def show_colours(self, colours: theme.Colours) -> None:
        """Takes the current colours."""
        bold = getattr(colours, self._colour)
        faint = pg.mkColor(bold)
        faint.setAlpha(45)
        self._band.setBrush(pg.mkBrush(faint))
        for edge in (self._least, self._most):
            edge.setPen(pg.mkPen(None))
        self._middle.setPen(pg.mkPen(colours.muted, width=1, style=Qt.PenStyle.DashLine))
        self._chosen.setPen(pg.mkPen(bold, width=2))
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

    def _fit(self, heights: Rows) -> None:
        """The stated range, or 0 to the greatest; whole decades on a logarithmic axis."""
        low, high = self._span or (0.0, 1e-12)
        finite = heights[np.isfinite(heights)]
        if finite.size and self._log:
            low, high = float(np.floor(finite.min())), float(np.ceil(finite.max()))
            high = max(high, low + 1.0)
        elif finite.size:
            high = max(high, float(finite.max()))
        self.setYRange(low, high, padding=0.06)
