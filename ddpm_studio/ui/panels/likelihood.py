"""The likelihood panel: where every bit of the bound sits, live while the schedule is dragged."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ddpm_studio.document import EXACT, Document, provenance
from ddpm_studio.export import Provenance
from ddpm_studio.likelihood import ReverseVariance
from ddpm_studio.schedule import Schedule
from ddpm_studio.subject import Subject
from ddpm_studio.ui.pace import Pace
from ddpm_studio.ui.plots.plot_export import offer_export
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.theory.bar import LikelihoodBar
from ddpm_studio.ui.theory.jensen_view import CHAINS
from ddpm_studio.ui.theory.jobs import Kind
from ddpm_studio.ui.theory.measurements import Measurements
from ddpm_studio.ui.theory.views import LikelihoodViews
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
        self.bar, self.views = LikelihoodBar(self), LikelihoodViews(self._provenance, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        column.addWidget(self.bar)
        column.addWidget(self.views, 1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(360, 240)
        self._pace = Pace(REDRAWN, self)
        self._pace.due.connect(self.show_bounds)
        self._connect_session()
        self._connect()
        self.views.show_t(session.t)

    def close_jobs(self) -> None:
        """Ends what runs in the background."""
        self._measured.close()

    @property
    def at_rest(self) -> bool:
        """Whether all is drawn that will be without being asked for."""
        return self._measured.at_rest

    def show_bounds(self) -> None:
        """The view that is looked at, for the schedule as it is now."""
        self.views.show_bounds(self._measured, self._session.document.schedule, self.bar.chosen_sigma())

    def show_progress(self) -> None:
        """What is being measured, how far it is, and what can be asked for."""
        self.bar.show_progress(self._measured, self._own_schedule().T)
        self.views.show_progress(self._measured)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._on_settled(self._session.settled_document)
        self._on_tab_changed()

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
        self.views.show_subject(None)
        self.show_bounds()

    def _on_live_changed(self, _live: object) -> None:
        self._on_settled(self._session.settled_document)

    def _on_opened(self, subject: Subject) -> None:
        self.views.show_subject(subject)
        self._send()

    def _send(self) -> None:
        """Puts a picture on the line, where somebody looks and what it is sent by has changed."""
        subject = self._measured.subject
        if subject is None or self.views.currentWidget() is not self.views.rate:
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
        if self._measured.is_at(Kind.ESTIMATE):
            self._measured.end(Kind.ESTIMATE)
            return
        self.views.setCurrentWidget(self.views.bound)
        self.views.bound.show_estimate("")
        self._measured.estimate(self._own_schedule(), self.bar.chosen_sigma() or ReverseVariance.BETA)

    def _on_tab_changed(self) -> None:
        self.show_bounds()
        self._send()
        if self.views.currentWidget() is self.views.jensen and self.isVisible():
            self._on_jensen()

    def _on_view_asked(self, panel: str, view: str) -> None:
        turn(self.views, "likelihood", panel, view)

    def _on_jensen(self) -> None:
        schedule, jensen = self._session.document.schedule, self.views.jensen
        self._measured.climb(schedule, jensen.steps.value(), jensen.variance.value(), CHAINS)

    def _on_gap_asked(self) -> None:
        if self._measured.is_at(Kind.GAP):
            self._measured.end(Kind.GAP)
        else:
            self._measured.measure_gap(self._own_schedule())

    def _on_failed(self, text: str) -> None:
        self.bar.status.set_full_text(text)
        if self.isVisible():
            self._session.reported.emit(text)

    def _provenance(self) -> Provenance:
        subject = self._measured.subject
        return provenance(self._session.document, **({} if subject is None else subject.told))

    def _connect_session(self) -> None:
        session, views = self._session, self.views
        session.settled.connect(self._on_settled)
        session.live_changed.connect(self._on_live_changed)
        session.schedule_changed.connect(self._on_schedule_changed)
        session.t_changed.connect(views.show_t)
        session.view_asked.connect(self._on_view_asked)
        views.picked.connect(session.set_t)
        for grid in views.rate.grids:
            grid.saved.connect(session.noticed)
            grid.refused.connect(session.reported)
        offer_export(views.all_plots, self._provenance, session.noticed, session.reported)

    def _connect(self) -> None:
        measured, bar, views = self._measured, self.bar, self.views
        measured.opened.connect(self._on_opened)
        measured.advanced.connect(self._on_advanced)
        measured.found.connect(views.show_found)
        measured.failed.connect(self._on_failed)
        bar.start.clicked.connect(self._on_started)
        bar.all.clicked.connect(self._on_all)
        bar.quick.clicked.connect(self._on_estimate_asked)
        bar.sigma.currentIndexChanged.connect(self.show_bounds)
        bar.on.currentIndexChanged.connect(self._open)
        views.currentChanged.connect(self._on_tab_changed)
        views.rate.another.connect(self._on_another)
        views.gap.asked.connect(self._on_gap_asked)
        views.jensen.changed.connect(self._on_jensen)
