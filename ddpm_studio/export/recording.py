"""What is seen of a chain: one quantity or several side by side, at some of its moments, as a film or a film strip."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.data.pictures import Picture, to_bytes
from ddpm_studio.errors import UserError
from ddpm_studio.export.layout import WHITE, grid

EPS_RANGE = 3.0  # ε̂ is painted on [−3, 3]: 99.7 % of standard normal noise
SIDE_GAP = 8  # pixels between grids that stand side by side
BUDGET = 2**31  # bytes that the pictures of one recording may take


class Quantity(StrEnum):
    """What is painted of a state: x_t and x̂_0 on [−1, 1], ε̂ on [−3, 3]; what lies outside is clipped."""

    X_T = "x_t"
    X0_HAT = "x0_hat"
    EPS_HAT = "eps_hat"
    ALL = "side-by-side"

    @property
    def panes(self) -> tuple["Quantity", ...]:
        """The quantities that are painted, from the left."""
        return (Quantity.X_T, Quantity.X0_HAT, Quantity.EPS_HAT) if self is Quantity.ALL else (self,)

    @property
    def span(self) -> float:
        """Black is −span, white is span."""
        return EPS_RANGE if self is Quantity.EPS_HAT else 1.0


@dataclass(frozen=True, eq=False)
class Moment:
    """One state of a chain, each (N, C, H, W). The last state has the guesses of the step that led to it."""

    t: int
    x: NDArray[np.float32]
    x0_hat: NDArray[np.float32]  # as predicted, not clipped
    eps_hat: NDArray[np.float32]

    def of(self, quantity: Quantity) -> NDArray[np.float32]:
        """One quantity of it."""
        return {Quantity.X_T: self.x, Quantity.X0_HAT: self.x0_hat, Quantity.EPS_HAT: self.eps_hat}[quantity]


@dataclass(frozen=True, eq=False)
class Recording:
    """Painted moments of a chain. For each quantity its pictures, uint8 (F, N, H, W, C)."""

    t: tuple[int, ...]
    quantity: Quantity
    panes: tuple[Picture, ...]

    @classmethod
    def of(cls, moments: Iterable[Moment], quantity: Quantity) -> "Recording":
        """Paints each moment as it comes. UserError: the pictures would take more than BUDGET."""
        t: list[int] = []
        painted: list[list[Picture]] = [[] for _ in quantity.panes]
        size = 0
        for moment in moments:
            t.append(moment.t)
            for pane, cells in zip(quantity.panes, painted, strict=True):
                cells.append(paint(moment.of(pane), pane))
                size += cells[-1].nbytes
            if size > BUDGET:
                raise UserError(f"these pictures take more than {BUDGET >> 30} GiB; choose fewer steps or samples")
        return cls(tuple(t), quantity, tuple(np.stack(cells) for cells in painted))

    def film(self, columns: int | None = None, scale: int | None = None) -> "RecordedFilm":
        """Its frames: the grid of each moment."""
        return RecordedFilm(self, columns, scale)

    def strip(self, scale: int | None = None) -> Picture:
        """A row of moments for each sample, and under it one for each further quantity."""
        rows = np.stack(self.panes, axis=2)  # (F, N, P, H, W, C)
        cells = np.moveaxis(rows, 0, 2).reshape(-1, *rows.shape[3:])
        return grid(cells, len(self.t), scale=scale)


@dataclass(frozen=True, eq=False)
class RecordedFilm:
    """A recording frame by frame, each drawn when asked for."""

    recording: Recording
    columns: int | None = None
    scale: int | None = None

    def __len__(self) -> int:
        return len(self.recording.t)

    def __getitem__(self, index: int, /) -> Picture:
        return beside([grid(pane[index], self.columns, scale=self.scale) for pane in self.recording.panes])


def paint(values: NDArray[np.float32], quantity: Quantity) -> Picture:
    """Values (N, C, H, W) as pictures uint8 (N, H, W, C), on the quantity's range."""
    return to_bytes(values if quantity.span == 1.0 else values / np.float32(quantity.span))


def beside(pictures: Sequence[Picture]) -> Picture:
    """Pictures (H, W, C) of one height in a row."""
    gap = np.full((pictures[0].shape[0], SIDE_GAP, pictures[0].shape[2]), WHITE, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)][1:]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
