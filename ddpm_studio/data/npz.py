"""Pictures in NumPy archives: ours, FID tools' and other people's. Nothing is ever unpickled."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from ddpm_studio.data.pictures import Picture
from ddpm_studio.data.stack import EXPECTED, MAX_BYTES, as_stack
from ddpm_studio.errors import UserError
from ddpm_studio.files import reading

KEYS = ("train_images", "arr_0", "samples", "images", "x")  # tried in this order
TEST_KEY = "test_images"


def read_npz(path: Path) -> tuple[Picture, Picture]:
    """Training and held-out pictures, (N, H, W, C) and (M, H, W, C); M = 0 where there is no `test_images`.

    Raises:
        UserError: not an archive, damaged, none of KEYS in it, or an array that is no stack of pictures (`as_stack`).
    """
    with open_npz(path) as archive:
        key = next((key for key in KEYS if key in archive), None)
        if key is None:
            found = ", ".join(archive.files) or "nothing"
            raise UserError(f"{path} holds {found}; the pictures must be named {' or '.join(KEYS)}")
        train = as_stack(read_array(archive, key, path), f"{path}: {key}")
        if TEST_KEY not in archive:
            return train, train[:0]
        test = as_stack(read_array(archive, TEST_KEY, path), f"{path}: {TEST_KEY}")
    if test.shape[1:] != train.shape[1:]:
        raise UserError(f"{path}: {TEST_KEY} are {test.shape[1:]} and {key} are {train.shape[1:]}; make them alike")
    return train, test


@contextmanager
def open_npz(path: Path) -> Iterator[NpzFile]:
    """The archive, its list of arrays read and no array yet. UserError: no archive, or damaged."""
    with reading(path), path.open("rb") as file:  # opened here: np.load leaves a damaged file open
        archive = np.load(file, allow_pickle=False)
        if not isinstance(archive, NpzFile):
            raise UserError(f"cannot read {path}: it is a single array, not an .npz archive; use numpy.savez")
        with archive:
            yield archive


def read_array(archive: NpzFile, key: str, path: Path) -> NDArray[np.generic]:
    """The array under `key`. UserError: above MAX_BYTES, damaged, or of Python objects."""
    assert archive.zip is not None  # it is only when closed
    size = archive.zip.getinfo(f"{key}.npy").file_size
    if size > MAX_BYTES:
        raise UserError(f"{path}: {key} takes {size:,} bytes, more than {MAX_BYTES:,}; split it")
    try:
        return np.asarray(archive[key])
    except ValueError as error:
        raise UserError(f"{path}: {key} is damaged or holds Python objects, never loaded; {EXPECTED}") from error
