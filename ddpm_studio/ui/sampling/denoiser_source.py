"""Which denoiser draws the samples: the exact one, a shipped or opened checkpoint, or the network in training."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from PySide6.QtWidgets import QFileDialog, QWidget

from ddpm_studio.assets import OF_POINTS, SHIPPED, checkpoints
from ddpm_studio.document import EXACT, TRAINING
from ddpm_studio.ui.live import LiveNetwork
from ddpm_studio.ui.widgets.reference_box import ReferenceBox

TIP = "what guesses x₀ from xₜ: the exact denoiser of the data set, or a trained network"
_NONE: Mapping[str, str] = MappingProxyType({})
KINDS = "Checkpoints (*.safetensors model_index.json);;All files (*)"


class DenoiserSource(ReferenceBox):
    """Its references are those of `Document.denoiser`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        ways = {"Checkpoint…": self._on_file, "Folder: a run or a diffusers model…": self._on_folder}
        super().__init__(
            "denoiser", TIP, "open a trained network: a checkpoint, a run, or a diffusers folder", ways, parent
        )

    def show_denoiser(self, ref: str, live: LiveNetwork | None, first: Mapping[str, str] = _NONE) -> None:
        """Shows which one is chosen, among those that can be: `first`, and those that a document can name.

        `live` is the network in training, if there is one.
        """
        entries = {**first, EXACT: "exact"} | {
            f"{SHIPPED}{name}": f"{name}, trained" for name in checkpoints() if name not in OF_POINTS
        }
        if live is not None:
            entries[TRAINING] = f"in training: step {live.step:,}"
        entries.setdefault(ref, "in training" if ref == TRAINING else _named(ref))
        self.show_entries(entries, ref)
        self.names.setToolTip(TIP if ref in (*first, EXACT, TRAINING) else f"{TIP}\nnow: {ref.removeprefix(SHIPPED)}")

    def _on_file(self) -> None:
        self._ask(QFileDialog.getOpenFileName(self, "Open a checkpoint", "", KINDS)[0])

    def _on_folder(self) -> None:
        self._ask(QFileDialog.getExistingDirectory(self, "Open the folder of a run, or of a diffusers model"))

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
