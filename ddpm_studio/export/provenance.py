"""Where a file comes from, written into the file: a JSON object in PNG, APNG, GIF, WebP, MP4, NPZ and JSON alike."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image

from ddpm_studio.data.npz import open_npz, read_array
from ddpm_studio.data.pictures import opened
from ddpm_studio.errors import UserError
from ddpm_studio.export.film_file import film_text, is_mp4
from ddpm_studio.files import reading

KEY = "ddpm-studio"  # names the text in a PNG, begins it in a GIF and a WebP
NPZ_KEY = "provenance"
IMAGE_DESCRIPTION = 0x010E  # the EXIF tag used in a WebP

Provenance = Mapping[str, object]  # of JSON values


def to_text(provenance: Provenance) -> str:
    """The provenance as JSON in ASCII, which every one of the formats holds unchanged. ValueError: NaN or infinite."""
    return json.dumps(dict(provenance), allow_nan=False, separators=(",", ":"))


def marked(provenance: Provenance) -> str:
    """`to_text` after KEY, for the fields that anybody may have written into."""
    return f"{KEY} {to_text(provenance)}"


def read_provenance(path: Path) -> dict[str, object] | None:
    """The provenance of an exported file, told by its content and not its name; None if it carries none.

    Raises:
        UserError: neither a picture nor an archive nor JSON, or damaged.
    """
    text = _unmarked(film_text(path)[1]) if is_mp4(path) else _text_of_still(path)
    if text is None:
        return None
    try:
        provenance = json.loads(text)
    except (ValueError, RecursionError):
        provenance = None
    if not isinstance(provenance, dict):
        raise UserError(f"{path} carries a provenance that is damaged; export it again")
    return provenance


def _text_of_still(path: Path) -> str | None:
    with reading(path), path.open("rb") as file:
        begin = file.read(2)
    if begin[:1] == b"{" or path.suffix.lower() == ".json":
        return _text_of_report(path)
    return _text_of_npz(path) if begin == b"PK" else _text_of_picture(path)


def _text_of_report(path: Path) -> str | None:
    """Of numbers as JSON, which stand beside their provenance; None for any other JSON."""
    with reading(path):
        text = path.read_bytes().decode("utf-8", "replace")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return text if isinstance(said, dict) and "app" in said and "document" in said else None


def _text_of_npz(path: Path) -> str | None:
    with open_npz(path) as archive:
        if NPZ_KEY not in archive:
            return None
        return str(read_array(archive, NPZ_KEY, path))


def _text_of_picture(path: Path) -> str | None:
    with opened(path) as image:
        image.load()  # a picture cut short is noticed here
        slot = _SLOTS.get(image.format or "")
        return None if slot is None else slot(image)


def _unmarked(text: str) -> str | None:
    return text.removeprefix(f"{KEY} ") if text.startswith(f"{KEY} ") else None


def _in_png(image: Image.Image) -> str | None:
    text = image.info.get(KEY)
    return text if isinstance(text, str) else None


def _in_gif(image: Image.Image) -> str | None:
    comment = image.info.get("comment", b"")
    return _unmarked(comment.decode("ascii", "replace")) if isinstance(comment, bytes) else None


def _in_webp(image: Image.Image) -> str | None:
    return _unmarked(str(image.getexif().get(IMAGE_DESCRIPTION, "")))


_SLOTS: dict[str, Callable[[Image.Image], str | None]] = {"PNG": _in_png, "GIF": _in_gif, "WEBP": _in_webp}
