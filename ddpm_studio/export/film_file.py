"""An MP4 that is read: what it is and what it says of itself, told by its content and not its name."""

from pathlib import Path

from ddpm_studio.errors import UserError
from ddpm_studio.files import reading

MP4_KEY = "comment"
"""The metadata that holds the provenance."""


def is_mp4(path: Path) -> bool:
    """Whether a file begins as one. UserError: it cannot be read."""
    with reading(path), path.open("rb") as file:
        return file.read(8)[4:] == b"ftyp"


def film_text(path: Path) -> tuple[str, str]:
    """What a film is, in a few words, and what its metadata says.

    Raises:
        UserError: there is no film in it, or it was cut short.
    """
    import av  # noqa: PLC0415 - 0.1 s, and few files are films

    with reading(path), av.open(str(path), format="mp4") as film:
        if not film.streams.video:
            raise UserError(f"cannot read {path}: there is no picture in it")
        video = film.streams.video[0]
        whole = sum(packet.size > 0 for packet in film.demux(video=0))
        if whole < video.frames:
            raise UserError(f"cannot read {path}: it was cut short; export it again")
        return f"MP4 {video.width} × {video.height}, {video.frames} frames", film.metadata.get(MP4_KEY, "")
