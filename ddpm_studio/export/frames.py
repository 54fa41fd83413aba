"""What the writers of animations share: the frames they are given, and what of a frame is new."""

import io
from typing import BinaryIO, NamedTuple, Protocol

import numpy as np

from ddpm_studio.data.pictures import Picture, to_image
from ddpm_studio.export.provenance import Provenance


class Frames(Protocol):
    """An animation's frames (H, W, C), all of one shape, made when asked for; an array (F, H, W, C) is one."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Picture: ...


class Writer(Protocol):
    """Writes a film frame by frame: no more than one frame of it is in memory, and it may be left at any frame."""

    def add(self, picture: Picture, milliseconds: int) -> None:
        """The next frame (H, W, C) and how long it stays."""

    def close(self) -> None:
        """Writes what stands at the end; the file is whole then."""


class MakeWriter(Protocol):
    """How a film is begun: the file it is written to, its frames (for the colours), where it comes from."""

    def __call__(self, file: BinaryIO, frames: Frames, provenance: Provenance) -> Writer: ...


class Box(NamedTuple):
    """A part of a picture, in pixels."""

    left: int
    top: int
    width: int
    height: int

    def of(self, picture: Picture) -> Picture:
        """That part, (height, width, C)."""
        return picture[self.top : self.top + self.height, self.left : self.left + self.width]


def changed(before: Picture | None, now: Picture, grid: int = 1) -> Box | None:
    """The least part of `now` that differs from the frame before it, its corner on a multiple of `grid` pixels.

    None where nothing differs; all of it where there was no frame before.
    """
    if before is None:
        return Box(0, 0, now.shape[1], now.shape[0])
    differs = (before != now).any(axis=-1)
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return None
    left, top = int(columns[0]) // grid * grid, int(rows[0]) // grid * grid
    return Box(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def encoded(picture: Picture, format_: str, **options: object) -> bytes:
    """One picture as a file of its own, by Pillow."""
    buffer = io.BytesIO()
    to_image(picture).save(buffer, format_, **options)
    return buffer.getvalue()
