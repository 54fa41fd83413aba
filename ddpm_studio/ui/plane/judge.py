"""The plane's errors and bounds, measured beside the window."""

from functools import partial

from PySide6.QtCore import QObject, Signal

from ddpm_studio.plane.judged import Judgement, judged
from ddpm_studio.plane.world import World
from ddpm_studio.ui.job import Job


class Judge(QObject):
    """Measures in a thread; a newer question replaces an older one."""

    told = Signal(object)  # Judgement

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None

    @property
    def judging(self) -> bool:
        """Whether there is work to be told of."""
        return self._job is not None and self._job.outcome is None

    def ask(self, world: World) -> None:
        """One `told`, a second or so later."""
        self.stop()
        self._job = job = Job(partial(judged, world), self)
        job.reported.connect(self._on_reported)
        job.play()

    def stop(self) -> None:
        """Measures no further."""
        if self._job is not None:
            self._job.retire()
        self._job = None

    def close(self) -> None:
        """Stops and waits."""
        for job in self.findChildren(Job):
            job.close()

    def _on_reported(self, values: list[Judgement]) -> None:
        self.told.emit(values[-1])
