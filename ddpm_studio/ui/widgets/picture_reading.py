"""Pictures by their references: what ships is there at once, a file is decoded in a thread, for it may be huge."""

from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from ddpm_studio.assets import photographs
from ddpm_studio.data import DATASETS, Picture, open_source
from ddpm_studio.ui.job import Job, Outcome


class PictureReading(QObject):
    """Reads one picture at a time, and keeps it until another has been read."""

    opened = Signal(str)  # the reference of what is at hand now
    refused = Signal(str, str)  # the reference, and why it cannot be used

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: tuple[str, Picture] | None = None
        self._read = ""  # the reference of what is being read, or was read last
        self._job: Job | None = None

    def at_hand(self, ref: str) -> Picture | None:
        """The picture, or None if it has to be read first. UserError: there is no such thing among what ships."""
        if self._kept is not None and self._kept[0] == ref:
            return self._kept[1]
        if ref not in photographs() and ref.partition(":")[0] not in DATASETS:
            return None
        self._kept = (ref, open_source(ref))
        return self._kept[1]

    def read(self, ref: str) -> None:
        """Reads a file; `opened` or `refused` follows, unless another is asked for before."""
        if self._job is not None and self._job.running and self._read == ref:
            return
        if self._job is not None:
            self._job.retire()
        self._read = ref
        self._job = job = Job(partial(_decoded, ref), self)
        job.reported.connect(self._on_read)
        job.ended.connect(self._on_ended)
        job.play()

    def close(self) -> None:
        """Waits for what is being read."""
        for job in self.findChildren(Job):
            job.close()

    @Slot(object)
    def _on_read(self, pictures: list[Picture]) -> None:
        self._kept = (self._read, pictures[-1])
        self.opened.emit(self._read)

    @Slot(object, str)
    def _on_ended(self, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FAILED:
            self.refused.emit(self._read, text)


def _decoded(ref: str) -> Iterator[Picture]:
    yield open_source(ref)
