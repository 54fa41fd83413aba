"""Animated WebP, lossless, written frame by frame: Pillow compresses each frame, the container (RIFF) is made here.

The container is that of RFC 9649, section 2.7. libwebp's own writer keeps all frames in memory and is not to be left.
"""

import struct
from typing import BinaryIO

import numpy as np
from PIL import Image

from ddpm_studio.data.pictures import Picture, to_channels
from ddpm_studio.errors import UserError
from ddpm_studio.export.frames import Frames, changed, encoded
from ddpm_studio.export.provenance import IMAGE_DESCRIPTION, Provenance, marked

_SIDE = 16383  # pixels: the format's limit
_ANIMATED, _HAS_EXIF = 0x02, 0x08
_NO_BLENDING = 0x02
_FILE_HEADER = 12


class WebpWriter:
    """Every frame exactly as it is. UserError: a side above the format's 16383 pixels."""

    def __init__(self, file: BinaryIO, frames: Frames, provenance: Provenance) -> None:
        height, width, _ = frames[0].shape
        if max(height, width) > _SIDE:
            raise UserError(f"WebP holds {_SIDE} pixels a side and this is {width} × {height}; use a smaller scale")
        self._file, self._exif = file, Image.Exif()
        self._exif[IMAGE_DESCRIPTION] = marked(provenance)
        self._before: Picture | None = None
        flags = struct.pack("<I", _ANIMATED | _HAS_EXIF)
        file.write(b"RIFF\0\0\0\0WEBP")
        file.write(_chunk(b"VP8X", flags + _three(width - 1) + _three(height - 1)))
        file.write(_chunk(b"ANIM", b"\xff\xff\xff\xff" + struct.pack("<H", 0)))  # white, repeated without end

    def add(self, picture: Picture, milliseconds: int) -> None:
        """The part that differs from the frame before replaces it; its corner must lie on even pixels."""
        box = changed(self._before, picture, grid=2)
        assert box is not None
        part = to_channels(np.ascontiguousarray(box.of(picture)), 3)
        alone = encoded(part, "WEBP", lossless=True, quality=0, method=0)  # more effort: slower, and here no smaller
        place = _three(box.left // 2) + _three(box.top // 2) + _three(box.width - 1) + _three(box.height - 1)
        head = place + _three(min(milliseconds, 2**24 - 1)) + bytes([_NO_BLENDING])
        self._file.write(_chunk(b"ANMF", head + alone[_FILE_HEADER:]))
        self._before = picture

    def close(self) -> None:
        """The provenance, and the length of it all."""
        self._file.write(_chunk(b"EXIF", self._exif.tobytes()))
        length = self._file.tell() - 8
        self._file.seek(4)
        self._file.write(struct.pack("<I", length))


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _three(number: int) -> bytes:
    """24 bits, the lowest byte first."""
    return number.to_bytes(3, "little")
