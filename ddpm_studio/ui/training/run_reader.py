"""Reads the folders of runs beside the living window."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.training.work import Known, known


class RunReader(QObject):
    """Whoever asks is told of one run each time; several can be read at once."""

    refused = Signal(str)  # one line: why a folder cannot be read as a run

    def read(self, folder: Path, show: Callable[[Known], None]) -> None:
        """Reads a run, then calls `show` with it in the window's thread."""

        def on_reported(values: list[Known]) -> None:
            show(values[-1])

        job = Job(partial(known, folder), self)
        job.reported.connect(on_reported)
        job.ended.connect(partial(self._on_ended, job))
        job.play()

    def _on_ended(self, job: Job, outcome: Outcome, text: str) -> None:
        job.deleteLater()
        if outcome is Outcome.FAILED:
            self.refused.emit(text)
