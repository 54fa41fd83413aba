"""The data pictures that a sample most probably comes from, as a chart: under each bar stands the picture itself."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ddpm_studio.data import Picture
from ddpm_studio.ui import theme
from ddpm_studio.ui.widgets.pixels import image_of

GAP = 4  # logical pixels between two pictures
LEAST = 24  # logical pixels: the bars' height, if there is no more room


class NeighboursView(QWidget):
    """Bars of p(i | x_t), most probable first, on a scale from 0 to 1; each is named by its picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: list[QImage] = []
        self._weights: Sequence[float] = ()
        self._numbers: Sequence[int] = ()
        self.setAccessibleName("nearest pictures of the data set")
        self.setAccessibleDescription("bars of p(i | xₜ), the probability that xₜ is picture i under noise, 0 to 1")
        self.setMinimumSize(140, 76)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def numbers(self) -> Sequence[int]:
        """Which pictures of the data set are shown, most probable first."""
        return self._numbers

    @property
    def weights(self) -> Sequence[float]:
        """Their probabilities."""
        return self._weights

    def show_neighbours(self, pictures: Picture, numbers: Sequence[int], weights: Sequence[float]) -> None:
        """Shows uint8 pictures (k, H, W, C), their numbers in the data set and their probabilities."""
        self._images = [image_of(picture) for picture in pictures]
        self._numbers, self._weights = numbers, weights
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(280, 110)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme.colours()
        side, line = self._side(), self.fontMetrics().height()
        floor = self.height() - side - 2
        painter.fillRect(QRectF(0, floor, self._left(len(self._images)) - GAP, 1), QColor(colours.grid))
        for i, (image, weight) in enumerate(zip(self._images, self._weights, strict=True)):
            left, height = self._left(i), weight * (floor - line)
            painter.drawImage(QRectF(left, self.height() - side, side, side), image)
            painter.fillRect(QRectF(left, floor - height, side, height), QColor(colours.accent))
            painter.setPen(QColor(colours.foreground))
            self._paint_percent(painter, left + side / 2, floor - height - line, weight)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.told_at(event.pos()), self)
            return True
        return super().event(event)

    def told_at(self, point: QPoint) -> str:
        """What the tooltip says of the picture at a point."""
        i = int(point.x() // (self._side() + GAP))
        if 0 <= i < len(self._images):
            return f"picture {self._numbers[i]} of the data set: p(i | xₜ) = {self._weights[i]:.3g}"
        return self.accessibleDescription()

    def _paint_percent(self, painter: QPainter, centre: float, top: float, weight: float) -> None:
        """Over the bar; over a narrow one beside it rather than cut off."""
        text, metrics = percent(weight), self.fontMetrics()
        width = metrics.horizontalAdvance(text) + 2.0
        left = min(max(centre - width / 2, 0.0), self.width() - width)
        painter.drawText(QRectF(left, top, width, metrics.height()), Qt.AlignmentFlag.AlignCenter, text)

    def _side(self) -> float:
        """Of a picture, logical pixels: what the width and the height of the widget leave for it."""
        count = max(len(self._images), 1)
        across = (self.width() - (count - 1) * GAP) / count
        down = self.height() - self.fontMetrics().height() - LEAST
        return max(min(across, down), 8.0)

    def _left(self, i: int) -> float:
        return i * (self._side() + GAP)


def percent(share: float) -> str:
    """A share of 1 as a few characters; below a thousandth it is nothing."""
    if share < 0.001:
        return "–"
    return f"{100 * share:.0f}%" if share >= 0.0995 else f"{100 * share:.1f}%"
