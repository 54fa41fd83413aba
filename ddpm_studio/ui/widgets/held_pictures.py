"""Pictures of one size with the numbers behind them: held, arranged, copied and saved from a context menu."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QWidget

from ddpm_studio.data.pictures import Picture
from ddpm_studio.errors import UserError
from ddpm_studio.export import Provenance, grid, save_picture, save_samples
from ddpm_studio.ui.widgets.cells import Cells, arranged
from ddpm_studio.ui.widgets.pixels import image_of
from ddpm_studio.ui.widgets.saving import ask_target

Values = NDArray[np.float32]  # (N, C, H, W): what the pictures show


class HeldPictures(QWidget):
    """A line of text above a grid of pictures; whoever derives from it paints them.

    Args:
        caption: the line; without one there is none.
        provenance: what a saved picture carries; without it, the menu offers no saving.
        span: the values that black and white stand for.
    """

    saved = Signal(str)  # one line: a picture was saved
    refused = Signal(str)  # one line: why it was not

    def __init__(
        self,
        caption: str,
        provenance: Callable[[], Provenance] | None,
        span: tuple[float, float],
        parent: QWidget | None,
    ) -> None:
        super().__init__(parent)
        self._caption = caption
        self._provenance = provenance
        self._span = span
        self._pictures: Picture = np.zeros((0, 1, 1, 1), np.uint8)
        self._values: Values | None = None
        self._labels: Sequence[str] = ()
        self._order: Sequence[int] | None = None
        self._selected = -1
        self._offer_actions()

    @property
    def pictures(self) -> Picture:
        """What is shown, uint8 (N, H, W, C)."""
        return self._pictures

    @property
    def selected(self) -> int:
        """The framed picture, or −1."""
        return self._selected

    @property
    def order(self) -> Sequence[int]:
        """The numbers of the pictures that are shown, from the first place on."""
        count = len(self._pictures)
        return range(count) if self._order is None else [index for index in self._order if index < count]

    def hold(self, pictures: Picture, values: Values | None, labels: Sequence[str]) -> None:
        """What `ImageGrid.show_pictures` is given."""
        self._pictures = pictures if pictures.ndim == 4 else pictures[None]
        self._values = values if values is None or values.ndim == 4 else values[None]
        self._labels = labels
        self._all.setVisible(len(self._pictures) > 1 and self._provenance is not None)
        for action in self.actions():
            action.setEnabled(len(self._pictures) > 0)

    def copy(self) -> None:
        """Puts the selected picture, or the first, on the clipboard."""
        if len(self._pictures):
            QGuiApplication.clipboard().setImage(image_of(self._pictures[max(self._selected, 0)]))

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
        return np.moveaxis(self._stood_for(self._pictures[list(rows)]), -1, 1).astype(np.float32)

    def _stood_for(self, bytes_: Picture) -> NDArray[np.floating]:
        """The values that bytes stand for."""
        low, high = self._span
        return low + bytes_ * ((high - low) / 255)

    def _cells(self) -> Cells:
        """The grid below the caption's line."""
        line, label = self._line(), self._label_height() if self._labels else 0.0
        area = (self.width(), max(self.height() - line, 1.0))
        _, height, width, _ = self._pictures.shape
        count, ratio = max(len(self.order), 1), self.devicePixelRatioF()
        return arranged(count, (height, width), area, label=label, ratio=ratio, down=line)

    def _label_height(self) -> float:
        """Of what stands below each picture."""
        return self._line()

    def _line(self) -> float:
        return float(self.fontMetrics().height() + 2) if self._caption else 0.0
