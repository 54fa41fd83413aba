"""Animated GIF, written frame by frame: Pillow compresses each frame, the container (GIF89a) is made here.

Pillow's own writer of animations keeps every frame until the last and cannot be left on the way.
"""

import io
import struct
from typing import BinaryIO

import numpy as np
from PIL import Image

from ddpm_studio.data.pictures import Picture, to_image
from ddpm_studio.export.frames import Frames, changed
from ddpm_studio.export.provenance import Provenance, marked

_SAMPLED_FRAMES = 16  # that the palette is chosen from, beside the last one
_SAMPLED_PIXELS = 8192  # of each; the last frame, which people keep looking at, gives eight times as many
_REPEAT = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"  # without end
_HEADER = 13  # bytes before the colours


class GifWriter:
    """Grey frames keep every level; colours become the 256 that suit the whole film, undithered."""

    def __init__(self, file: BinaryIO, frames: Frames, provenance: Provenance) -> None:
        self._file, self._comment = file, marked(provenance).encode()
        self._palette = None if frames[0].shape[-1] == 1 else _palette(frames)
        self._before: Picture | None = None

    def add(self, picture: Picture, milliseconds: int) -> None:
        """The part that differs from the frame before lies over it."""
        box = changed(self._before, picture)
        assert box is not None
        alone = self._compressed(np.ascontiguousarray(box.of(picture)))
        colours = alone[10] & 7  # the palette has 2^(colours + 1) entries
        start = _HEADER + 3 * (2 << colours)
        if self._before is None:
            height, width, _ = picture.shape
            self._file.write(b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF0 | colours, 0, 0))
            self._file.write(alone[_HEADER:start] + _REPEAT + b"\x21\xfe" + _blocks(self._comment))
        image = alone.index(b"\x2c", start)
        flags = alone[image + 9]
        self._file.write(b"\x21\xf9\x04\x04" + struct.pack("<HBB", round(milliseconds / 10), 0, 0))  # it stays
        self._file.write(b"\x2c" + struct.pack("<HHHHB", *box, flags))
        self._file.write(alone[image + 10 : -1])  # without the trailer
        self._before = picture

    def close(self) -> None:
        """The trailer."""
        self._file.write(b"\x3b")

    def _compressed(self, picture: Picture) -> bytes:
        """A GIF of this part alone, with the colours of the whole film."""
        image = to_image(picture)
        if self._palette is not None:
            image = image.quantize(palette=self._palette, dither=Image.Dither.NONE)
        image.info.clear()
        buffer = io.BytesIO()
        image.save(buffer, "GIF", optimize=False)
        return buffer.getvalue()


def _blocks(content: bytes) -> bytes:
    """The content in pieces of at most 255 bytes, each behind its length, and the empty one that ends them."""
    pieces = [content[i : i + 255] for i in range(0, len(content), 255)]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"


def _palette(frames: Frames) -> Image.Image:
    """Up to 256 colours for the whole film. Octree: against median cut, half the error and a hundredth of the time."""
    last = len(frames) - 1
    sampled = [_some(frames, index, _SAMPLED_PIXELS) for index in range(0, last, max(1, last // _SAMPLED_FRAMES))]
    pixels = np.concatenate([*sampled, _some(frames, last, 8 * _SAMPLED_PIXELS)])
    return Image.fromarray(pixels[None]).quantize(256, Image.Quantize.FASTOCTREE)


def _some(frames: Frames, index: int, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """About `count` pixels (count, 3) of a frame, evenly spread."""
    pixels = frames[index].reshape(-1, 3)
    return pixels[:: max(1, len(pixels) // count)].copy()  # a view would keep the frame
