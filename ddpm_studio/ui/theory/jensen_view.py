"""Jensen's step for a Gaussian and a short chain: the estimate from k samples climbs from the bound to the truth."""

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from ddpm_studio.ui.plots.line_plot import Line, LinePlot
from ddpm_studio.ui.plots.over_t import lie_on_decades
from ddpm_studio.ui.plots.plot import Columns
from ddpm_studio.ui.theory.work import Climb

CHAINS = 20_000


class ClimbPlot(LinePlot):
    """Over log10 k, of which the file of its numbers says k."""

    def _numbers(self) -> Columns:
        shown = super()._numbers()
        return {"k": np.round(10.0 ** shown.pop("x")), **shown}


class JensenView(QWidget):
    """Two numbers to choose, one plot."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps = QSpinBox(self)
        self.steps.setRange(2, 60)
        self.steps.setValue(8)
        self.steps.setToolTip("T of the short chain: so many of the schedule's noise levels")
        self.variance = QDoubleSpinBox(self)
        self.variance.setRange(0.01, 4.0)
        self.variance.setSingleStep(0.05)
        self.variance.setValue(0.25)
        self.variance.setToolTip("s² of the data, x₀ ~ N(0, s² I) with two values")
        self.told = QLabel(self)
        self.told.setWordWrap(True)
        lines = (
            Line("estimate from k samples", "signal", 2.0, dots=True),
            Line("−log₂ p(x₀), exact", "good", 1.5, dashed=True),
            Line("± standard error", "pinned"),
            Line("", "pinned"),
        )
        tip = "−log₂ of the mean of k weights, per dimension; k = 1 is the bound"
        self.plot = ClimbPlot("bits/dim by k", tip, lines, self)
        lie_on_decades(self.plot)
        row = QHBoxLayout()
        for name, box in (("steps T", self.steps), ("data variance s²", self.variance)):
            row.addWidget(QLabel(name, self))
            row.addWidget(box)
            box.setAccessibleName(name)
            box.valueChanged.connect(self._on_changed)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.plot, 1)
        column.addWidget(self.told)

    @property
    def plots(self) -> tuple[LinePlot, ...]:
        """The one."""
        return (self.plot,)

    def show_climb(self, climb: Climb) -> None:
        """The estimates so far."""
        k = np.log10([rung.k for rung in climb.rungs])
        bits = np.array([rung.bits for rung in climb.rungs])
        error = np.array([rung.stderr for rung in climb.rungs])
        self.plot.show_values(k, (bits, np.full(len(k), climb.truth), bits - error, bits + error))
        steps = ", ".join(f"k = {rung.k:,}: {rung.bits:.4f} ± {rung.stderr:.4f}" for rung in climb.rungs)
        self.told.setText(
            f"For Gaussian data, whose log p(x₀) is known: E[log w] ≤ log E[w]; "
            f"the bound is the mean of the logarithm, the truth the logarithm of the mean. "
            f"{steps}; exact: {climb.truth:.4f} bits/dim, from {climb.chains:,} chains."
        )

    def _on_changed(self) -> None:
        self.changed.emit()
