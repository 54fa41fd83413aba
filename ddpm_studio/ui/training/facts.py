"""What a document's training would take: read and counted beside the living window, before anything is allocated."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from ddpm_studio.data import ImageData, load_pictures
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.networks.build import Size, measure
from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.loading import importing

T = TypeVar("T")

COPIES = 5
"""Of the weights: themselves, their gradient, their average, and the two moments of AdamW."""


@dataclass(frozen=True, eq=False)
class Facts:
    """A data set, the network's size on its pictures, and why they cannot be trained together, if they cannot."""

    data: ImageData  # as the document holds out
    size: Size | None
    refusal: str
    document: Document

    @property
    def memory(self) -> int:
        """Bytes that a step needs, about: the copies of the weights, and what the backward pass keeps."""
        if self.size is None:
            return 0
        training = self.document.training
        return 4 * COPIES * self.size.parameters + self.size.activations * (training.micro_batch or training.batch)


class FactFinder(QObject):
    """Answers for one document at a time; a newer question replaces an older one."""

    found = Signal(object)  # Facts
    verified = Signal(str)  # a data set that can be read
    failed = Signal(str)  # one line: it cannot

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._data: tuple[str, ImageData] | None = None
        self._finding: Job | None = None
        self._verifying: Job | None = None

    def ask(self, document: Document) -> None:
        """Counts what the document's training takes, then says `found` or `failed`."""
        if self._finding is not None:
            self._finding.retire()
        self._finding = self._job(partial(_facts, document, self._data), self._on_found)

    def verify(self, ref: str) -> None:
        """Reads another data set, then says `verified` or `failed`."""
        if self._verifying is not None:
            self._verifying.retire()
        self._verifying = self._job(partial(_read, ref), self._on_verified)

    def close(self) -> None:
        """Waits for what is being read."""
        for job in self.findChildren(Job):
            job.close()

    def _job(self, make: Callable[[], Iterator[T]], told: Callable[[list[T]], None]) -> Job:
        job = Job(make, self)
        job.reported.connect(told)
        job.ended.connect(self._on_ended)
        job.play()
        return job

    def _on_found(self, values: list[object]) -> None:
        for value in values:
            if isinstance(value, Facts):
                self.found.emit(value)
            else:
                self._data = value  # type: ignore[assignment]

    def _on_verified(self, values: list[tuple[str, ImageData]]) -> None:
        self._data = values[-1]
        self.verified.emit(values[-1][0])

    def _on_ended(self, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FAILED:
            self.failed.emit(text)


def _read(ref: str) -> Iterator[tuple[str, ImageData]]:
    yield ref, load_pictures(ref)


def _facts(document: Document, read: tuple[str, ImageData] | None) -> Iterator[object]:
    if read is None or read[0] != document.dataset:
        read = document.dataset, load_pictures(document.dataset)
        yield read
    data = read[1].holding_out(document.training.held_out)
    size, refusal = None, ""
    try:
        with importing("torch._dynamo"):  # by PyTorch, at the first tensor that has no memory
            size = measure(document.network, data.shape)
        document.recipe.refuse_impossible(data.shape, len(data.train))
    except UserError as error:
        refusal = str(error)
    yield Facts(data, size, refusal, document)
