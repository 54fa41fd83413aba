"""The bound: its terms over t, what has been sent when, where its bits sit, and the errors behind it."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ddpm_studio.likelihood import Bound, by_decades
from ddpm_studio.ui import theme
from ddpm_studio.ui.plots.line_plot import Line
from ddpm_studio.ui.plots.over_t import OverT
from ddpm_studio.ui.widgets.elided_label import ElidedLabel

PUBLISHED = (
    "Published, CIFAR-10, for context: 3.75 (L_simple), 3.70 (trained on the bound), Ho et al. 2020; "
    "3.17 (L_hybrid, T = 4000), Nichol & Dhariwal 2021."
)
CLICK = "click to move t"
PARTS = (("L_T", "muted"), ("Σ Lₜ₋₁", "posterior"), ("L₀", "beta"))


class SplitBar(QWidget):
    """Where the bits sit: L_T, the middle, L_0, as one bar; what is negative, as a density can be, is only told."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: Sequence[float] = ()
        self.setFixedHeight(38)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("the three parts of the bound")
        self.setToolTip(
            "bits per dimension.\nL_T: what is left of x₀ in x_T. Σ Lₜ₋₁: the reverse steps. "
            "L₀: the last step, decoded to 256 grey levels (points: as a density, which can be negative)"
        )

    def show_bound(self, bound: Bound | None) -> None:
        """Draws its parts; None: there is none."""
        self._parts = () if bound is None else (bound.prior, bound.middle, bound.last)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme.colours()
        line = self.fontMetrics().height()
        whole = sum(max(part, 0.0) for part in self._parts) or 1.0
        left, text_left = 0.0, 0.0
        for (name, colour), part in zip(PARTS, self._parts, strict=False):
            width = self.width() * max(part, 0.0) / whole
            painter.fillRect(QRectF(left, line + 4, width, self.height() - line - 6), QColor(getattr(colours, colour)))
            left += width
            text = f"{name} {part:.3g}" if abs(part) < 0.01 else f"{name} {part:.4f}"
            painter.setPen(QColor(getattr(colours, colour)))
            painter.drawText(QRectF(text_left, 0, self.width(), line), Qt.AlignmentFlag.AlignLeft, text)
            text_left += self.fontMetrics().horizontalAdvance(text) + 16


class BoundView(QWidget):
    """Four plots, the split and the total."""

    picked = Signal(int)  # a t

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures = self._roomy = True
        self.total, self.about, self.estimate = ElidedLabel(self), QLabel(self), QLabel(self)
        self.published = QLabel(PUBLISHED, self)
        self.published.setEnabled(False)
        self.split = SplitBar(self)
        self.terms, self.linear, self.rate, self.errors = _plots(self)
        for plot in self.plots:
            plot.picked.connect(self.picked)
        self.show_estimate("")
        self._lay_out()

    def _lay_out(self) -> None:
        for label in (self.total, self.estimate):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (self.about, self.estimate, self.published):
            label.setWordWrap(True)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for place, plot in enumerate(self.plots):
            grid.addWidget(plot, place // 2, place % 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        for widget in (self.total, self.about, self.estimate, self.split):
            column.addWidget(widget)
        column.addLayout(grid, 1)
        column.addWidget(self.published)

    @property
    def plots(self) -> tuple[OverT, ...]:
        """All of them."""
        return (self.terms, self.linear, self.rate, self.errors)

    def show_bound(self, bound: Bound | None, told: str, about: str = "") -> None:
        """Draws a bound; `told` says in a line what it is, and `about`, which a drag leaves alone, what it is of."""
        self.total.set_full_text(told)
        if about != self.about.text():  # a new text has everything laid out anew
            self.about.setText(about)
            self.about.setVisible(bool(about))
        self.split.show_bound(bound)
        if bound is None:
            for plot in self.plots:
                plot.show_nothing()
            return
        t = np.arange(bound.schedule.T + 1.0)
        self.terms.show_times(t[2:], (bound.terms[2:], bound.weighted_error[2:]))
        seen = by_decades(bound.schedule.T)
        self.linear.show_times(seen[1:].astype(np.float64), (bound.terms[seen[1:]],))
        self.rate.show_times(seen.astype(np.float64), (bound.rate[seen],))
        self.errors.show_times(t[1:], (bound.eps_error[1:], bound.x0_error[1:]))

    def show_t(self, t: int) -> None:
        """Puts the cursor at t."""
        for plot in self.plots:
            plot.show_t(t)

    def show_estimate(self, told: str) -> None:
        """What an estimate from few t's says, in a line; nothing: there is none."""
        self.estimate.setText(told)
        self.estimate.setVisible(bool(told))

    def show_published(self, pictures: bool) -> None:
        """What others have reached with pictures, for context; with points that says nothing."""
        self._pictures = pictures
        self.published.setVisible(self._roomy and pictures)

    def show_room(self, width: int, height: int) -> None:
        """In a small panel the terms and the rate are what is left."""
        self._roomy = height >= 420
        self.published.setVisible(self._roomy and self._pictures)
        for plot in (self.linear, self.errors):
            plot.setVisible(width >= 620 and height >= 300)
        self.rate.setVisible(height >= 240)


def _plots(parent: QWidget) -> tuple[OverT, OverT, OverT, OverT]:
    """The terms, once more on a linear axis, the cumulative rate, the errors."""
    terms = OverT(
        "terms over t",
        f"Lₜ₋₁ in bits per dimension at each t ≥ 2, and what of it the error costs; {CLICK}",
        (Line("Lₜ₋₁", "posterior", 2.0), Line("λₜ·ε-error", "weight", 1.0, dashed=True)),
        parent,
        log=True,
        limits=(-9.0, 2.0),
    )
    linear = _one_line("terms Lₜ₋₁", "Lₜ₋₁ in bits per dimension, so that heights can be compared", "posterior", parent)
    rate = _one_line("bits sent before xₜ is known", "L_T + Σ Lₛ₋₁ over s > t, in bits per dimension", "snr", parent)
    errors = OverT(
        "mean squared errors over t",
        f"‖ε − ε̂‖² (all that L_simple weighs) and that of the guess of x₀, means per value; {CLICK}",
        (Line("ε̂", "noise", 2.0), Line("guess of x₀", "signal", 2.0)),
        parent,
        log=True,
        limits=(-7.0, 3.0),
    )
    return terms, linear, rate, errors


def _one_line(name: str, tip: str, colour: str, parent: QWidget) -> OverT:
    lines = (Line("", colour, 2.0),)
    return OverT(f"{name}, t on a log axis", f"{tip}; {CLICK}", lines, parent, decades=True)
