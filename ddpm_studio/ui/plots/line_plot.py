"""A plot of a few lines over one axis that grows while it is looked at: what training tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, inf

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from ddpm_studio.ui import theme
from ddpm_studio.ui.plots.hint import Hint
from ddpm_studio.ui.plots.log_axis import LogAxis
from ddpm_studio.ui.plots.plot import Column, Columns, Plot
from ddpm_studio.ui.plots.plot_backdrop import DASHES, pin_pen, settle_axes

MOST = 400
"""Bins of a line, of which the least and the greatest value are drawn."""
TITLE, LEFT = 20, 52  # pixels: the height of the title, the width of the numbers of the upright axis
STEP = 0.25  # decades by which a logarithmic axis grows or shrinks: it is drawn anew seldom, and does not tremble
RIGHT = 12  # pixels beside the plot, for half of the last number below it
POINTS = (9, 8, 7)  # sizes of the title


@dataclass(frozen=True)
class Line:
    """One line: its name, the name of its colour in `theme.Colours`, and how it is drawn."""

    name: str
    colour: str
    width: float = 1.5
    dashed: bool = False
    dots: bool = False


class LinePlot(Plot):
    """Shows all there is until somebody zooms; a double click shows all again.

    Args:
        name: of what is plotted, as the first words of the title.
        tip: what it is, with its unit.
        lines: in the order in which `show_values` gives their numbers.
        log: whether the upright axis is logarithmic; what is not above 0 is then left out.
        span: the least range of the upright axis, in its own unit (log10 if `log`).
        limits: its greatest range; what lies beyond is cut.
        empty: what will fill it, said in its middle while it has nothing to show; its axes have no numbers then.
    """

    edged = True

    def __init__(
        self,
        name: str,
        tip: str,
        lines: Sequence[Line],
        parent: QWidget | None = None,
        *,
        log: bool = False,
        span: tuple[float, float] | None = None,
        limits: tuple[float, float] = (-inf, inf),
        empty: str = "",
    ) -> None:
        super().__init__(name, self._numbers, parent, {"left": LogAxis("left")} if log else None)
        self._lines, self._log, self._span, self._limits = tuple(lines), log, span, limits
        self._x: Column = np.zeros(0)
        self._columns: Sequence[Column] = [self._x for _ in lines]
        self._across = inf, -inf
        self._zoomed = False
        self._hint, self._empty = Hint(empty, self), False
        self._curves = [pg.PlotDataItem(connect="finite") for _ in lines]
        self._pins: list[tuple[pg.PlotCurveItem, pg.TextItem]] = []
        for curve in self._curves:
            self.addItem(curve)
        item = self.getPlotItem()
        settle_axes(item)
        item.layout.setContentsMargins(0, 0, RIGHT, 0)
        self.getAxis("left").setWidth(LEFT)
        item.titleLabel.setMaximumHeight(TITLE)
        item.layout.setRowFixedHeight(0, TITLE)
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setMinimumSize(120, 80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        item.getViewBox().sigRangeChangedManually.connect(self._on_zoomed)
        theme.watcher().changed.connect(self.show_colours)
        self.show_colours(theme.colours())
        self._fit()

    def show_values(self, x: Column, columns: Sequence[Column], across: tuple[float, float] | None = None) -> None:
        """Draws each line through x (N,) and its column (N,); what is not finite is left out.

        The axis shows at least the values `across`.
        """
        self._x, self._columns, self._across = x, columns, across or (inf, -inf)
        for curve, line, y in zip(self._curves, self._lines, columns, strict=True):
            curve.setData(*((x, self._height(y)) if line.dots else thinned(x, self._height(y))))
        self._fit()

    def show_nothing(self) -> None:
        """Takes the lines away."""
        self.show_values(np.zeros(0), [np.zeros(0)] * len(self._lines))

    def show_pins(self, others: Sequence[tuple[str, Column, Column]]) -> None:
        """Draws other runs' lines for comparison, at most as many as there are DASHES: name, x and heights of each."""
        for pin in self._pins:
            for item in pin:
                self.removeItem(item)
        self._pins = []
        for name, x, y in others[: len(DASHES)]:
            curve, label = pg.PlotCurveItem(*thinned(x, self._height(y)), connect="finite"), pg.TextItem(anchor=(1, 1))
            label.setPlainText(name)
            if len(x):
                label.setPos(float(x[-1]), float(np.nan_to_num(self._height(y)[-1])))
            self._pins.append((curve, label))
            for item in (curve, label):
                self.addItem(item, ignoreBounds=True)
        self.show_colours(theme.colours())
        self._fit()

    def show_colours(self, colours: theme.Colours) -> None:
        """Takes the current colours."""
        parts = [(self.name, colours.foreground)]
        for curve, line in zip(self._curves, self._lines, strict=True):
            colour = getattr(colours, line.colour)
            style = Qt.PenStyle.DashLine if line.dashed else Qt.PenStyle.SolidLine
            curve.setPen(pg.mkPen(colour, width=line.width, style=style))
            if line.dots:
                curve.setSymbol("o")
                curve.setSymbolSize(5)
                curve.setSymbolBrush(colour)
                curve.setSymbolPen(None)
            parts += [(line.name, colour)] if line.name else []
        for index, (pinned, label) in enumerate(self._pins):
            pen = pin_pen(colours, index)
            pen.setCosmetic(True)  # its width is in pixels, not in steps and losses
            pinned.setPen(pen)
            label.setColor(colours.pinned)
        self._title = parts
        self._write_title()
        self.show_focus()

    def menu(self) -> QMenu:
        """What the right button offers."""
        menu = super().menu()
        menu.addSeparator()
        menu.addAction("Show All", self.show_all)
        return menu

    def show_all(self) -> None:
        """Undoes any zoom."""
        self._zoomed = False
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_title") and not self.closed:  # neither while it is being made nor while it goes
            self._hint.setGeometry(self.rect().adjusted(LEFT + 4, TITLE, -RIGHT - 4, -TITLE))  # between the axes
            self._write_title()

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self.show_all()

    def _numbers(self) -> Columns:
        names = (line.name or self.name for line in self._lines)
        return {"x": self._x, **dict(zip(names, self._columns, strict=True))}

    def _write_title(self) -> None:
        """Each line's name in its colour, in the largest of POINTS that has room; where none has, the first ones go."""
        shown, points = self._title, next((p for p in POINTS if self._has_room(self._title, p)), POINTS[-1])
        while len(shown) > 1 and not self._has_room(shown, points):
            shown = [shown[0], *shown[2:]]
        parts = [f'<span style="color:{colour}">{escape(name)}</span>' for name, colour in shown]
        self.setTitle("&nbsp; ".join(parts), size=f"{points}pt")
        self.getPlotItem().setGeometry(self.range)  # a longer title has pushed it out of its widget

    def _has_room(self, title: Sequence[tuple[str, str]], points: int) -> bool:
        font = QFont(self.font())
        font.setPointSize(points)
        text = "  ".join(name for name, _ in title)
        return bool(QFontMetricsF(font).horizontalAdvance(text) < self.width() - LEFT - RIGHT - 8)

    def _on_zoomed(self) -> None:
        self._zoomed = True

    def _height(self, y: Column) -> Column:
        """In the axis' own unit."""
        return np.log10(np.where(y > 0.0, y, np.nan)) if self._log else y

    def _fit(self) -> None:
        curves = [curve.getData() for curve in (*self._curves, *(pin for pin, _ in self._pins))]
        finite = [(x[ok], y[ok]) for x, y in curves if x is not None and len(x) and (ok := np.isfinite(y)).any()]
        self._show_empty(not finite)
        if self._zoomed:
            return
        if not finite:  # whole decades, so that the empty axis has readable numbers
            self.setYRange(*((-3.0, 0.0) if self._log else (0.0, 1.0)), padding=0.06)
            return
        x = np.concatenate([x for x, _ in finite])
        y = np.concatenate([y for _, y in finite])
        low, high = float(y.min()), float(y.max())
        if self._span is not None:
            low, high = min(low, self._span[0]), max(high, self._span[1])
        low, high = max(low, self._limits[0]), min(high, self._limits[1])
        if self._log:
            low, high = floor(low / STEP) * STEP, ceil(high / STEP) * STEP
        if self._log and high - low < 1.0:  # less than a decade: whole ones, for the axis numbers only these
            low, high = floor(low), ceil(high) if ceil(high) > floor(low) else floor(low) + 1
        elif high - low < 1e-9 * max(abs(high), 1e-9):
            low, high = min(0.0, 2 * low), max(2 * high, 1e-12)
        left, right = min(float(x.min()), self._across[0]), max(float(x.max()), self._across[1])
        self._show_range(left, right if right > left else left + 1.0, low, high)

    def _show_empty(self, empty: bool) -> None:
        if empty == self._empty:  # to set an axis' style has it drawn anew, which costs more than the curves
            return
        self._empty = empty
        self._hint.setVisible(empty)
        for side in ("left", "bottom"):
            self.getAxis(side).setStyle(showValues=not empty)

    def _show_range(self, left: float, right: float, low: float, high: float) -> None:
        """Shows what lies between these, with a little room around it."""
        self.setXRange(left, right, padding=0.02)
        self.setYRange(low, high, padding=0.06)


def thinned(x: Column, y: Column) -> tuple[Column, Column]:
    """The line through (x, y), (N,) each, by at most 2 · MOST points: the least and the greatest value of each bin."""
    width = -(-len(x) // MOST)
    if width < 3:
        return x, y
    whole = len(x) // width * width
    bins = y[:whole].reshape(-1, width)
    bins = np.where(np.isfinite(bins), bins, bins[:, :1])
    ends = np.stack([bins.min(1), bins.max(1)], axis=1).ravel()
    return np.append(np.repeat(x[:whole:width], 2), x[whole:]), np.append(ends, y[whole:])
