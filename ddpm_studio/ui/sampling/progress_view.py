"""Progressive generation as a page of the inspector: x̂_0 of the selected sample as t falls (Ho et al. 2020, Fig. 6)."""

from collections.abc import Callable, Iterator, Sequence

import torch
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget
from torch import Tensor

from ddpm_studio.data import to_bytes
from ddpm_studio.export import Provenance
from ddpm_studio.forward import evenly
from ddpm_studio.route import Route
from ddpm_studio.tree import Path
from ddpm_studio.ui.job import Job
from ddpm_studio.ui.sampling.reverse_chain import ReverseChain
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.sampling.trail import Trail
from ddpm_studio.ui.widgets.image_view import ImageGrid

MOMENTS = 16


class ProgressView(QWidget):
    """The guesses at evenly spaced states, as far as the chain has been walked; a click goes to that t."""

    asked = Signal(int)
    saved = Signal(str)
    refused = Signal(str)

    def __init__(
        self, chain: ReverseChain, provenance: Callable[[], Provenance], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._chain = chain
        self._route: Route | None = None
        self._guesses: dict[int, Tensor] = {}  # x̂_0 of all samples, by the number of the step
        self._shown: list[int] = []  # the t of each picture
        self._sample, self._t = 0, 0
        self._recalling: Job | None = None
        tip = "x̂₀: the guess of the clean picture at evenly spaced t, on [−1, 1]; a click goes to its t"
        self.strip = ImageGrid("guess of x₀ at t =", tip, provenance=provenance)
        self.strip.picked.connect(self._on_picked)
        self.strip.saved.connect(self.saved)
        self.strip.refused.connect(self.refused)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.strip)

    def close_jobs(self) -> None:
        """Ends what runs in the background."""
        for job in self.findChildren(Job):
            job.close()

    def show_frame(self, frame: Frame, sample: int) -> None:
        """Marks the guess nearest to the state that is looked at."""
        self._t = frame.t
        if sample != self._sample:
            self._sample = sample
            self._draw()
        self._mark()

    def show_walk(self, trail: Trail, sample: int) -> None:
        """What has been walked: what is not kept is made again in the background."""
        path, times = trail.path, trail.course.times
        if path is None:
            return
        if path.route != self._route:
            self._forget(path.route)
        self._sample = sample
        reached = [i for i in evenly(len(times) - 2, MOMENTS) if i < len(path)] if len(times) > 2 else [0]
        for i in reached:
            if i not in self._guesses and path.keeps(i):
                self._guesses[i] = path.step(i).x0
        missing = [i for i in reached if i not in self._guesses]
        if missing and self._recalling is None and path.finished:
            self._recall(path, missing)
        self._draw()

    def _recall(self, path: Path, numbers: Sequence[int]) -> None:
        self._recalling = Job(lambda: _again(path, numbers), self)
        self._recalling.reported.connect(self._on_recalled)
        self._recalling.play()

    @Slot(object)
    def _on_recalled(self, values: list[tuple[int, Tensor]]) -> None:
        self._guesses.update(values)
        self._draw()

    def _forget(self, route: Route) -> None:
        self._route, self._guesses = route, {}
        if self._recalling is not None:
            self._recalling.retire()
            self._recalling = None

    def _draw(self) -> None:
        path = self._chain.trail.path
        numbers = sorted(self._guesses)
        if path is None or not numbers or self._sample >= len(self._guesses[numbers[0]]):
            return
        pictures = [self._guesses[i][self._sample] for i in numbers]
        self._shown = [path.times[i] for i in numbers]
        if path.finished:
            pictures.append(path.state(len(path))[self._sample])
            self._shown.append(0)
        values = torch.stack(pictures)
        self.strip.set_caption(f"sample {self._sample}: guess of x₀ at t =")
        self.strip.show_pictures(to_bytes(values.numpy()), values.numpy(), [str(t) for t in self._shown])
        self._mark()

    def _mark(self) -> None:
        if self._shown:
            self.strip.select(min(range(len(self._shown)), key=lambda i: abs(self._shown[i] - self._t)))

    def _on_picked(self, index: int) -> None:
        self.asked.emit(self._shown[index])


def _again(path: Path, numbers: Sequence[int]) -> Iterator[tuple[int, Tensor]]:
    for number in numbers:
        yield number, path.step(number).x0
