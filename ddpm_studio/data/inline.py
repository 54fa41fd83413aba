"""A small picture as text, for a document that holds it itself: one that was pasted or painted and has no file."""

import base64
import binascii
import io

import numpy as np
from PIL import Image, UnidentifiedImageError

from ddpm_studio.data.pictures import Picture, to_image
from ddpm_studio.errors import UserError

INLINE = "data:image/png;base64,"
"""What such a text begins with."""


def to_inline(picture: Picture) -> str:
    """The picture (H, W, C) as text that `from_inline` reads."""
    file = io.BytesIO()
    to_image(picture).save(file, "PNG")
    return INLINE + base64.b64encode(file.getvalue()).decode("ascii")


def from_inline(text: str) -> Picture:
    """The picture (H, W, C) that a text is. UserError: it is damaged."""
    try:
        data = base64.b64decode(text.removeprefix(INLINE), validate=True)
        with Image.open(io.BytesIO(data), formats=["PNG"]) as file:
            pixels = np.asarray(file.convert("L" if file.mode in ("1", "L") else "RGB"))
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombWarning) as error:
        raise UserError("a picture in this document is damaged; paint or paste it again") from error
    return pixels[..., None] if pixels.ndim == 2 else pixels
