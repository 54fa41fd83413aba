"""CIFAR-10's binary version: records of one label byte and 3 × 32 × 32 bytes, red plane first."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ddpm_studio.data.pictures import Picture
from ddpm_studio.errors import UserError
from ddpm_studio.files import reading

RECORD = 1 + 3 * 32 * 32


def read_cifar(paths: Sequence[Path]) -> Picture:
    """The pictures (N, 32, 32, 3) of the given files, in their order.

    Raises:
        UserError: a file that is not whole records, or whose labels are not 0..9.
    """
    planes = np.concatenate([_records(path)[:, 1:] for path in paths])
    return np.ascontiguousarray(planes.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


def _records(path: Path) -> Picture:
    with reading(path):
        content = np.fromfile(path, np.uint8)
    if len(content) == 0 or len(content) % RECORD:
        raise UserError(f"cannot read {path}: {len(content):,} bytes are not whole records of {RECORD}; get it again")
    records = content.reshape(-1, RECORD)
    if records[:, 0].max() > 9:
        raise UserError(f"cannot read {path}: a label is {records[:, 0].max()}, not 0..9; get it again")
    return records
