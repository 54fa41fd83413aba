"""Animated PNG, written frame by frame: Pillow compresses each frame, the chunks (PNG, third edition) are put here."""

import struct
import zlib
from typing import BinaryIO

import numpy as np

from ddpm_studio.data.pictures import Picture
from ddpm_studio.export.frames import Frames, changed, encoded
from ddpm_studio.export.provenance import KEY, Provenance, to_text

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COUNT_AT = len(_SIGNATURE) + 12 + 13  # behind the header: where the number of frames stands


class ApngWriter:
    """Every frame exactly as it is; where animations are not known, the first one is shown."""

    def __init__(self, file: BinaryIO, frames: Frames, provenance: Provenance) -> None:
        height, width, channels = frames[0].shape
        self._file = file
        self._count = self._sequence = 0
        self._before: Picture | None = None
        colours = 0 if channels == 1 else 2
        file.write(_SIGNATURE + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)))
        file.write(_chunk(b"acTL", bytes(8)))
        file.write(_chunk(b"tEXt", KEY.encode() + b"\0" + to_text(provenance).encode()))

    def add(self, picture: Picture, milliseconds: int) -> None:
        """The part that differs from the frame before replaces it."""
        box = changed(self._before, picture)
        assert box is not None
        left, top, width, height = box
        stays = struct.pack(">HH", milliseconds, 1000) if milliseconds < 2**16 else struct.pack(">HH", 2**16 - 1, 1000)
        control = struct.pack(">IIIII", self._next(), width, height, left, top) + stays + bytes(2)
        self._file.write(_chunk(b"fcTL", control))
        pixels = _pixels(encoded(np.ascontiguousarray(box.of(picture)), "PNG"))
        if self._before is None:
            self._file.write(_chunk(b"IDAT", pixels))
        else:
            self._file.write(_chunk(b"fdAT", struct.pack(">I", self._next()) + pixels))
        self._before = picture
        self._count += 1

    def close(self) -> None:
        """The end, and the number of frames at the beginning; 0 repetitions are repeated without end."""
        self._file.write(_chunk(b"IEND", b""))
        self._file.seek(_COUNT_AT)
        self._file.write(_chunk(b"acTL", struct.pack(">II", self._count, 0)))

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence - 1


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _pixels(png: bytes) -> bytes:
    """What the IDAT chunks of a PNG hold."""
    found, at = [], len(_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        if png[at + 4 : at + 8] == b"IDAT":
            found.append(png[at + 8 : at + 8 + length])
        at += 12 + length
    return b"".join(found)
