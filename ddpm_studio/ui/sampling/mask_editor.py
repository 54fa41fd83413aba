"""What is to be repaired of a picture: painted, opened from a file, saved in one, or cleared."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ddpm_studio.data import Picture
from ddpm_studio.errors import UserError
from ddpm_studio.export import Provenance, save_picture
from ddpm_studio.origin.canvas import Mask, picture_of, reference_of
from ddpm_studio.params import Parameter, Range
from ddpm_studio.ui.sampling.mask_painter import MaskPainter
from ddpm_studio.ui.widgets.number_box import NumberBox
from ddpm_studio.ui.widgets.picture_menu import offer_picture
from ddpm_studio.ui.widgets.saving import ask_target

BRUSH = Parameter("brush", float, 3.0, Range(1.0, 64.0), "pixels of the picture that the brush is across")


class MaskEditor(QWidget):
    """The painter, and its tools below it.

    Args:
        provenance: what a saved mask, or a picture from the context menu, carries.
    """

    edited = Signal(str)  # the reference of another mask, as in `Repair.mask`
    saved = Signal(str)
    refused = Signal(str)

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._provenance = provenance
        self.painter = MaskPainter(self)
        offer_picture(self.painter, "repair", provenance, self.saved, self.refused, self.painter.image)
        self.brush = NumberBox(BRUSH)
        self.brush.setAccessibleName("brush")
        self.brush.setToolTip(BRUSH.help)
        self.brush.set_value(self.painter.brush)
        self.clear, self.open, self.save = (QPushButton(text, self) for text in ("clear", "open…", "save…"))
        self.clear.setToolTip("nothing is to be repaired")
        self.open.setToolTip("a picture that is white where this one is to be repaired")
        self._lay_out()
        self.painter.edited.connect(lambda mask: self.edited.emit(reference_of(mask)))
        self.clear.clicked.connect(lambda: self.edited.emit(""))
        self.open.clicked.connect(self._on_open)
        self.save.clicked.connect(self._on_save)
        for told in (self.brush.previewed, self.brush.edited):
            told.connect(self._on_brush)

    def show_mask(self, picture: Picture, mask: Mask) -> None:
        """The picture (H, H, C), and what is to be repaired of it."""
        self.painter.show_picture(picture)
        self.painter.show_mask(mask)

    def _on_open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Open a mask: white is repaired", "", "Pictures (*.png);;All files (*)"
        )
        if path:
            self.edited.emit(path)

    def _on_save(self) -> None:
        path = ask_target(self, "Save the mask", "mask", ".png")
        if path is None:
            return
        try:
            save_picture(path, picture_of(self.painter.painted), self._provenance())
        except UserError as error:
            self.refused.emit(str(error))
        else:
            self.saved.emit(f"Saved {path}")

    def _on_brush(self, size: object) -> None:
        assert isinstance(size, int | float)
        self.painter.brush = float(size)

    def _lay_out(self) -> None:
        tools = QGridLayout()
        tools.setContentsMargins(0, 0, 0, 0)
        tools.addWidget(QLabel("brush", self), 0, 0)
        tools.addWidget(self.brush, 0, 1)
        tools.addWidget(self.clear, 1, 0)
        tools.addWidget(self.open, 1, 1)
        tools.addWidget(self.save, 2, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.painter)
        column.addLayout(tools)
        for button in (self.clear, self.open):
            button.setMinimumWidth(button.fontMetrics().horizontalAdvance(button.text()) + 14)
