"""Which data set: a shipped one, a folder of pictures, or a file."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QMenu, QToolButton, QWidget

from ddpm_studio.data import DATASETS
from ddpm_studio.ui.combo import Combo

TIP = "the data whose exact denoiser walks the chain: a shipped set, a folder of pictures, .npz or IDX"


class DatasetSource(QWidget):
    """Asks for a data set by its reference, a name of DATASETS or a path; shows it once it is the document's."""

    asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.names = Combo(self)
        self.names.setAccessibleName("data set")
        self.names.setToolTip(TIP)
        self.names.setMinimumContentsLength(8)
        self.names.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.names.activated.connect(self._on_activated)
        menu = QMenu(self)
        menu.addAction("Folder of pictures…").triggered.connect(self._on_folder)
        menu.addAction("File: .npz, IDX, picture…").triggered.connect(self._on_file)
        button = QToolButton(self)
        button.setText("…")
        button.setToolTip("open another data set")
        button.setAccessibleName("open a data set")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.names, 1)
        row.addWidget(button)

    def show_dataset(self, ref: str) -> None:
        """Shows which one is chosen."""
        self._shown = ref
        with QSignalBlocker(self.names):
            self.names.clear()
            for name in DATASETS:
                self.names.addItem(name, name)
            if ref not in DATASETS:
                self.names.addItem(Path(ref).name, ref)
            self.names.setCurrentIndex(self.names.findData(ref))

    def _on_activated(self, index: int) -> None:
        self._ask(self.names.itemData(index))

    def _on_folder(self) -> None:
        self._ask(QFileDialog.getExistingDirectory(self, "Open a folder of pictures"))

    def _on_file(self) -> None:
        kinds = "Data sets (*.npz *.gz *ubyte *.png *.jpg *.jpeg *.webp);;All files (*)"
        self._ask(QFileDialog.getOpenFileName(self, "Open a data set", "", kinds)[0])

    def _ask(self, ref: str) -> None:
        if ref and ref != self._shown:
            self.asked.emit(ref)
