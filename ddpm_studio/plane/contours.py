"""Level lines of a function on a lattice, by marching squares (Lorensen & Cline 1987, in two dimensions)."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_ENDS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),),
    2: ((0, 1),),
    3: ((3, 1),),
    4: ((1, 2),),
    5: ((3, 2), (0, 1)),
    6: ((0, 2),),
    7: ((3, 2),),
    8: ((2, 3),),
    9: ((2, 0),),
    10: ((3, 0), (1, 2)),
    11: ((2, 1),),
    12: ((1, 3),),
    13: ((1, 0),),
    14: ((0, 3),),
}
"""Which sides of a square a line crosses (0 below, 1 right, 2 above, 3 left), by which corners are above the level:
1 for the lower left, 2 lower right, 4 upper right, 8 upper left. The two saddles are cut apart."""


def contour(values: Floats, level: float, low: float, cell: float) -> Floats:
    """The line `values` = level as pieces, (S, 2, 2): ends, then x and y.

    Args:
        values: (H, W), finite, at places (low + column·cell, low + row·cell).
        level: what is level.
        low: x and y of the first value.
        cell: the distance of two values.
    """
    above = values > level
    corners = (above[:-1, :-1], above[:-1, 1:], above[1:, 1:], above[1:, :-1])
    case = np.zeros(corners[0].shape, np.uint8)
    for place, corner in enumerate(corners):
        case |= corner.astype(np.uint8) << place
    rows, columns = np.nonzero((case > 0) & (case < 15))
    cases = case[rows, columns]
    square = values[rows, columns], values[rows, columns + 1], values[rows + 1, columns + 1], values[rows + 1, columns]
    crossings = _crossings(square, level)
    pieces = []
    for number, ends in _ENDS.items():
        here = np.flatnonzero(cases == number)
        for first, last in ends:
            local = np.stack([crossings[first][here], crossings[last][here]], 1)
            pieces.append(local + np.stack([columns[here], rows[here]], 1)[:, None])
    found: Floats = (np.concatenate(pieces) * cell + low).astype(np.float32)
    return found


def _crossings(square: tuple[Floats, ...], level: float) -> tuple[Floats, ...]:
    """Where the line crosses each side of the unit square, (K, 2) each; of no meaning on sides it does not cross."""
    a, b, c, d = square
    zero, one = np.zeros_like(a), np.ones_like(a)
    with np.errstate(divide="ignore", invalid="ignore"):
        below, right, over, left = ((level - p) / (q - p) for p, q in ((a, b), (b, c), (d, c), (a, d)))
    return tuple(np.stack(pair, 1) for pair in ((below, zero), (one, right), (over, one), (zero, left)))
