"""Two chains from the same noise side by side: where one is while the other is at t, and how far apart they are."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddpm_studio.data import to_bytes
from ddpm_studio.data.pictures import Picture
from ddpm_studio.denoiser import Denoiser
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.export import grid
from ddpm_studio.export.recording import beside
from ddpm_studio.origin.start import known_of
from ddpm_studio.sample import Step, sample
from ddpm_studio.tree import Path

Apart = NDArray[np.float32]  # (B,)

DRAWN = "A | B | |A − B|, on [−1, 1], [−1, 1] and [0, 1]"
"""What a picture of a comparison says of itself."""
REACH = 1.0
"""|A − B| is painted on [0, REACH], black to white."""
BUDGET = 128 * 2**20
"""Bytes of states that `States` keeps; where all take more, every second, fourth … is kept."""


class Walked(Protocol):
    """The chain that another one is compared with."""

    times: tuple[int, ...]

    def __len__(self) -> int:
        """The steps taken so far."""
        ...

    def state(self, i: int) -> Tensor:
        """x at t = times[i], (B, *shape), 0 ≤ i ≤ len."""
        ...

    def step(self, i: int) -> Step:
        """The step from there, 0 ≤ i < len."""
        ...


@dataclass(frozen=True, eq=False)
class Look:
    """What is compared of a state, (B, *shape) each."""

    x: Tensor  # x_t
    x0: Tensor  # the guess made there; at t = 0 the sample itself

    @property
    def nbytes(self) -> int:
        """What keeping it takes."""
        return self.x.nbytes + self.x0.nbytes

    def far(self, other: "Look") -> tuple[Apart, Apart]:
        """The root mean square difference of x, and that of the guess."""
        pairs = ((self.x, other.x), (self.x0, other.x0))
        one, two = ((a - b).flatten(1).square().mean(1).sqrt().cpu().numpy() for a, b in pairs)
        return one, two


@dataclass(frozen=True, eq=False)
class Meeting:
    """A state of the second chain, and how far it is from the state of the first that is nearest in t/T."""

    share: float  # t/T of the second
    look: Look  # of the second
    there: Look | None  # of the first; None where it has not been

    @property
    def far(self) -> tuple[Apart, Apart] | None:
        """As `Look.far`."""
        return None if self.there is None else self.there.far(self.look)


def against(path: Path, document: Document, denoiser: Denoiser) -> Iterator[Meeting]:
    """Walks B, and meets A at every state of it.

    B begins in the state at which A's last leg does (the chain itself, or the branch that is looked at), at the same
    t/T, and draws that leg's noise.

    Args:
        path: A.
        document: A's, under the schedule of A's denoiser; its `contrasted` has B's sampler.
        denoiser: B's.

    Raises:
        UserError: A has not been walked so far, B makes samples of another shape, or as `sample`.
    """
    leg, start, T = path.route.legs[-1], path.route.starts[-1], denoiser.schedule.T
    if len(path) <= start:
        raise UserError("there is nothing to compare with yet: A has not been walked; press End")
    x, stops = path.state(start), second_stops(path, document, T)
    expect_alike(tuple(x.shape[1:]), denoiser.shape)
    sampler, known = document.contrasted.within(T).sampler, known_of(document.origin, denoiser)
    steps = sample(denoiser, sampler, seed=leg.seed, samples=leg.samples, x=x, start=stops[0], stops=stops, known=known)
    yield from contrast(path, document.schedule.T, steps, T)


def expect_alike(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    """UserError: the samples of A and of B are not of one shape."""
    if a != b:
        one, two = ("×".join(map(str, shape)) for shape in (a, b))
        raise UserError(f"B makes samples of {two} values and A of {one}: choose a denoiser of the same pictures for B")


def second_stops(path: Path, document: Document, T: int) -> tuple[int, ...]:
    """t of every state of B, whose denoiser's schedule has T steps, falling to 0; as `against`."""
    begin = max(round(path.times[path.route.starts[-1]] / document.schedule.T * T), 1)
    return document.contrasted.within(T).sampler.stops(T, begin)


def differences(a: NDArray[np.float32], b: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    """How far apart pictures (N, C, H, W) are on the scale of [−1, 1].

    Returns:
        "rms" and "max" of each sample, (N,), and "pixel_rms" and "pixel_max" over samples and channels, (H, W).
    """
    apart = np.abs(a.astype(np.float64) - b)
    squared = np.square(apart)
    return {
        "rms": np.sqrt(squared.mean((1, 2, 3))),
        "max": apart.max((1, 2, 3)),
        "pixel_rms": np.sqrt(squared.mean((0, 1))),
        "pixel_max": apart.max((0, 1)),
    }


def painted(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[Picture, Picture, Picture]:
    """A, B and |A − B|, (N, C, H, W) each, as pictures: those on [−1, 1], the difference on [0, REACH]."""
    return to_bytes(a), to_bytes(b), to_bytes(2.0 * np.abs(a - b) / REACH - 1.0)


@torch.no_grad()
def contrast(first: Walked, first_T: int, second: Iterable[Step], second_T: int) -> Iterator[Meeting]:
    """Meets the first chain at every state of the second, as that is walked.

    Raises:
        UserError: they have not as many samples, or not of the same shape.
    """
    for step in second:
        yield _met(first, first_T, step.t / second_T, Look(step.x, step.x0))
        if step.s == 0:
            yield _met(first, first_T, 0.0, Look(step.next, step.next))


def nearest(times: Sequence[int], T: int, share: float) -> int:
    """The number of the state whose t/T is nearest to a share; the earlier one of two."""
    return min(range(len(times)), key=lambda i: abs(times[i] / T - share))


def _met(first: Walked, T: int, share: float, look: Look) -> Meeting:
    place = nearest(first.times, T, share)
    if place > len(first) or (place == len(first) and first.times[place]):
        return Meeting(share, look, None)
    x = first.state(place)
    if x.shape != look.x.shape:
        one, two = ("×".join(map(str, each.shape)) for each in (x, look.x))
        raise UserError(f"samples of {one} values cannot be compared with samples of {two}")
    return Meeting(share, look, Look(x, first.step(place).x0 if place < len(first) else x))


def sheet(a: NDArray[np.float32], b: NDArray[np.float32]) -> Picture:
    """What is `painted` of them as grids side by side."""
    return beside([grid(pictures) for pictures in painted(a, b)])


class States:
    """The states of a chain, in bounded memory; told by t/T."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget, self._stride, self._count = budget, 1, 0
        self._kept: dict[int, tuple[float, Look]] = {}

    def append(self, share: float, look: Look) -> None:
        """Adds the next state; the last one, at t = 0, is always kept."""
        if self._count % self._stride == 0 or share == 0.0:
            self._kept[self._count] = (share, look)
        self._count += 1
        while len(self._kept) > 1 and sum(look.nbytes for _, look in self._kept.values()) > self._budget:
            self._stride *= 2
            thinned = {i: each for i, each in self._kept.items() if i % self._stride == 0 or each[0] == 0.0}
            if len(thinned) == len(self._kept):
                break
            self._kept = thinned

    def at(self, share: float) -> tuple[float, Look] | None:
        """t/T and look of the kept state nearest to a share; None before the first."""
        return min(self._kept.values(), key=lambda each: abs(each[0] - share), default=None)
