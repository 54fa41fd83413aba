"""How far a run is, how fast, and how long it will take: a bar and a row of numbers."""

from time import monotonic

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from ddpm_studio.learner import TrainStep
from ddpm_studio.record import Working
from ddpm_studio.ui.training.work import Line
from ddpm_studio.units import in_bytes, spelt

NAMES = {
    "loss": "loss of the newest step",
    "rate": "learning rate",
    "gradient": "norm of the gradient before it is clipped",
    "steps/s": "optimiser steps a second, since the line of the metrics before",
    "images/s": "pictures a second",
    "memory": "the most this process has taken so far; on a GPU, there",
    "initial": "the share of the initial weights that is left in the averaged ones",
}


class TrainingNumbers(QWidget):
    """The newest step, in numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps = self._step = 0
        self._speed = 0.0  # steps a second
        self._written = 0.0  # when the newest step was written
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName("steps taken")
        self.bar.setTextVisible(True)
        self._values = {name: QLabel("–", self) for name in NAMES}
        row, column = QHBoxLayout(), QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for name, value in self._values.items():
            row.addLayout(self._cell(name, value), 1)
        column.addWidget(self.bar)
        column.addLayout(row)

    def show_begin(self, step: int, steps: int) -> None:
        """A run stands at `step` of `steps`."""
        self._step, self._steps, self._speed = step, steps, 0.0
        for value in self._values.values():
            value.setText("–")
        self._show_progress()

    def show_step(self, step: TrainStep) -> None:
        """The newest step."""
        self._step = step.step
        self._speed = self._speed or 1.0 / max(step.seconds, 1e-9)
        if monotonic() - self._written > 0.1 or step.step == self._steps:
            self._written = monotonic()
            shown = {"loss": f"{step.loss:.4f}", "rate": f"{step.rate:.2g}", "gradient": f"{step.gradient_norm:.3g}"}
            for name, text in shown.items():
                self._values[name].setText(text)
            self._values["initial"].setText(_percent(step.initial_share))
            self._show_progress()

    def show_line(self, line: Line) -> None:
        """The newest line of the metrics."""
        numbers = {name: value for name, value in line.items() if isinstance(value, int | float)}
        self._speed = float(numbers.get("steps_per_second", self._speed))
        self._values["steps/s"].setText(f"{self._speed:.3g}")
        self._values["images/s"].setText(f"{numbers.get('images_per_second', 0.0):,.3g}")
        self._values["memory"].setText(in_bytes(numbers.get("memory", 0)))

    def show_working(self, working: Working | None) -> None:
        """Something between two steps that takes a while; None: it is done."""
        self._show_progress("" if working is None else f", {working.what} {working.done}/{working.total}")

    def show_rest(self) -> None:
        """No step is being taken any more."""
        self._speed = 0.0
        self._show_progress()

    def _show_progress(self, more: str = "") -> None:
        self.bar.setRange(0, max(self._steps, 1))
        self.bar.setValue(min(self._step, self._steps))
        left = (self._steps - self._step) / self._speed if self._speed else 0.0
        told = f", {spelt(left)} left" if left and not more else more
        self.bar.setFormat(f"step {self._step:,} of {self._steps:,}{told}")

    def _cell(self, name: str, value: QLabel) -> QVBoxLayout:
        label = QLabel(name, self)
        label.setEnabled(False)  # quiet
        cell = QVBoxLayout()
        cell.setSpacing(0)
        for one in (label, value):
            one.setToolTip(NAMES[name])
            one.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            one.setAlignment(Qt.AlignmentFlag.AlignLeft)
            cell.addWidget(one)
        value.setAccessibleName(NAMES[name])
        return cell


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %" if share >= 0.01 else "< 1 %"
