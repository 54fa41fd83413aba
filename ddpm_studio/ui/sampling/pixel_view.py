"""Pictures of the same thing side by side, looked at together: one zoom, one crosshair, one pixel in all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QWheelEvent
from PySide6.QtWidgets import QWidget

from ddpm_studio.data import to_bytes
from ddpm_studio.export import Provenance
from ddpm_studio.ui import theme
from ddpm_studio.ui.typesetting.glyph_box import Box
from ddpm_studio.ui.typesetting.markup import parse
from ddpm_studio.ui.typesetting.typeset import typeset
from ddpm_studio.ui.widgets.image_view import ImageGrid

EM = 14.0  # of the labels
LEAST = 4.0  # pixels of the pictures that are still seen when zoomed in most
NOTCH = 1.25  # by which a notch of the wheel zooms


@dataclass(frozen=True, eq=False)
class Quantity:
    """One of the pictures."""

    name: str  # as text
    markup: str  # as an equation
    values: NDArray[np.float32]  # (C, H, W)
    reach: float = 1.0  # white is this value, black its negative


class PixelView(ImageGrid):
    """The wheel zooms about the mouse, dragging moves what is seen, a double click shows all; a click picks."""

    pointed = Signal(object)  # (x, y), the pixel under the mouse, or None

    def __init__(
        self, caption: str, tip: str, provenance: Callable[[], Provenance], parent: QWidget | None = None
    ) -> None:
        super().__init__(caption, tip, provenance=provenance, parent=parent)
        self._quantities: Sequence[Quantity] = ()
        self._boxes: dict[str, Box] = {}
        self._labels_drawn: dict[tuple[object, ...], QPixmap] = {}
        self._zoom, self._corner = 1.0, QPointF(0.0, 0.0)  # what is seen begins there, in shares of the picture
        self._pixel: tuple[int, int] | None = None
        self._held: QPointF | None = None

    @property
    def zoom(self) -> float:
        """How many times as large as the whole picture; 1 shows all of it."""
        return self._zoom

    @property
    def pixel(self) -> tuple[int, int] | None:
        """Column and row under the mouse; None where there is none."""
        return self._pixel

    def show_quantities(self, quantities: Sequence[Quantity]) -> None:
        """Shows pictures of one size; zoom and crosshair stay."""
        if self._quantities and quantities[0].values.shape != self._quantities[0].values.shape:
            self._zoom, self._corner = 1.0, QPointF(0.0, 0.0)
        self._quantities = quantities
        for quantity in quantities:
            if quantity.markup not in self._boxes:
                self._boxes[quantity.markup] = typeset(parse(quantity.markup))
        values = np.stack([quantity.values for quantity in quantities])
        reach = np.array([quantity.reach for quantity in quantities], np.float32)[:, None, None, None]
        self.show_pictures(to_bytes(values / reach), values, [quantity.name for quantity in quantities])
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the arrows are the player's

    def told(self) -> str:
        """The pixel under the mouse: where it is, and every quantity there, a line each; empty for none."""
        if self._pixel is None:
            return ""
        x, y = self._pixel
        lines = [f"column {x}, row {y}"]
        for quantity in self._quantities:
            numbers = "  ".join(f"{value:+.3f}" for value in quantity.values[:, y, x]).replace("-", "−")
            lines.append(f"{quantity.name}\t{numbers}")
        return "\n".join(lines)

    def pixel_at(self, point: QPointF) -> tuple[int, int] | None:
        """Column and row of the picture's pixel at a point of the widget."""
        found = self._cells().at(point.x(), point.y()) if self._quantities else None
        if found is None:
            return None
        _, height, width = self._quantities[0].values.shape
        u, v = self._corner.x() + found[1] / self._zoom, self._corner.y() + found[2] / self._zoom
        return min(int(u * width), width - 1), min(int(v * height), height - 1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        found = self._cells().at(event.position().x(), event.position().y()) if self._quantities else None
        if found is None or not event.angleDelta().y():
            event.ignore()
            return
        _, height, width = self._quantities[0].values.shape
        zoom = self._zoom * NOTCH ** (event.angleDelta().y() / 120)
        zoom = min(max(zoom, 1.0), max(min(height, width) / LEAST, 1.0))
        u, v = found[1], found[2]
        self._see(self._corner + QPointF(u, v) / self._zoom - QPointF(u, v) / zoom, zoom)
        self._follow(event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() is Qt.MouseButton.LeftButton and self._quantities:
            self._held = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            cells, moved = self._cells(), self._held - event.position()
            self._held = event.position()
            share = QPointF(moved.x() / cells.width, moved.y() / cells.height) / self._zoom
            self._see(self._corner + share, self._zoom)
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self._see(QPointF(0.0, 0.0), 1.0)

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)
        super().leaveEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours, cells = QPainter(self), theme.colours(), self._cells()
        painter.setPen(QColor(colours.foreground))
        self._paint_line(painter, self._caption, cells, event)
        for index, (image, quantity) in enumerate(zip(self._images, self._quantities, strict=False)):
            box = QRectF(*cells.origin(index), cells.width, cells.height)
            painter.drawImage(box, image, self._seen(image.width(), image.height()))
            self._paint_label(painter, quantity, box)
            if self._pixel is not None:
                self._paint_cross(painter, box)
        if 0 <= self._selected < len(self._images):
            self._paint_frame(painter, QRectF(*cells.origin(self._selected), cells.width, cells.height))

    def _follow(self, point: QPointF) -> None:
        self._point(self.pixel_at(point) if self.underMouse() else None)

    def _point(self, pixel: tuple[int, int] | None) -> None:
        if pixel != self._pixel:
            self._pixel = pixel
            self.update()
        elif pixel is None:
            return
        self.pointed.emit(pixel)  # also for the same pixel: its values may be others

    def _see(self, corner: QPointF, zoom: float) -> None:
        self._zoom, most = zoom, 1.0 - 1.0 / zoom
        self._corner = QPointF(min(max(corner.x(), 0.0), most), min(max(corner.y(), 0.0), most))
        self.update()

    def _seen(self, width: int, height: int) -> QRectF:
        """The part of a picture that is seen, in its pixels."""
        left, top = self._corner.x() * width, self._corner.y() * height
        return QRectF(left, top, width / self._zoom, height / self._zoom)

    def _paint_label(self, painter: QPainter, quantity: Quantity, box: QRectF) -> None:
        """The label of a picture, which is drawn once for each width and colour."""
        ratio, colours = self.devicePixelRatioF(), theme.colours()
        key = quantity.markup, quantity.reach, box.width(), ratio, colours.foreground, colours.muted, self.font().key()
        if key not in self._labels_drawn:
            if len(self._labels_drawn) >= 8 * max(len(self._quantities), 1):  # after many sizes of the window
                self._labels_drawn.clear()
            self._labels_drawn[key] = self._drawn_label(quantity, box.width(), ratio)
        painter.drawPixmap(QPointF(box.left(), box.bottom()), self._labels_drawn[key])

    def _drawn_label(self, quantity: Quantity, width: float, ratio: float) -> QPixmap:
        """The symbol, and the range it is painted on where there is room for that."""
        drawn = QPixmap(ceil(width * ratio), ceil(self._label_height() * ratio))
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(Qt.GlobalColor.transparent)
        painter, label, colours = QPainter(drawn), self._boxes[quantity.markup], theme.colours()
        painter.setFont(self.font())
        note = f"±{quantity.reach:g}"
        wide = label.width * EM + 5 + self.fontMetrics().horizontalAdvance(note)
        both = wide <= width
        left = (width - (wide if both else label.width * EM)) / 2
        label.paint(painter, QPointF(left, 1.15 * EM), EM, QColor(colours.foreground))
        if both:
            painter.setPen(QColor(colours.muted))
            painter.drawText(QPointF(left + label.width * EM + 5, 1.15 * EM), note)
        painter.end()
        return drawn

    def _paint_cross(self, painter: QPainter, box: QRectF) -> None:
        """A frame around the pixel, and lines that lead to it."""
        assert self._pixel is not None
        _, height, width = self._quantities[0].values.shape
        across, down = box.width() * self._zoom / width, box.height() * self._zoom / height
        left = box.left() + (self._pixel[0] - self._corner.x() * width) * across
        top = box.top() + (self._pixel[1] - self._corner.y() * height) * down
        pixel = QRectF(left, top, across, down).intersected(box)
        painter.save()
        painter.setClipRect(box)
        accent = QColor(theme.colours().accent)
        painter.setPen(QPen(accent, 1))
        middle = pixel.center()
        painter.drawLine(QPointF(box.left(), middle.y()), QPointF(pixel.left(), middle.y()))
        painter.drawLine(QPointF(pixel.right(), middle.y()), QPointF(box.right(), middle.y()))
        painter.drawLine(QPointF(middle.x(), box.top()), QPointF(middle.x(), pixel.top()))
        painter.drawLine(QPointF(middle.x(), pixel.bottom()), QPointF(middle.x(), box.bottom()))
        painter.drawRect(pixel.adjusted(-0.5, -0.5, 0.5, 0.5))
        painter.restore()

    def _label_height(self) -> float:
        return 1.75 * EM
