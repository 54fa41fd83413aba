"""Which data set: a shipped one, a folder of pictures, or a file."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from ddpm_studio.data import DATASETS
from ddpm_studio.ui.widgets.reference_box import ReferenceBox

TIP = "the data whose exact denoiser walks the chain: a shipped set, a folder of pictures, .npz or IDX"


class DatasetSource(ReferenceBox):
    """Its references are names of DATASETS, or paths."""

    def __init__(self, parent: QWidget | None = None) -> None:
        ways = {"Folder of pictures…": self._on_folder, "File: .npz, IDX, picture…": self._on_file}
        super().__init__("data set", TIP, "open another data set", ways, parent)

    def show_dataset(self, ref: str) -> None:
        """Shows which one is chosen."""
        self.show_entries({name: name for name in DATASETS} | ({} if ref in DATASETS else {ref: Path(ref).name}), ref)

    def _on_folder(self) -> None:
        self._ask(QFileDialog.getExistingDirectory(self, "Open a folder of pictures"))

    def _on_file(self) -> None:
        kinds = "Data sets (*.npz *.gz *ubyte *.png *.jpg *.jpeg *.webp);;All files (*)"
        self._ask(QFileDialog.getOpenFileName(self, "Open a data set", "", kinds)[0])

    def _ask(self, ref: str) -> None:
        if ref and ref != self._shown:
            self.asked.emit(ref)
