"""B: the chain that another one is compared with, walked in a job of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from ddpm_studio.contrast import Look, Meeting, States, against
from ddpm_studio.document import EXACT, Document
from ddpm_studio.route import Route
from ddpm_studio.sampler import wants_errors
from ddpm_studio.second import SAME, Second
from ddpm_studio.tree import Path
from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.live import LiveNetwork
from ddpm_studio.ui.sampling.model import Model, Source, opened
from ddpm_studio.ui.sampling.reverse_walk import measured


@dataclass(frozen=True)
class Pair:
    """What a comparison is of: with another pair it is old."""

    route: Route
    model: Model
    """Of A; another one is not equal to it."""
    second: Second | Route
    """B: a setting, or another path."""


class SecondChain(QObject):
    """What is known of B, and how far apart the two are, for the pair that was asked for last."""

    advanced = Signal()
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pair: Pair | None = None
        self._model: Model | None = None  # B's own; None while it is read, or where A's walks B too
        self._front = np.inf  # t/T of the last state that has been met
        self._states = States()
        self._far: list[tuple[float, NDArray[np.float32]]] = []  # t/T and, of x and of the guess, (2, B)
        self._job: Job | None = None

    def walk(self, pair: Pair, meetings: Callable[[], Iterator[Model | Meeting]]) -> None:
        """Begins with another pair."""
        self.forget()
        self.pair = pair
        self._job = Job(meetings, self)
        self._job.reported.connect(self._on_met)
        self._job.ended.connect(self._on_ended)
        self._job.play()

    def forget(self) -> None:
        """Drops what is known, and what runs."""
        if self._job is not None:
            self._job.retire()
            self._job = None
        self.pair, self._model, self._states, self._far, self._front = None, None, States(), [], np.inf

    def close(self) -> None:
        """Waits for what runs to end."""
        for job in self.findChildren(Job):
            job.close()

    @property
    def told(self) -> dict[str, object]:
        """Which network of its own draws B, for what is saved."""
        network = None if self._model is None else self._model.network
        return {} if network is None else {f"b_{name}": value for name, value in network.told.items()}

    def at(self, share: float) -> tuple[float, Look] | None:
        """t/T and look of the state nearest to a share; None before the first."""
        return self._states.at(share)

    def has_reached(self, share: float) -> bool:
        """Whether B has been walked as far as t/T = `share`: what is nearest to it will not change any more."""
        return self._front <= share

    def far(self, *, of_noisy: bool) -> tuple[list[float], NDArray[np.float64]]:
        """t/T of F moments and the RMS difference of every sample there, (F, B): of x_t, or of the guess of x_0."""
        place = 0 if of_noisy else 1
        shares = [share for share, _ in self._far]
        return shares, np.array([far[place] for _, far in self._far], np.float64)

    def _on_met(self, met: list[Model | Meeting]) -> None:
        for meeting in met:
            if isinstance(meeting, Model):
                self._model = meeting
                continue
            self._states.append(meeting.share, meeting.look)
            self._front = meeting.share
            if (far := meeting.far) is not None:
                self._far.append((meeting.share, np.stack(far)))
        self.advanced.emit()

    def _on_ended(self, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FAILED:
            self.forget()
            self.failed.emit(text)


def meetings_of(path: Path, model: Model, document: Document, live: LiveNetwork | None) -> Iterator[Model | Meeting]:
    """B's own model, if it is not A's, read first; then its chain.

    Args:
        path: A.
        model: A's.
        document: A's, under the schedule of its denoiser.
        live: the network in training, if there is one.

    Raises:
        UserError: as `opened` and `contrast.against`.
    """
    other = _second_model(model, document, live)
    if other is not model:
        yield other
    if wants_errors(document.contrasted.sampler):
        other = measured(other)
    yield from against(path, document, other.denoiser)


def _second_model(model: Model, document: Document, live: LiveNetwork | None) -> Model:
    """B's: A's own, the exact one of the pictures A was trained on, or another network."""
    ref, schedule = document.contrasted.denoiser, model.denoiser.schedule
    if ref == SAME:
        return model
    if ref == EXACT and model.exact is not None:
        return replace(model, denoiser=model.exact, network=None)
    source = Source.of(replace(document, denoiser=ref), live)
    return model if source == model.source else next(opened(source, schedule)).under(schedule)
