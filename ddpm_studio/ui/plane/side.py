"""Beside the plane: samplers side by side, the error of the network's score, and its training."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, Signal, SignalInstance
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from ddpm_studio.data import PointData
from ddpm_studio.plane.judged import Judgement
from ddpm_studio.plane.learning import Progress
from ddpm_studio.ui.plane.walks import SideBySide
from ddpm_studio.ui.plots.line_plot import Line, LinePlot
from ddpm_studio.ui.plots.plot import Plot
from ddpm_studio.ui.widgets.elided_label import ElidedLabel
from ddpm_studio.ui.widgets.glyphs import Glyph, icon

LEVELS_TIP = "mean of ‖ε̂ − ε*‖² per value over xₜ at each log SNR: (1−ᾱₜ) times the squared error of the score"
STEPS_TIP = "the same, averaged over the noise levels, as the training goes on"


class PlaneSide(QWidget):
    """Shows what it is given; the buttons ask."""

    go_asked = Signal()
    stop_asked = Signal()
    keep_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.walks = SideBySide(self)
        lines = Line("now", "noise", 2.0, dots=True), Line("at first", "pinned", dashed=True)
        levels, span, limits = "error by log SNR", (-5.0, 0.0), (-6.0, 1.0)
        self._levels = LinePlot(
            levels,
            LEVELS_TIP,
            lines,
            self,
            log=True,
            span=span,
            limits=limits,
            empty="a network's errors:\nchoose one, or Start",
        )
        self._steps = LinePlot(
            "error over steps",
            STEPS_TIP,
            (Line("", "noise", 2.0),),
            self,
            log=True,
            empty="Start trains\na network: its\nerror falls here",
        )
        self._go, self._stop = self._button(self.go_asked), self._button(self.stop_asked)
        self._keep = self._button(self.keep_asked)
        self._keep.setText("Save network…")
        self._keep.setToolTip("keep the network as it is now: a checkpoint that this panel and `sample` open again")
        self._stop.setText("Stop")
        self._stop.setAccessibleName("stop training")
        self._stop.setToolTip("end the run; its network stays until another run begins")
        self._numbers, self._bounds, self._about = ElidedLabel(self), ElidedLabel(self), ElidedLabel(self)
        self._numbers.set_full_text("Start trains a network on these points, here and now")
        self._running = False
        self._lay_out()
        self.show_training(running=False, under_way=False, kept=False)

    @property
    def plots(self) -> tuple[Plot, ...]:
        """All that can be saved from their context menus."""
        return (*self.walks.views, self._levels, self._steps)

    def show_data(self, data: PointData) -> None:
        """What the points are."""
        self._about.set_full_text(data.note)

    def show_judgement(self, found: Judgement) -> None:
        """A network's errors; without one nothing is drawn."""
        if found.errors is not None:
            self._levels.show_values(found.log_snr, (found.errors, np.full(len(found.errors), np.nan)))

    def show_bounds(self, text: str) -> None:
        """Likelihood and bounds, in a line."""
        self._bounds.set_full_text(text)

    def show_progress(self, learned: Sequence[Progress]) -> None:
        """A run so far, at least one look at it."""
        last, first = learned[-1], learned[0]
        self._keep.setEnabled(True)
        self._levels.show_values(last.log_snr, (last.errors, first.errors))
        steps = np.array([float(look.step) for look in learned])
        of = last.document.training.steps
        self._steps.show_values(steps, (np.array([look.errors.mean() for look in learned]),), across=(0.0, of))
        text = f"step {last.step:,} / {of:,}   loss {last.loss:.3f}   {last.per_second:.0f} steps/s"
        self._numbers.set_full_text(text)

    def show_training(self, *, running: bool, under_way: bool, kept: bool) -> None:
        """What the buttons do now; `kept` says whether there is a network that can be saved."""
        self._keep.setEnabled(kept)
        self._running = running
        self._go.setText("Pause" if running else "Resume" if under_way else "Start")
        self._go.setAccessibleName(f"{self._go.text()} training in the plane")
        self._go.setToolTip("train a network on these points, here and now (T)")
        self._go.setIcon(icon(Glyph.PAUSE if running else Glyph.PLAY, self.palette()))
        self._stop.setEnabled(under_way)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_running"):
            self._go.setIcon(icon(Glyph.PAUSE if self._running else Glyph.PLAY, self.palette()))

    def _button(self, asked: SignalInstance) -> QToolButton:
        button = QToolButton(self)
        button.clicked.connect(asked)
        return button

    def _lay_out(self) -> None:
        plots, transport = QHBoxLayout(), QHBoxLayout()
        for plot in (self._levels, self._steps):
            plots.addWidget(plot)
        for part in (self._go, self._stop):
            part.setToolButtonStyle(part.toolButtonStyle().ToolButtonTextBesideIcon)
            transport.addWidget(part)
        self._go.setMinimumWidth(92)
        transport.addWidget(self._numbers, 1)
        transport.addWidget(self._keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.walks)
        column.addLayout(plots, 1)
        column.addWidget(self._bounds)
        column.addWidget(self._about)
        column.addLayout(transport)
