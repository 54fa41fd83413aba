"""The schedule panel: one curve to bend, everything that follows from it, and what is wrong with it."""

from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from ddpm_studio.document import Document, provenance
from ddpm_studio.export import Provenance
from ddpm_studio.lint import Fix, lint
from ddpm_studio.schedule import Schedule, Space
from ddpm_studio.ui.plots.plot_export import offer_export
from ddpm_studio.ui.plots.time_plot import TimePlot
from ddpm_studio.ui.schedule.curve_editor import CurveEditor
from ddpm_studio.ui.schedule.form import ScheduleForm
from ddpm_studio.ui.schedule.lint_list import LintList
from ddpm_studio.ui.schedule.menu import ScheduleMenu
from ddpm_studio.ui.schedule.pins import Pins
from ddpm_studio.ui.schedule.plots import SchedulePlots
from ddpm_studio.ui.schedule.second_moment import SecondMoment
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets.elided_label import ElidedLabel

LINT_DELAY = 120  # milliseconds without a change after which the schedule is judged
NARROW = 600  # pixels below which the plots stand under the editor, if there is height for both
SPACES = {"β": Space.BETA, "ᾱ": Space.ALPHA_BAR, "log SNR": Space.LOG_SNR}
HINT = "drag a point · double-click adds one"
NO_POINTS = "no points fit this curve: grab another one"


class SchedulePanel(QWidget):
    """Shows the session's schedule and edits it."""

    title = "Schedule"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        schedule = session.document.schedule
        self.editor = CurveEditor(schedule, self)
        self.plots = SchedulePlots(schedule, self)
        self.form = ScheduleForm(schedule, self)
        self.pins = Pins(self)
        self.findings = LintList(self)
        self.menu = ScheduleMenu(schedule, self)
        self.space, self.log = QComboBox(self), QCheckBox("log axis", self)
        self._pointed = ElidedLabel(self)
        self._moment = SecondMoment(self)
        self._lint_timer = QTimer(self, singleShot=True, interval=LINT_DELAY)
        self._painted = False
        self._describe_controls()
        self._lay_out()
        self.setMinimumSize(400, 240)
        self._connect()
        self.show_schedule(schedule)
        self.show_t(session.t)

    def close_jobs(self) -> None:
        """Waits for what is being read."""
        self._moment.close()

    def show_schedule(self, schedule: Schedule) -> None:
        """Draws the schedule everywhere; its numbers in the form follow once a point has been let go."""
        self.editor.show_schedule(schedule)
        self.plots.show_schedule(schedule)
        self.menu.show_schedule(schedule)
        if not self.editor.busy:
            self.form.show_schedule(schedule)
        self._lint_timer.start()

    def show_settled(self, document: Document) -> None:
        """Brings the form up to date: nothing else changes when a change is recorded."""
        self.form.show_schedule(document.schedule)

    def show_t(self, t: int) -> None:
        """Moves the cursor in every plot."""
        self.editor.show_t(t)
        self.plots.show_t(t)

    def show_findings(self) -> None:
        """What is wrong with the schedule, given the data set and the sampler."""
        schedule, sampler = self._session.document.schedule, self._session.document.sampler
        self.findings.show_findings(lint(schedule, self._moment.value, sampler.times(schedule.T)))

    def show_point(self, words: str) -> None:
        """The selected point's place, or what can be done."""
        self._pointed.set_full_text(words or (HINT if self.editor.points() else NO_POINTS))

    def show_pins(self, schedules: tuple[Schedule | None, ...]) -> None:
        """Draws these for comparison in every plot."""
        self.editor.show_pins(schedules)
        self.plots.show_pins(schedules)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self._on_first_painted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        upright = self.width() < NARROW and self.height() > self.width()
        self._halves.setOrientation(Qt.Orientation.Vertical if upright else Qt.Orientation.Horizontal)

    def _describe_controls(self) -> None:
        self.space.addItems(list(SPACES))
        self.space.setAccessibleName("quantity to grab")
        self.space.setToolTip("The curve whose points are moved: β, ᾱ or log SNR; the others follow")
        self.log.setToolTip("A logarithmic axis for β or ᾱ")
        self._pointed.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self._pointed.setAccessibleName("selected point")

    def _lay_out(self) -> None:
        lower = _split(Qt.Orientation.Horizontal, (self.form, 2), (self.findings, 3))
        left = _split(Qt.Orientation.Vertical, (self._editing(), 1), (lower, 0))
        row = self.form.kind.sizeHint().height()
        left.setSizes([8 * row, 7 * row])  # the kind and four numbers; what more room there is is the editor's
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        self._halves = _split(Qt.Orientation.Horizontal, (left, 6), (self.plots, 5))
        layout.addWidget(self._halves)

    def _editing(self) -> QWidget:
        """The editor with its controls above and below."""
        made = QWidget(self)
        above, below, column = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(made)
        label = QLabel("Grab", self)
        label.setBuddy(self.space)
        for widget in (label, self.space, self.log):
            above.addWidget(widget)
        above.addSpacing(12)
        above.addWidget(self._pointed, 1)
        below.addWidget(self.pins, 1)
        below.addWidget(self.menu)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(above)
        column.addWidget(self.editor, 1)
        column.addLayout(below)
        made.setMinimumHeight(made.minimumSizeHint().height())  # a low panel takes from the form, which scrolls
        return made

    def _connect(self) -> None:
        session = self._session
        session.schedule_changed.connect(self.show_schedule)
        session.settled.connect(self.show_settled)
        session.t_changed.connect(self.show_t)
        session.sampler_changed.connect(self._on_lint_wanted)
        session.dataset_changed.connect(self._moment.measure)
        self._moment.measured.connect(self._on_lint_wanted)
        self._lint_timer.timeout.connect(self.show_findings)
        self.space.activated.connect(self._on_space_chosen)
        self.log.toggled.connect(self._on_space_chosen)
        for source in (self.form.previewed, self.editor.moving):
            source.connect(self._on_moving)
        for source in (self.form.edited, self.editor.moved, self.menu.imported):
            source.connect(self._on_edited)
        for source in (self.form.refused, self.editor.refused, self.menu.refused):
            source.connect(session.reported)
        self.menu.saved.connect(session.noticed)
        self.editor.cancelled.connect(session.cancel)
        self.editor.pointed.connect(self.show_point)
        self.pins.pin_asked.connect(self._on_pin_asked)
        self.pins.changed.connect(self.show_pins)
        self.findings.fix_chosen.connect(self._on_fix_chosen)
        plots = self.editor, *self.plots.plots
        offer_export(plots, self._provenance, session.noticed, session.reported)
        for plot in plots:
            plot.picked.connect(session.set_t)
            plot.zoomed.connect(partial(self._on_zoomed, plot))

    def _on_first_painted(self) -> None:
        self._moment.measure(self._session.document.dataset)

    def _on_moving(self, schedule: Schedule) -> None:
        self._session.preview(schedule=schedule)

    def _on_edited(self, schedule: Schedule, done: str) -> None:
        self._session.edit(done, schedule=schedule)

    def _on_fix_chosen(self, fix: Fix) -> None:
        self._session.edit(fix.label, schedule=fix.schedule)

    def _on_space_chosen(self) -> None:
        space = SPACES[self.space.currentText()]
        self.log.setEnabled(space is not Space.LOG_SNR)
        self.editor.show_space(space, self.log.isChecked())

    def _on_lint_wanted(self) -> None:
        self._lint_timer.start()

    def _on_pin_asked(self) -> None:
        self.pins.pin(self._session.document.schedule)

    def _on_zoomed(self, source: TimePlot, low: float, high: float) -> None:
        for plot in (self.editor, *self.plots.plots):
            if plot is not source:
                plot.show_times(low, high)

    def _provenance(self) -> Provenance:
        return provenance(self._session.document, t=self._session.t)


def _split(orientation: Qt.Orientation, *parts: tuple[QWidget, int]) -> QSplitter:
    """Parts that share the room in these proportions, and can be pulled."""
    splitter = QSplitter(orientation)
    splitter.setChildrenCollapsible(False)
    for index, (widget, share) in enumerate(parts):
        splitter.addWidget(widget)
        splitter.setStretchFactor(index, share)
        widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
    splitter.setSizes([share * 100 for _, share in parts])
    return splitter
