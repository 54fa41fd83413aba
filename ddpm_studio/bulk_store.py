"""Where many samples are kept while they are made: an archive's parts beside it, or a folder with a PNG for each.

Every file is whole or absent, so whatever ends the program, what is there is good and the same order goes on from it.
"""

import json
import shutil
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ddpm_studio.data.pictures import to_bytes
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.export.provenance import NPZ_KEY, Provenance, to_text
from ddpm_studio.export.save import save_picture
from ddpm_studio.files import reading, write_text, writing

ORDER = "ddpm-studio.json"
"""In the folder: what is being made in it, as provenance."""
PARTS = ".parts"
"""After an archive's name: the folder of its parts."""

Samples = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Store(ABC):
    """Samples 0, 1, 2, …, of one order. Methods raise a UserError where the disk does not allow what they do.

    Args:
        out: what is to be there in the end.
        provenance: of what is made: document, checkpoint, …
    """

    out: Path
    provenance: Provenance

    @property
    @abstractmethod
    def folder(self) -> Path:
        """Where they are until all are made."""

    @property
    @abstractmethod
    def done(self) -> int:
        """How many are there, from 0 on without a gap."""

    @abstractmethod
    def write(self, numbers: range, samples: Samples) -> None:
        """Keeps samples (B, *shape) under their numbers."""

    @abstractmethod
    def assembled(self, count: int) -> Iterator[int]:
        """Makes of the first `count` samples what is to be there in the end; yields how many are in it."""

    def open(self) -> None:
        """Begins, or goes on with what is there.

        Raises:
            UserError: what is there belongs to another order, or is none; it is not touched.
        """
        order = self.folder / ORDER
        if order.exists():
            _refuse_another(self.folder, order, self.provenance)
        elif self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise UserError(f"{self.folder} is there already and not of our making; choose another name")
        else:
            with _making(self.folder):
                self.folder.mkdir(exist_ok=True)
            write_text(order, to_text(self.provenance) + "\n")
        for left_over in self.folder.glob(".part-*"):  # of a write that was killed
            left_over.unlink()

    def put(self, numbers: range, samples: Samples) -> None:
        """Keeps samples; the UserError of a full disk also says what has been kept."""
        try:
            self.write(numbers, samples)
        except UserError as error:
            raise UserError(f"{error}{self.kept(self.done)}") from error  # of what is there: a folder may be gone

    def kept(self, count: int) -> str:
        """The end of a sentence that says what is not lost."""
        return f"; {count} pictures are kept in {self.folder}, and the same order goes on with them" if count else ""


@dataclass(frozen=True, eq=False)
class ArchiveStore(Store):
    """An .npz as FID tools read it: `arr_0`, uint8 (N, H, W, C), and unless `pixels_only` also `samples`, float32."""

    pixels_only: bool = False

    @property
    def folder(self) -> Path:
        """Beside the archive."""
        return self.out.with_name(self.out.name + PARTS)

    @property
    def done(self) -> int:
        """The parts are named after their first sample, and say how many they hold."""
        done = 0
        while (part := self._part(done)).exists():
            done += _length(part)
        return done

    def write(self, numbers: range, samples: Samples) -> None:
        """One part, whole or absent."""
        kept = to_bytes(samples) if self.pixels_only else samples
        with writing(self._part(numbers.start)) as path:
            np.save(path, kept)

    def assembled(self, count: int) -> Iterator[int]:
        """Copies part after part into the archive, then removes them."""
        with writing(self.out) as path, zipfile.ZipFile(path, "w", allowZip64=True) as archive:
            names = [
                name for name, wanted in (("arr_0", self._are_pictures), ("samples", not self.pixels_only)) if wanted
            ]
            for before, name in enumerate(names):
                for done in self._member(archive, name, count):
                    yield min((before * count + done) // len(names), count - 1)
            with archive.open(f"{NPZ_KEY}.npy", "w") as file:
                npy.write_array(file, np.array(to_text(self.provenance)))
        shutil.rmtree(self.folder, ignore_errors=True)
        yield count

    @property
    def _are_pictures(self) -> bool:
        return self.pixels_only or _read(self._part(0)).ndim == 4

    def _member(self, archive: zipfile.ZipFile, name: str, count: int) -> Iterator[int]:
        done = 0
        with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
            while done < count:
                samples = _read(self._part(done))[: count - done]
                kept = to_bytes(samples) if name == "arr_0" and samples.dtype != np.uint8 else samples
                if not done:
                    _write_head(file, kept.dtype, (count, *kept.shape[1:]))
                file.write(np.ascontiguousarray(kept).data)
                done += len(kept)
                yield done

    def _part(self, first: int) -> Path:
        return self.folder / f"{first:08d}.npy"


@dataclass(frozen=True, eq=False)
class FolderStore(Store):
    """A folder of PNGs, 00000000.png and on, each with its provenance."""

    @property
    def folder(self) -> Path:
        """The one that is asked for."""
        return self.out

    @property
    def done(self) -> int:
        """The pictures up to the first that is missing."""
        there = {path.name for path in self.folder.glob("*.png")}
        done = 0
        while _name(done) in there:
            done += 1
        return done

    def write(self, numbers: range, samples: Samples) -> None:
        """A picture for each, whole or absent."""
        for number, picture in zip(numbers, to_bytes(samples), strict=True):
            save_picture(self.out / _name(number), picture, {**self.provenance, "sample": number})

    def assembled(self, count: int) -> Iterator[int]:
        """They are where they shall be."""
        yield count


def store_for(out: Path, provenance: Provenance, *, pixels_only: bool = False) -> Store:
    """Into an archive where the name ends in .npz, else into a folder; begun, or gone on with.

    Raises:
        UserError: as `Store.open`.
    """
    if out.suffix.lower() == ".npz":
        told = {**provenance, "pixels_only": pixels_only}
        store: Store = ArchiveStore(out, told, pixels_only=pixels_only)
    else:
        store = FolderStore(out, provenance)
    store.open()
    return store


def _refuse_another(folder: Path, order: Path, provenance: Provenance) -> None:
    with reading(order):
        said = json.loads(order.read_text(encoding="utf-8"))
        was, asked = (_document(told.get("document")) for told in (said, provenance))
    other = [name for name, value in asked.items() if was.get(name) != value]
    other += [key for key in ("checkpoint", "pixels_only") if said.get(key) != provenance.get(key)]
    if other:
        raise UserError(
            f"{folder} holds samples of another order ({', '.join(other)} differ): finish it, remove it, or choose "
            "another name"
        )


def _document(said: object) -> Mapping[str, object]:
    """Its parts, but for how many samples there are: no picture depends on that."""
    document = Document.from_json(said)
    return replace(document, sampling=replace(document.sampling, count=1)).to_json()


@contextmanager
def _making(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot make {folder}: {error.strerror or error}; choose another place") from error


def _read(part: Path) -> NDArray[np.float32]:
    with reading(part):
        samples: NDArray[np.float32] = np.load(part, allow_pickle=False)
        return samples


def _length(part: Path) -> int:
    with reading(part):
        return len(np.load(part, mmap_mode="r", allow_pickle=False))


def _write_head(file: IO[bytes], dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> None:
    head = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    npy.write_array_header_1_0(file, head)


def _name(number: int) -> str:
    return f"{number:08d}.png"
