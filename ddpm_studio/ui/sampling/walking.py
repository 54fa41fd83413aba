"""A walk in the background: it takes as many steps as were asked for, and can be asked for more."""

from collections.abc import Iterator
from time import monotonic

from PySide6.QtCore import QObject, Signal

from ddpm_studio.ui.job import Job


class Walking(QObject):
    """One walk at a time; `taken` is how many of its steps have been taken, the ones from before included."""

    walked = Signal(object)  # the values that have come, a list
    ended = Signal(object, str)  # Outcome and text

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.asked = 0  # steps in all that it is to take
        self.job: Job | None = None
        self._begun = (0.0, 0)  # when it was last asked for more, and after how many steps

    def begin(self, values: Iterator[object]) -> None:
        """Another walk instead; its first value, which is no step, comes unasked."""
        self.retire()
        self.job = Job(lambda: values, self)
        self.job.reported.connect(self.walked)
        self.job.ended.connect(self.ended)
        self.job.step()

    def ask(self, steps: int, taken: int) -> None:
        """Goes on until it has taken so many."""
        if self.job is not None and steps > self.asked:
            if self.asked <= taken:
                self._begun = (monotonic(), taken)
            self.job.step(steps - self.asked)
            self.asked = steps

    def break_off(self, taken: int) -> None:
        """Takes no more steps, but for one that is in work."""
        if self.job is not None:
            self.job.pause()
            self.asked = taken

    def seconds_left(self, taken: int) -> float:
        """Until it has taken what it was asked for, at the pace of this walk; 0 where that is not known."""
        done, missing = taken - self._begun[1], self.asked - taken
        return missing * (monotonic() - self._begun[0]) / done if done > 0 and missing > 0 else 0.0

    def retire(self) -> None:
        """Nothing more of this walk is told."""
        if self.job is not None:
            self.job.retire()
        self.job = None

    def close(self) -> None:
        """Waits for its threads to end."""
        for job in self.findChildren(Job):
            job.close()
