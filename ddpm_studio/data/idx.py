"""IDX files, plain or gzipped: how MNIST and its descendants are distributed."""

import gzip
import io
import math
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.data.stack import MAX_BYTES
from ddpm_studio.errors import UserError
from ddpm_studio.files import reading

_MAGIC = bytes([0, 0, 8])  # 8 = uint8
_GZIP = b"\x1f\x8b"


def is_idx(path: Path) -> bool:
    """Whether the file begins as an IDX file of bytes does, or a gzipped one. UserError: it cannot be read."""
    with reading(path), path.open("rb") as file:
        return file.read(3).startswith((_GZIP, _MAGIC))


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The array in an IDX file of bytes: (N, H, W) for pictures, (N,) for labels.

    The header is big-endian: two zero bytes, the type (8 = uint8), the number of axes, the length of each axis.

    Raises:
        UserError: not an IDX file of bytes, shorter or longer than its header says, damaged gzip, above MAX_BYTES.
    """
    with reading(path):
        with path.open("rb") as file:
            zipped = file.read(len(_GZIP)) == _GZIP
        with gzip.open(path) if zipped else path.open("rb") as file:
            return _read(file, path)


def _read(file: io.BufferedIOBase, path: Path) -> NDArray[np.uint8]:
    shape = _shape(file, path)
    count = math.prod(shape)
    if count > MAX_BYTES:
        raise UserError(f"cannot read {path}: its header promises {count:,} bytes, more than {MAX_BYTES:,}; split it")
    content = file.read(count + 1)
    if len(content) != count:
        found = "more" if len(content) > count else f"{len(content):,}"
        raise UserError(f"cannot read {path}: its header promises {count:,} bytes and there are {found}; get it again")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _shape(file: io.BufferedIOBase, path: Path) -> tuple[int, ...]:
    magic = file.read(4)
    axes = magic[3] if len(magic) == 4 and magic[:3] == _MAGIC else 0
    lengths = file.read(4 * axes)
    if not 1 <= axes <= 4 or len(lengths) < 4 * axes:
        raise UserError(
            f"cannot read {path}: it is not an IDX file of bytes (begins {magic.hex() or 'empty'}); get it again"
        )
    return struct.unpack(f">{axes}I", lengths)
