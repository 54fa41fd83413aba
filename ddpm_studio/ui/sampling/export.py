"""What the sampling panel can write: the samples, a film strip, an animation, the numbers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from torch import Tensor

from ddpm_studio.denoiser import Denoiser
from ddpm_studio.document import Document, provenance
from ddpm_studio.export import (
    Moment,
    Provenance,
    Quantity,
    Recording,
    Which,
    save_picture,
    save_samples,
    saving_animation,
)
from ddpm_studio.export.progress import Progress, counted
from ddpm_studio.sample import Step
from ddpm_studio.ui.sampling.chain_look import ChainLook

READ, FRAMES = "steps read", "frames written"


@dataclass(frozen=True, eq=False)
class Walked:
    """The chain as far as it has been walked; what is walked later does not change it. To be written once."""

    document: Document
    t: int
    x: Tensor  # what is shown, (N, C, H, W) at t
    states: int  # how many have been walked to
    steps: Iterator[Step]
    end: Tensor | None  # x_0, if the chain is finished
    network: Mapping[str, object]  # which one it was walked with; empty for the exact denoiser
    step: Step  # that leaves what is shown, or led to it
    times: tuple[int, ...]  # t of every state of the whole chain
    sample: int  # the one that is framed
    denoiser: Denoiser
    marked: tuple[int, ...] = ()  # samples

    @property
    def finished(self) -> bool:
        """Whether it has been walked to its end."""
        return self.end is not None

    def provenance(self, t: int | list[int], look: ChainLook) -> Provenance:
        """What a file of it carries, made at `t`."""
        rows = look.rows(len(self.x), self.sample, self.marked)
        some = {} if len(rows) == len(self.x) else {"numbers": list(rows)}
        return provenance(self.document, t=t, sample=self.sample, drawn=look.quantity.value, **some, **self.network)

    def moments(self, wanted: set[int], look: ChainLook) -> Iterator[tuple[int, Moment | None]]:
        """Every state walked to, by number; a moment where it is wanted. The last one has its step's guesses.

        At t = 0 the guess x̂_0 is x_0 itself.
        """
        rows = list(look.rows(len(self.x), self.sample, self.marked))
        number, step = -1, None
        for number, step in enumerate(self.steps):
            if number >= self.states:
                return
            yield number, _moment(step.t, step.x, step.x0, step.eps, rows) if number in wanted else None
        if self.end is not None and step is not None and number + 1 < self.states:
            last = number + 1
            yield last, _moment(0, self.end, self.end, step.eps, rows) if last in wanted else None


def _moment(t: int, x: Tensor, x0: Tensor, eps: Tensor, rows: list[int]) -> Moment:
    return Moment(t, *(tensor[rows].cpu().numpy() for tensor in (x, x0, eps)))


class _Reading:
    """Moments that are read from a chain one step after the other; `recording` and `list` are there at its end."""

    def __init__(self, walked: Walked, look: ChainLook, wanted: set[int]) -> None:
        self.found: list[Moment] = []
        self._walked, self._look, self._wanted = walked, look, wanted

    def __iter__(self) -> Iterator[Progress]:
        for number, moment in self._walked.moments(self._wanted, self._look):
            if moment is not None:
                self.found.append(moment)
            yield Progress(number + 1, self._walked.states, READ)

    @property
    def t(self) -> list[int]:
        """Of what has been found."""
        return [moment.t for moment in self.found]

    def recording(self) -> Recording:
        """What has been found, painted; it is not kept beside that."""
        found, self.found = self.found, []
        return Recording.of(found, self._look.quantity)


def _write_grid(path: Path, walked: Walked, look: ChainLook) -> Iterator[Progress]:
    """The state that is shown."""
    rows = list(look.rows(len(walked.x), walked.sample, walked.marked))
    moment = _moment(walked.t, walked.x, walked.step.x0, walked.step.eps, rows)
    picture = Recording.of([moment], look.quantity).film(scale=look.enlarged)[0]
    save_picture(path, picture, walked.provenance(walked.t, look))
    yield Progress(1, 1)


def _write_strip(path: Path, walked: Walked, look: ChainLook) -> Iterator[Progress]:
    """A row of moments for each sample."""
    reading = _Reading(walked, look, set(look.moments.of(walked.states)))
    yield from reading
    told = walked.provenance(reading.t, look)
    save_picture(path, reading.recording().strip(look.enlarged), told)
    yield Progress(1, 1)


def _write_film(path: Path, walked: Walked, look: ChainLook) -> Iterator[Progress]:
    reading = _Reading(walked, look, set(look.moments.of(walked.states)))
    yield from reading
    told, film = walked.provenance(reading.t, look), reading.recording().film(scale=look.enlarged)
    yield from counted(saving_animation(path, film, look.fps, told, look.hold), len(film), FRAMES)


def _write_numbers(path: Path, walked: Walked, look: ChainLook) -> Iterator[Progress]:
    """What is shown as `samples`, and the chosen states as `trajectory`."""
    reading = _Reading(walked, look, set(look.moments.of(walked.states)))
    yield from reading
    told = walked.provenance(walked.t, look)
    now = walked.x[list(look.rows(len(walked.x), walked.sample, walked.marked))].cpu().numpy()
    x, x0_hat, eps_hat = (np.stack([moment.of(each) for moment in reading.found]) for each in Quantity.ALL.panes)
    save_samples(path, now, told, trajectory=x, x0_hat=x0_hat, eps_hat=eps_hat, t=np.array(reading.t))
    yield Progress(1, 1)


@dataclass(frozen=True)
class ChainExport:
    """One kind of file that a chain becomes."""

    text: str
    name: str  # offered, without suffix; also what its choices are remembered by
    suffixes: tuple[str, ...]
    write: Callable[[Path, Walked, ChainLook], Iterator[Progress]]
    heeds: frozenset[str]  # the fields of a ChainLook that mean something to it
    default: ChainLook = field(default_factory=ChainLook)

    def writing(self, look: ChainLook) -> Callable[[Path, Walked], Iterator[Progress]]:
        """How it is written with these choices."""
        return partial(_with_look, self.write, look)


def _with_look(
    write: Callable[[Path, Walked, ChainLook], Iterator[Progress]], look: ChainLook, path: Path, walked: Walked
) -> Iterator[Progress]:
    return write(path, walked, look)


_STILL = frozenset({"quantity", "samples", "scale"})
_WAY = frozenset({"steps", "count", "samples", "walk_on"})

CHAIN_EXPORTS = (
    ChainExport("Samples at this t", "samples", (".png",), _write_grid, _STILL),
    ChainExport("Film strip", "strip", (".png",), _write_strip, _STILL | _WAY, ChainLook(count=10)),
    ChainExport("Animation", "chain", (".gif", ".webp", ".apng", ".mp4"), _write_film, _STILL | _WAY | {"fps", "hold"}),
    ChainExport("Numbers", "numbers", (".npz",), _write_numbers, _WAY, ChainLook(steps=Which.ALL)),
)
