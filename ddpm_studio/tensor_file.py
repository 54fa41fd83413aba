"""What a safetensors file says it holds: read without PyTorch, and without taking memory for a tensor.

The file is 8 bytes, the length of a JSON header, the header, and the tensors' bytes. What the header declares is
compared with the size of the file before anything else is done with it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TypedDict, cast

from ddpm_studio.errors import UserError
from ddpm_studio.files import reading

LONGEST_HEADER = 64 * 2**20
"""Bytes; a network of a hundred thousand tensors takes a tenth of it."""

MOST = 2**40
"""Bytes; where a header shall have more, the first 8 bytes are no length, but the beginning of something else."""

BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "I16": 16, "I8": 8, "U8": 8, "BOOL": 8}
"""Of the types that are read; the letters are safetensors' own."""

REAL = frozenset(("F64", "F32", "F16", "BF16"))
"""Those that weights may have."""

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Spec:
    """What is said of one tensor."""

    dtype: str
    shape: Shape

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape}"


@dataclass(frozen=True)
class Contents:
    """Tensors by name, and the texts beside them."""

    tensors: Mapping[str, Spec]
    texts: Mapping[str, str]


def contents(path: Path) -> Contents:
    """What the file holds.

    Raises:
        UserError: cut short, no safetensors file, or it declares more bytes than there are.
    """
    with reading(path):
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > MOST:  # no file of tensors, cut short or not, begins so
                raise UserError(
                    f"{path} is no checkpoint, whatever its name says; name one, or a run or diffusers folder"
                )
            if size < 8 or length > min(size - 8, LONGEST_HEADER):
                raise UserError(_no_such(path, f"it declares a header of {length:,} bytes and has {size:,}"))
            header = file.read(length)
    try:
        said: dict[str, _Entry] = json.loads(header)
        texts = dict(cast(Mapping[str, str], said.pop("__metadata__", {})))
        tensors = {name: _spec(entry, size - 8 - length) for name, entry in said.items()}
        declared = max((entry["data_offsets"][1] for entry in said.values()), default=0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise UserError(_no_such(path, "its header cannot be read, or declares more than there is")) from error
    if declared != size - 8 - length:
        raise UserError(_no_such(path, f"it declares {declared:,} bytes of tensors and has {size - 8 - length:,}"))
    return Contents(tensors, {key: str(text) for key, text in texts.items()})


class _Entry(TypedDict):
    dtype: str
    shape: list[int]
    data_offsets: list[int]


def _spec(entry: _Entry, room: int) -> Spec:
    """ValueError: it does not fit into `room` bytes, or speaks of another number of them than its shape takes."""
    dtype, shape = str(entry["dtype"]), tuple(int(side) for side in entry["shape"])
    begin, end = entry["data_offsets"]
    fits = 0 <= begin <= end <= room and min(shape, default=0) >= 0
    if not fits or (dtype in BITS and (end - begin) * 8 != prod(shape) * BITS[dtype]):
        raise ValueError(entry)
    return Spec(dtype, shape)


def _no_such(path: Path, why: str) -> str:
    return f"{path} is cut short or no safetensors file ({why}); take another copy"
