"""Animations in files, one frame at a time: GIF, WebP, APNG, MP4."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ddpm_studio.data.pictures import Picture
from ddpm_studio.errors import UserError
from ddpm_studio.export.apng import ApngWriter
from ddpm_studio.export.frames import Frames, MakeWriter
from ddpm_studio.export.gif import GifWriter
from ddpm_studio.export.mp4 import Mp4Writer
from ddpm_studio.export.provenance import Provenance
from ddpm_studio.export.webp import WebpWriter
from ddpm_studio.files import writing

MIN_FPS, MAX_FPS = 0.1, 50  # a GIF counts in hundredths of a second, and viewers slow down what is below two
HOLD = 1.5  # seconds that the last frame stays at least
MAX_HOLD = 60.0

WRITERS: dict[str, MakeWriter] = {".gif": GifWriter, ".webp": WebpWriter, ".apng": ApngWriter, ".mp4": Mp4Writer}


def durations_of(count: int, fps: float, hold: float = HOLD) -> list[int]:
    """Milliseconds each frame stays, the last at least `hold` seconds.

    Raises:
        UserError: no frame, fps outside MIN_FPS..MAX_FPS, or hold outside 0..MAX_HOLD.
    """
    if count < 1:
        raise UserError("an animation needs at least one frame")
    if not MIN_FPS <= fps <= MAX_FPS:
        raise UserError(f"frames per second must be from {MIN_FPS:g} to {MAX_FPS:g}, but are {fps:g}")
    if not 0.0 <= hold <= MAX_HOLD:
        raise UserError(f"the last frame can stay from 0 to {MAX_HOLD:g} seconds, but is to stay {hold:g}")
    each = round(1000 / fps)
    return [each] * (count - 1) + [max(each, round(1000 * hold))]


def animated(path: Path, frames: Frames, fps: float, provenance: Provenance, hold: float = HOLD) -> Iterator[int]:
    """Writes the frames (H, W, C), alike in shape, and yields after each how many are done; whole or absent.

    Frames are asked for one at a time, and equal neighbours become one that stays longer. Left before its end, it
    leaves the file as it was.

    Raises:
        UserError: no frame, an impossible speed, too large for the format, or as `files.writing`.
    """
    durations = durations_of(len(frames), fps, hold)
    with writing(path) as part, part.open("r+b") as file:
        writer = WRITERS[path.suffix.lower()](file, frames, provenance)
        before: Picture | None = None
        stays = 0
        for index, duration in enumerate(durations):
            picture = frames[index]
            if before is not None and not np.array_equal(before, picture):
                writer.add(before, stays)
                stays = 0
            before, stays = picture, stays + duration
            yield index + 1
        assert before is not None
        writer.add(before, stays)
        writer.close()
