"""Which samples of a set are meant: places in it, evenly spaced where some stand for all."""

import numpy as np
from numpy.typing import NDArray

Places = slice | NDArray[np.int64]
"""Which of a set's samples."""
EVERY = slice(None)


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """`most` ≥ 1 places in 0..count − 1, rising, evenly spaced, the ends included; all of them if there are fewer."""
    return np.linspace(0, count - 1, min(most, count)).round().astype(np.int64)


def held_out(count: int, share: float) -> NDArray[np.int64]:
    """The share 0..1 of the places 0..count − 1, rising, evenly spaced, half a gap off the ends: they are held out."""
    kept = round(count * share)
    return np.round((np.arange(kept) + 0.5) * count / max(kept, 1) - 0.5).astype(np.int64)
