"""A user's picture and mask, brought to the shape that a network takes; NumPy and Pillow only."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.data import Picture, fit, open_picture, open_source, to_channels
from ddpm_studio.data.inline import INLINE, from_inline, to_inline
from ddpm_studio.errors import UserError

Mask = NDArray[np.bool_]  # (H, W), true where the picture is to be repaired


@dataclass(frozen=True, eq=False)
class Fitted:
    """A picture of a network's shape."""

    picture: Picture  # (H, W, C)
    told: str  # what was done to it, in a few words; "" if nothing


def fitted(ref: str, shape: tuple[int, ...]) -> Fitted:
    """The picture that `ref` names, of the shape (C, H, H).

    Raises:
        UserError: there is no such picture, or the network draws no square pictures.
    """
    size = _size(shape)
    found = open_source(ref)
    picture = to_channels(fit(found, size), shape[0])
    return Fitted(picture, _told(found, picture))


def mask_of(ref: str, shape: tuple[int, ...]) -> Mask:
    """The mask that `ref` is or names, for pictures of the shape (C, H, H); "" is one that repairs nothing.

    Raises:
        UserError: it cannot be read, or it repairs nothing although it is a file.
    """
    size = _size(shape)
    if not ref:
        return np.zeros((size, size), np.bool_)
    picture = from_inline(ref) if ref.startswith(INLINE) else open_picture(Path(ref).expanduser())
    mask: Mask = to_channels(fit(picture, size), 1)[..., 0] >= 128
    if not mask.any():
        raise UserError("nothing in this mask is white, and white is what is repaired; paint some of it white")
    return mask


def reference_of(mask: Mask) -> str:
    """The mask (H, W) as text that `mask_of` reads: "" where it repairs nothing."""
    return to_inline(picture_of(mask)) if mask.any() else ""


def picture_of(mask: Mask) -> Picture:
    """White where the mask (H, W) repairs, black elsewhere: (H, W, 1)."""
    return np.where(mask, np.uint8(255), np.uint8(0))[..., None]


def _size(shape: tuple[int, ...]) -> int:
    if len(shape) != 3 or shape[1] != shape[2]:
        raise UserError("this denoiser draws no square pictures: it can begin in noise only")
    return shape[1]


def _told(found: Picture, made: Picture) -> str:
    """As in "451 × 300 colour, cut and resized to 28 × 28 grey"."""
    if found.shape == made.shape:
        return ""
    height, width, channels = found.shape
    done = [word for word, true in (("cut", height != width), ("resized", min(height, width) != len(made))) if true]
    how = " and ".join(done) or "turned"
    return f"{width} × {height} {_COLOURS[channels]}, {how} to {len(made)} × {len(made)} {_COLOURS[made.shape[2]]}"


_COLOURS = {1: "grey", 3: "colour"}
