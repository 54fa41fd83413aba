"""The one picture that is drowned in noise: a shipped photograph, a picture of a data set, or a file."""

from ddpm_studio.assets import asset, photographs
from ddpm_studio.data.datasets import DATASETS, load_pictures
from ddpm_studio.data.inline import INLINE, from_inline
from ddpm_studio.data.pictures import Picture, fit, open_picture, shrink, to_channels
from ddpm_studio.errors import UserError
from ddpm_studio.files import existing

MOST_DIGITS = 9  # of a picture's number: int() raises on thousands of them
LONGEST = 512  # pixels on the longer side of a picture whose size is left to itself


def open_source(ref: str, size: int | None = None, grey: bool = False) -> Picture:
    """The picture (H, W, C) that `ref` names.

    `ref` is a shipped photograph ("chelsea"), a training picture of a shipped set ("fashion:7"), a path, or the
    picture itself as text (see `data.inline`). With a size it is cut to a centred square of that side; without, it
    keeps its own, shrunk to LONGEST on the longer side.
    `grey` makes one channel of three.

    Raises:
        UserError: no such name or file, an index out of range, a picture that cannot be read, a size out of range.
    """
    picture = _named(ref)
    picture = shrink(picture, LONGEST) if size is None else fit(picture, size)
    return to_channels(picture, 1) if grey else picture


def _named(ref: str) -> Picture:
    if ref.startswith(INLINE):
        return from_inline(ref)
    name, colon, index = ref.partition(":")
    if ref in photographs():
        return open_picture(asset("images", f"{ref}.png"))
    if name in DATASETS:
        return _of_dataset(name, index if colon else "")
    path = existing(ref)
    if path is None:
        raise UserError(
            f"there is no picture named {ref!r}; the shipped photographs are {', '.join(photographs())}; "
            f"or give a data-set picture such as fashion:7, or a path"
        )
    return open_picture(path)


def _of_dataset(name: str, index: str) -> Picture:
    pictures = load_pictures(name).train
    if not index.isdecimal() or len(index) > MOST_DIGITS or int(index) >= len(pictures):
        raise UserError(f"{name} has the pictures {name}:0 to {name}:{len(pictures) - 1}; there is no {name}:{index}")
    picture: Picture = pictures[int(index)]
    return picture
