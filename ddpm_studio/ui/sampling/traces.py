"""What a step's quantities amount to along the whole chain: small plots over t, one below the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from ddpm_studio.anatomy import Sizes
from ddpm_studio.export import Provenance
from ddpm_studio.ui.plots.band_plot import BandPlot
from ddpm_studio.ui.plots.chain_plot import Rows
from ddpm_studio.ui.plots.plot import Columns
from ddpm_studio.ui.plots.plot_export import offer_export
from ddpm_studio.ui.sampling.model import Model
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.sampling.trail import Trail

TWO = 520  # logical pixels of width from which the plots stand in two columns
POINTS = 400  # of a curve, about


@dataclass(frozen=True)
class Trace:
    """One of the plots."""

    name: str
    tip: str
    of: Callable[[Sizes], NDArray[np.float32]]
    colour: str  # of the selected sample, in `theme.Colours`
    span: tuple[float, float] | None = None  # of the upright axis; None: what there is to see
    log: bool = False


TRACES = (
    Trace("|ε̂|/√D", "the size of the predicted noise; 1 for true noise", lambda s: s.eps, "noise", (0.0, 1.25)),
    Trace("RMS of xₜ", "root mean square of the values of xₜ", lambda s: s.x, "signal", (0.0, 1.25)),
    Trace("clipped", "the share of the guess's values outside [−1, 1]", lambda s: s.clipped, "beta", (0.0, 1.0)),
    Trace("change of the guess", "RMS of what the guess of x₀ changes by in a step", lambda s: s.change, "alpha_bar"),
    Trace("σ", "the standard deviation of the noise that a step adds", lambda s: s.sigma, "weight"),
    Trace(
        "residual",
        "the greatest |xₜ − √ᾱₜ x₀ − √(1−ᾱₜ) ε̂| with the guess for x₀: no more than rounding",
        lambda s: s.residual,
        "snr",
        log=True,
    ),
)


class TracePlot(BandPlot):
    """One number of every step."""

    def __init__(self, trace: Trace, parent: QWidget | None = None) -> None:
        super().__init__(trace.name, trace.tip, trace.colour, trace.span, parent, log=trace.log)
        self.trace = trace
        self._times: Sequence[int] = ()
        self._sizes: Sequence[Sizes] = ()

    def _numbers(self) -> Columns:
        """t of all steps taken, and the number of every sample there."""
        rows = self._rows(1)
        t = np.asarray(self._times[: len(rows)], np.float64)
        return {"t": t} | {f"sample {i}": column for i, column in enumerate(rows.T)}

    def show_sizes(self, times: Sequence[int], sizes: Sequence[Sizes], selected: int) -> None:
        """Shows the steps taken so far, t falling, with one sample bold; of long chains every so many of them."""
        self._times, self._sizes = times, sizes
        every = max(1, len(sizes) // POINTS)
        self.show_rows(times[: len(sizes) : every], self._rows(every), selected)

    def _rows(self, every: int) -> Rows:
        """The number of every so many steps and every sample."""
        columns = [self.trace.of(each) for each in self._sizes[::every]]
        count = min((len(column) for column in columns), default=0)
        return np.stack([column[:count] for column in columns]).astype(np.float64) if columns else np.zeros((0, 0))


class Traces(QScrollArea):
    """A view of the inspector; asks for another t when a plot is clicked."""

    asked = Signal(int)
    saved = Signal(str)
    refused = Signal(str)

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plots = [TracePlot(trace) for trace in TRACES]
        page = QWidget()
        self._grid = QGridLayout(page)
        self._grid.setContentsMargins(4, 4, 4, 4)
        self._grid.setSpacing(3)
        for plot in self.plots:
            plot.picked.connect(self.asked)
        offer_export(self.plots, provenance, self.saved, self.refused)
        self._columns = 0
        self._arrange(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the arrows are the player's
        self.setWidget(page)

    def show_model(self, model: Model) -> None:
        """The schedule: where t ends."""
        for plot in self.plots:
            plot.show_end(model.denoiser.schedule.T)

    def show_frame(self, frame: Frame, _sample: int) -> None:
        """Where we are."""
        for plot in self.plots:
            plot.show_t(frame.t)

    def show_walk(self, trail: Trail, sample: int) -> None:
        """Every step taken so far."""
        sizes = trail.sizes
        for plot in self.plots:
            if sizes and sample < min(len(sizes[0].x), len(sizes[-1].x)):
                plot.show_sizes(trail.course.times, sizes, sample)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange(2 if self.width() >= TWO else 1)
        super().resizeEvent(event)

    def _arrange(self, columns: int) -> None:
        if columns != self._columns:
            self._columns = columns
            for index, plot in enumerate(self.plots):
                self._grid.addWidget(plot, index // columns, index % columns)
