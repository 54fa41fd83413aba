"""The loss gap: how far a denoiser is from the best possible one at each noise level, and whether it only remembers."""

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ddpm_studio.data import ImageData
from ddpm_studio.subject import Subject
from ddpm_studio.ui.plots.entropy_plot import EntropyPlot
from ddpm_studio.ui.plots.line_plot import Line, LinePlot
from ddpm_studio.ui.plots.plot import Plot
from ddpm_studio.ui.theory.work import Gap, Memory
from ddpm_studio.ui.widgets.elided_label import ElidedLabel
from ddpm_studio.ui.widgets.neighbours_view import NeighboursView

LINES = (
    Line("zero", "muted", 1.0, dashed=True),
    Line("Wiener", "noise", 1.5, dashed=True),
    Line("optimum", "good", 1.5, dashed=True),
    Line("denoiser", "signal", 2.0, dots=True),
)
TIP = (
    "mean of ‖ε − ε̂‖² per value at each log SNR: much noise on the left, little on the right.\n"
    "zero: ε̂ = 0. Wiener: the best linear guess. optimum: the exact denoiser of the training samples, "
    "which knows them by heart"
)
MEASURE = "Measure the gap"


class GapView(QWidget):
    """Errors on held-out and on training samples above; below, chains among the training samples."""

    asked = Signal()  # to begin, or to end what has begun
    picked = Signal(int)  # a t

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.start = QPushButton(MEASURE, self)
        self.start.setToolTip("the errors at 24 noise levels on held-out and training samples, then eight chains")
        self.held_out = self._error_plot("held out, by log SNR", f"On samples it has not seen: {TIP}")
        self.trained = self._error_plot("training, by log SNR", f"On samples it was trained on: {TIP}")
        self.entropy = EntropyPlot(self)
        self.near, self.nearest = NeighboursView(self), QWidget(self)
        self.told = QLabel("", self)
        self.told.setWordWrap(True)
        self.told.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._subject: Subject | None = None
        self._lay_out()
        self.start.clicked.connect(self.asked)
        self.entropy.picked.connect(self.picked)
        self.show_subject(None)

    @property
    def plots(self) -> tuple[Plot, ...]:
        """All of them."""
        return (self.held_out, self.trained, self.entropy)

    def show_subject(self, subject: Subject | None) -> None:
        """Whose gap it will be; nothing is known of it yet."""
        self._subject = subject
        self.start.setEnabled(subject is not None)
        for plot in (self.held_out, self.trained):
            plot.show_nothing()
        self.nearest.setVisible(subject is not None and isinstance(subject.data, ImageData))
        if subject is not None:
            self.entropy.show_axes(subject.denoiser.schedule.T, len(subject.data.train))
        self.told.setText(
            "On training samples nothing is below the optimum that knows them by heart; on held-out ones whoever is "
            "below it has learned more than the samples."
        )

    def show_running(self, running: bool) -> None:
        """What the button is for."""
        self.start.setText("Stop" if running else MEASURE)

    def show_t(self, t: int) -> None:
        """Puts the cursor at t."""
        self.entropy.show_t(t)

    def show_gap(self, gap: Gap) -> None:
        """Errors, as far as they have been measured."""
        which = "held-out" if gap.held_out else "training"
        self.told.setText(f"Errors on {which} samples: {len(gap.log_snr)} of {gap.levels} noise levels.")
        plot = self.held_out if gap.held_out else self.trained
        plot.show_values(gap.log_snr, (np.ones_like(gap.network), gap.wiener, gap.optimum, gap.network))

    def show_memory(self, memory: Memory) -> None:
        """Chains, as far as they have been walked."""
        self.entropy.show_entropy(memory.times, memory.entropy, 0)
        subject = self._subject
        if subject is not None and isinstance(subject.data, ImageData):
            pictures = subject.data.train[memory.nearest]
            self.near.show_neighbours(pictures, memory.nearest.tolist(), memory.weights.tolist())
        if not len(memory.distances):
            self.told.setText(f"{memory.entropy.shape[1]} chains, watched by the optimum: t = {memory.times[-1]:,}.")
        else:
            middle = float(np.median(memory.distances))
            unseen = f"; held-out samples {memory.unseen:.3f}" if memory.unseen else ""
            alike = "as near as copies" if middle < 0.1 * max(memory.unseen, 1e-9) else "no copies"
            verdict = f" — {alike}" if memory.unseen else ""
            self.told.setText(
                f"RMS distance from the nearest training sample, middle of {len(memory.distances)} chains: "
                f"{middle:.3f}{unseen}{verdict}. Entropy of p(i | xₜ) falls to {memory.entropy[-1].mean():.2f} bits."
            )

    def show_room(self, _width: int, height: int) -> None:
        """In a low panel the errors are what is left."""
        low: tuple[QWidget, ...] = (self.entropy, self.nearest)
        for widget in low:
            widget.setMaximumHeight(16777215 if height >= 360 else 0)

    def _error_plot(self, name: str, tip: str) -> LinePlot:
        span, limits, empty = (-2.0, 0.1), (-5.0, 0.5), f"{MEASURE} fills this."
        return LinePlot(name, tip, LINES, self, log=True, span=span, limits=limits, empty=empty)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        named = QVBoxLayout(self.nearest)
        named.setContentsMargins(4, 0, 0, 0)
        named.setSpacing(2)
        caption = ElidedLabel(self.nearest)
        caption.set_full_text("p(i | xₜ) of the training pictures nearest to the first chain")
        named.addWidget(caption)
        named.addWidget(self.near, 1)
        widgets: tuple[QWidget, ...] = (self.held_out, self.trained, self.entropy, self.nearest)
        for place, widget in enumerate(widgets):
            grid.addWidget(widget, place // 2, place % 2)
        grid.setRowStretch(0, 3)
        grid.setRowStretch(1, 2)
        for index in (0, 1):
            grid.setColumnStretch(index, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        column.addWidget(self.start, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(grid, 1)
        column.addWidget(self.told)
