"""Which denoiser draws the samples: the exact one, a shipped or opened checkpoint, or the network in training."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QMenu, QToolButton, QWidget

from ddpm_studio.assets import checkpoints
from ddpm_studio.document import EXACT, TRAINING
from ddpm_studio.run import SHIPPED
from ddpm_studio.ui.combo import Combo
from ddpm_studio.ui.live import LiveNetwork

TIP = "what guesses x₀ from xₜ: the exact denoiser of the data set, or a trained network"
KINDS = "Checkpoints (*.safetensors);;All files (*)"


class DenoiserSource(QWidget):
    """Asks for a denoiser by its reference, as it stands in the document; shows it once it is the document's."""

    asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.names = Combo(self)
        self.names.setAccessibleName("denoiser")
        self.names.setToolTip(TIP)
        self.names.setMinimumContentsLength(8)
        self.names.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.names.activated.connect(self._on_activated)
        menu = QMenu(self)
        menu.addAction("Checkpoint…").triggered.connect(self._on_file)
        menu.addAction("Run: its newest checkpoint…").triggered.connect(self._on_folder)
        button = QToolButton(self)
        button.setText("…")
        button.setToolTip("open a trained network: a checkpoint, or the folder of a run")
        button.setAccessibleName("open a checkpoint")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.names, 1)
        row.addWidget(button)

    def show_denoiser(self, ref: str, live: LiveNetwork | None) -> None:
        """Shows which one is chosen, among those that can be; `live` is the network in training, if there is one."""
        self._shown = ref
        entries = {EXACT: "exact"} | {f"{SHIPPED}{name}": f"{name}, trained" for name in checkpoints()}
        if live is not None:
            entries[TRAINING] = f"in training: step {live.step:,}"
        entries.setdefault(ref, "in training" if ref == TRAINING else _named(ref))
        with QSignalBlocker(self.names):
            self.names.clear()
            for each, text in entries.items():
                self.names.addItem(text, each)
            self.names.setCurrentIndex(self.names.findData(ref))
        self.names.setToolTip(TIP if ref in (EXACT, TRAINING) else f"{TIP}\nnow: {ref.removeprefix(SHIPPED)}")

    def _on_activated(self, index: int) -> None:
        ref = self.names.itemData(index)
        if ref != self._shown:
            self.asked.emit(ref)

    def _on_file(self) -> None:
        self._ask(QFileDialog.getOpenFileName(self, "Open a checkpoint", "", KINDS)[0])

    def _on_folder(self) -> None:
        self._ask(QFileDialog.getExistingDirectory(self, "Open the folder of a run"))

    def _ask(self, path: str) -> None:
        """Also for the one that is shown: there may be a newer checkpoint in its place."""
        if path:
            self.asked.emit(path)


def _named(ref: str) -> str:
    """A checkpoint in a few words; a run's own has its number first and then its run, for all have the same numbers."""
    path = Path(ref.removeprefix(SHIPPED))
    if path.parent.name == "checkpoints" and path.stem.startswith("step-"):
        return f"{path.stem.removeprefix('step-').lstrip('0')} of {path.parent.parent.name}"
    return path.stem
