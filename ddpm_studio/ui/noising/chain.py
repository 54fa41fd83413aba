"""The simulated chain, walked in the background; what it has reached is kept, so that any t shows at once."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from torch import Tensor

from ddpm_studio.data.pictures import Picture, to_bytes
from ddpm_studio.forward import chain
from ddpm_studio.schedule import Schedule
from ddpm_studio.ui.job import Job, Outcome

BUDGET = 128 * 2**20  # bytes of pictures kept; where all T + 1 take more, every second, third … is kept


@dataclass(frozen=True, eq=False)
class Link:
    """The chain at t as it is painted: uint8 (1, H, W, C), x_t on [−1, 1]."""

    t: int
    picture: Picture


class SimulatedChain(QObject):
    """x_1, …, x_T by q(x_t | x_{t−1}), walked in a thread as far as it has got."""

    advanced = Signal(int)  # the last t that is there
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None
        self._links: list[Link] = []

    @property
    def reached(self) -> int:
        """The last t that is there; −1 before the first."""
        return self._links[-1].t if self._links else -1

    def restart(self, schedule: Schedule, x0: Tensor, seed: int) -> None:
        """Forgets what was there and begins again from x_0 (1, C, H, W)."""
        self._retire()
        self._links = []
        every = stride(schedule.T, x0.numel())
        self._job = Job(lambda: links(schedule, x0, seed, every), self)
        self._job.reported.connect(self._on_reported)
        self._job.ended.connect(self._on_ended)
        self._job.play()

    def at(self, t: int) -> Link | None:
        """The last kept state at or before t."""
        index = bisect_right(self._links, t, key=lambda link: link.t)
        return self._links[index - 1] if index else None

    def close(self) -> None:
        """Stops and waits for every thread of it."""
        for job in self.findChildren(Job):
            job.close()

    def _on_reported(self, values: list[Link]) -> None:
        self._links += values
        self.advanced.emit(self.reached)

    def _on_ended(self, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FAILED:
            self.failed.emit(f"the simulated chain: {text}")

    def _retire(self) -> None:
        if self._job is not None:
            self._job.retire()


def links(schedule: Schedule, x0: Tensor, seed: int, every: int) -> Iterator[Link]:
    """Every so many states of the chain, and the last."""
    for state in chain(schedule, x0, seed):
        if state.t % every == 0 or state.t == schedule.T:
            yield Link(state.t, to_bytes(state.x.numpy()))


def stride(T: int, size: int) -> int:
    """How many steps lie between two kept pictures of `size` bytes, so that all stay within BUDGET."""
    return max(1, -(-(T + 1) * size // BUDGET))
