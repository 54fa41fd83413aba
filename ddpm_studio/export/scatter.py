"""Points of the plane as a picture, for files; the window draws its own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ddpm_studio.data.pictures import Picture

SIDE = 640  # pixels
REACH = 1.5
"""The picture shows [−REACH, REACH]²; what lies further out is not in it."""
DATA, SAMPLES = "#b9c3d0", "#d55e00"
_FINE = 2  # the picture is drawn so many times larger, then made small: discs get smooth edges


def scatter(samples: NDArray[np.float32], data: NDArray[np.float32] | None = None) -> Picture:
    """Discs at `samples` (N, 2), above smaller ones at `data` (M, 2) to hold them against: uint8 (SIDE, SIDE, 3)."""
    image = Image.new("RGB", (SIDE * _FINE, SIDE * _FINE), "white")
    draw = ImageDraw.Draw(image)
    if data is not None:
        _discs(draw, data, 1.6, DATA)
    _discs(draw, samples, 2.2, SAMPLES)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


def _discs(draw: ImageDraw.ImageDraw, points: NDArray[np.float32], radius: float, colour: str) -> None:
    scale = SIDE * _FINE / (2.0 * REACH)
    shown = points[(np.abs(points) <= REACH).all(1)]  # also leaves NaN out
    for x, y in (np.stack([shown[:, 0] + REACH, REACH - shown[:, 1]], 1) * scale).tolist():
        draw.circle((x, y), radius * _FINE, fill=colour)


@dataclass(frozen=True, eq=False)
class ScatterFilm:
    """The frames of an animation, uint8 (SIDE, SIDE, 3): the points of a trajectory at each of its moments."""

    trajectory: NDArray[np.float32]  # (F, N, 2)

    def __len__(self) -> int:
        return len(self.trajectory)

    def __getitem__(self, index: int, /) -> Picture:
        return scatter(self.trajectory[index])
