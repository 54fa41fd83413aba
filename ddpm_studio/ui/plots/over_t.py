"""A plot of lines over t = 1..T with the shared cursor: the left button moves t, the wheel zooms."""

from collections.abc import Sequence
from math import ceil, floor, inf, log2

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QWidget

from ddpm_studio.ui import theme
from ddpm_studio.ui.plots.line_plot import LEFT, RIGHT, Line, LinePlot
from ddpm_studio.ui.plots.log_axis import Levels, LogAxis
from ddpm_studio.ui.plots.plot import Column, Columns, PlotOverT
from ddpm_studio.ui.plots.plot_backdrop import settle_axes


class DecadeAxis(LogAxis):
    """Lying down, a logarithmic axis has room for the numbers of its decades."""

    def tickValues(self, low: float, high: float, size: float) -> Levels:
        """Numbers at 1, 10, 100 …, ticks between."""
        (_, numbered), (fine, others) = super().tickValues(low, high, size)
        decades = [place for place in numbered if abs(place - round(place)) < 1e-9]
        return [(1.0, decades or numbered), (fine, others)]


def lie_on_decades(plot: LinePlot) -> None:
    """Gives a plot whose x is log10 of something a logarithmic axis below."""
    item, axis = plot.getPlotItem(), DecadeAxis("bottom")
    axis.setStyle(showValues=plot.getAxis("left").style["showValues"])  # none while the plot is empty
    item.setAxisItems({"bottom": axis})
    settle_axes(item)
    item.layout.setContentsMargins(0, 0, RIGHT, 0)
    plot.getAxis("left").setWidth(LEFT)


class OverT(PlotOverT, LinePlot):
    """A LinePlot whose x is t, on a linear axis or, with `decades`, on a logarithmic one."""

    def __init__(
        self,
        name: str,
        tip: str,
        lines: Sequence[Line],
        parent: QWidget | None = None,
        *,
        decades: bool = False,
        log: bool = False,
        span: tuple[float, float] | None = None,
        limits: tuple[float, float] = (-inf, inf),
    ) -> None:
        self._fitted: tuple[float, ...] | None = None  # what is shown, unless somebody has zoomed
        self._decades = decades
        super().__init__(name, tip, lines, parent, log=log, span=span, limits=limits)
        if decades:
            lie_on_decades(self)
        self._cursor = pg.InfiniteLine(0.0, movable=False)
        self.addItem(self._cursor, ignoreBounds=True)
        theme.watcher().changed.connect(self._show_cursor_colour)
        self._show_cursor_colour(theme.colours())

    def show_times(self, t: Column, columns: Sequence[Column]) -> None:
        """Draws each line through t (N,), all at least 1, and its column (N,); what is not finite is left out."""
        self.show_values(np.log10(t) if self._decades else t, columns)

    def show_t(self, t: int) -> None:
        """Puts the cursor at t; on a logarithmic axis 0 is left of everything."""
        self._cursor.setPos(self._place(t))
        self._cursor.setVisible(not self._decades or t > 0)

    def t_at(self, position: QPointF) -> int:
        """The t at a place in the widget."""
        x = self.place(position).x()
        return int(round(10.0 ** min(x, 6.0)) if self._decades else round(x))

    def _numbers(self) -> Columns:
        """What is plotted, t first."""
        shown = super()._numbers()
        x = shown.pop("x")
        return {"t": np.round(10.0**x) if self._decades else x, **shown}

    def _show_range(self, left: float, right: float, low: float, high: float) -> None:
        """In whole eighths of the height, so that in a drag the axes stand still most of the time: they cost most."""
        unit = 0.5 ** floor(-log2(max(high - low, 1e-12) / 8.0))
        wanted = (left, right, floor(low / unit) * unit, ceil(high / unit) * unit)
        if wanted != self._fitted:
            self._fitted = wanted
            super()._show_range(*wanted)

    def _show_empty(self, empty: bool) -> None:
        super()._show_empty(empty)
        if empty:  # its axes then show something else
            self._fitted = None

    def _on_zoomed(self) -> None:
        super()._on_zoomed()
        self._fitted = None

    def _place(self, t: int) -> float:
        return float(np.log10(max(t, 1))) if self._decades else float(t)

    def _show_cursor_colour(self, colours: theme.Colours) -> None:
        self._cursor.setPen(pg.mkPen(colours.cursor, width=1))
