"""A picture on which the part to be repaired is painted with the mouse."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from ddpm_studio.data import Picture, to_channels
from ddpm_studio.origin.canvas import Mask
from ddpm_studio.ui import theme

SIDE = 150  # logical pixels at first
VEIL = 150  # of 255: how much the mask hides of the picture


class MaskPainter(QWidget):
    """The left button paints, the right one wipes; `edited` carries the mask when the button is let go.

    The brush is a disc of `brush` pixels of the picture across, and never less than the pixel under the mouse. Where
    there is nothing to wipe, a right click opens the menu of the widget's actions.
    """

    edited = Signal(object)  # Mask

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.brush = 3.0
        self.painted: Mask = np.zeros((1, 1), np.bool_)
        self._image = QImage()
        self._last: tuple[float, float] | None = None
        self._paints = True
        self._before = self.painted  # the stroke
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("mask")
        self.setToolTip(
            "Paint what is to be repaired: left button paints, right button wipes; the rest is kept. A right click "
            "where nothing is painted offers to copy or save what is seen."
        )
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.watcher().changed.connect(self.update)

    def show_picture(self, picture: Picture) -> None:
        """The picture below the mask, (H, H, C)."""
        rgb = np.ascontiguousarray(to_channels(picture, 3))
        height, width, _ = rgb.shape
        self._image = QImage(rgb.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self.update()

    def show_mask(self, mask: Mask) -> None:
        """What is painted, (H, H)."""
        self.painted, self._last = mask.copy(), None
        self.update()

    def image(self) -> QImage:
        """The picture and the mask as they are seen."""
        return self.grab(self._square().toRect()).toImage()

    def event(self, event: QEvent) -> bool:
        """The button that wipes opens no menu before it is known whether it wipes."""
        by_mouse = isinstance(event, QContextMenuEvent) and event.reason() is QContextMenuEvent.Reason.Mouse
        return True if by_mouse else super().event(event)

    def sizeHint(self) -> QSize:
        return QSize(SIDE, SIDE)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, SIDE)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, square = QPainter(self), self._square()
        if self._image.isNull():
            return
        painter.drawImage(square, self._image)
        painter.drawImage(square, self._veil())
        painter.setPen(QPen(QColor(theme.colours().grid), 1.0))
        painter.drawRect(square)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            return
        self._paints = event.button() == Qt.MouseButton.LeftButton
        self._last, self._before = None, self.painted.copy()
        self._stroke(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._last is not None:
            self._stroke(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._last is None:
            return
        self._last = None
        if not np.array_equal(self.painted, self._before):
            self.edited.emit(self.painted.copy())
        elif not self._paints and self.actions():
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addActions(self.actions())
            menu.popup(event.globalPosition().toPoint())

    def _stroke(self, position: QPointF) -> None:
        """Paints from where the brush was to here, so that a quick stroke has no gaps."""
        square, size = self._square(), len(self.painted)
        x, y = ((position - square.topLeft()) / max(square.width(), 1.0) * size).toTuple()
        before = self._last or (x, y)
        self._last = (x, y)
        rows, columns = np.mgrid[0:size, 0:size] + 0.5
        for share in np.linspace(0.0, 1.0, 2 + int(max(abs(x - before[0]), abs(y - before[1])))):
            px, py = before[0] + share * (x - before[0]), before[1] + share * (y - before[1])
            near = (columns - px) ** 2 + (rows - py) ** 2 <= (self.brush / 2.0) ** 2
            if 0.0 <= px < size and 0.0 <= py < size:
                near[int(py), int(px)] = True
            self.painted[near] = self._paints
        self.update()

    def _veil(self) -> QImage:
        accent = QColor(theme.colours().accent)
        size = len(self.painted)
        rgba = np.zeros((size, size, 4), np.uint8)
        rgba[self.painted] = (accent.red(), accent.green(), accent.blue(), VEIL)
        return QImage(rgba.tobytes(), size, size, 4 * size, QImage.Format.Format_RGBA8888).copy()

    def _square(self) -> QRectF:
        side = float(min(self.width(), self.height())) - 1.0
        return QRectF((self.width() - side) / 2.0, 0.0, side, side)
