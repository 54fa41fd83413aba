"""One training run at a time, in a Job: started, paused, resumed, stopped; what it tells is sorted by kind."""

from collections.abc import Callable, Iterator
from enum import Enum
from functools import partial
from pathlib import Path
from threading import Event

from PySide6.QtCore import QObject, Signal

from ddpm_studio.document import Document
from ddpm_studio.learner import TrainStep
from ddpm_studio.record import Looked, Saved, Working
from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.live import LiveNetwork
from ddpm_studio.ui.training.work import Begun, Logged, saved_network, trained


class State(Enum):
    """What a run is doing."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    ENDING = "ending"  # the step in work is finished and saved


class TrainingRun(QObject):
    """Signals are sent in the window's thread, never faster than it draws; of several steps the newest is told."""

    changed = Signal(object)  # State
    begun = Signal(object)  # Begun
    stepped = Signal(object)  # the newest TrainStep
    logged = Signal(object)  # the new lines of the metrics
    looked = Signal(object)  # Looked
    saved = Signal(object)  # Saved
    working = Signal(object)  # Working
    handed = Signal(object)  # LiveNetwork
    ended = Signal(object, str)  # Outcome; for FAILED one line that says why
    refused = Signal(str)  # a network that was asked for cannot be had

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = State.IDLE
        self._job: Job | None = None
        self._handing: Job | None = None
        self._wanted = Event()

    @property
    def state(self) -> State:
        """What it is doing."""
        return self._state

    def start(self, folder: Path, document: Document, device: str) -> None:
        """Begins a run in `folder`, or goes on with the one there; only while none is under way."""
        assert self._state is State.IDLE
        self._wanted.clear()
        self._job = self._made(partial(trained, folder, document, device, self._wanted), self._on_reported)
        self._job.ended.connect(self._on_ended)
        self.play()

    def play(self) -> None:
        """Takes steps, on and on."""
        self._move(State.RUNNING, Job.play)

    def pause(self) -> None:
        """Takes no further step once the one in work is done."""
        self._move(State.PAUSED, Job.pause)

    def stop(self) -> None:
        """Finishes the step in work, saves, and ends."""
        self._move(State.ENDING, Job.stop)

    def hand_over(self, folder: Path) -> None:
        """Asks for a copy of the averaged network: as it is now, or, with no run under way, as saved in `folder`."""
        if self._job is not None:
            self._wanted.set()
            if self._state is State.PAUSED:
                self._job.step()  # a value, not a training step: the network is handed over before the next
        elif self._handing is None:
            self._handing = self._made(partial(saved_network, folder), self._on_reported)
            self._handing.ended.connect(self._on_handed)
            self._handing.play()

    def close(self) -> None:
        """Stops and waits until the last step is saved; what is told meanwhile is told before this returns."""
        for job in (self._job, self._handing):
            if job is not None:
                job.close()

    def _made(self, make: Callable[[], Iterator[object]], told: Callable[[list[object]], None]) -> Job:
        job = Job(make, self)
        job.reported.connect(told)
        return job

    def _move(self, state: State, ask: Callable[[Job], None]) -> None:
        if self._job is not None and self._state is not State.ENDING:
            ask(self._job)
            self._become(state)

    def _become(self, state: State) -> None:
        self._state = state
        self.changed.emit(state)

    def _on_reported(self, values: list[object]) -> None:
        lines = [value.line for value in values if isinstance(value, Logged)]
        steps = [value for value in values if isinstance(value, TrainStep)]
        told = {Begun: self.begun, Saved: self.saved, LiveNetwork: self.handed}
        for value in values:
            if type(value) in told:
                told[type(value)].emit(value)
        if lines:
            self.logged.emit(lines)
        if steps:
            self.stepped.emit(steps[-1])
        for value in values:
            if isinstance(value, Looked):  # once its line has been told
                self.looked.emit(value)
        if isinstance(values[-1], Working):
            self.working.emit(values[-1])

    def _on_ended(self, outcome: Outcome, text: str) -> None:
        assert self._job is not None
        self._job.deleteLater()
        self._job = None
        self._become(State.IDLE)
        self.ended.emit(outcome, text)

    def _on_handed(self, outcome: Outcome, text: str) -> None:
        assert self._handing is not None
        self._handing.deleteLater()
        self._handing = None
        if outcome is Outcome.FAILED:
            self.refused.emit(text)
