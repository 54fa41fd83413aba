"""What a step's quantities amount to along the whole chain: small plots over t, one below the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QSizePolicy, QWidget

from ddpm_studio.anatomy import Sizes
from ddpm_studio.export import Provenance
from ddpm_studio.neighbours import Neighbours
from ddpm_studio.ui import theme
from ddpm_studio.ui.model import Model
from ddpm_studio.ui.plot import Plot
from ddpm_studio.ui.plot_backdrop import TimeAxis
from ddpm_studio.ui.plot_export import ask_and_save
from ddpm_studio.ui.reverse_walk import Frame

Rows = NDArray[np.float64]  # (F, B): F steps, B samples
LEFT, RIGHT = 40, 12  # pixels: the numbers of the upright axis, half of the last number below
TWO = 520  # logical pixels of width from which the plots stand in two columns
POINTS = 400  # of a curve, about
FLOOR = 1e-9  # of a logarithmic axis


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


class TracePlot(Plot):
    """One number of every step against t: bold for the selected sample, between them all a band and their median.

    The left button asks for the t under the mouse.
    """

    asked = Signal(int)

    def __init__(self, trace: Trace, parent: QWidget | None = None) -> None:
        super().__init__(parent, axisItems={"bottom": TimeAxis("bottom")})
        self.trace = trace
        self._times: Sequence[int] = ()
        self._sizes: Sequence[Sizes] = ()
        self._least, self._most = pg.PlotCurveItem(connect="finite"), pg.PlotCurveItem(connect="finite")
        self._band = pg.FillBetweenItem(self._least, self._most)
        self._middle = pg.PlotCurveItem(connect="finite", antialias=True)
        self._chosen = pg.PlotCurveItem(connect="finite", antialias=True)
        self._cursor = pg.InfiniteLine(0)
        for item in (self._band, self._least, self._most, self._middle, self._chosen, self._cursor):
            self.addItem(item)
        self.setMouseEnabled(False, False)
        self.setMenuEnabled(False)
        self.hideButtons()
        for name in ("left", "bottom"):
            self.getAxis(name).setStyle(tickLength=3, tickTextOffset=3, maxTickLevel=0, hideOverlappingLabels=RIGHT)
        self.getAxis("left").setWidth(LEFT)
        if trace.span is not None:
            self.getAxis("left").setTickSpacing(0.5, 0.5)
        self.getAxis("left").setLogMode(x=False, y=trace.log)
        self.getPlotItem().layout.setContentsMargins(0, 0, RIGHT, 0)
        self.setTitle(trace.name, size="9pt")
        self.setToolTip(f"{trace.tip}\nbold: the selected sample; band and dashes: all samples and their median")
        self.setAccessibleName(f"{trace.name} against t")
        self.setMinimumSize(140, 84)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.watcher().changed.connect(self.show_colours)
        self.show_colours(theme.colours())

    @property
    def name(self) -> str:
        """Of a file that it is saved in."""
        return self.trace.name.replace("/", " by ").replace("|", "")

    def numbers(self) -> dict[str, NDArray[np.float64]]:
        """t of the steps taken, and the number of every sample there."""
        rows = self._rows(1)
        t = np.asarray(self._times[: len(rows)], np.float64)
        return {"t": t} | {f"sample {i}": column for i, column in enumerate(rows.T)}

    def show_end(self, T: int) -> None:
        """The axis goes from t = 0 to T."""
        self.setXRange(0, T, padding=0.02)

    def show_sizes(self, times: Sequence[int], sizes: Sequence[Sizes], selected: int) -> None:
        """Shows the steps taken so far, t falling, with one sample bold; of long chains every so many of them."""
        self._times, self._sizes = times, sizes
        every = max(1, len(sizes) // POINTS)
        rows = self._rows(every)
        heights = np.log10(np.maximum(rows, FLOOR)) if self.trace.log else rows
        known = np.isfinite(heights).all(1)
        heights, t = heights[known], np.asarray(times[: len(sizes) : every], np.float64)[known]
        for curve, of in ((self._least, np.min), (self._most, np.max), (self._middle, np.median)):
            curve.setData(t, of(heights, axis=1) if len(t) else t)
        self._chosen.setData(t, heights[:, selected])
        self._fit(heights)

    def show_t(self, t: int) -> None:
        """Puts the cursor at t."""
        self._cursor.setValue(t)

    def show_colours(self, colours: theme.Colours) -> None:
        """Takes the current colours."""
        bold = getattr(colours, self.trace.colour)
        faint = pg.mkColor(bold)
        faint.setAlpha(45)
        self._band.setBrush(pg.mkBrush(faint))
        for edge in (self._least, self._most):
            edge.setPen(pg.mkPen(None))
        self._middle.setPen(pg.mkPen(colours.muted, width=1, style=Qt.PenStyle.DashLine))
        self._chosen.setPen(pg.mkPen(bold, width=2))
        self._cursor.setPen(pg.mkPen(colours.cursor, width=1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._ask(event)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(event)
        else:
            super().mouseMoveEvent(event)

    def _ask(self, event: QMouseEvent) -> None:
        place = self.getPlotItem().getViewBox().mapSceneToView(self.mapToScene(event.position().toPoint()))
        self.asked.emit(round(place.x()))

    def _rows(self, every: int) -> Rows:
        """The number of every so many steps and every sample."""
        columns = [self.trace.of(each) for each in self._sizes[::every]]
        count = min((len(column) for column in columns), default=0)
        return np.stack([column[:count] for column in columns]).astype(np.float64) if columns else np.zeros((0, 0))

    def _fit(self, heights: Rows) -> None:
        """The stated range, or 0 to the greatest; whole decades on a logarithmic axis."""
        low, high = self.trace.span or (0.0, 1e-12)
        finite = heights[np.isfinite(heights)]
        if finite.size and self.trace.log:
            low, high = float(np.floor(finite.min())), float(np.ceil(finite.max()))
            high = max(high, low + 1.0)
        elif finite.size:
            high = max(high, float(finite.max()))
        self.setYRange(low, high, padding=0.06)


class Traces(QScrollArea):
    """A view of the inspector; asks for another t when a plot is clicked."""

    asked = Signal(int)
    saved = Signal(str)
    refused = Signal(str)

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._provenance = provenance
        self.plots = [TracePlot(trace) for trace in TRACES]
        page = QWidget()
        self._grid = QGridLayout(page)
        self._grid.setContentsMargins(4, 4, 4, 4)
        self._grid.setSpacing(3)
        for plot in self.plots:
            plot.asked.connect(self.asked)
            plot.export_asked.connect(lambda suffix, plot=plot: self._on_export_asked(plot, suffix))
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

    def show_walk(
        self, times: Sequence[int], _neighbours: Sequence[Neighbours | None], sizes: Sequence[Sizes], sample: int
    ) -> None:
        """Every step taken so far."""
        for plot in self.plots:
            if sizes and sample < min(len(sizes[0].x), len(sizes[-1].x)):
                plot.show_sizes(times, sizes, sample)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange(2 if self.width() >= TWO else 1)
        super().resizeEvent(event)

    def _arrange(self, columns: int) -> None:
        if columns != self._columns:
            self._columns = columns
            for index, plot in enumerate(self.plots):
                self._grid.addWidget(plot, index // columns, index % columns)

    def _on_export_asked(self, plot: TracePlot, suffix: str) -> None:
        ask_and_save(plot, suffix, self._provenance, self.saved, self.refused)
