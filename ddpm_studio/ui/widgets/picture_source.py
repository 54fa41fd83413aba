"""Where the picture comes from: a shipped photograph, a data set's picture by its number, or a file."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QWidget

from ddpm_studio.assets import photographs
from ddpm_studio.data import DATASETS
from ddpm_studio.params import Parameter, Range
from ddpm_studio.ui.widgets.number_box import NumberBox

SUFFIXES = ("png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "ppm", "pgm", "tga", "avif")
NUMBER = Parameter("number", int, 0, Range(0, 999_999), "which picture of the data set")


class PictureSource(QWidget):
    """A row of controls that asks for a picture by its reference, as in "chelsea", "fashion:7" or a path."""

    previewed = Signal(str)  # on the way to a number
    edited = Signal(str)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dataset = next(iter(DATASETS))
        self._shown = 0  # the line of the chosen picture
        self._names = QComboBox(self)
        self._names.setToolTip("x₀: a shipped photograph, a picture of a data set by its number, or a file of your own")
        self._names.setAccessibleName("picture")
        self._names.setMinimumContentsLength(12)
        self._names.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._names.setMinimumWidth(80)  # in a narrow dock it is cut
        self._names.activated.connect(self._on_activated)
        self._number = NumberBox(NUMBER)
        self._number.setToolTip(f"{NUMBER.help}, from 0")
        self._number.setAccessibleName(NUMBER.help)
        self._number.previewed.connect(lambda number: self.previewed.emit(f"{self._dataset}:{number}"))
        self._number.edited.connect(lambda number: self.edited.emit(f"{self._dataset}:{number}"))
        self._number.refused.connect(self.refused)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for control in (self._names, self._number):
            row.addWidget(control)

    def show_source(self, ref: str, dataset: str) -> None:
        """Shows which picture is chosen, and which data set one could be taken from."""
        name, _, number = ref.partition(":")
        taken = name in DATASETS and number.isdecimal()
        self._dataset = name if taken else dataset
        with QSignalBlocker(self._names):
            self._names.clear()
            for photograph in photographs():
                self._names.addItem(photograph.replace("_", " "), photograph)
            if self._dataset in DATASETS:
                self._names.addItem(f"from {self._dataset}", ref if taken else f"{self._dataset}:0")
            if self._names.findData(ref) < 0:
                self._names.addItem(Path(ref).name, ref)
            self._names.addItem("open a picture…", None)
            self._shown = self._names.findData(ref)
            self._names.setCurrentIndex(self._shown)
        self._number.setVisible(taken)
        if taken:
            self._number.set_value(int(number))

    def _on_activated(self, index: int) -> None:
        ref = self._names.itemData(index) or self._asked()
        if ref is not None:
            self.edited.emit(ref)
        else:
            self._names.setCurrentIndex(self._shown)

    def _asked(self) -> str | None:
        kinds = f"Pictures ({' '.join(f'*.{suffix}' for suffix in SUFFIXES)});;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self, "Open picture", "", kinds)
        return path or None
