"""One picture or a grid of them, pixel for pixel: nearest neighbour, and each pixel's value under the mouse."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ddpm_studio.data.pictures import Picture
from ddpm_studio.errors import UserError
from ddpm_studio.export import Provenance, grid, save_picture, save_samples
from ddpm_studio.ui.cells import Cells, arranged
from ddpm_studio.ui.saving import ask_target

Values = NDArray[np.float32]  # (N, C, H, W): what the pictures show


class ImageGrid(QWidget):
    """Shows pictures of one size in as few rows and columns as make them largest; a grid of one is a plain view.

    A click or an arrow key selects a picture and sends `picked`; a single picture leaves the keys to its parent. The
    numbers of the pictures are those they were given by, in whatever order some of them are shown.

    Args:
        caption: a line above the pictures; the value under the mouse takes its place.
        tip: what is shown, symbol and range.
        provenance: what a saved picture carries; without it, the menu offers no saving.
        span: the values that black and white stand for.
    """

    picked = Signal(int)
    saved = Signal(str)  # one line: a picture was saved
    refused = Signal(str)  # one line: why it was not

    def __init__(
        self,
        caption: str = "",
        tip: str = "",
        *,
        provenance: Callable[[], Provenance] | None = None,
        span: tuple[float, float] = (-1.0, 1.0),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._provenance = provenance
        self._span = span
        self._caption = caption
        self._images: list[QImage] = []
        self._pictures: Picture = np.zeros((0, 1, 1, 1), np.uint8)
        self._values: Values | None = None
        self._labels: Sequence[str] = ()
        self._order: Sequence[int] | None = None
        self._marks: frozenset[int] = frozenset()
        self._selected = -1
        self._under = ""  # the value under the mouse
        self.setToolTip(tip)
        self.setAccessibleName(caption)
        self.setAccessibleDescription(tip)
        self.setMouseTracking(True)
        self.setMinimumSize(64, 64)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._offer_actions()

    @property
    def pictures(self) -> Picture:
        """What is shown, uint8 (N, H, W, C)."""
        return self._pictures

    @property
    def selected(self) -> int:
        """The framed picture, or −1."""
        return self._selected

    def select(self, index: int) -> None:
        """Frames a picture (−1: none) without sending `picked`."""
        if index != self._selected:
            self._selected = index
            self.update()

    @property
    def order(self) -> Sequence[int]:
        """The numbers of the pictures that are shown, from the first place on."""
        count = len(self._images)
        return range(count) if self._order is None else [index for index in self._order if index < count]

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
            self._caption = caption
            self.setAccessibleName(caption)
            self.update()

    def show_pictures(self, pictures: Picture, values: Values | None = None, labels: Sequence[str] = ()) -> None:
        """Shows uint8 pictures, (N, H, W, C) or (H, W, C) with C = 1 or 3.

        Args:
            pictures: what is painted.
            values: the numbers behind it, (N, C, H, W) or (C, H, W), told under the mouse; without them it is told
                what the bytes stand for.
            labels: a short text below each picture.
        """
        self._pictures = pictures if pictures.ndim == 4 else pictures[None]
        self._values = values if values is None or values.ndim == 4 else values[None]
        self._labels = labels
        self._images = images_of(self._pictures)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if len(self._images) > 1 else Qt.FocusPolicy.NoFocus)
        self._all.setVisible(len(self._images) > 1 and self._provenance is not None)
        for action in self.actions():
            action.setEnabled(bool(self._images))
        self._follow(self.mapFromGlobal(self.cursor().pos()).toPointF())
        self.update()

    def value_at(self, point: QPointF) -> str:
        """Column, row and value of the pixel at a point of the widget; empty outside the pictures."""
        found = self._cells().at(point.x(), point.y()) if self._images else None
        if found is None:
            return ""
        index, (_, u, v) = self.order[found[0]], found
        _, height, width, _ = self._pictures.shape
        x, y = int(u * width), int(v * height)
        low, high = self._span
        stood_for = low + self._pictures[index, y, x] * ((high - low) / 255)
        values = stood_for if self._values is None else self._values[index, :, y, x]
        numbers = " ".join(f"{value:+.2f}" for value in values).replace("-", "−")
        return f"({x}, {y})  {numbers}"

    def copy(self) -> None:
        """Puts the selected picture, or the first, on the clipboard."""
        if self._images:
            QGuiApplication.clipboard().setImage(self._images[max(self._selected, 0)])

    def save(self, picture: Picture, rows: Sequence[int], name: str) -> None:
        """Asks where, and saves with its provenance a picture (H, W, C) as PNG, or the numbers behind it as NPZ.

        Args:
            picture: as PNG.
            rows: of which pictures the numbers are saved: `samples`, (N, C, H, W).
            name: offered.
        """
        assert self._provenance is not None
        path = ask_target(self, "Save picture", name, ".png", ".npz")
        if path is None:
            return
        try:
            if path.suffix.lower() == ".npz":
                save_samples(path, self._numbers(rows), self._provenance())
            else:
                save_picture(path, picture, self._provenance())
        except UserError as error:
            self.refused.emit(str(error))
        else:
            self.saved.emit(f"Saved {path}")

    def sizeHint(self) -> QSize:
        return QSize(220, 220)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().text().color())
        cells = self._cells()
        self._paint_line(painter, self._under or self._caption, cells)
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
        self._under = ""
        self.update()
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

    def _offer_actions(self) -> None:
        """The context menu."""
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        copy, save = QAction("Copy picture", self), QAction("Save picture…", self)
        self._all = QAction("Save all as one picture…", self)
        copy.triggered.connect(self.copy)
        save.triggered.connect(self._on_save)
        self._all.triggered.connect(self._on_save_all)
        save.setVisible(self._provenance is not None)
        self._all.setVisible(False)
        for action in (copy, save, self._all):
            action.setEnabled(False)
            self.addAction(action)

    def _on_save(self) -> None:
        one = max(self._selected, 0)
        self.save(self._pictures[one], [one], "picture")

    def _on_save_all(self) -> None:
        """Those that are shown, as they are arranged."""
        rows = list(self.order)
        self.save(grid(self._pictures[rows], self._cells().columns), rows, "pictures")

    def _numbers(self, rows: Sequence[int]) -> Values:
        """What some pictures show; what their bytes stand for where nothing more is known."""
        if self._values is not None:
            return self._values[list(rows)]
        low, high = self._span
        shown = low + np.moveaxis(self._pictures[list(rows)], -1, 1) * ((high - low) / 255)
        return shown.astype(np.float32)

    def _follow(self, point: QPointF) -> None:
        under = self.value_at(point) if self.underMouse() else ""
        if under != self._under:
            self._under = under
            self.update()

    def _paint_line(self, painter: QPainter, text: str, cells: Cells) -> None:
        """The text above the pictures, flush with their left side where it fits."""
        left = min(cells.left, max(self.width() - self.fontMetrics().horizontalAdvance(text) - 1, 0))
        line = QRectF(left, cells.top - self._line(), self.width() - left, self._line())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, self._elided(text, line.width()))

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

    def _cells(self) -> Cells:
        """The grid below the caption's line."""
        line = self._line()
        label = self._label_height() if self._labels else 0.0
        area = (float(self.width()), max(self.height() - line, 1.0))
        _, height, width, _ = self._pictures.shape
        cells = arranged(max(len(self.order), 1), (height, width), area, label=label, ratio=self.devicePixelRatioF())
        return cells.moved(line)

    def _label_height(self) -> float:
        """Of what stands below each picture."""
        return self._line()

    def _line(self) -> float:
        return float(self.fontMetrics().height() + 2) if self._caption else 0.0

    def _elided(self, text: str, width: float) -> str:
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(width))


def images_of(pictures: Picture) -> list[QImage]:
    """The pictures (N, H, W, C), each as `image_of` gives it, converted together."""
    count, height, width, channels = pictures.shape
    if count == 0:
        return []
    tall = image_of(pictures.reshape(count * height, width, channels))
    return [tall.copy(0, index * height, width, height) for index in range(count)]


def image_of(picture: Picture) -> QImage:
    """The picture (H, W, C) as an image of its own memory, in the format that paints fastest."""
    picture = np.ascontiguousarray(picture)
    height, width, channels = picture.shape
    kind = QImage.Format.Format_Grayscale8 if channels == 1 else QImage.Format.Format_RGB888
    return QImage(picture.data, width, height, width * channels, kind).convertToFormat(QImage.Format.Format_RGB32)
