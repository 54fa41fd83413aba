"""The likelihood panel's views, one a page, and which of them draws what."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QTabWidget, QWidget

from ddpm_studio.export import Provenance
from ddpm_studio.likelihood import Message, Received, ReverseVariance
from ddpm_studio.schedule import Schedule
from ddpm_studio.subject import Subject
from ddpm_studio.ui.plots.plot import Plot
from ddpm_studio.ui.theory.bound_view import BoundView
from ddpm_studio.ui.theory.gap_view import GapView
from ddpm_studio.ui.theory.jensen_view import JensenView
from ddpm_studio.ui.theory.jobs import Kind
from ddpm_studio.ui.theory.measurements import Measurements
from ddpm_studio.ui.theory.rate_view import RateView
from ddpm_studio.ui.theory.sigma_view import SigmaView
from ddpm_studio.ui.theory.told import nothing, told, told_estimate
from ddpm_studio.ui.theory.work import Climb, Estimated, Gap, Memory


class LikelihoodViews(QTabWidget):
    """Draws what has been measured; what its pages ask for is done elsewhere."""

    picked = Signal(int)  # a t

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bound, self.bracket, self.rate = BoundView(self), SigmaView(self), RateView(provenance, self)
        self.gap, self.jensen = GapView(self), JensenView(self)
        pages = {"Bound": self.bound, "σ²": self.bracket, "Rate–distortion": self.rate, "Loss gap": self.gap}
        for name, page in {**pages, "Jensen": self.jensen}.items():
            self.addTab(page, name)
        self.setDocumentMode(True)
        for view in (self.bound, self.bracket, self.rate, self.gap):
            view.picked.connect(self.picked)

    @property
    def all_plots(self) -> tuple[Plot, ...]:
        """Of all pages."""
        views = (self.bound, self.bracket, self.rate, self.gap, self.jensen)
        return tuple(plot for view in views for plot in view.plots)

    def show_t(self, t: int) -> None:
        """The shared cursor."""
        for view in (self.bound, self.bracket, self.rate, self.gap):
            view.show_t(t)

    def show_subject(self, subject: Subject | None) -> None:
        """Of whom all will be; None: of one that is still being read."""
        self.gap.show_subject(subject)
        if subject is None:
            self.bound.show_estimate("")
            self.rate.show_message(None)
            return
        pictures = len(subject.data.shape) == 3
        self.rate.show_published(subject.exact is None and pictures)
        self.bound.show_published(pictures)

    def show_bounds(self, measured: Measurements, schedule: Schedule, sigma: ReverseVariance | None) -> None:
        """The page that is looked at, for `schedule`; the learned σ², without a `sigma`, is that of a network's own."""
        page = self.currentWidget()
        if page is self.bound:
            found = measured.bound(schedule, sigma)
            self.bound.show_bound(
                found, *((nothing(sigma, measured),) if found is None else told(found, sigma, measured))
            )
        elif page is self.bracket:
            bounds = {each: measured.bound(schedule, each) for each in ReverseVariance}
            self.bracket.show_bounds({each: found for each, found in bounds.items() if found is not None})
        elif page is self.rate:
            self.rate.show_bound(measured.bound(measured.own(schedule), sigma or ReverseVariance.BETA))

    def show_progress(self, measured: Measurements) -> None:
        """What is being measured."""
        self.gap.show_running(measured.is_at(Kind.GAP))

    def show_found(self, value: object) -> None:
        """A value of a measurement."""
        match value:
            case Message():
                self.rate.show_message(value)
            case Received():
                self.rate.add(value)
            case Gap():
                self.gap.show_gap(value)
            case Memory():
                self.gap.show_memory(value)
            case Estimated():
                self.bound.show_estimate(told_estimate(value))
            case Climb():
                self.jensen.show_climb(value)

    def resizeEvent(self, event: QResizeEvent) -> None:
        for view in (self.bound, self.rate, self.gap):
            view.show_room(self.width(), self.height())
        super().resizeEvent(event)
