"""Animations: GIF, whose 256 colours are chosen once for the whole film, and lossless WebP."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from ddpm_studio.data.pictures import to_image
from ddpm_studio.errors import UserError
from ddpm_studio.export.layout import Frames
from ddpm_studio.export.provenance import IMAGE_DESCRIPTION, Provenance, marked

MIN_FPS, MAX_FPS = 0.1, 50  # a GIF counts in hundredths of a second, and viewers slow down what is below two
HOLD = 1500  # milliseconds that the last frame stays at least

_WEBP_SIDE = 16383  # pixels: the format's limit
_SAMPLED_FRAMES = 16  # that the palette is chosen from, beside the last one
_SAMPLED_PIXELS = 8192  # of each; the last frame, which people keep looking at, gives eight times as many


def durations_of(count: int, fps: float) -> list[int]:
    """Milliseconds each frame stays. UserError: no frame, or fps outside MIN_FPS..MAX_FPS."""
    if count < 1:
        raise UserError("an animation needs at least one frame")
    if not MIN_FPS <= fps <= MAX_FPS:
        raise UserError(f"frames per second must be from {MIN_FPS:g} to {MAX_FPS:g}, but are {fps:g}")
    each = round(1000 / fps)
    return [each] * (count - 1) + [max(each, HOLD)]


def write_gif(part: Path, frames: Frames, durations: list[int], provenance: Provenance) -> None:
    """Grey frames keep every level; colours become the 256 that suit the whole film, undithered."""
    durations = [round(duration, -1) for duration in durations]
    comment = marked(provenance).encode()
    if frames[0].shape[-1] == 1:
        reel = _Reel(lambda index: to_image(frames[index]), len(frames))
    else:
        palette = _palette(frames)
        reel = _Reel(lambda i: to_image(frames[i]).quantize(palette=palette, dither=Image.Dither.NONE), len(frames))
    reel.first.save(part, "GIF", save_all=True, append_images=[reel], duration=durations, loop=0, comment=comment)


def write_webp(part: Path, frames: Frames, durations: list[int], provenance: Provenance) -> None:
    """Every frame exactly as it is. UserError: a side above the format's 16383 pixels."""
    height, width, _ = frames[0].shape
    if max(height, width) > _WEBP_SIDE:
        raise UserError(f"WebP holds {_WEBP_SIDE} pixels a side and this is {width} × {height}; use a smaller scale")
    reel = _Reel(lambda index: to_image(frames[index]).convert("RGB"), len(frames))
    reel.first.save(
        part,
        "WEBP",
        save_all=True,
        append_images=[reel],
        duration=durations,
        loop=0,
        lossless=True,
        method=0,  # 40 grids of 64 faces: method 4 took fifty times as long for a file twice as large
        exif=_exif(provenance),
    )


def _exif(provenance: Provenance) -> Image.Exif:
    exif = Image.Exif()
    exif[IMAGE_DESCRIPTION] = marked(provenance)
    return exif


class _Reel:
    """The frames after the first as Pillow's writers walk them, by `seek`: one at a time is drawn and in memory."""

    def __init__(self, draw: Callable[[int], Image.Image], count: int) -> None:
        self.first = draw(0)
        self.n_frames = count - 1
        self._draw = draw
        self._frame = self.first

    def seek(self, index: int) -> None:
        if index >= self.n_frames:
            raise EOFError
        self._frame = self._draw(index + 1)

    def __getattr__(self, name: str) -> object:
        return getattr(self._frame, name)


def _palette(frames: Frames) -> Image.Image:
    """Up to 256 colours for the whole film. Octree: against median cut, half the error and a hundredth of the time."""
    last = len(frames) - 1
    sampled = [_some(frames, index, _SAMPLED_PIXELS) for index in range(0, last, max(1, last // _SAMPLED_FRAMES))]
    pixels = np.concatenate([*sampled, _some(frames, last, 8 * _SAMPLED_PIXELS)])
    return Image.fromarray(pixels[None]).quantize(256, Image.Quantize.FASTOCTREE)


def _some(frames: Frames, index: int, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """About `count` pixels (count, 3) of a frame, evenly spread."""
    pixels = frames[index].reshape(-1, 3)
    return pixels[:: max(1, len(pixels) // count)].copy()  # a view would keep the frame
