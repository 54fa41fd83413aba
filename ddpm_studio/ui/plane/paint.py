"""The plane's colours, and fields as pictures and arrows: numbers in, pixels and pieces of lines out."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.plane.density import Density
from ddpm_studio.plane.world import ARROWS, Floats
from ddpm_studio.ui import theme
from ddpm_studio.ui.theme import Colours

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Ramp:
    """Colours from little to much, even in lightness; the first is the plot's ground."""

    density: tuple[str, ...]
    error: tuple[str, ...]
    line: str
    """of the level lines"""


LIGHT = Ramp(
    ("#ffffff", "#e6f0f8", "#c5ddef", "#94c3e3", "#5fa5d3", "#3a87c0"),
    ("#fff3e0", "#fdbb84", "#ef6548", "#b30000", "#67000d"),
    "#2b5a8a",
)
DARK = Ramp(
    ("#17191c", "#15243a", "#15355a", "#17507f", "#1f6fa3", "#3390bd"),
    ("#3b1c12", "#8c2d04", "#d9680f", "#fdae4b", "#fff0c2"),
    "#8fc7e0",
)
WORST = 1.0
"""The error of ε̂ that has the last colour: as wrong as no guess at all."""


def ramp(colours: Colours) -> Ramp:
    """The one that stands out from these colours' ground."""
    return DARK if colours == theme.DARK else LIGHT


@lru_cache(maxsize=8)
def table(stops: tuple[str, ...]) -> Bytes:
    """256 colours through the stops, (256, 4): RGBA, opaque."""
    rgb = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops], np.float64)
    at = np.linspace(0.0, len(stops) - 1.0, 256)
    made = np.full((256, 4), 255, np.uint8)
    for channel in range(3):
        made[:, channel] = np.interp(at, np.arange(len(stops)), rgb[:, channel]).round()
    return made


def density_picture(seen: Density, colours: Colours) -> Bytes:
    """q(x_t) as (side, side, 4), rows from the bottom up. The root of q is shown: thin parts are seen too."""
    mass = seen.mass.numpy()
    share = np.sqrt(mass * np.float32(1.0 / max(float(mass.max()), 1e-30)))
    return table(ramp(colours).density).take((share * 255.0).astype(np.uint8), axis=0)


def error_picture(errors: Floats, colours: Colours) -> Bytes:
    """‖ε̂ − ε*‖ as (side, side, 4): the larger, the further along the ramp and the less can be seen through it."""
    share = np.clip(errors / WORST, 0.0, 1.0) ** np.float32(0.5)
    picture: Bytes = table(ramp(colours).error).take((share * 255.0).astype(np.uint8), axis=0)
    picture[..., 3] = (np.minimum(1.0, 2.2 * share) * 235.0).astype(np.uint8)
    return picture


def arrows(away: Floats) -> Floats:
    """Arrows as pieces of lines, (S, 2, 2), at the places of ARROWS; as long as `away` (side², 2), at most a cell."""
    size = np.linalg.norm(away, axis=1, keepdims=True)
    unit = away / np.maximum(size, 1e-9)
    along = unit * (ARROWS.cell * 0.92 * np.tanh(size / 1.3))
    base = ARROWS.places.numpy() - along / 2.0
    tip = base + along
    across = np.stack([-along[:, 1], along[:, 0]], 1)
    back = tip - 0.38 * along
    pieces = np.stack(
        [np.stack([base, tip], 1), np.stack([tip, back + 0.2 * across], 1), np.stack([tip, back - 0.2 * across], 1)]
    )
    made: Floats = pieces.reshape(-1, 2, 2).astype(np.float32)
    return made


def circle(centre: tuple[float, float], radius: float) -> Floats:
    """A closed line, (97, 2)."""
    angle = np.linspace(0.0, 2.0 * np.pi, 97)
    made: Floats = (np.stack([np.cos(angle), np.sin(angle)], 1) * radius + centre).astype(np.float32)
    return made


def joined(states: Floats) -> tuple[Floats, Floats]:
    """Trajectories (F, N, 2) as x and y of one line with gaps, (N·(F + 1),) each."""
    gap = np.full((1, *states.shape[1:]), np.nan, np.float32)
    flat = np.concatenate([states, gap]).transpose(1, 0, 2).reshape(-1, 2)
    return np.ascontiguousarray(flat[:, 0]), np.ascontiguousarray(flat[:, 1])
