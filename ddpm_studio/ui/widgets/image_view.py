"""One picture or a grid of them, pixel for pixel: nearest neighbour, and each pixel's value under the mouse."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ddpm_studio.data.pictures import Picture
from ddpm_studio.export import Provenance
from ddpm_studio.ui.widgets.cells import Cells
from ddpm_studio.ui.widgets.held_pictures import HeldPictures, Values
from ddpm_studio.ui.widgets.pixels import images_of


class ImageGrid(HeldPictures):
    """Shows pictures of one size in as few rows and columns as make them largest; a grid of one is a plain view.

    A click or an arrow key selects a picture and sends `picked`; a single picture leaves the keys to its parent. The
    numbers of the pictures are those they were given by, in whatever order some of them are shown. Only what has
    changed is painted: the pictures, or the line above them.

    Args:
        caption: a line above the pictures; the value under the mouse takes its place.
        tip: what is shown, symbol and range.
        provenance: what a saved picture carries; without it, the menu offers no saving.
        span: the values that black and white stand for.
    """

    picked = Signal(int)

    def __init__(
        self,
        caption: str = "",
        tip: str = "",
        *,
        provenance: Callable[[], Provenance] | None = None,
        span: tuple[float, float] = (-1.0, 1.0),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(caption, provenance, span, parent)
        self._images: list[QImage] = []
        self._marks: frozenset[int] = frozenset()
        self._under = ""  # the value under the mouse
        self.setToolTip(tip)
        self.setAccessibleName(caption)
        self.setAccessibleDescription(tip)
        self.setMouseTracking(True)
        self.setMinimumSize(64, 64)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def select(self, index: int) -> None:
        """Frames a picture (−1: none) without sending `picked`."""
        if index != self._selected:
            self._selected = index
            self.update()

    def set_order(self, order: Sequence[int] | None) -> None:
        """Shows only these pictures, in this order; None shows all of them."""
        if order != self._order:
            self._order = order
            self.update()

    def set_marks(self, marks: frozenset[int]) -> None:
        """Marks some of the pictures with a corner."""
        if marks != self._marks:
            self._marks = marks
            self.update()

    def set_caption(self, caption: str) -> None:
        """Changes the line above the pictures."""
        if caption != self._caption:
            alike = bool(caption) == bool(self._caption)
            self._caption = caption
            self.setAccessibleName(caption)
            self.update(self._line_box(self._cells()).toAlignedRect()) if alike else self.update()

    def show_pictures(self, pictures: Picture, values: Values | None = None, labels: Sequence[str] = ()) -> None:
        """Shows uint8 pictures, (N, H, W, C) or (H, W, C) with C = 1 or 3.

        Args:
            pictures: what is painted.
            values: the numbers behind it, (N, C, H, W) or (C, H, W), told under the mouse; without them it is told
                what the bytes stand for.
            labels: a short text below each picture.
        """
        shape = self._pictures.shape, len(self._labels)
        self.hold(pictures, values, labels)
        self._images = images_of(self._pictures)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if len(self._images) > 1 else Qt.FocusPolicy.NoFocus)
        self._follow(self.mapFromGlobal(self.cursor().pos()).toPointF())
        alike = shape == (self._pictures.shape, len(self._labels))
        self.update(QRectF(*self._cells().box).toAlignedRect()) if alike else self.update()

    def value_at(self, point: QPointF) -> str:
        """Column, row and value of the pixel at a point of the widget; empty outside the pictures."""
        found = self._cells().at(point.x(), point.y()) if self._images else None
        if found is None:
            return ""
        index, (_, u, v) = self.order[found[0]], found
        _, height, width, _ = self._pictures.shape
        x, y = int(u * width), int(v * height)
        values = self._stood_for(self._pictures[index, y, x]) if self._values is None else self._values[index, :, y, x]
        numbers = " ".join(f"{value:+.2f}" for value in values).replace("-", "−")
        return f"({x}, {y})  {numbers}"

    def sizeHint(self) -> QSize:
        return QSize(220, 220)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, cells = QPainter(self), self._cells()
        painter.setPen(self.palette().text().color())
        self._paint_line(painter, self._under or self._caption, cells, event)
        for place, index in enumerate(self.order):
            box = QRectF(*cells.origin(place), cells.width, cells.height)
            painter.drawImage(box, self._images[index])
            if index in self._marks:
                self._paint_mark(painter, box)
            if index < len(self._labels):
                below = QRectF(box.left(), box.bottom(), box.width(), cells.label)
                painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self._elided(self._labels[index], box.width()))
        if self._selected in (order := list(self.order)):
            box = QRectF(*cells.origin(order.index(self._selected)), cells.width, cells.height)
            self._paint_frame(painter, box)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._cells().at(event.position().x(), event.position().y()) if self._images else None
        if found is not None and len(self._images) > 1:
            index = self.order[found[0]]
            self.select(index)
            if event.button() is Qt.MouseButton.LeftButton:
                self.picked.emit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._follow(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._tell("")
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self._cells().columns
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        order = list(self.order)
        if len(self._images) < 2 or event.key() not in moves or not order:
            super().keyPressEvent(event)
            return
        place = order.index(self._selected) + moves[Qt.Key(event.key())] if self._selected in order else 0
        if 0 <= place < len(order):
            self.select(order[place])
            self.picked.emit(order[place])

    def _follow(self, point: QPointF) -> None:
        self._tell(self.value_at(point) if self.underMouse() else "")

    def _tell(self, under: str) -> None:
        """In the line above the pictures."""
        if under != self._under:
            self._under = under
            self.update(self._line_box(self._cells()).toAlignedRect())

    def _line_box(self, cells: Cells) -> QRectF:
        """Of the line above the pictures; empty where there is none."""
        return QRectF(0.0, cells.top - self._line(), self.width(), self._line())

    def _paint_line(self, painter: QPainter, text: str, cells: Cells, event: QPaintEvent) -> None:
        """The text above the pictures, flush with their left side where it fits; shaping it takes longest of all."""
        box = self._line_box(cells)
        if event.region().intersects(box.toAlignedRect()):
            left = min(cells.left, max(self.width() - self.fontMetrics().horizontalAdvance(text) - 1, 0))
            box.setLeft(left)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self._elided(text, box.width()))

    def _paint_mark(self, painter: QPainter, box: QRectF) -> None:
        side = max(min(box.width(), box.height()) / 5, 6.0)
        painter.save()
        painter.setPen(QPen(self.palette().base().color(), 1))
        painter.setBrush(self.palette().highlight())
        painter.drawPolygon([box.topRight(), box.topRight() - QPointF(side, 0), box.topRight() + QPointF(0, side)])
        painter.restore()

    def _paint_frame(self, painter: QPainter, box: QRectF) -> None:
        painter.setPen(QPen(self.palette().highlight().color(), 3))
        painter.drawRect(box.adjusted(-0.5, -0.5, 0.5, 0.5))

    def _elided(self, text: str, width: float) -> str:
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(width))
