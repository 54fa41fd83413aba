"""A network for points, learning in a Job beside the window: start, pause, go on, stop."""

from functools import partial

from PySide6.QtCore import QObject, Signal

from ddpm_studio.data import PointData
from ddpm_studio.document import Document
from ddpm_studio.plane.learning import Progress, learned
from ddpm_studio.ui.job import Job, Outcome


class PlaneTraining(QObject):
    """One run at a time; of what it tells only the newest is passed on, never faster than the window draws."""

    progressed = Signal(object)  # Progress
    changed = Signal()  # running, paused or at its end
    failed = Signal(str)  # one line

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None
        self.running = False
        """Whether steps are taken now; a run that is not running and `under_way` is paused."""

    @property
    def under_way(self) -> bool:
        """Whether there is a run that can go on."""
        return self._job is not None

    def start(self, document: Document, data: PointData) -> None:
        """Begins anew with `document.recipe`."""
        self.stop()
        self._job = job = Job(partial(learned, document, data), self)
        job.reported.connect(self._on_reported)
        job.ended.connect(self._on_ended)
        self.play()

    def play(self) -> None:
        """Takes steps, on and on."""
        if self._job is not None:
            self.running = True
            self._job.play()
            self.changed.emit()

    def pause(self) -> None:
        """Takes no further step once the one in work is done."""
        if self._job is not None:
            self.running = False
            self._job.pause()
            self.changed.emit()

    def stop(self) -> None:
        """Ends the run; the network stays as it was last shown."""
        if self._job is not None:
            self._job.retire()
            self._job, self.running = None, False
            self.changed.emit()

    def close(self) -> None:
        """Stops and waits."""
        for job in self.findChildren(Job):
            job.close()

    def _on_reported(self, looks: list[Progress]) -> None:
        self.progressed.emit(looks[-1])

    def _on_ended(self, outcome: Outcome, text: str) -> None:
        assert self._job is not None
        self._job.deleteLater()
        self._job, self.running = None, False
        self.changed.emit()
        if outcome is Outcome.FAILED:
            self.failed.emit(text)
