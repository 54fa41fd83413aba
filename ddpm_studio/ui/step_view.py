"""One sample looked at closely: x_t, ε̂ and x̂_0 enlarged, and the numbers of its step."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from ddpm_studio.data import to_bytes
from ddpm_studio.export import Provenance
from ddpm_studio.ui.image_view import ImageGrid
from ddpm_studio.ui.reverse_walk import Frame
from ddpm_studio.ui.sampling_views import EPS_RANGE


class StepView(QWidget):
    """A view of the inspector."""

    saved = Signal(str)
    refused = Signal(str)

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pictures = ImageGrid(
            "sample",
            "The selected sample: xₜ and x̂₀ on [−1, 1], ε̂ on [−3, 3]. Click another sample in the grid to see it here.",
            provenance=provenance,
        )
        self.numbers = QLabel(self)
        self.numbers.setTextFormat(Qt.TextFormat.PlainText)
        self.numbers.setWordWrap(True)
        self.numbers.setToolTip(_NUMBERS_TIP)
        self.pictures.saved.connect(self.saved)
        self.pictures.refused.connect(self.refused)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(3)
        column.addWidget(self.pictures, 1)
        column.addWidget(self.numbers)

    def show_frame(self, frame: Frame, sample: int) -> None:
        """One sample of the frame: its pictures, its numbers."""
        step, x = frame.step, frame.x[sample].numpy()
        eps, x0 = step.eps[sample].numpy(), step.x0[sample].numpy()
        shown = to_bytes(np.stack([x, eps / np.float32(EPS_RANGE), x0]))
        self.pictures.set_caption(f"sample {sample}, t = {frame.t}")
        labels = ("x₀" if frame.final else "xₜ", "ε̂", "guess")
        self.pictures.show_pictures(shown, np.stack([x, eps, x0]), labels)
        self.numbers.setText(_numbers(frame, sample))


_NUMBERS_TIP = """t → s: the step's timesteps
σ: the standard deviation of the noise that the step adds
|ε̂|/√D: the size of the predicted noise; 1 for true noise of variance 1
clipped: the share of x̂₀'s values outside [−1, 1]"""


def _numbers(frame: Frame, sample: int) -> str:
    """The step's numbers in two lines."""
    step = frame.step
    eps = step.eps[sample]
    size = float(eps.square().mean().sqrt())
    clipped = float((step.x0[sample].abs() > 1.0).float().mean())
    sigma = step.sigma_of(sample)
    return f"t {step.t} → s {step.s}   σ {sigma:.4f}\n|ε̂|/√D {size:.3f}   clipped {100 * clipped:.1f} %"
