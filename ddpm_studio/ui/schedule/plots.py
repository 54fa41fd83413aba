"""The five plots of a schedule and its numbers at t, in a grid."""

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QWidget

from ddpm_studio.schedule import Schedule
from ddpm_studio.ui.plots.graph import PLOTS
from ddpm_studio.ui.plots.time_plot import TimePlot
from ddpm_studio.ui.schedule.readout import Readout

_COLUMNS = 2


class SchedulePlots(QWidget):
    """ᾱ, the factors of x_0 and ε, SNR, β̃ against β, and λ; the readout takes the last place."""

    def __init__(self, schedule: Schedule, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._schedule, self._t = schedule, 0
        self.plots = tuple(TimePlot(graph, schedule, self, width=1.5) for graph in PLOTS)
        self.readout = Readout(self)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        widgets: tuple[QWidget, ...] = (*self.plots, self.readout)
        for place, widget in enumerate(widgets):
            layout.addWidget(widget, place // _COLUMNS, place % _COLUMNS)
            layout.setRowStretch(place // _COLUMNS, 1)
            layout.setColumnStretch(place % _COLUMNS, 1)

    def show_schedule(self, schedule: Schedule) -> None:
        """Draws every curve, and the numbers at t."""
        self._schedule = schedule
        for plot in self.plots:
            plot.show_schedule(schedule)
        self.show_t(self._t)

    def show_t(self, t: int) -> None:
        """Moves the cursor in every plot, and shows the numbers there."""
        self._t = t
        for plot in self.plots:
            plot.show_t(t)
        self.readout.show_values(self._schedule, min(t, self._schedule.T))  # a new T sends its t before its schedule

    def show_pins(self, schedules: Sequence[Schedule | None]) -> None:
        """Draws these for comparison in every plot."""
        for plot in self.plots:
            plot.show_pins(schedules)
