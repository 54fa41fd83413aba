"""The steps of a path that are there at once; others are made again in the background, to the bit."""

from PySide6.QtCore import QObject, Signal, Slot

from ddpm_studio.step import Step
from ddpm_studio.trajectory import nbytes_of
from ddpm_studio.tree import Path
from ddpm_studio.ui.job import Job

LEAST = 4
"""Steps that are at hand whatever they take, and twice the path's stride more."""
ROOM = 64 * 2**20
"""Bytes of steps at hand, beside the tree's budget."""
BEHIND = 8
"""Steps before the one that is shown that are made ready while nothing else is to be done."""


class StepsAtHand(QObject):
    """Keeps the newest steps and those recalled last; a step that is not at hand is recalled on demand."""

    recalled = Signal()  # some that were not at hand are
    ended = Signal(object, str)  # Outcome and text of the recalling

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path: Path | None = None
        self._steps: dict[int, Step] = {}  # the oldest first
        self._recalling: Job | None = None
        self._preparing = range(0)  # what is being made though nobody has asked for it
        self._closed = False

    def follow(self, path: Path | None) -> None:
        """From now on it is about the steps of this path."""
        self._path = path

    def forget(self) -> None:
        """Has nothing at hand, and makes nothing."""
        if self._recalling is not None:
            self._recalling.retire()
        self._recalling, self._steps = None, {}

    def step(self, number: int) -> Step | None:
        """The step if it is quickly had: it is at hand, or made again without asking the denoiser."""
        assert self._path is not None
        if number not in self._steps and self._path.keeps(number):
            self.remember(number, self._path.step(number))
        return self._steps.get(number)

    def remember(self, number: int, step: Step) -> None:
        """Has a step at hand, and no longer those that were longest ago."""
        assert self._path is not None
        self._steps.pop(number, None)
        self._steps[number] = step
        while len(self._steps) > self._most(step):
            del self._steps[next(iter(self._steps))]

    def recall(self, number: int) -> None:
        """Makes a step again that is wanted; at once, unless another that was wanted is still being made."""
        if self._recalling is not None and self._preparing and number not in self._preparing:
            self._recalling.retire()
            self._recalling = None
        if self._recalling is None:
            self._preparing = range(0)
            self._make(number)

    def prepare(self, number: int) -> None:
        """Makes the steps ready that lead to this one, the nearest first, if they are not: going back is quick."""
        assert self._path is not None
        shown = self._steps.get(number)
        if self._recalling is not None or shown is None:
            return
        self.remember(number, shown)  # what is made now must not push it out
        reach = max(min(BEHIND, self._most(shown) // 2), self._path.stride)
        for before in range(number - 1, max(number - reach, 0) - 1, -1):
            if before not in self._steps and not self._path.keeps(before):
                self._preparing = self._path.around(before)
                self._make(before)
                return

    def close(self) -> None:
        """Waits for its threads to end, and begins none any more: what they tell last would have it make others."""
        self._closed = True
        for job in self.findChildren(Job):
            job.close()

    def _most(self, step: Step) -> int:
        """How many steps like this one are at hand at most."""
        assert self._path is not None
        return max(ROOM // nbytes_of(step), LEAST + 2 * self._path.stride)

    def _make(self, number: int) -> None:
        """Makes all steps that it takes to come to this one from a state that is kept, and beyond to the next."""
        assert self._path is not None
        if self._closed:
            return
        together = self._path.around(number)
        walk = self._path.walk(together.start)
        self._recalling = Job(lambda: zip(together, walk, strict=False), self)
        self._recalling.reported.connect(self._on_recalled)
        self._recalling.ended.connect(self.ended)
        self._recalling.play()

    @Slot(object)
    def _on_recalled(self, values: list[tuple[int, Step]]) -> None:
        assert self._recalling is not None
        assert self._path is not None
        for number, step in values:
            self.remember(number, step)
        if values[-1][0] == self._path.around(values[-1][0])[-1]:
            self._recalling.retire()
            self._recalling = None
        self.recalled.emit()
