"""The jobs of the likelihood panel: one of each kind at a time, of which a newer one replaces an older one."""

from collections.abc import Callable, Iterator
from enum import Enum, auto
from functools import partial

from PySide6.QtCore import QObject, Signal

from ddpm_studio.ui.job import Job, Outcome


class Kind(Enum):
    """What is worked at."""

    CURVE = auto()
    CODE = auto()
    GAP = auto()
    ESTIMATE = auto()
    JENSEN = auto()


class Jobs(QObject):
    """Runs them; what a job says that has been replaced is not passed on."""

    reported = Signal(object, object)  # Kind, list of its values
    ended = Signal(object, object, str)  # Kind, Outcome, why it failed

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: dict[Kind, Job] = {}

    def __contains__(self, kind: Kind) -> bool:
        """Whether there is one that has not ended; it may be paused."""
        return kind in self._jobs

    def start(self, kind: Kind, make: Callable[[], Iterator[object]], steps: int = 0) -> None:
        """Begins a job and runs it out, or pauses after so many steps."""
        self.retire(kind)
        job = self._jobs[kind] = Job(make, self)
        job.reported.connect(partial(self._on_reported, kind, job))
        job.ended.connect(partial(self._on_ended, kind, job))
        if steps:
            job.step(steps)
        else:
            job.play()

    def play(self, kind: Kind) -> None:
        """Goes on with a job, if there is one."""
        if kind in self._jobs:
            self._jobs[kind].play()

    def pause(self, kind: Kind) -> None:
        """Has a job rest, if there is one."""
        if kind in self._jobs:
            self._jobs[kind].pause()

    def end(self, kind: Kind) -> None:
        """Ends a job, if there is one, once it has handed over what it has found."""
        if kind in self._jobs:
            self._jobs[kind].stop()

    def retire(self, *kinds: Kind) -> None:
        """Ends jobs of which nothing more is wanted."""
        for kind in kinds:
            if kind in self._jobs:
                self._jobs.pop(kind).retire()

    def close(self) -> None:
        """Waits for all."""
        for job in self.findChildren(Job):
            job.close()

    def _on_reported(self, kind: Kind, job: Job, values: list[object]) -> None:
        if self._jobs.get(kind) is job:
            self.reported.emit(kind, values)

    def _on_ended(self, kind: Kind, job: Job, outcome: Outcome, text: str) -> None:
        if self._jobs.get(kind) is job:
            del self._jobs[kind]
            self.ended.emit(kind, outcome, text)
        job.deleteLater()
