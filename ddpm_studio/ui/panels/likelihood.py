"""The likelihood panel: where every bit of the bound sits, live while the schedule is dragged."""

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from ddpm_studio.document import EXACT, Document, provenance
from ddpm_studio.export import Provenance
from ddpm_studio.likelihood import Bound, Sigma, bound
from ddpm_studio.progressive import Message, Received
from ddpm_studio.schedule import Schedule
from ddpm_studio.subject import Subject
from ddpm_studio.ui.bound_view import BoundView
from ddpm_studio.ui.elided_label import ElidedLabel
from ddpm_studio.ui.gap_view import GapView
from ddpm_studio.ui.jensen_view import CHAINS, JensenView
from ddpm_studio.ui.likelihood_jobs import JENSEN, Measurements
from ddpm_studio.ui.likelihood_work import Climb, Gap, Memory
from ddpm_studio.ui.plot import Plot
from ddpm_studio.ui.plot_export import ask_and_save
from ddpm_studio.ui.rate_view import RateView
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.sigma_view import NAMES, SigmaView
from ddpm_studio.ui.training_numbers import spelt

NOTHING = "Nothing has been measured yet: the bound follows from the denoiser's error at some noise levels."


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
        self.start, self.all = QPushButton("Measure", self), QPushButton("Every t", self)
        self.sigma, self.on = QComboBox(self), QComboBox(self)
        self.status, self.bar = ElidedLabel(self), QProgressBar(self)
        self.bound, self.bracket, self.rate = BoundView(self), SigmaView(self), RateView(self._provenance, self)
        self.gap, self.jensen = GapView(self), JensenView(self)
        self.tabs = QTabWidget(self)
        self._lay_out()
        self._connect()
        self.setMinimumSize(360, 240)

    def close_jobs(self) -> None:
        """Ends what runs in the background."""
        self._measured.close()

    def show_bounds(self) -> None:
        """The view that is looked at, for the schedule as it is now."""
        curve, view = self._measured.curve(), self.tabs.currentWidget()
        schedule = self._session.document.schedule
        if view is self.bound:
            found = None if curve is None else bound(schedule, curve, self._sigma())
            self.bound.show_bound(found, NOTHING if found is None else self._told(found))
        elif view is self.bracket:
            self.bracket.show_bounds({} if curve is None else {sigma: bound(schedule, curve, sigma) for sigma in Sigma})
        elif view is self.rate:
            own = self._own_schedule()
            self.rate.show_bound(None if curve is None else bound(own, curve, self._sigma()))

    def show_progress(self) -> None:
        """What is being measured, how far it is, and what can be asked for."""
        measured = self._measured
        there = measured.subject is not None
        self.start.setText("Stop" if measured.running else "Measure")
        self.start.setEnabled(there)
        self.all.setEnabled(there and not measured.running)
        self.bar.setVisible(measured.running)
        self.bar.setRange(0, max(measured.levels, 1))
        self.bar.setValue(measured.done)
        self.status.set_full_text(self._state())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._on_settled(self._session.settled_document)
        self._on_tab_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        for view in (self.bound, self.rate, self.gap, self.jensen):
            view.show_room(self.width(), self.height() - 60)
        super().resizeEvent(event)

    def _sigma(self) -> Sigma:
        return Sigma(self.sigma.currentData())

    def _own_schedule(self) -> Schedule:
        """That which samples are drawn by: a network's own, the document's with an exact denoiser."""
        subject, schedule = self._measured.subject, self._session.document.schedule
        return schedule if subject is None or subject.exact is not None else subject.denoiser.schedule

    def _told(self, found: Bound) -> str:
        subject, measured = self._measured.subject, self._measured
        assert subject is not None
        whose = "held-out samples" if subject.held_out else "training samples"
        text = f"{found.total:.4f} ± {found.stderr:.4f} bits/dim, σ² = {NAMES[self._sigma()]}"
        text = f"{text}, {len(subject.probe.x0)} {whose}; L_simple {found.simple:.4f}"
        if subject.exact is not None:
            knows = "the training samples by heart, and no others"
            return f"{text}; exact denoiser: it knows {'the density itself' if subject.exact.variance else knows}"
        if found.schedule == subject.denoiser.schedule:
            return f"{text}; its own schedule{', every t measured' if measured.whole and not measured.running else ''}"
        curve = measured.curve()
        assert curve is not None
        own = bound(subject.denoiser.schedule, curve, self._sigma())
        return f"{text}; noise levels matched with your schedule. Under its own: {own.total:.4f}"

    def _state(self) -> str:
        measured = self._measured
        if measured.subject is None:
            return "reading the denoiser …"
        if measured.running:
            return f"level {measured.done} of {measured.levels}, {spelt(measured.seconds_left)} left"
        T = self._own_schedule().T
        whole = f"every t ({T:,}) would take about {spelt(measured.seconds * T)}"
        if measured.done >= measured.levels:
            done = (
                f"measured at every t of T = {measured.levels:,}"
                if measured.whole
                else f"{measured.levels} levels measured"
            )
            return done if measured.whole else f"{done}; {whole}"
        return f"{measured.levels} levels would take about {spelt(measured.seconds * measured.levels)}; {whole}"

    def _on_settled(self, document: Document) -> None:
        """Opens another denoiser once it is looked at."""
        if not self.isVisible():
            return
        source = (document.denoiser, document.dataset if document.denoiser == EXACT else "", self._session.live)
        if source != self._source:
            self._source = source
            with QSignalBlocker(self.on):  # an exact denoiser knows its own samples, and no others
                self.on.setCurrentIndex(int(document.denoiser == EXACT))
            self._open()
        self._send()

    def _open(self) -> None:
        self._sent = ()
        self._measured.open(self._session.settled_document, self._session.live, self.on.currentIndex() == 1)
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

    def _on_schedule_changed(self, _schedule: Schedule) -> None:
        if self.isVisible():
            self.show_bounds()

    def _on_advanced(self) -> None:
        self.show_progress()
        if self.isVisible():
            self.show_bounds()

    def _on_started(self) -> None:
        if self._measured.running:
            self._measured.pause()
        elif self._measured.unfinished:
            self._measured.play()
        else:
            self._open()

    def _on_all(self) -> None:
        self._measured.measure_all(self._own_schedule())

    def _on_tab_changed(self) -> None:
        self.show_bounds()
        self._send()
        if self.tabs.currentWidget() is self.jensen and self.isVisible():
            self._on_jensen()

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
        elif kind == JENSEN and isinstance(value, Climb):
            self.jensen.show_climb(value)

    def _on_failed(self, text: str) -> None:
        self.status.set_full_text(text)
        if self.isVisible():
            self._session.reported.emit(text)

    def _provenance(self) -> Provenance:
        subject = self._measured.subject
        return provenance(self._session.document, **({} if subject is None else subject.told))

    def _on_export_asked(self, plot: Plot, suffix: str) -> None:
        ask_and_save(plot, suffix, self._provenance, self._session.noticed, self._session.reported)

    def _lay_out(self) -> None:
        with QSignalBlocker(self.sigma):
            for sigma, name in NAMES.items():
                self.sigma.addItem(f"σ² = {name}", sigma.value)
            self.sigma.setCurrentIndex(1)
        self.on.addItems(["held-out samples", "training samples"])
        self.on.setToolTip("what is measured on: an exact denoiser knows its training samples by heart, and no others")
        self.sigma.setToolTip("the variance of the reverse step, whose bound is shown")
        self.start.setToolTip("measure the error at some noise levels; every schedule's bound follows from them")
        self.all.setToolTip("measure at every t, nothing interpolated; it can be stopped")
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(90)
        row = QHBoxLayout()
        for widget, stretch in (
            (self.start, 0),
            (self.all, 0),
            (self.sigma, 0),
            (self.on, 0),
            (self.bar, 0),
            (self.status, 1),
        ):
            row.addWidget(widget, stretch)
        views = {"Bound": self.bound, "σ²": self.bracket, "Rate–distortion": self.rate, "Loss gap": self.gap}
        for name, view in {**views, "Jensen": self.jensen}.items():
            self.tabs.addTab(view, name)
        self.tabs.setDocumentMode(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        column.addLayout(row)
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
        self.start.clicked.connect(self._on_started)
        self.all.clicked.connect(self._on_all)
        self.sigma.currentIndexChanged.connect(self.show_bounds)
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self.on.currentIndexChanged.connect(self._open)
        self.rate.another.connect(self._on_another)
        for grid in self.rate.grids:
            grid.saved.connect(self._session.noticed)
            grid.refused.connect(self._session.reported)
        self.gap.asked.connect(self._on_gap_asked)
        self.jensen.changed.connect(self._on_jensen)
        for view in (self.bound, self.bracket, self.rate, self.gap, self.jensen):
            for plot in view.plots:
                plot.export_asked.connect(partial(self._on_export_asked, plot))
