"""A monotone cubic through a few points, and the few points that describe a given curve best."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def monotone_cubic(x: Floats, y: Floats, at: Floats) -> Floats:
    """The cubic Hermite curve through (x, y) that never leaves the range of neighbouring y's (Fritsch & Carlson 1980).

    Args:
        x: strictly rising, shape (K,), K ≥ 2.
        y: shape (K,).
        at: where to evaluate, inside [x[0], x[-1]], any shape.
    """
    h, secant = np.diff(x), np.diff(y) / np.diff(x)
    slope = _slopes(h, secant)
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    s = (at - x[i]) / h[i]
    rise = slope[i] + s * (3 * secant[i] - 2 * slope[i] - slope[i + 1] + s * (slope[i] + slope[i + 1] - 2 * secant[i]))
    curve = y[i] + h[i] * s * rise
    return np.clip(curve, np.minimum(y[i], y[i + 1]), np.maximum(y[i], y[i + 1]))  # rounding only


def traced(x: Floats, y: Floats, knots: int, tolerance: Floats | float = 1.0) -> tuple[tuple[float, float], ...]:
    """At most `knots` points of the curve (x, y), ends included.

    Each is added where the cubic through the others is off most. `tolerance` is the unit of being off, one for all
    points or one for each: with `y` it is the relative error.
    """
    chosen = [0, len(x) - 1]
    while len(chosen) < min(knots, len(x)):
        error = np.abs(monotone_cubic(x[chosen], y[chosen], x) - y) / tolerance
        error[chosen] = 0.0
        if error.max() <= 1e-9:
            break
        chosen = sorted([*chosen, int(error.argmax())])
    return tuple((float(x[i]), float(y[i])) for i in chosen)


def _slopes(h: Floats, secant: Floats) -> Floats:
    """Weighted harmonic means of neighbouring secants; 0 at a turning point (Fritsch & Butland 1984)."""
    slope = np.zeros(len(h) + 1)
    slope[0], slope[-1] = secant[0], secant[-1]
    left, right = secant[:-1], secant[1:]
    same = left * right > 0.0
    w1, w2 = (2 * h[1:] + h[:-1])[same], (h[1:] + 2 * h[:-1])[same]
    left, right = left[same], right[same]
    slope[1:-1][same] = (w1 + w2) * left * right / (w1 * right + w2 * left)
    return slope
