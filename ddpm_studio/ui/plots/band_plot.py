"""One number of every sample against t: bold for the selected one, between them all a band and their median."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ddpm_studio.ui import theme
from ddpm_studio.ui.plots.chain_plot import ChainPlot, Rows

LEFT = 40  # pixels: the numbers of the upright axis
FLOOR = 1e-9  # of a logarithmic axis


class BandPlot(ChainPlot):
    """Draws at most three lines and a band, however many samples there are.

    Args:
        name: what is plotted.
        tip: the same in a few words, with its unit.
        colour: of the selected sample, by its name in `theme.Colours`.
        span: the least range of the upright axis; None: from 0 on what there is to see.
        log: whether the axis is logarithmic.
    """

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
        tip = f"{tip}\nbold: the selected sample; band and dashes: all samples and their median"
        super().__init__(name, tip, colour, parent)
        self._span, self._log = span, log
        self._least, self._most = pg.PlotCurveItem(connect="finite"), pg.PlotCurveItem(connect="finite")
        self._band = pg.FillBetweenItem(self._least, self._most)
        self._middle = pg.PlotCurveItem(connect="finite", antialias=True)
        for item in (self._band, self._least, self._most, self._middle):
            self.addItem(item)
        self.getAxis("left").setWidth(LEFT)
        if span is not None:
            self.getAxis("left").setTickSpacing(0.5, 0.5)
        self.getAxis("left").setLogMode(x=False, y=log)
        self.setTitle(name, size="9pt")
        self.show_colours(theme.colours())

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

    def show_colours(self, colours: theme.Colours) -> None:
        """Takes the current colours."""
        super().show_colours(colours)
        faint = pg.mkColor(getattr(colours, self._colour))
        faint.setAlpha(45)
        self._band.setBrush(pg.mkBrush(faint))
        for edge in (self._least, self._most):
            edge.setPen(pg.mkPen(None))
        self._middle.setPen(pg.mkPen(colours.muted, width=1, style=Qt.PenStyle.DashLine))

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
