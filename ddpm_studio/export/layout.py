"""Many pictures as one: a grid, a film strip, the frames of an animation. All uint8, channels last."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.data.pictures import Picture, to_bytes
from ddpm_studio.errors import UserError

VISIBLE = 64  # pixels: a picture with a shorter side below this is enlarged, unless a scale is given
WHITE = 255


@dataclass(frozen=True, eq=False)
class Film:
    """The frames of a trajectory (F, N, C, H, W) in [-1, 1]: each the grid of its N pictures, drawn when asked for."""

    trajectory: NDArray[np.floating]
    columns: int | None = None
    gap: int = 2
    background: int = WHITE
    scale: int | None = None

    def __len__(self) -> int:
        return len(self.trajectory)

    def __getitem__(self, index: int, /) -> Picture:
        return grid(to_bytes(self.trajectory[index]), self.columns, self.gap, self.background, self.scale)


def grid(
    pictures: Picture,
    columns: int | None = None,
    gap: int = 2,
    background: int = WHITE,
    scale: int | None = None,
) -> Picture:
    """The pictures (N, H, W, C) row by row as one (rows · (k H + gap) - gap, columns · (k W + gap) - gap, C).

    Args:
        pictures: at least one.
        columns: at most N are used; near the square by default.
        gap: pixels between pictures; there is no border.
        background: grey level 0..255 of the gaps and of the cells left over.
        scale: k, every pixel becomes k × k; by default the least that brings the shorter side to VISIBLE.

    Raises:
        UserError: columns or scale below 1, or a negative gap.
    """
    count = len(pictures)
    columns = min(count, math.ceil(math.sqrt(count)) if columns is None else columns)
    if columns < 1 or gap < 0:
        raise UserError(f"a grid needs at least 1 column and a gap of at least 0, but has {columns} and {gap}")
    pictures = enlarge(pictures, visible_scale(pictures) if scale is None else scale)
    rows = math.ceil(count / columns)
    _, height, width, channels = pictures.shape
    cells = np.full((rows * columns, height + gap, width + gap, channels), background, np.uint8)
    cells[:count, :height, :width] = pictures
    cells = cells.reshape(rows, columns, height + gap, width + gap, channels).transpose(0, 2, 1, 3, 4)
    sheet = cells.reshape(rows * (height + gap), columns * (width + gap), channels)
    return sheet[: sheet.shape[0] - gap, : sheet.shape[1] - gap]


def grid_size(
    size: tuple[int, int], count: int, columns: int | None = None, scale: int | None = None, gap: int = 2
) -> tuple[int, int]:
    """Pixels across and down of the grid of `count` pictures of this (height, width); see `grid`."""
    height, width = size
    columns = min(count, math.ceil(math.sqrt(count)) if columns is None else columns)
    k = math.ceil(VISIBLE / min(size)) if scale is None else scale
    return columns * (k * width + gap) - gap, math.ceil(count / columns) * (k * height + gap) - gap


def strip(frames: Picture, gap: int = 2, background: int = WHITE, scale: int | None = None) -> Picture:
    """The frames (F, H, W, C) side by side in one row; see `grid`."""
    return grid(frames, len(frames), gap, background, scale)


def enlarge(pictures: Picture, k: int) -> Picture:
    """(..., H, W, C) as (..., k H, k W, C): every pixel becomes k × k. UserError: k below 1."""
    if k < 1:
        raise UserError(f"a scale must be a whole number from 1, but is {k}")
    return pictures if k == 1 else pictures.repeat(k, axis=-3).repeat(k, axis=-2)


def visible_scale(pictures: Picture) -> int:
    """The least whole enlargement that brings the shorter side of (..., H, W, C) to VISIBLE pixels."""
    shorter: int = min(pictures.shape[-3:-1])
    return math.ceil(VISIBLE / shorter)
