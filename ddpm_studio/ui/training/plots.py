"""The plots of a run: loss, gradient, rate and speed by step, and the error per noise level beside its baselines."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ddpm_studio.ui.plots.line_plot import Line, LinePlot
from ddpm_studio.ui.training.metrics import Metrics, level_columns

EMPTY = "Start trains the network: its loss falls here"
UNTOLD = "the error per noise level is measured with each preview"
LOW = 220  # pixels of height below which the small plots give their room to the loss


class StepPlots(QWidget):
    """What is told at each logged step; the small plots go where there is too little room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        loss = (Line("each", "pinned", 1.0), Line("smoothed", "beta", 2.0))
        self.loss = LinePlot(
            "loss", "the mean of what is minimised, at each logged step", loss, self, log=True, empty=EMPTY
        )
        self._small = {
            "gradient_norm": LinePlot(
                "gradient norm", "‖gradient‖ before it is clipped", (Line("", "posterior"),), self, log=True
            ),
            "rate": LinePlot("learning rate", "AdamW's learning rate", (Line("", "snr"),), self, span=(0.0, 1e-9)),
            "steps_per_second": LinePlot(
                "steps/s", "optimiser steps a second", (Line("", "weight"),), self, span=(0.0, 1e-9)
            ),
        }
        self._metrics, self._due = Metrics(), list[str]()
        self._row = QWidget(self)
        row, column = QHBoxLayout(self._row), QVBoxLayout(self)
        for layout in (row, column):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(2)
        for plot in self._small.values():
            row.addWidget(plot)
        column.addWidget(self.loss, 3)
        column.addWidget(self._row, 2)

    @property
    def plots(self) -> tuple[LinePlot, ...]:
        """All of them."""
        return (self.loss, *self._small.values())

    def show_metrics(self, metrics: Metrics) -> None:
        """Draws what there is."""
        self.expect(metrics)
        while self.show_next():
            pass

    def expect(self, metrics: Metrics) -> None:
        """There is more to draw; each call of `show_next` draws one plot, so that the window never waits for all."""
        self._metrics = metrics
        self._due += [name for name in ("loss", *self._small) if name not in self._due]

    def show_next(self) -> bool:
        """Draws the plot whose turn it is; whether there was one."""
        if not self._due:
            return False
        name, metrics = self._due.pop(0), self._metrics
        if name == "loss":
            self.loss.show_values(metrics.steps, (metrics.column("loss"), metrics.column("smooth")))
        else:
            self._small[name].show_values(metrics.steps, (metrics.column(name),))
        return True

    def show_others(self, others: Sequence[tuple[str, Metrics]]) -> None:
        """Draws the smoothed loss of other runs for comparison."""
        self.loss.show_pins([(name, metrics.steps, metrics.column("smooth")) for name, metrics in others])

    def show_room(self, height: int) -> None:
        """Hides the small plots in a panel that is too low for them."""
        self._row.setVisible(height >= LOW)


class LevelPlot(QWidget):
    """The error of ε̂ on held-out pictures at each noise level, and below it what that means, in a sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        lines = (
            Line("zero", "muted", 1.0, dashed=True),
            Line("Wiener", "noise", 1.5, dashed=True),
            Line("training optimum", "good", 1.5, dashed=True),
            Line("network", "signal", 2.0, dots=True),
        )
        tip = (
            "mean of ‖ε − ε̂‖² per value on held-out pictures, at each log SNR: much noise on the left, little on the "
            "right.\nzero: ε̂ = 0. Wiener: the best linear guess. optimum: the exact denoiser of the training pictures; "
            "below it on training pictures lies memorisation"
        )
        self.plot = LinePlot(
            "error by log SNR", tip, lines, self, log=True, span=(-2.0, 0.1), limits=(-4.0, 0.5), empty=UNTOLD
        )
        self.verdict = QLabel(self)
        self.verdict.setWordWrap(True)
        self.verdict.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.verdict.setAccessibleName("what the errors mean")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.plot, 1)
        column.addWidget(self.verdict)
        self.show_levels(Metrics(), None)

    def show_levels(self, metrics: Metrics, step: int | None) -> None:
        """Draws the errors as they were at a step, or the newest; without any, says when there will be some."""
        steps = metrics.levels.keys()
        line = metrics.levels_at(max(steps) if step is None and steps else step or 0)
        columns = None if line is None else level_columns(line)
        if line is None or columns is None:
            self.plot.show_values(np.zeros(0), [np.zeros(0)] * 4)
            self.verdict.setText("")
            return
        ones = np.ones_like(columns["log_snr"])
        self.plot.show_values(columns["log_snr"], (ones, columns["wiener"], columns["optimum"], columns["error"]))
        self.verdict.setText(f"step {line['step']:,}: {line.get('verdict', '')}")
