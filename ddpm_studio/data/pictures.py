"""Pictures: uint8 arrays (H, W, C), C = 1 (grey) or 3 (RGB): from files, to another size, to [-1, 1] and back."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ddpm_studio.errors import UserError
from ddpm_studio.files import reading

Picture = NDArray[np.uint8]  # (H, W, C); a stack of them is (N, H, W, C)

MAX_PIXELS = 64 * 2**20  # 8192 × 8192: larger pictures are refused before a pixel is decoded
MAX_SIZE = 4096  # pixels a side that a picture can be fitted to
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM")  # none that runs a program, as EPS

warnings.filterwarnings("error", category=Image.DecompressionBombWarning)  # a bomb is refused, not warned about


class Fit(Enum):
    """How a picture comes to a square of another size."""

    CROP = "crop"  # the largest centred square
    PAD = "pad"  # the whole picture, black bars beside it
    STRETCH = "stretch"  # the whole picture, its proportions lost


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """The picture file as Pillow sees it, its header read and not yet decoded.

    Raises:
        UserError: not a picture of one of FORMATS, damaged, or above MAX_PIXELS; also when the block's decoding fails.
    """
    with reading(path):
        try:
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise Image.DecompressionBombError
                yield image
        except UnidentifiedImageError as error:
            raise UserError(f"cannot read {path}: it is not a picture ({', '.join(FORMATS)})") from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise UserError(f"cannot read {path}: more than {MAX_PIXELS:,} pixels; make it smaller first") from error


def open_picture(path: Path) -> Picture:
    """The picture in a file, as its author meant it to be seen: uint8 (H, W, 1) where the file is grey, else (H, W, 3).

    The camera's rotation (EXIF) is applied, transparency lies on white, 16 bits are scaled to 8, the first frame stands
    for an animation. Single-channel floats are read as 0..1.

    Raises:
        UserError: as `opened`, or numbers that are no grey levels (32-bit integers above 65535, floats outside 0..1).
    """
    with opened(path) as image:
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode.startswith("I") or image.mode == "F":
            return _from_deep(image, path)
        return _from_bytes(image)


def fit(picture: Picture, size: int, how: Fit = Fit.CROP) -> Picture:
    """The picture (H, W, C) as a square (size, size, C).

    Whole-number reductions average blocks; whole-number enlargements of pictures up to 64 pixels repeat pixels, so that
    pixel art stays crisp; everything else is Lanczos.

    Raises:
        UserError: size outside 1..MAX_SIZE.
    """
    if not 1 <= size <= MAX_SIZE:
        raise UserError(f"a picture's size must be from 1 to {MAX_SIZE} pixels, but is {size}")
    height, width, _ = picture.shape
    if how is Fit.CROP:
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        return resize(picture[top : top + side, left : left + side], size, size)
    if how is Fit.PAD:
        return _padded(_scaled_to(picture, size), size)
    return resize(picture, size, size)


def shrink(picture: Picture, longest: int) -> Picture:
    """The picture (H, W, C) with its longer side at most `longest` pixels, its proportions kept."""
    side = max(picture.shape[:2])
    return picture if side <= longest else _scaled_to(picture, longest)


def resize(picture: Picture, height: int, width: int) -> Picture:
    """The picture (H, W, C) resampled to (height, width, C); see `fit` for how."""
    if picture.shape[:2] == (height, width):
        return picture
    image = to_image(picture).resize((width, height), _resampling(picture, height, width))
    return np.asarray(image).reshape(height, width, -1)


def to_channels(picture: Picture, channels: int) -> Picture:
    """(..., H, W, 1 or 3) as (..., H, W, channels): grey is ITU-R BT.601 luma .299 R + .587 G + .114 B, rounded."""
    if picture.shape[-1] == channels:
        return picture
    if channels == 3:
        return np.repeat(picture, 3, axis=-1)
    weights = np.array([19595, 38470, 7471], np.uint32)  # · 2⁻¹⁶; they add up to one
    luma = np.einsum("...c,c->...", picture, weights, dtype=np.uint32)[..., None]
    grey: Picture = ((luma + 0x8000) >> 16).astype(np.uint8)
    return grey


def to_unit(pictures: Picture) -> NDArray[np.float32]:
    """Bytes (..., H, W, C) as float32 (..., C, H, W) in [-1, 1]: x / 127.5 - 1 (Ho et al. 2020, §3.3)."""
    return np.ascontiguousarray(np.moveaxis(pictures, -1, -3), dtype=np.float32) / np.float32(127.5) - np.float32(1)


def to_bytes(unit: NDArray[np.floating]) -> Picture:
    """Floats (..., C, H, W) as bytes (..., H, W, C): rounded, clipped to [-1, 1]; NaN is black, like -1."""
    levels = unit * np.float32(127.5) + np.float32(127.5)
    np.fmin(np.fmax(levels, 0, out=levels), 255, out=levels)  # fmax(NaN, 0) is 0
    bytes_: Picture = np.rint(levels, out=levels).astype(np.uint8)
    return np.ascontiguousarray(np.moveaxis(bytes_, -3, -1))


def to_image(picture: Picture) -> Image.Image:
    """The picture (H, W, C) as a Pillow image, mode L or RGB."""
    return Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)


def _from_bytes(image: Image.Image) -> Picture:
    grey = image.mode in ("1", "L", "LA", "La") or _has_grey_palette(image)
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    pixels = np.asarray(image.convert("L" if grey else "RGB"))
    return pixels.reshape(*pixels.shape[:2], -1)


def _has_grey_palette(image: Image.Image) -> bool:
    palette = image.getpalette()
    return palette is not None and palette[0::3] == palette[1::3] == palette[2::3]


def _from_deep(image: Image.Image, path: Path) -> Picture:
    """Modes I;16, I and F, which Pillow's own conversion to 8 bits would clip."""
    levels = np.asarray(image).astype(np.float32) / (1 if image.mode == "F" else 65535)
    if not (levels.min() >= 0 and levels.max() <= 1):  # also where they are NaN
        raise UserError(f"cannot read {path}: its values are neither 0..65535 nor floats 0..1; convert it first")
    return np.rint(levels * 255).astype(np.uint8)[..., None]


def _resampling(picture: Picture, height: int, width: int) -> Image.Resampling:
    old_height, old_width, _ = picture.shape
    if old_height % height == 0 and old_width % width == 0:
        return Image.Resampling.BOX
    if height % old_height == 0 and width % old_width == 0 and max(old_height, old_width) <= 64:
        return Image.Resampling.NEAREST
    return Image.Resampling.LANCZOS


def _scaled_to(picture: Picture, longest: int) -> Picture:
    height, width, _ = picture.shape
    ratio = longest / max(height, width)
    return resize(picture, max(1, round(height * ratio)), max(1, round(width * ratio)))


def _padded(picture: Picture, size: int) -> Picture:
    height, width, channels = picture.shape
    square = np.zeros((size, size, channels), np.uint8)
    top, left = (size - height) // 2, (size - width) // 2
    square[top : top + height, left : left + width] = picture
    return square
