"""Another denoiser, read before the document takes it: one that cannot be used changes nothing."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from ddpm_studio.document import EXACT
from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.sampling.model import Model, Source, opened
from ddpm_studio.ui.session import Session


class DenoiserChoice(QObject):
    """Reads what is asked for in a job, then records it; asked for once more, it is what is now in the file."""

    begun = Signal(object)  # Source: it is being read
    read = Signal(object)  # Model: it can be used; the document does not say so yet
    made = Signal()  # the document says so
    failed = Signal(str)  # one line; nothing has changed

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._reading: Job | None = None

    def of_dataset(self, ref: str) -> None:
        """The exact denoiser of a data set."""
        self._read(Source(EXACT, ref))

    def of_denoiser(self, ref: str) -> None:
        """A checkpoint, the network in training, or the exact denoiser of the document's data."""
        self._read(Source.of(replace(self._session.settled_document, denoiser=ref), self._session.live))

    def close(self) -> None:
        """Waits for its threads to end."""
        for job in self.findChildren(Job):
            job.close()

    def _read(self, source: Source) -> None:
        if self._reading is not None:
            self._reading.retire()
        schedule = self._session.settled_document.schedule
        self._reading = Job(lambda: opened(source, schedule), self)
        self._reading.reported.connect(self._on_read)
        self._reading.ended.connect(self._on_ended)
        self._reading.play()
        self.begun.emit(source)

    @Slot(object)
    def _on_read(self, values: list[Model]) -> None:
        source = values[-1].source
        self.read.emit(values[-1])
        if source.denoiser == EXACT and source.dataset != self._session.settled_document.dataset:
            self._session.edit("data set", denoiser=EXACT, dataset=source.dataset)
        else:
            self._session.edit("denoiser", denoiser=source.denoiser)
        self.made.emit()

    @Slot(object, str)
    def _on_ended(self, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FAILED:
            self.failed.emit(text)
