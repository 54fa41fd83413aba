"""The likelihood panel: where every bit of the bound sits, live while the schedule is dragged."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from ddpm_studio.document import EXACT, Document, provenance
from ddpm_studio.export import Provenance
from ddpm_studio.likelihood import Estimate, Message, Received, ReverseVariance
from ddpm_studio.schedule import Schedule
from ddpm_studio.subject import Subject
from ddpm_studio.ui.pace import Pace
from ddpm_studio.ui.plots.plot_export import offer_export
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.theory.bar import LikelihoodBar
from ddpm_studio.ui.theory.bound_view import BoundView
from ddpm_studio.ui.theory.gap_view import GapView
from ddpm_studio.ui.theory.jensen_view import CHAINS, JensenView
from ddpm_studio.ui.theory.jobs import JENSEN, Measurements
from ddpm_studio.ui.theory.rate_view import RateView
from ddpm_studio.ui.theory.sigma_view import SigmaView
from ddpm_studio.ui.theory.told import ALL_NEEDED, NOTHING, told, told_estimate
from ddpm_studio.ui.theory.work import Climb, Gap, Memory
from ddpm_studio.ui.turning import turn

REDRAWN = 40
"""Milliseconds between two drawings of the bounds: their plots cost more than the schedule's and must not slow it."""


class LikelihoodPanel(QWidget):
    """Measures the document's denoiser once; from then on the bound of any schedule is arithmetic."""

    title = "Likelihood"
    keys_help = (("Likelihood: another view", "Ctrl+Tab"),)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._measured = Measurements(self)
        self._source: tuple[object, ...] = ()  # what has been opened
        self._picture = 0
        self._sent: tuple[object, ...] = ()  # what the picture on the line is sent by
        self._sigma_estimated: ReverseVariance | None = None
        self.bar = LikelihoodBar(self)
        self.bound, self.bracket, self.rate = BoundView(self), SigmaView(self), RateView(self._provenance, self)
        self.gap, self.jensen = GapView(self), JensenView(self)
        self.tabs = QTabWidget(self)
        self._lay_out()
        self._connect()
        self.show_t(session.t)
        self._pace = Pace(REDRAWN, self)
        self._pace.due.connect(self.show_bounds)
        self.setMinimumSize(360, 240)

    def close_jobs(self) -> None:
        """Ends what runs in the background."""
        self._measured.close()

    def show_bounds(self) -> None:
        """The view that is looked at, for the schedule as it is now; the learned σ² is that of a network's own."""
        measured, view, sigma = self._measured, self.tabs.currentWidget(), self.bar.chosen_sigma()
        schedule = self._session.document.schedule
        if view is self.bound:
            found = measured.bound(schedule, sigma)
            nothing = ALL_NEEDED if sigma is None else NOTHING
            self.bound.show_bound(found, *((nothing,) if found is None else told(found, sigma, measured)))
        elif view is self.bracket:
            bounds = {each: measured.bound(schedule, each) for each in ReverseVariance}
            self.bracket.show_bounds({each: found for each, found in bounds.items() if found is not None})
        elif view is self.rate:
            self.rate.show_bound(measured.bound(measured.own(schedule), sigma or ReverseVariance.BETA))

    def show_progress(self) -> None:
        """What is being measured, how far it is, and what can be asked for."""
        self.bar.show_progress(self._measured, self._own_schedule().T)

    def show_t(self, t: int) -> None:
        """The shared cursor."""
        for view in (self.bound, self.bracket, self.rate):
            view.show_t(t)

    @property
    def at_rest(self) -> bool:
        """Whether all is drawn that will be without being asked for."""
        return self._measured.at_rest

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._on_settled(self._session.settled_document)
        self._on_tab_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        for view in (self.bound, self.rate, self.gap, self.jensen):
            view.show_room(self.width(), self.height() - 60)
        super().resizeEvent(event)

    def _own_schedule(self) -> Schedule:
        return self._measured.own(self._session.document.schedule)

    def _on_settled(self, document: Document) -> None:
        """Opens another denoiser once it is looked at."""
        if not self.isVisible():
            return
        source = (document.denoiser, document.dataset if document.denoiser == EXACT else "", self._session.live)
        if source != self._source:
            self._source = source
            self.bar.choose_samples(trained=document.denoiser == EXACT)  # it knows its own samples, and no others
            self._open()
        self._send()

    def _open(self) -> None:
        self._measured.open(self._session.settled_document, self._session.live, self.bar.on.currentIndex() == 1)
        self.bound.show_estimate("")
        self.gap.show_subject(None)
        self.rate.show_message(None)
        self.show_bounds()

    def _on_live_changed(self, _live: object) -> None:
        self._on_settled(self._session.settled_document)

    def _on_opened(self, subject: Subject) -> None:
        self.gap.show_subject(subject)
        pictures = len(subject.data.shape) == 3
        self.rate.show_published(subject.exact is None and pictures)
        self.bound.show_published(pictures)
        self._send()

    def _send(self) -> None:
        """Puts a picture on the line, where somebody looks and what it is sent by has changed."""
        subject = self._measured.subject
        if subject is None or self.tabs.currentWidget() is not self.rate:
            return
        way = (subject, self._own_schedule(), self._picture)
        if way != self._sent:
            self._sent = way
            self._measured.send(self._own_schedule(), self._picture)

    def _on_another(self) -> None:
        subject = self._measured.subject
        if subject is not None:
            self._picture = (self._picture + 1) % len(subject.probe.x0)
            self._send()

    def _on_schedule_changed(self) -> None:
        if self.isVisible():
            self._pace.ask()

    def _on_advanced(self) -> None:
        self.show_progress()
        if self._measured.at_rest and self.isVisible():
            self._pace.now()
        else:
            self._on_schedule_changed()

    def _on_started(self) -> None:
        if self._measured.running:
            self._measured.pause()
        elif self._measured.unfinished:
            self._measured.play()
        else:
            self._open()

    def _on_all(self) -> None:
        self._measured.measure_all(self._own_schedule())

    def _on_estimate_asked(self) -> None:
        """With the learned σ² the terms at other t's say nothing: that with β is estimated."""
        if self._measured.estimating:
            self._measured.end_estimate()
            return
        self._sigma_estimated = self.bar.chosen_sigma() or ReverseVariance.BETA
        self.tabs.setCurrentWidget(self.bound)
        self.bound.show_estimate("")
        self._measured.estimate(self._own_schedule(), self._sigma_estimated)

    def _on_tab_changed(self) -> None:
        self.show_bounds()
        self._send()
        if self.tabs.currentWidget() is self.jensen and self.isVisible():
            self._on_jensen()

    def _on_view_asked(self, panel: str, view: str) -> None:
        turn(self.tabs, "likelihood", panel, view)

    def _on_jensen(self) -> None:
        schedule = self._session.document.schedule
        self._measured.climb(schedule, self.jensen.steps.value(), self.jensen.variance.value(), CHAINS)

    def _on_gap_asked(self) -> None:
        self._measured.measure_gap(self._own_schedule())

    def _on_found(self, kind: str, value: object) -> None:
        if isinstance(value, Message):
            self.rate.show_message(value)
        elif isinstance(value, Received):
            self.rate.add(value)
        elif isinstance(value, Gap):
            self.gap.show_gap(value)
        elif isinstance(value, Memory):
            self.gap.show_memory(value)
        elif isinstance(value, Estimate) and self._sigma_estimated is not None:
            self.bound.show_estimate(told_estimate(value, self._sigma_estimated))
        elif kind == JENSEN and isinstance(value, Climb):
            self.jensen.show_climb(value)

    def _on_failed(self, text: str) -> None:
        self.bar.status.set_full_text(text)
        if self.isVisible():
            self._session.reported.emit(text)

    def _provenance(self) -> Provenance:
        subject = self._measured.subject
        return provenance(self._session.document, **({} if subject is None else subject.told))

    def _lay_out(self) -> None:
        views = {"Bound": self.bound, "σ²": self.bracket, "Rate–distortion": self.rate, "Loss gap": self.gap}
        for name, view in {**views, "Jensen": self.jensen}.items():
            self.tabs.addTab(view, name)
        self.tabs.setDocumentMode(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        column.addWidget(self.bar)
        column.addWidget(self.tabs, 1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _connect(self) -> None:
        session, measured = self._session, self._measured
        session.settled.connect(self._on_settled)
        session.live_changed.connect(self._on_live_changed)
        session.schedule_changed.connect(self._on_schedule_changed)
        measured.opened.connect(self._on_opened)
        measured.advanced.connect(self._on_advanced)
        measured.found.connect(self._on_found)
        measured.failed.connect(self._on_failed)
        session.t_changed.connect(self.show_t)
        session.view_asked.connect(self._on_view_asked)
        self.bar.start.clicked.connect(self._on_started)
        self.bar.all.clicked.connect(self._on_all)
        self.bar.quick.clicked.connect(self._on_estimate_asked)
        self.bar.sigma.currentIndexChanged.connect(self.show_bounds)
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self.bar.on.currentIndexChanged.connect(self._open)
        for picked in (self.bound.picked, self.bracket.picked, self.rate.picked):
            picked.connect(session.set_t)
        self.rate.another.connect(self._on_another)
        for grid in self.rate.grids:
            grid.saved.connect(session.noticed)
            grid.refused.connect(session.reported)
        self.gap.asked.connect(self._on_gap_asked)
        self.jensen.changed.connect(self._on_jensen)
        for each in (self.bound, self.bracket, self.rate, self.gap, self.jensen):
            offer_export(each.plots, self._provenance, session.noticed, session.reported)
