"""A folder of pictures as a data set."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ddpm_studio.data.pictures import Fit, Picture, fit, open_picture, to_channels
from ddpm_studio.errors import UserError
from ddpm_studio.files import reading

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"},
)


@dataclass(frozen=True, eq=False)
class Folder:
    """The pictures of a folder, in the order of their paths, and the files that could not be read."""

    pictures: Picture  # (N, size, size, C)
    skipped: tuple[str, ...]  # paths relative to the folder


def read_folder(folder: Path, size: int, how: Fit = Fit.CROP) -> Folder:
    """All pictures below `folder`, however deep, as squares of one size; RGB if any of them is, else grey.

    Files are taken by suffix (SUFFIXES), hidden ones left out; one that cannot be read is skipped and named.

    Raises:
        UserError: no folder, no picture in it, none that can be read, or a size out of range.
    """
    paths = picture_paths(folder)
    if not paths:
        raise UserError(f"there is no picture in {folder}; expected files such as .png or .jpg in it or below it")
    pictures: list[Picture] = []
    skipped: list[str] = []
    for path in paths:
        try:
            picture = open_picture(path)
        except UserError:
            skipped.append(str(path.relative_to(folder)))
        else:
            pictures.append(fit(picture, size, how))
    if not pictures:
        raise UserError(f"none of the {len(paths)} pictures in {folder} can be read: {skipped[0]} is the first")
    channels = max(picture.shape[2] for picture in pictures)
    return Folder(np.stack([to_channels(picture, channels) for picture in pictures]), tuple(skipped))


def picture_paths(folder: Path) -> list[Path]:
    """The picture files below `folder`, sorted by path. UserError: it cannot be listed."""
    with reading(folder):
        return sorted(
            path
            for path in folder.rglob("*")
            if path.suffix.lower() in SUFFIXES
            and not any(part.startswith(".") for part in path.relative_to(folder).parts)
            and path.is_file()
        )
