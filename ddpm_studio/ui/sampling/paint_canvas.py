"""A picture to paint on, pixel for pixel: strokes with the mouse, or dabs with the keys."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ddpm_studio.data.pictures import Picture
from ddpm_studio.params import Knots
from ddpm_studio.ui.theme import colours
from ddpm_studio.ui.widgets.pixels import image_of


class PaintCanvas(QWidget):
    """Sends strokes as their corners in pixels, from the centre of the upper left one; draws what it is shown."""

    stroking = Signal(object)  # Knots: on the way
    stroked = Signal(object)  # Knots: one stroke is done

    keys_help = (("Move the brush, paint a dab", "arrows, Space in Paint"),)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: Picture = np.zeros((1, 1, 1), np.uint8)
        self.image = image_of(self._picture)
        """What is shown, pixel for pixel."""
        self._radius = 1.0
        self._brush: tuple[float, float] | None = None  # where it is, in pixels
        self._corners: list[tuple[float, float]] = []
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 200)
        self.setAccessibleName("xₜ of the sample, to paint on")
        self.setToolTip("drag to paint; with the keys: arrows move the brush, Space paints a dab")

    def show_picture(self, picture: Picture) -> None:
        """Shows x_t as uint8 (H, W, C)."""
        self._picture, self.image = picture, image_of(picture)
        self.update()

    def show_radius(self, radius: float) -> None:
        """The size of the brush, pixels of the picture."""
        self._radius = radius
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(384, 384)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = self._box()
        painter.drawImage(box, self.image)
        if self._brush is None:
            return
        centre, radius = self.point_of(self._brush), max(self._radius, 0.5) * self._scale()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((colours().background, 3.0), (colours().cursor, 1.2)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawEllipse(centre, radius, radius)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._brush = self._pixel(event.position())
            self._corners = [self._brush]
            self.stroking.emit(self._knots())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._brush = self._pixel(event.position())
        if self._corners and self._brush != self._corners[-1]:
            self._corners.append(self._brush)
            self.stroking.emit(self._knots())
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._corners and event.button() is Qt.MouseButton.LeftButton:
            done, self._corners = self._knots(), []
            self.stroked.emit(done)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        height, width, _ = self._picture.shape
        x, y = self._brush or (width // 2, height // 2)
        moves = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        if event.key() == Qt.Key.Key_Space:
            self.stroked.emit(((float(round(x)), float(round(y))),))
        elif event.key() in moves:
            across, down = moves[Qt.Key(event.key())]
            self._brush = (
                float(min(max(round(x) + across, 0), width - 1)),
                float(min(max(round(y) + down, 0), height - 1)),
            )
        else:
            super().keyPressEvent(event)
        self.update()

    def point_of(self, pixel: tuple[float, float]) -> QPointF:
        """Where a pixel's centre is in the widget."""
        box, scale = self._box(), self._scale()
        return QPointF(box.left() + (pixel[0] + 0.5) * scale, box.top() + (pixel[1] + 0.5) * scale)

    def _pixel(self, point: QPointF) -> tuple[float, float]:
        box, scale = self._box(), self._scale()
        x, y = (point.x() - box.left()) / scale - 0.5, (point.y() - box.top()) / scale - 0.5
        return round(x, 2), round(y, 2)

    def _knots(self) -> Knots:
        return tuple(self._corners)

    def _scale(self) -> float:
        height, width, _ = self._picture.shape
        scale = min(self.width() / width, self.height() / height)
        return float(int(scale)) if scale >= 2 else scale

    def _box(self) -> QRectF:
        height, width, _ = self._picture.shape
        scale = self._scale()
        left, top = (self.width() - width * scale) // 2, (self.height() - height * scale) // 2
        return QRectF(left, top, width * scale, height * scale)
