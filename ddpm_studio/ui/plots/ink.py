"""All that moves in a plot, as one item in pixels: its curves, the cursor, and points to grab."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ddpm_studio.ui.theme import Colours

RADIUS = 5.0  # pixels, of a point
_INSET = 5.0  # pixels beside the axes in which nothing is drawn, or Qt would paint the axes again too


class Ink(QGraphicsItem):
    """A change repaints the frame and nothing beside it. Every setter takes pixels of the widget."""

    def __init__(self) -> None:
        super().__init__()
        self._rect = QRectF()
        self._lines: Sequence[QPainterPath] = ()
        self._pens: Sequence[QPen] = ()
        self._cursor, self._cursor_pen = 0.0, QPen()
        self._dots: Sequence[QPointF] = ()
        self._selected: int | None = None
        self._dot_pen, self._dot_brush, self._selected_brush = QPen(), QBrush(), QBrush()
        self.setZValue(10)

    def set_rect(self, rect: QRectF) -> None:
        """The frame's place."""
        self.prepareGeometryChange()
        self._rect = rect.adjusted(_INSET, 0.0, 0.0, -_INSET)

    def set_lines(self, lines: Sequence[QPainterPath]) -> None:
        """The curves."""
        self._lines = lines
        self.update()

    def set_cursor(self, x: float) -> None:
        """The upright line at the shared t."""
        self._cursor = x
        self.update()

    def set_dots(self, dots: Sequence[QPointF], selected: int | None) -> None:
        """The points to grab, and which of them the keys act on."""
        self._dots, self._selected = dots, selected
        self.update()

    def set_colours(self, colours: Colours, names: Sequence[str], width: float) -> None:
        """The colour of each curve by its name, and how wide it is; points take the first curve's."""
        self._pens = [QPen(QColor(getattr(colours, name)), width) for name in names]
        self._cursor_pen = QPen(QColor(colours.cursor), 1.0)
        self._dot_pen = QPen(self._pens[0].color(), 2.0)
        self._dot_brush, self._selected_brush = QBrush(QColor(colours.background)), QBrush(QColor(colours.accent))
        self.update()

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        painter.setClipRect(self._rect)
        painter.setPen(self._cursor_pen)
        painter.drawLine(QPointF(self._cursor, self._rect.top()), QPointF(self._cursor, self._rect.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line, pen in zip(self._lines, self._pens, strict=True):
            painter.setPen(pen)
            painter.drawPath(line)
        painter.setPen(self._dot_pen)
        for index, dot in enumerate(self._dots):
            painter.setBrush(self._selected_brush if index == self._selected else self._dot_brush)
            painter.drawEllipse(dot, RADIUS, RADIUS)
