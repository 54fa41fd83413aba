"""The training panel: a network learns in the background while its loss, its errors and its samples are watched."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from ddpm_studio.container import is_run
from ddpm_studio.document import Document, provenance
from ddpm_studio.export import Provenance
from ddpm_studio.learner import TrainStep
from ddpm_studio.record import Looked
from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.live import LiveNetwork
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.training.comparison import Comparison
from ddpm_studio.ui.training.controls import TrainingControls
from ddpm_studio.ui.training.metrics import Metrics
from ddpm_studio.ui.training.resume_question import Resuming
from ddpm_studio.ui.training.run import State, TrainingRun
from ddpm_studio.ui.training.run_folder import NEW, RunFolder, free_folder, is_taken, standard_place, unfinished
from ddpm_studio.ui.training.run_reader import RunReader
from ddpm_studio.ui.training.transport import TrainingTransport
from ddpm_studio.ui.training.views import TrainingViews
from ddpm_studio.ui.training.work import Begun, Known
from ddpm_studio.ui.widgets.scroll_column import ScrollColumn

CONTROLS = 250  # logical pixels: the width of the forms
WHAT = {State.RUNNING: "in training", State.PAUSED: "paused", State.ENDING: "saving"}


class TrainingPanel(QWidget):
    """Forms on the left, the run on the right. A run goes by the settings it began with, whatever is edited then."""

    title = "Training"
    keys_help = (("Start, pause, resume the training", "Space"),)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._known: Known | None = None  # the run in the folder, as it was when it was opened or begun
        self._step = 0  # that the run has reached
        self._run, self._reader, self._resuming = TrainingRun(self), RunReader(self), Resuming(session, self)
        self._transport, self._comparison, self._folder = TrainingTransport(self), Comparison(self), RunFolder(self)
        self._controls = TrainingControls(session, self)
        self._views = TrainingViews(self._provenance, self)
        self._lay_out()
        self._connect()
        self.setMinimumSize(400, 280)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocusProxy(self._transport.go)
        self._on_new_asked()
        self._on_settled(session.settled_document)
        if (left := unfinished()) is not None:
            self._folder.offer(left)
            steps = f"{left.step:,} of {left.document.training.steps:,} steps"
            self._views.tell(f"{left.folder.name} stopped before its end, after {steps}; Run… goes on with it")

    def close_jobs(self) -> None:
        """Stops the training at the next step and waits until that is saved."""
        self._views.close_jobs()
        self._run.close()
        for job in self.findChildren(Job):
            job.close()

    def show_known(self, found: Known) -> None:
        """A run that was begun before, as its folder tells it."""
        self._known, self._step = found, found.step
        self._folder.show_path(found.run.folder, WHAT.get(self._run.state, f"at step {found.step:,}"))
        steps = found.run.document.training.steps
        self._views.show_run(Metrics(found.lines), found.previews, found.step, steps)
        self.show_state()

    def show_new(self, folder: Path) -> None:
        """A run that is to be begun."""
        self._known, self._step = None, 0
        self._folder.show_path(folder, NEW)
        self._views.show_run(Metrics(), (), 0, self._session.document.training.steps)
        self.show_state()

    def show_state(self) -> None:
        """What can be done now."""
        begin = "Start" if self._known is None else "New run" if self._done(self._session.document) else "Resume"
        self._transport.show_state(self._run.state, begin)
        self._transport.show_network(self._known is not None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._on_toggled()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._views.show_room(self.width() - CONTROLS, self.height())
        super().resizeEvent(event)

    def _provenance(self) -> Provenance:
        document = self._session.document if self._known is None else self._known.run.document
        return provenance(document, step=self._views.film.step or self._step)

    def _done(self, document: Document) -> bool:
        """Whether the run is there and has taken all the steps that the document wants."""
        return self._known is not None and self._step >= document.training.steps

    def _on_toggled(self) -> None:
        match self._run.state:
            case State.RUNNING:
                self._run.pause()
            case State.PAUSED:
                self._run.play()
            case State.IDLE:
                self._on_begin_asked()

    def _on_begin_asked(self) -> None:
        """A new run, or the one in the folder, if need be after a question."""
        taken = self._known is None and is_taken(self._folder.path)
        if taken or self._done(self._session.settled_document):
            self._on_new_asked()
        if is_run(self._folder.path):
            self._resuming.ask(self._folder.path)
        else:
            self._on_agreed()

    def _on_agreed(self) -> None:
        if self._run.state is State.IDLE:
            self._run.start(self._folder.path, self._session.settled_document, self._controls.device.name)

    def _on_begun(self, begun: Begun) -> None:
        self.show_known(begun.known)

    def _on_stepped(self, step: TrainStep) -> None:
        self._step = step.step
        self._views.numbers.show_step(step)

    def _on_looked(self, looked: Looked) -> None:
        assert self._known is not None
        self._views.show_preview(self._known.run.preview(looked.step), f"step {looked.step:,}: {looked.verdict}")

    def _on_handed(self, live: LiveNetwork) -> None:
        self._session.sample_from(live)
        self._session.noticed.emit(f"Sampling from the network after {live.step:,} steps")

    def _on_state_changed(self, state: State) -> None:
        if state in WHAT:
            self._folder.show_path(self._folder.path, WHAT[state])
        self.show_state()

    def _on_ended(self, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FAILED:
            self._session.reported.emit(text)
            self._views.tell(text)
        elif self._known is not None:
            what = "finished" if outcome is Outcome.FINISHED else "stopped"
            self._views.tell(f"{what}; step {self._step:,} is saved")
        self._folder.show_path(self._folder.path, NEW if self._known is None else f"at step {self._step:,}")
        self._views.numbers.show_rest()
        self._views.show_plots()
        self.show_state()
        self._controls.device.survey()

    def _on_sample_asked(self) -> None:
        self._run.hand_over(self._folder.path)

    def _on_new_asked(self) -> None:
        if self._may_change_folder():
            self.show_new(free_folder(self._session.document.dataset))

    def _on_folder_asked(self, folder: Path) -> None:
        if not self._may_change_folder():
            return
        if is_run(folder):
            self._reader.read(folder, self.show_known)
        elif folder.is_dir() and any(folder.iterdir()):
            self._session.reported.emit(f"{folder} is not a run, and it is not empty; choose another folder")
        else:
            self.show_new(folder)

    def _on_settled(self, document: Document) -> None:
        if self._known is None and self._run.state is State.IDLE:
            self._folder.show_path(self._folder.path, NEW)
            self._views.numbers.show_begin(0, document.training.steps)
        self.show_state()

    def _on_dataset_chosen(self) -> None:
        if self._known is None and self._run.state is State.IDLE and self._folder.path.parent == standard_place():
            self._on_new_asked()  # it is named after the data set

    def _may_change_folder(self) -> bool:
        if self._run.state is not State.IDLE:
            self._session.reported.emit("a run is under way; stop it first, it can be resumed")
        return self._run.state is State.IDLE

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._transport)
        head.addWidget(self._comparison)
        head.addWidget(self._folder, 1)
        right = QWidget(self)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self._views, 1)
        right.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        split = QSplitter(self)
        split.addWidget(ScrollColumn(self._controls))
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        split.setSizes([CONTROLS, 900])
        split.setCollapsible(1, False)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 6, 6, 6)
        row.addWidget(split)

    def _connect(self) -> None:
        session, run = self._session, self._run
        session.settled.connect(self._on_settled)
        self._views.follow(run)
        run.changed.connect(self._on_state_changed)
        run.begun.connect(self._on_begun)
        run.stepped.connect(self._on_stepped)
        run.looked.connect(self._on_looked)
        run.handed.connect(self._on_handed)
        run.ended.connect(self._on_ended)
        run.refused.connect(session.reported)
        self._reader.refused.connect(session.reported)
        self._resuming.agreed.connect(self._on_agreed)
        self._transport.toggled.connect(self._on_toggled)
        self._transport.stopped.connect(run.stop)
        self._transport.sample_asked.connect(self._on_sample_asked)
        self._comparison.changed.connect(self._views.show_others)
        self._comparison.refused.connect(session.reported)
        self._folder.asked.connect(self._on_folder_asked)
        self._folder.new_asked.connect(self._on_new_asked)
        self._controls.dataset_chosen.connect(self._on_dataset_chosen)
        self._views.refused.connect(session.reported)
        self._views.saved.connect(session.noticed)
