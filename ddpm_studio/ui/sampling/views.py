"""The batch at one state of the chain: x_t large, and beside it the guess x̂_0 and the noise ε̂ that it implies."""

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from ddpm_studio.data import to_bytes
from ddpm_studio.export import EPS_RANGE, Provenance
from ddpm_studio.ui.pace import Pace
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.widgets.image_view import ImageGrid

GUESSED = 100  # ms between two drawings of the guess: it changes slowly, and a frame costs the network time


class SamplingViews(QWidget):
    """Three grids of the same samples; a click in any selects the sample in all.

    Args:
        provenance: what a picture saved from a context menu carries.
    """

    picked = Signal(int)
    saved = Signal(str)
    refused = Signal(str)

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.xt = ImageGrid(
            "xₜ", "xₜ: where the chain is, on [−1, 1]; what lies outside is clipped", provenance=provenance
        )
        self.x0 = ImageGrid(
            "guess of x₀", "x̂₀: the denoiser's guess of the clean picture behind xₜ, on [−1, 1]", provenance=provenance
        )
        self.eps = ImageGrid(
            "ε̂ on [−3, 3]",
            "ε̂: the noise that xₜ holds if x̂₀ is right; black is −3, white is 3",
            provenance=provenance,
            span=(-EPS_RANGE, EPS_RANGE),
        )
        self.grids = (self.xt, self.x0, self.eps)
        self._frame: Frame | None = None
        self._pace = Pace(GUESSED, self)
        self._pace.due.connect(self._show_guess)
        self._side = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._side.addWidget(self.x0)
        self._side.addWidget(self.eps)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.xt, 2)
        self._row.addLayout(self._side, 1)
        for grid in self.grids:
            grid.picked.connect(self.picked)
            grid.saved.connect(self.saved)
            grid.refused.connect(self.refused)

    def show_frame(self, frame: Frame) -> None:
        """The state, and the guess that the step from it, or to it, was made with: that soon, where it plays."""
        self._frame, x = frame, frame.x.numpy()
        self.xt.show_pictures(to_bytes(x), x)
        self.xt.set_caption("x₀: the samples" if frame.final else f"xₜ, t = {frame.t}")
        self._pace.ask()

    def _show_guess(self) -> None:
        if (frame := self._frame) is not None:
            x0, eps = frame.step.x0.numpy(), frame.step.eps.numpy()
            self.x0.show_pictures(to_bytes(x0), x0)
            self.eps.show_pictures(to_bytes(eps / np.float32(EPS_RANGE)), eps)
            at = f" at t = {frame.step.t}" if frame.final else ""
            self.x0.set_caption(f"guess of x₀{at}")  # x̂ is misdrawn by DejaVu Sans, a common font
            self.eps.set_caption(f"ε̂{at} on [−3, 3]")

    def show_order(self, order: Sequence[int] | None) -> None:
        """Shows only these samples, in this order; None shows all."""
        for grid in self.grids:
            grid.set_order(order)

    def show_marks(self, marks: frozenset[int]) -> None:
        """Marks samples in every grid."""
        for grid in self.grids:
            grid.set_marks(marks)

    def select(self, sample: int) -> None:
        """Frames one sample in every grid."""
        for grid in self.grids:
            grid.select(sample)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """All alike in a row where there is room for it; else x̂_0 and ε̂ under each other beside a larger x_t."""
        wide = self.width() > 1.9 * self.height()
        self._side.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._row.setStretch(0, 1 if wide else 2)
        self._row.setStretch(1, 2 if wide else 1)
        super().resizeEvent(event)
