"""The plane: densities, scores and trajectories of two-dimensional data, and a network that learns as one watches."""

from dataclasses import replace

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from ddpm_studio.data import PointData
from ddpm_studio.data.clouds import means_of
from ddpm_studio.document import TRAINING, provenance
from ddpm_studio.errors import UserError
from ddpm_studio.export import Provenance
from ddpm_studio.plane.choices import ROLL, Guide, Plane
from ddpm_studio.plane.judged import Judgement
from ddpm_studio.plane.learning import Progress
from ddpm_studio.plane.walks import Walk
from ddpm_studio.plane.world import World
from ddpm_studio.schedule import Schedule
from ddpm_studio.ui.plane.controls import PlaneControls
from ddpm_studio.ui.plane.edits import PlaneEdits
from ddpm_studio.ui.plane.keeping import ask_and_keep
from ddpm_studio.ui.plane.main import PlaneMain
from ddpm_studio.ui.plane.side import PlaneSide
from ddpm_studio.ui.plane.source import PlaneData, network_named
from ddpm_studio.ui.plane.state import PlaneState
from ddpm_studio.ui.plane.training import PlaneTraining
from ddpm_studio.ui.plane.work import PlaneWork
from ddpm_studio.ui.plots.plot_export import offer_export
from ddpm_studio.ui.session import Session

MOVED = 70  # ms between two of the small planes that follow t, one after the other


class PlanePanel(QWidget):
    """The plane at the session's t on the left; samplers, errors and the training on the right."""

    title = "Plane"
    keys_help = (("Start, pause, go on with the training in the plane", "T"),)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._state = PlaneState()
        self._world: World | None = None
        self._shown = session.document.plane  # what is on the screen
        self._behind = list[int]()  # places of trajectories whose heads have still to follow t
        self._controls, self._main, self._side = PlaneControls(self), PlaneMain(self), PlaneSide(self)
        self._view, self._note, self._player = self._main.view, self._main.note, self._main.player
        self._data, self._training = PlaneData(self), PlaneTraining(self)
        self._work = PlaneWork(session, self)
        self._moving = QTimer(self, singleShot=True, interval=MOVED)
        self._lay_out()
        self._connect()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocusProxy(self._player.slider)
        self._edits = PlaneEdits(session, self._data, self)
        self._connect_edits()
        self._controls.show_plane(self._shown)
        self._open_network(self._shown.network)
        self._data.ask(self._shown.dataset)

    def close_jobs(self) -> None:
        """Ends what runs in the background."""
        self._player.pause()
        self._moving.stop()
        self._main.resting.stop()
        for worker in (self._data, self._training, self._work):
            worker.close()

    def show_plane(self, plane: Plane) -> None:
        """Another choice: reads what is new, draws the rest."""
        old, self._shown = self._shown, plane
        self._controls.show_plane(plane)
        if plane.network != old.network:
            self._open_network(plane.network)
        if plane.dataset != self._data.ref:
            self._data.ask(plane.dataset)
        if (plane.network, plane.finite) != (old.network, old.finite):
            self._forget_judgement()
        self.show_world()

    def show_world(self) -> None:
        """Points, density and fields anew; trajectories and bounds once nothing changes any more."""
        document = self._session.document
        self._world = self._state.world(document)
        self._view.show_means(means_of(document.plane.dataset))
        self.show_t(self._session.t)
        self._work.ask(self._state)

    def show_t(self, t: int) -> None:
        """Everything that depends on the shared cursor."""
        document = self._session.document
        self._main.show_t(document, t)
        if self._world is not None:
            self._main.show_world(self._world, document, t, self._state.first_walk)
            self._behind += [walk.place for walk in self._state.walks if walk.place not in self._behind]
            if not self._moving.isActive():
                self._moving.start()

    def show_moved(self) -> None:
        """One of the samplers side by side at the shared cursor: no move of t waits for all of them."""
        if self._behind:
            place = self._behind.pop(0)
            for walk in (walk for walk in self._state.walks if walk.place == place):
                self._side.walks.move_to(walk, float(self._session.document.schedule.alpha_bar[self._session.t]))
            self._moving.start()

    def show_walk(self, walk: Walk) -> None:
        """What one sampler has walked."""
        self._state = self._state.walked(walk)
        self._side.walks.show_walk(walk, float(self._session.document.schedule.alpha_bar[self._session.t]))
        if self._world is not None:
            self._main.show_click(self._world, self._session.document, self._session.t, self._state.first_walk)

    def show_progress(self, progress: Progress) -> None:
        """The network in training has come further."""
        self._state = replace(self._state, learned=(*self._state.learned, progress))
        self._side.show_progress(self._state.learned)
        document = self._session.document
        if document.plane.network == TRAINING and self._world is not None:
            self._world = replace(self._world, network=progress.denoiser)
            self._main.show_network(self._world, document, self._session.t)
            if document.plane.guide is Guide.NETWORK:
                self._work.follow(self._state)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_T and not event.modifiers():
            self._on_go()
        elif not self._player.handle_key(event):
            super().keyPressEvent(event)

    def _on_loaded(self, data: PointData) -> None:
        self._state = replace(self._state, data=data, walks=())
        self._forget_judgement()
        self._side.show_data(data)
        self.show_world()

    def _open_network(self, ref: str) -> None:
        if ref == TRAINING or (self._state.opened is not None and self._state.opened.ref == ref):
            return
        try:
            self._state = replace(self._state, opened=network_named(ref))
        except UserError as error:
            self._edits.refuse_network(str(error), self._state.opened.ref if self._state.opened else ROLL)

    def _on_schedule_changed(self, schedule: Schedule) -> None:
        if self._world is not None:
            self._world = self._world.under(schedule)
        self._show_bounds()
        self.show_t(self._session.t)
        self._work.ask(self._state)

    def _on_sampler_changed(self) -> None:
        self._work.ask(self._state)

    def _on_work_begun(self, world: World) -> None:
        """What was walked before is taken away."""
        plane = self._session.document.plane
        self._side.walks.show_world(world, plane, beside=self._training.running)
        self._side.walks.show_kinds(plane.compared)
        self._state = replace(self._state, walks=())

    def _on_judged(self, found: Judgement) -> None:
        self._state = replace(self._state, judgement=found)
        self._side.show_judgement(found)
        self._show_bounds()

    def _forget_judgement(self) -> None:
        """No likelihood and bounds of what is no longer shown."""
        self._state = replace(self._state, judgement=None)
        self._show_bounds()

    def _show_bounds(self) -> None:
        found = self._state.judgement
        self._side.show_bounds("" if found is None else found.in_words(self._session.document.schedule))

    def _on_draw_toggled(self, on: bool) -> None:
        self._view.drawing = on
        self._view.setCursor(Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor)

    def _on_go(self) -> None:
        """Starts, pauses or goes on with the training."""
        if self._training.running:
            self._training.pause()
        elif self._training.under_way:
            self._training.play()
        elif (data := self._state.data) is not None:
            self._state = replace(self._state, learned=(), learned_from=data)
            self._forget_judgement()
            plane = replace(self._session.document.plane.watched, network=TRAINING)
            self._session.edit("train in the plane", plane=plane)
            self.show_world()  # the network of the run before is gone
            document = self._session.document.of_plane.fitting(data)
            self._training.start(document, data)

    def _on_training_changed(self) -> None:
        training = self._training
        self._side.show_training(
            running=training.running, under_way=training.under_way, kept=len(self._state.learned) > 0
        )
        self._work.make_way(training.running)
        if not training.running:
            self._work.ask(self._state)

    def _lay_out(self) -> None:
        halves = QSplitter(Qt.Orientation.Horizontal, self)
        halves.addWidget(self._main)
        halves.addWidget(self._side)
        halves.setSizes([400, 300])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(6, 6, 6, 6)
        whole.setSpacing(4)
        whole.addWidget(self._controls)
        whole.addWidget(halves, 1)

    def _connect(self) -> None:
        session = self._session
        session.t_changed.connect(self.show_t)
        session.schedule_changed.connect(self._on_schedule_changed)
        session.plane_changed.connect(self.show_plane)
        session.sampler_changed.connect(self._on_sampler_changed)
        self._moving.timeout.connect(self.show_moved)
        self._data.loaded.connect(self._on_loaded)
        for troubled in (self._training, self._work):
            troubled.failed.connect(session.reported)
        self._work.began.connect(self._on_work_begun)
        self._work.walked.connect(self.show_walk)
        self._work.judged.connect(self._on_judged)
        self._training.progressed.connect(self.show_progress)
        self._training.changed.connect(self._on_training_changed)
        self._player.moved.connect(session.set_t)
        self._controls.draw_toggled.connect(self._on_draw_toggled)
        self._side.go_asked.connect(self._on_go)
        self._side.stop_asked.connect(self._training.stop)
        self._side.keep_asked.connect(self._on_keep)
        offer_export((self._view, *self._side.plots), self._provenance, session.noticed, session.reported)

    def _connect_edits(self) -> None:
        edits = self._edits
        self._controls.edited.connect(edits.choose)
        self._view.clicked.connect(edits.place)
        self._view.mean_moved.connect(edits.move_mean)
        self._view.mean_dropped.connect(edits.drop_mean)
        self._view.drawn.connect(edits.draw)
        self._side.walks.chosen.connect(edits.compare)

    def _on_keep(self) -> None:
        if self._state.learned and self._state.learned_from is not None:
            ask_and_keep(self._session, self, self._state.learned[-1], self._state.learned_from)

    def _provenance(self) -> Provenance:
        return provenance(self._session.document, t=self._session.t)
