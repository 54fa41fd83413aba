"""The data sets that ship, and the way to any other: a name or a path becomes ImageData or PointData."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from ddpm_studio.assets import asset
from ddpm_studio.data.clouds import CLOUDS, cloud, is_cloud
from ddpm_studio.data.folders import read_folder
from ddpm_studio.data.idx import is_idx, read_idx
from ddpm_studio.data.images import ImageData
from ddpm_studio.data.layouts import read_layout
from ddpm_studio.data.npz import read_npz
from ddpm_studio.data.pictures import Picture, fit, open_picture
from ddpm_studio.data.point_files import TABLES, holds_points, read_points
from ddpm_studio.data.points import PointData
from ddpm_studio.data.stack import as_stack
from ddpm_studio.errors import UserError
from ddpm_studio.files import existing

DEFAULT_SIZE = 32  # of a folder's pictures and of a single one, where none is asked for


Data = ImageData | PointData


def load(ref: str) -> Data:
    """The data set that `ref` names: pictures (`load_pictures`), or points, as a name of `data.clouds` or the path of a
    table or an .npz of points (`read_points`).

    Raises:
        UserError: no such name or path, or nothing in it that can be used.
    """
    if is_cloud(ref):
        return cloud(ref)
    return read_points(Path(ref).expanduser()) if is_points(ref) else load_pictures(ref)


def is_points(ref: str) -> bool:
    """Whether `ref` names points, or a file of them. UserError: it is an archive and cannot be read."""
    if is_cloud(ref):
        return True
    path = None if ref in DATASETS else existing(ref)
    return path is not None and path.is_file() and path.suffix.lower() in (*TABLES, ".npz") and holds_points(path)


def load_pictures(ref: str, size: int | None = None) -> ImageData:
    """The pictures that `ref` names: one of DATASETS, or the path of

    - an .npz (see `read_npz`), an IDX file, plain or .gz, or a single picture;
    - a folder: torchvision's root, one with MNIST's or CIFAR-10's files (see `read_layout`), or one of pictures.

    `size` asks for squares of that side; without it a file's pictures keep theirs, and a folder's and a single picture
    get DEFAULT_SIZE. Shipped sets are read once and kept.

    Raises:
        UserError: no such name or path, nothing in it that can be used, or points.
    """
    if ref in DATASETS:
        return _shipped(ref, size)
    if is_cloud(ref):
        raise UserError(f"{ref.partition(':')[0]} has points; choose it in the Plane")
    path = existing(ref)
    if path is None:
        names = ", ".join((*DATASETS, *CLOUDS))
        raise UserError(f"there is no data set or file named {ref!r}; the shipped sets are {names}; or give a path")
    data = _in_folder(path, size) if path.is_dir() else _in_file(path, size)
    return data if size is None else data.fitted(size)


def _in_folder(path: Path, size: int | None) -> ImageData:
    layout = read_layout(path)
    if layout is not None:
        return _data(path, *layout)
    folder = read_folder(path, DEFAULT_SIZE if size is None else size)
    note = f"{len(folder.pictures):,} pictures from {path}"
    if folder.skipped:
        note += f"; {len(folder.skipped):,} could not be read: {', '.join(folder.skipped[:3])}"
        note += ", …" if len(folder.skipped) > 3 else ""
    return ImageData(path.name, folder.pictures, folder.pictures[:0], note, folder.skipped)


def _in_file(path: Path, size: int | None) -> ImageData:
    if path.suffix.lower() in (*TABLES, ".npz") and holds_points(path):
        raise UserError(f"{path.name} has points; choose it in the Plane")
    if path.suffix.lower() == ".npz":
        return _data(path, *read_npz(path))
    if is_idx(path):
        pictures = as_stack(read_idx(path), str(path))
    else:
        pictures = fit(open_picture(path), DEFAULT_SIZE if size is None else size)[None]
    return _data(path, pictures, pictures[:0])


def _data(path: Path, train: Picture, test: Picture) -> ImageData:
    return ImageData(path.name, train, test, f"{len(train):,} pictures and {len(test):,} held out from {path}")


@lru_cache(maxsize=4)
def _shipped(name: str, size: int | None) -> ImageData:
    return DATASETS[name]() if size is None else _shipped(name, None).fitted(size)


def pixel_faces() -> ImageData:
    """12,000 and 2,000 faces, 16 × 16 RGB."""
    note = (
        "Pixel faces, 16×16: not photographs, but seeded combinations of hand-drawn parts. "
        "Design by DiceBear, CC0 1.0; generator MIT."
    )
    return ImageData("pixel-faces", *read_npz(asset("datasets", "pixel-faces.npz")), note)


def fashion() -> ImageData:
    """10,000 and 2,000 garments, 28 × 28 grey, balanced over ten classes."""
    note = "Fashion-MNIST, 28×28 grey: 10,000 of its 60,000 garments, 2,000 held out. © 2017 Zalando SE, MIT."
    return ImageData("fashion", *read_npz(asset("datasets", "fashion.npz")), note)


DATASETS: dict[str, Callable[[], ImageData]] = {"pixel-faces": pixel_faces, "fashion": fashion}
