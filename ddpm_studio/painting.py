"""What is painted or pasted on x_t: from the edits of a branch, the same to the bit whenever it is done again."""

from collections.abc import Sequence
from math import hypot

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddpm_studio.branch import ALL, Edit, Ink, Paste, Stroke
from ddpm_studio.data import open_source, to_unit
from ddpm_studio.errors import UserError
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.process import q_sample
from ddpm_studio.schedule import Schedule

Mask = NDArray[np.bool_]  # (H, W)


def painted(x: Tensor, edits: Sequence[Edit], schedule: Schedule, t: int, seed: int, samples: Sequence[int]) -> Tensor:
    """x_t (B, C, H, W) with the edits made in their order; x itself where there are none.

    Colours and pictures are noised with one ε for each sample, a function of (seed, sample, t) alone: painting over
    the same place again changes nothing.

    Raises:
        UserError: x_t is no picture, an edit is of a sample that there is not, or a pasted picture cannot be read.
    """
    if not edits:
        return x
    if x.ndim != 4 or x.shape[1] not in (1, 3):
        raise UserError(f"only pictures can be painted on, not samples of shape {tuple(x.shape[1:])}")
    eps = gaussian(tuple(x.shape[1:]), seed=seed, samples=samples, t=t, purpose=Purpose.PAINT).to(x)
    out = x.clone()
    for edit in edits:
        if edit.row >= len(x):
            raise UserError(
                f"sample {edit.row} was painted on, and there are {len(x)}; draw more, or delete the branch"
            )
        rows = slice(None) if edit.row == ALL else slice(edit.row, edit.row + 1)
        if isinstance(edit, Stroke):
            out[rows] = _stroke(edit, out[rows], x[rows], eps[rows], schedule, t)
        else:
            out[rows] = _paste(edit, out[rows], eps[rows], schedule, t)
    return out


def covered(stroke: Stroke, height: int, width: int) -> Mask:
    """The pixels that a stroke covers, (H, W): those whose centre is within its radius of its line, in float64."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    mask = np.zeros((height, width), bool)
    corners = stroke.points
    for start, end in zip(corners, corners[1:] or corners, strict=False):
        mask |= _apart(x, y, start, end) <= stroke.radius
    return mask


def colour_of(text: str, channels: int) -> Tensor:
    """#rrggbb as values in [−1, 1], shape (channels, 1, 1); grey is the mean of the three."""
    rgb = torch.tensor([int(text[i : i + 2], 16) / 127.5 - 1.0 for i in (1, 3, 5)])
    return (rgb if channels == 3 else rgb.mean(0, keepdim=True)).reshape(channels, 1, 1)


def _apart(
    x: NDArray[np.float64], y: NDArray[np.float64], start: tuple[float, float], end: tuple[float, float]
) -> NDArray[np.float64]:
    """How far each (x, y) is from the line between two points."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = hypot(across, down)
    along = 0.0 if not length else np.clip(((x - start[0]) * across + (y - start[1]) * down) / length**2, 0.0, 1.0)
    return np.hypot(x - start[0] - along * across, y - start[1] - along * down)


def _stroke(stroke: Stroke, now: Tensor, before: Tensor, eps: Tensor, schedule: Schedule, t: int) -> Tensor:
    """x_t `now` (B, C, H, W) with a stroke over it; `before` is what was there first."""
    _, channels, height, width = now.shape
    mask = torch.from_numpy(covered(stroke, height, width)).to(now.device)
    colour = colour_of(stroke.colour, channels).to(now).expand_as(now)
    left = {
        Ink.COLOUR: lambda: q_sample(schedule, colour, t, eps),
        Ink.NOISE: lambda: eps,
        Ink.PLAIN: lambda: colour,
        Ink.ERASE: lambda: before,
    }
    return torch.where(mask, left[stroke.ink](), now)


def _paste(paste: Paste, now: Tensor, eps: Tensor, schedule: Schedule, t: int) -> Tensor:
    """x_t `now` (B, C, H, W) with a picture on it, as much of it as lies inside."""
    _, channels, height, width = now.shape
    picture = torch.from_numpy(to_unit(open_source(paste.picture, paste.size, grey=channels == 1))).to(now)
    if picture.shape[0] != channels:
        picture = picture.expand(channels, -1, -1)
    top, left = max(paste.y, 0), max(paste.x, 0)
    bottom, right = min(paste.y + paste.size, height), min(paste.x + paste.size, width)
    out = now.clone()
    if top < bottom and left < right:
        piece = picture[:, top - paste.y : bottom - paste.y, left - paste.x : right - paste.x]
        place = (..., slice(top, bottom), slice(left, right))
        out[place] = q_sample(schedule, piece.expand_as(out[place]), t, eps[place])
    return out
