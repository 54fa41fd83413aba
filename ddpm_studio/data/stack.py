"""A stack of pictures as other people store it, made into ours: uint8 (N, H, W, C)."""

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.data.pictures import Picture
from ddpm_studio.errors import UserError

MAX_BYTES = 4 * 2**30  # of one array in a file: a larger one is refused before it is read

EXPECTED = "expected pictures as uint8 or floats in [-1, 1], of shape (N, H, W), (N, H, W, 1) or (N, H, W, 3)"
_OVERSHOOT = 2.0  # floats up to here are clipped: unclipped samples leave [-1, 1] a little
_CHUNK = 1024  # pictures turned from floats to bytes at a time


def as_stack(array: NDArray[np.generic], what: str) -> Picture:
    """An array as a stack of pictures (N, H, W, C); `what` names it in messages.

    (N, C, H, W) is turned round. Floats are 0..1 where none is negative, else -1..1; a little overshoot is clipped.

    Raises:
        UserError: another dtype or shape, no picture, NaN or infinite values, floats in another range.
    """
    if array.dtype != np.uint8 and not np.issubdtype(array.dtype, np.floating):
        raise UserError(f"{what} holds {array.dtype}; {EXPECTED}")
    if array.ndim not in (3, 4) or 0 in array.shape:
        raise UserError(f"{what} has the shape {array.shape}; {EXPECTED}")
    stack = _channels_last(array, what)
    return stack.view(np.uint8) if stack.dtype == np.uint8 else _bytes_of_floats(stack, what)


def _channels_last(array: NDArray[np.generic], what: str) -> NDArray[np.generic]:
    if array.ndim == 3:
        return array[..., None]
    if array.shape[3] in (1, 3):
        return array
    if array.shape[1] in (1, 3):
        return np.moveaxis(array, 1, 3)
    raise UserError(f"{what} has the shape {array.shape}; {EXPECTED}")


def _bytes_of_floats(stack: NDArray[np.generic], what: str) -> Picture:
    low, high = float(stack.min()), float(stack.max())  # NaN if any value is
    if not np.isfinite([low, high]).all():
        raise UserError(f"{what} contains NaN or infinite values; {EXPECTED}")
    if low < -_OVERSHOOT or high > _OVERSHOOT:
        raise UserError(f"{what} holds floats from {low:.4g} to {high:.4g}; {EXPECTED}")
    scale, offset = (255.0, 0.0) if low >= 0 else (127.5, 127.5)
    pictures = np.empty(stack.shape, np.uint8)
    for start in range(0, len(stack), _CHUNK):
        levels = stack[start : start + _CHUNK].astype(np.float32) * scale + offset
        pictures[start : start + _CHUNK] = np.rint(levels.clip(0, 255))
    return pictures
