"""What stands still in a plot: how its axes look, and what is painted behind its curves.

That is the title in the curves' colours, the grid, the guide and the comparison curves.
"""

from collections.abc import Sequence
from math import floor, log10

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from ddpm_studio.schedule import Schedule
from ddpm_studio.ui.plots.graph import Graph
from ddpm_studio.ui.plots.plot_frame import Frame
from ddpm_studio.ui.theme import Colours

DASHES = ((6.0, 4.0), (2.0, 3.0), (10.0, 3.0, 2.0, 3.0), (1.0, 5.0))
"""The lines of the comparison curves, in pen widths; there are at most so many."""

_APART = 46.0  # pixels between two numbers along t
_LEFT = 40  # pixels for the numbers of the upright axis, always the same: nothing moves when they change
_RIGHT = 16  # and for half of the last number of the level one, and its name
_TOP = 18  # and for the title
_POINTS, _TITLE_POINTS = 8, 9


class TimeAxis(pg.AxisItem):
    """The axis of t: its numbers are as many as fit, and whole."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        """The one step between numbers, from 1, 2, 5, 10, 20 …"""
        least = max((high - low) * _APART / max(size, 1.0), 1.0)
        decade = 10.0 ** floor(log10(least))
        return [(next(decade * step for step in (1.0, 2.0, 5.0, 10.0) if decade * step >= least), 0.0)]


def settle_axes(item: pg.PlotItem) -> None:
    """Small numbers at few ticks, t below, and no room that is asked for anew when numbers change."""
    font = QFont()
    font.setPointSize(_POINTS)
    for name in ("left", "bottom"):
        axis = item.getAxis(name)
        axis.setTickFont(font)
        axis.setStyle(tickLength=3, tickTextOffset=3, maxTickLevel=0, hideOverlappingLabels=_RIGHT)
        axis.enableAutoSIPrefix(False)
    item.getAxis("left").setWidth(_LEFT)
    item.getAxis("bottom").setHeight(18)
    item.layout.setContentsMargins(0, _TOP, _RIGHT, 0)


def pin_pen(colours: Colours, index: int) -> QPen:
    """The line of comparison curve number `index`."""
    pen = QPen(QColor(colours.pinned), 1.0)
    pen.setDashPattern(DASHES[index])
    return pen


def paint(
    painter: QPainter, item: pg.PlotItem, graph: Graph, pins: Sequence[Schedule | None], colours: Colours
) -> None:
    """Paints it in the widget's pixels."""
    frame = Frame.of(item.getViewBox())
    painter.save()
    _paint_title(painter, frame.rect, graph, colours)
    painter.setPen(QColor(colours.muted))
    painter.drawText(frame.rect.bottomRight() + QPointF(5.0, 0.0), "t")
    painter.setClipRect(frame.rect)
    _paint_grid(painter, item, frame, colours)
    if graph.guide is not None:
        painter.setPen(QPen(QColor(colours.muted), 1.0))
        _across(painter, frame, graph.guide)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for index, pin in enumerate(pins):
        if pin is not None:
            painter.setPen(pin_pen(colours, index))
            for path in frame.paths(graph, pin):
                painter.drawPath(path)
    painter.restore()


def _paint_title(painter: QPainter, frame: QRectF, graph: Graph, colours: Colours) -> None:
    """Each symbol in its curve's colour; the caption is cut where the room ends."""
    font = QFont(painter.font())
    font.setPointSize(_TITLE_POINTS)
    painter.setFont(font)
    size, x, y = QFontMetricsF(font), frame.left() + 2.0, frame.top() - 5.0
    parts = [(q.symbol, str(getattr(colours, q.colour))) for q in graph.quantities]
    parts += [(graph.unit and f"in {graph.unit}", colours.foreground), (graph.caption, colours.muted)]
    for text, colour in parts:
        painter.setPen(QColor(colour))
        painter.drawText(QPointF(x, y), size.elidedText(text, Qt.TextElideMode.ElideRight, frame.right() - x))
        x += size.horizontalAdvance(text) + (8.0 if text else 0.0)


def _paint_grid(painter: QPainter, item: pg.PlotItem, frame: Frame, colours: Colours) -> None:
    painter.setPen(QPen(QColor(colours.grid), 1.0))
    rect = frame.rect
    for t in _ticks(item.getAxis("bottom"), frame.left, frame.right, rect.width()):
        painter.drawLine(QPointF(frame.x(t), rect.top()), QPointF(frame.x(t), rect.bottom()))
    for height in _ticks(item.getAxis("left"), frame.bottom, frame.top, rect.height()):
        _across(painter, frame, height)


def _ticks(axis: pg.AxisItem, low: float, high: float, pixels: float) -> Sequence[float]:
    """Where the axis writes its numbers."""
    levels = axis.tickValues(low, high, pixels) if pixels > 0 else ()
    return levels[0][1] if levels else ()


def _across(painter: QPainter, frame: Frame, height: float) -> None:
    y = frame.y(height)
    painter.drawLine(QPointF(frame.rect.left(), y), QPointF(frame.rect.right(), y))
