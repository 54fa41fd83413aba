"""The pictures near every state of a network's walk: looked for only while somebody wants to see them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from threading import Event

from PySide6.QtCore import QObject, Signal, Slot

from ddpm_studio.denoiser import Exact
from ddpm_studio.neighbours import Neighbours, near
from ddpm_studio.sample import Step
from ddpm_studio.tree import Path
from ddpm_studio.ui.job import Job, Outcome


class Comparing(QObject):
    """Looking for them takes half as long again as the network's own step; steps that were taken without are filled in.

    The exact denoiser finds them on its way, so this is for networks only.
    """

    filled = Signal(object)  # list of (number of the step, Neighbours), in their order
    ended = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._wanted = Event()  # read in the thread that walks
        self._wanted.set()
        self._job: Job | None = None

    def wanted(self) -> bool:
        """Whether a step that is taken is to be compared at once. For any thread."""
        return self._wanted.is_set()

    def want(self, wanted: bool) -> None:
        """From now on."""
        self._wanted.set() if wanted else self._wanted.clear()

    def fill(self, path: Path, exact: Exact, known: Sequence[Neighbours | None]) -> None:
        """Looks for those of the first steps that have none, in the background, if wanted and not being done."""
        first = next((i for i, each in enumerate(known) if each is None), len(known))
        until = next((i for i in range(first, len(known)) if known[i] is not None), len(known))
        if self._job is None and first < until and self.wanted():
            walk = islice(path.walk(first), until - first)
            self._job = Job(lambda: _compared(exact, enumerate(walk, first)), self)
            self._job.reported.connect(self.filled)
            self._job.ended.connect(self._on_ended)
            self._job.play()

    def retire(self) -> None:
        """What was being looked for is no longer asked for."""
        if self._job is not None:
            self._job.retire()
            self._job = None

    def close(self) -> None:
        """Waits for its threads to end."""
        for job in self.findChildren(Job):
            job.close()

    @Slot(object, str)
    def _on_ended(self, _outcome: Outcome, _text: str) -> None:
        self.retire()
        self.ended.emit()


def _compared(exact: Exact, steps: Iterable[tuple[int, Step]]) -> Iterator[tuple[int, Neighbours]]:
    for number, step in steps:
        yield number, near(exact, step)
