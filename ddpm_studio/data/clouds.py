"""Points by name: swiss roll and friends, a mixture whose means are written in its name, and a drawing.

All are pure functions of their name. Where the points are a curve with a little noise around it, they are drawn from
Gaussians in a row along the curve: the density is then known at every t, and with it the best possible denoiser.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.data.points import AXES, Mixture, PointData, Points
from ddpm_studio.errors import UserError

TRAIN, TEST = 2000, 500
BEADS = 400
"""Gaussians along a curve: near enough to each other that they cannot be told apart."""
NOISE = 0.02  # s, their width
BLOB = 0.09  # s of the mixture's components, and of the grid's a third of it
REACH = 4.0
"""How far from 0 a mean or a point of a drawing may be."""

MIXTURE, DRAWING = "mixture", "drawing"
"""Names that take points: mixture:X,Y X,Y … has its means there; drawing:X,Y X,Y …/X,Y … follows those strokes."""

Pairs = tuple[tuple[float, float], ...]
MEANS: Pairs = tuple((round(0.65 * np.sin(a), 3), round(0.65 * np.cos(a), 3)) for a in np.arange(5) * 2 * np.pi / 5)


def is_cloud(ref: str) -> bool:
    """Whether `ref` names points, and not a file."""
    return ref.partition(":")[0] in (*CLOUDS, DRAWING)


def plain_name(ref: str) -> str:
    """What points are called in a line: their name without what is behind the colon, or the file's."""
    return ref.partition(":")[0] if is_cloud(ref) else Path(ref).name


@lru_cache(maxsize=16)
def cloud(ref: str) -> PointData:
    """The points that `ref` names: one of CLOUDS, mixture:MEANS or drawing:STROKES; made once and kept.

    Raises:
        UserError: what is written behind the colon is no list of points, or the name takes none.
    """
    name, colon, written = ref.partition(":")
    if name == MIXTURE and colon:
        return mixture(*_strokes(written, MIXTURE)[:1])
    if name == DRAWING:
        return drawing(_strokes(written, DRAWING))
    if colon:
        raise UserError(
            f"{name} takes nothing behind the colon; write {name}, or mixture:X,Y X,Y … for one of your own"
        )
    return CLOUDS[name]()


def mixture_ref(means: Sequence[tuple[float, float]]) -> str:
    """The name of the mixture with these means, which must not be none."""
    return f"{MIXTURE}:{_written(means)}"


def drawing_ref(strokes: Sequence[Sequence[tuple[float, float]]]) -> str:
    """The name of the drawing with these strokes, each of at least one point."""
    return f"{DRAWING}:{'/'.join(_written(stroke) for stroke in strokes)}"


def means_of(ref: str) -> Pairs:
    """The means of a mixture; none of anything else. UserError: as `cloud`."""
    if ref == MIXTURE:
        return MEANS
    name, _, written = ref.partition(":")
    return _strokes(written, MIXTURE)[0] if name == MIXTURE else ()


def strokes_of(ref: str) -> tuple[Pairs, ...]:
    """The strokes of a drawing; none of anything else. UserError: as `cloud`."""
    name, _, written = ref.partition(":")
    return _strokes(written, DRAWING) if name == DRAWING else ()


def swiss_roll() -> PointData:
    """A spiral of one and a half turns that begins away from the centre."""
    angle = 1.5 * np.pi * (1.0 + 2.0 * _along(BEADS))
    return _beads("swiss-roll", angle[:, None] / 14.8 * _circle(angle) - np.array([0.1, 0.05]))


def two_moons() -> PointData:
    """Two half circles, each with an end inside the other."""
    angle = np.pi * _along(BEADS // 2)
    upper = _circle(angle) - np.array([0.5, 0.25])
    return _beads("two-moons", 0.62 * np.concatenate([upper, -upper]), 0.04)


def rings() -> PointData:
    """Two circles around one centre; both have points in proportion to their length."""
    beads = [radius * _circle(2 * np.pi * _along(int(BEADS * radius / 1.25))) for radius in (0.4, 0.85)]
    return _beads("rings", np.concatenate(beads))


def spiral() -> PointData:
    """Two arms that wind around each other."""
    arm = (0.06 + 0.86 * _along(BEADS // 2)[:, None]) * _circle(3.2 * np.pi * np.sqrt(_along(BEADS // 2)))
    return _beads("spiral", np.concatenate([arm, -arm]))


def grid() -> PointData:
    """Twenty-five narrow Gaussians in rows and columns."""
    ticks = np.linspace(-0.8, 0.8, 5)
    return _beads("grid", np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, AXES), BLOB / 3.0)


def checkerboard() -> PointData:
    """Eight of sixteen squares, evenly filled: its edges are sharp, so its density is no mixture of Gaussians."""
    rng = _rng("checkerboard")
    fields = np.array([(i, j) for i in range(4) for j in range(4) if (i + j) % 2 == 0])
    count = TRAIN + TEST
    places = (fields[rng.integers(len(fields), size=count)] + rng.random((count, AXES))) / 2.0 - 1.0
    return _data("checkerboard", (0.95 * places).astype(np.float32))


def mixture(means: Sequence[tuple[float, float]] = MEANS) -> PointData:
    """Gaussians of equal weight and width around these means."""
    return _beads(MIXTURE, np.array(means), BLOB)


def drawing(strokes: Sequence[Sequence[tuple[float, float]]]) -> PointData:
    """Points along the strokes of a pen, in proportion to their length, with a little noise; a click is a dot."""
    ends = [(a, b) for stroke in strokes for a, b in zip(stroke, stroke[1:] or stroke, strict=False)]
    starts, stops = np.array([a for a, _ in ends]), np.array([b for _, b in ends])
    reach = np.cumsum(np.maximum(np.linalg.norm(stops - starts, axis=1), NOISE))
    at = _along(BEADS) * reach[-1]
    part = np.minimum(np.searchsorted(reach, at, side="right"), len(reach) - 1)
    length = np.diff(reach, prepend=0.0)[part]
    share = 1.0 - (reach[part] - at) / length
    return _beads(DRAWING, starts[part] + share[:, None] * (stops - starts)[part])


def _beads(name: str, means: NDArray[np.float64], noise: float = NOISE) -> PointData:
    truth = Mixture(means.astype(np.float32), noise**2)
    return _data(name, truth.drawn(TRAIN + TEST, _rng(name)), truth)


def _data(name: str, points: Points, truth: Mixture | None = None) -> PointData:
    known = "drawn from a known density" if truth else "of no known density"
    note = f"{name}: {TRAIN:,} points and {TEST:,} held out, {known}, made in [−1, 1]"
    return PointData(name, points[:TRAIN], points[TRAIN:], note, truth)


def _rng(name: str) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[*CLOUDS, DRAWING].index(name)))


def _along(count: int) -> NDArray[np.float64]:
    return (np.arange(count) + 0.5) / count


def _circle(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.cos(angle), np.sin(angle)], -1)


def _written(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.3f},{y:.3f}" for x, y in points)


def _strokes(text: str, name: str) -> tuple[Pairs, ...]:
    try:
        strokes = tuple(tuple((float(x), float(y)) for x, y in _pairs(part)) for part in text.split("/"))
    except ValueError as error:
        raise UserError(f"{name} is written {name}:X,Y X,Y … with numbers, as in {name}:0.5,0 -0.5,0.2") from error
    flat = [value for stroke in strokes for pair in stroke for value in pair]
    if not all(strokes) or not all(abs(value) <= REACH for value in flat):  # also refuses NaN
        raise UserError(
            f"{name} needs points with coordinates from −{REACH:g} to {REACH:g}, as in {name}:0.5,0 -0.5,0.2"
        )
    return strokes


def _pairs(text: str) -> list[list[str]]:
    pairs = [pair.split(",") for pair in text.split()]
    if any(len(pair) != AXES for pair in pairs):
        raise ValueError(text)
    return pairs


CLOUDS: dict[str, Callable[[], PointData]] = {
    "swiss-roll": swiss_roll,
    "two-moons": two_moons,
    "rings": rings,
    "checkerboard": checkerboard,
    "spiral": spiral,
    "grid": grid,
    MIXTURE: mixture,
}
