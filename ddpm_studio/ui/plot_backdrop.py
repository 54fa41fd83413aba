"""What stands still in a plot: how its axes look, and what is painted behind its curves.

That is the title in the curves' colours, the grid, the guide and the comparison curves.
"""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from ddpm_studio.schedule import Schedule, Table
from ddpm_studio.ui.graph import Graph, Times, spread
from ddpm_studio.ui.theme import Colours

DASHES = ((6.0, 4.0), (2.0, 3.0), (10.0, 3.0, 2.0, 3.0), (1.0, 5.0))
"""The lines of the comparison curves, in pen widths; there are at most so many."""

_DENSITY = 0.5  # of the numbers along t
_LEFT = 40  # pixels for the numbers of the upright axis, always the same: nothing moves when they change
_RIGHT = 16  # and for half of the last number of the level one, and its name
_TOP = 18  # and for the title
_POINTS, _TITLE_POINTS = 8, 9


def settle_axes(item: pg.PlotItem) -> None:
    """Small numbers at few ticks, t below, and no room that is asked for anew when numbers change."""
    font = QFont()
    font.setPointSize(_POINTS)
    for name in ("left", "bottom"):
        axis = item.getAxis(name)
        axis.setTickFont(font)
        axis.setStyle(tickLength=-3, tickTextOffset=3, maxTickLevel=0, hideOverlappingLabels=_RIGHT)
        axis.enableAutoSIPrefix(False)
    item.getAxis("bottom").setTickDensity(_DENSITY)
    item.getAxis("left").setWidth(_LEFT)
    item.getAxis("bottom").setHeight(18)
    item.hideButtons()
    item.setMenuEnabled(False)
    item.layout.setContentsMargins(0, _TOP, _RIGHT, 0)


def pin_pen(colours: Colours, index: int) -> QPen:
    """The line of comparison curve number `index`."""
    pen = QPen(QColor(colours.pinned), 1.0)
    pen.setDashPattern(DASHES[index])
    return pen


def paint(
    painter: QPainter, item: pg.PlotItem, graph: Graph, pins: Sequence[Schedule | None], colours: Colours
) -> None:
    """Paints it in scene coordinates, which are pixels."""
    box = item.getViewBox()
    frame: QRectF = box.sceneBoundingRect()
    painter.save()
    _paint_title(painter, frame, graph, colours)
    painter.setPen(QColor(colours.muted))
    painter.drawText(frame.bottomRight() + QPointF(5.0, 0.0), "t")
    painter.setClipRect(frame)
    _paint_grid(painter, item, frame, colours)
    if graph.guide is not None:
        painter.setPen(QPen(QColor(colours.muted), 1.0))
        _across(painter, frame, box.mapViewToScene(QPointF(0.0, graph.guide)).y())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for index, pin in enumerate(pins):
        if pin is not None:
            painter.setPen(pin_pen(colours, index))
            _paint_curves(painter, box, graph, pin)
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


def _paint_grid(painter: QPainter, item: pg.PlotItem, frame: QRectF, colours: Colours) -> None:
    painter.setPen(QPen(QColor(colours.grid), 1.0))
    box = item.getViewBox()
    (left, right), (bottom, top) = box.viewRange()
    for x in _ticks(item.getAxis("bottom"), left, right, frame.width()):
        down = box.mapViewToScene(QPointF(x, 0.0)).x()
        painter.drawLine(QPointF(down, frame.top()), QPointF(down, frame.bottom()))
    for y in _ticks(item.getAxis("left"), bottom, top, frame.height()):
        _across(painter, frame, box.mapViewToScene(QPointF(0.0, y)).y())


def _ticks(axis: pg.AxisItem, low: float, high: float, pixels: float) -> Sequence[float]:
    """Where the axis writes its numbers."""
    levels = axis.tickValues(low, high, pixels) if pixels > 0 else ()
    return levels[0][1] if levels else ()


def _across(painter: QPainter, frame: QRectF, y: float) -> None:
    painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))


def _paint_curves(painter: QPainter, box: pg.ViewBox, graph: Graph, schedule: Schedule) -> None:
    for quantity in graph.quantities:
        x, y = graph.heights(quantity, schedule, visible_times(box, schedule.T))
        painter.drawPath(pg.arrayToQPath(*_to_scene(box, x, y), connect="all", finiteCheck=False))


def visible_times(box: pg.ViewBox, T: int) -> Times:
    """The timesteps in sight, at most one for each column of pixels."""
    (low, high), _ = box.viewRange()
    return spread(T, low, high, max(int(box.width()), 2))


def _to_scene(box: pg.ViewBox, x: Times, y: Table) -> tuple[Table, Table]:
    origin, unit = box.mapViewToScene(QPointF(0.0, 0.0)), box.mapViewToScene(QPointF(1.0, 1.0))
    return (
        np.asarray(origin.x() + x * (unit.x() - origin.x())),
        np.asarray(origin.y() + y * (unit.y() - origin.y())),
    )
