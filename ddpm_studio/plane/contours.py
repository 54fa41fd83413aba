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
_FIRST = np.array([_ENDS.get(case, ((0, 0),))[0] for case in range(16)])
_SECOND = np.array([_ENDS[5][1], _ENDS[10][1]])  # of the saddles


def contour(values: Floats, level: float, low: float, cell: float) -> Floats:
    """The line `values` = level as pieces, (S, 2, 2): ends, then x and y.

    Args:
        values: (H, W), finite, at places (low + column·cell, low + row·cell).
        level: what is level.
        low: x and y of the first value.
        cell: the distance of two values.
    """
    above = (values > level).view(np.uint8)
    case = above[:-1, :-1] | above[:-1, 1:] << 1 | above[1:, 1:] << 2 | above[1:, :-1] << 3
    here = np.flatnonzero((case > 0) & (case < 15))
    cases = case.ravel()[here]
    saddles = np.flatnonzero((cases == 5) | (cases == 10))
    square = np.concatenate([np.arange(len(here)), saddles])  # a saddle has two pieces
    sides = np.concatenate([_FIRST[cases], _SECOND[(cases[saddles] == 10).astype(np.int64)]])
    rows, columns = np.divmod(here, case.shape[1])
    corners = (rows * values.shape[1] + columns)[square, None]
    crossings = _crossings(values.ravel(), corners, sides, values.shape[1], np.float32(level))
    pieces = crossings + np.stack([columns, rows], 1)[square, None]
    found: Floats = (pieces * cell + low).astype(np.float32)
    return found


def _crossings(
    values: Floats, corners: NDArray[np.int64], sides: NDArray[np.int64], width: int, level: np.float32
) -> Floats:
    """Where the line crosses these sides (S, 2) of the unit squares with these lower left corners (S, 1); (S, 2, 2)."""
    first, last = np.array([0, 1, width, 0])[sides], np.array([1, width + 1, width + 1, width])[sides]
    p, q = values[corners + first], values[corners + last]
    part, across = (level - p) / (q - p), sides % 2 == 0
    return np.stack([np.where(across, part, sides == 1), np.where(across, sides == 2, part)], -1)
