"""E[x_0²] of a shipped data set, measured beside the living window: its pictures take a quarter of a second to read."""

from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import QObject, Signal

from ddpm_studio.data import DATASETS, load
from ddpm_studio.ui.job import Job

UNKNOWN = 1.0
"""Taken for data that do not ship: pictures of full contrast."""


class SecondMoment(QObject):
    """The second moment of one data set at a time."""

    measured = Signal(float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.value = UNKNOWN
        self._job: Job | None = None

    def measure(self, dataset: str) -> None:
        """Measures another data set, named as in the document; `measured` tells when it is known."""
        self._retire()
        if dataset in DATASETS:
            self._job = Job(partial(_moments, dataset), self)
            self._job.reported.connect(self._on_reported)
            self._job.play()
        else:
            self._take(UNKNOWN)

    def close(self) -> None:
        """Waits for what is being read."""
        if self._job is not None:
            self._job.close()

    def _retire(self) -> None:
        if self._job is not None:
            self._job.retire()
            self._job = None

    def _on_reported(self, moments: list[float]) -> None:
        self._take(moments[-1])

    def _take(self, value: float) -> None:
        self.value = value
        self.measured.emit(value)


def _moments(dataset: str) -> Iterator[float]:
    yield load(dataset).second_moment
