"""Which data set: a shipped one, a folder of pictures, or a file."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QWidget

from ddpm_studio.data import DATASETS

FOLDER, FILE = "open a folder…", "open a file…"


class DatasetSource(QComboBox):
    """Asks for a data set by its reference: a name of DATASETS or a path."""

    asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.setAccessibleName("data set")
        self.setToolTip(
            "the data whose exact denoiser walks the chain: a shipped set, a folder of pictures, .npz or IDX"
        )
        self.setMinimumContentsLength(10)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(self._on_activated)

    def show_dataset(self, ref: str) -> None:
        """Shows which one is chosen."""
        self._shown = ref
        with QSignalBlocker(self):
            self.clear()
            for name in DATASETS:
                self.addItem(name, name)
            if ref not in DATASETS:
                self.addItem(Path(ref).name, ref)
            for text in (FOLDER, FILE):
                self.addItem(text, None)
            self.setCurrentIndex(self.findData(ref))

    def _on_activated(self, index: int) -> None:
        ref = self.itemData(index) or self._opened(self.itemText(index))
        self.setCurrentIndex(self.findData(self._shown))  # until it has proved to be one
        if ref and ref != self._shown:
            self.asked.emit(ref)

    def _opened(self, text: str) -> str:
        if text == FOLDER:
            return QFileDialog.getExistingDirectory(self, "Open a folder of pictures")
        kinds = "Data sets (*.npz *.gz *idx?-ubyte);;All files (*)"
        return QFileDialog.getOpenFileName(self, "Open a data set", "", kinds)[0]
