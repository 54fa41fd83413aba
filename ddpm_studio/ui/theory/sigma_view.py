"""The bracket of σ²: β̃ and β, the optimum between them, and the bits that each choice loses."""

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from ddpm_studio.likelihood import Bound, ReverseVariance, by_decades
from ddpm_studio.ui.plots.line_plot import Line
from ddpm_studio.ui.plots.over_t import OverT

NAMES = {ReverseVariance.BETA_TILDE: "β̃", ReverseVariance.BETA: "β", ReverseVariance.OPTIMUM: "optimum"}


class SigmaView(QWidget):
    """σ_t² as shares of β_t, and what each of the three costs at every t."""

    picked = Signal(int)  # a t

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = QLabel(self)
        self.table.setTextFormat(Qt.TextFormat.RichText)
        self.table.setWordWrap(True)
        lines = (Line("β̃", "posterior", 2.5), Line("β", "beta", 2.5), Line("optimum", "good", 1.5, dashed=True))
        self.bracket = OverT(
            "σₜ² as a share of βₜ",
            "β̃ₜ is right for data that are one point, βₜ for N(0, I); for all others the best is between them: "
            "β̃ₜ + cₜ² times the mean squared error of the guess of x₀",
            lines,
            self,
            decades=True,
            span=(0.0, 1.0),
            limits=(0.0, 3.0),
        )
        self.lost = OverT(
            "bits lost by the choice of σ²",
            "Lₜ₋₁ less that of the optimum, in bits per dimension; at t = 1 that of L₀,\n"
            "for which, over 256 levels, another σ² can be the best: what is below 0 is left out",
            lines[:2],
            self,
            decades=True,
            log=True,
            limits=(-10.0, 1.0),
        )
        for plot in self.plots:
            plot.picked.connect(self.picked)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        column.addWidget(self.table)
        column.addWidget(self.bracket, 1)
        column.addWidget(self.lost, 1)

    @property
    def plots(self) -> tuple[OverT, ...]:
        """Both."""
        return (self.bracket, self.lost)

    def show_t(self, t: int) -> None:
        """Puts the cursor at t."""
        for plot in self.plots:
            plot.show_t(t)

    def show_bounds(self, bounds: Mapping[ReverseVariance, Bound]) -> None:
        """Draws the bounds of the three choices, under one schedule; an empty mapping empties the plots."""
        if not bounds:
            self.table.clear()
            for plot in self.plots:
                plot.show_nothing()
            return
        best = bounds[ReverseVariance.OPTIMUM]
        order = (ReverseVariance.BETA_TILDE, ReverseVariance.BETA, ReverseVariance.OPTIMUM)
        T = best.schedule.T
        t = by_decades(T)
        self.lost.show_times(t.astype(np.float64), [bounds[sigma].terms[t] - best.terms[t] for sigma in order[:2]])
        t = t[1:]  # β̃₁ = 0
        shares = [bounds[sigma].variance[t] / best.schedule.beta[t] for sigma in order]
        self.bracket.show_values(np.log10(t), shares, across=(0.0, float(np.log10(T))))
        totals = (
            f"<b>σ²&nbsp;=&nbsp;{NAMES[sigma]}</b>:&nbsp;{bounds[sigma].total:.4f}&nbsp;bits/dim"
            f"{'' if sigma is ReverseVariance.OPTIMUM else f',&nbsp;{bounds[sigma].total - best.total:+.4f}'}"
            for sigma in order
        )
        self.table.setText("&nbsp; ".join(totals))
