"""MP4 (H.264), for slides and messengers: lossy, at a quality at which no pixel is seen to differ.

Encoded by FFmpeg's libraries in PyAV's wheel; nothing needs to be installed beside it.
"""

import os
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from ddpm_studio.data.pictures import Picture, to_channels
from ddpm_studio.errors import UserError
from ddpm_studio.export.film_file import MP4_KEY
from ddpm_studio.export.frames import Frames
from ddpm_studio.export.provenance import Provenance, marked

_CLOCK = Fraction(1, 1000)  # seconds: frames last whole milliseconds
_QUALITY = {"crf": "14", "preset": "veryfast", "bf": "0"}  # without B-frames, frames may last unequally long
_BT601 = 6  # the conversion to luma and chroma that FFmpeg makes unless told otherwise
_SIDE = 4096  # pixels: what players decode


class Mp4Writer:
    """Frames in 4:2:0, which every player shows; a side of an odd number of pixels gets one white line more.

    Raises:
        UserError: a side above 4096 pixels, which players refuse.
    """

    def __init__(self, file: BinaryIO, frames: Frames, provenance: Provenance) -> None:
        import av  # noqa: PLC0415 - 0.1 s, and few sessions write a video

        height, width, _ = frames[0].shape
        if max(height, width) > _SIDE:
            raise UserError(
                f"players show MP4 up to {_SIDE} pixels a side, not {width} × {height}; use a smaller scale"
            )
        # by its name: told where players start only with a second look at the file, which FFmpeg must open for itself
        self._film = av.open(file.name, "w", format="mp4", options={"movflags": "+faststart"})
        self._film.metadata[MP4_KEY] = marked(provenance)
        self._stream = self._film.add_stream("libx264", rate=50, options=_QUALITY)
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = _CLOCK
        self._stream.codec_context.colorspace = _BT601  # said, or players guess another for large pictures
        self._stream.codec_context.thread_count = max(1, (os.cpu_count() or 2) - 1)
        self._now = 0  # milliseconds
        self._last: Picture | None = None

    def add(self, picture: Picture, milliseconds: int) -> None:
        """A frame at its time."""
        self._encode(picture, self._now)
        self._now += milliseconds
        self._last = picture

    def close(self) -> None:
        """The last frame once more: it is what says how long it stays."""
        try:
            if self._last is not None:
                self._encode(self._last, self._now - 1)
                self._film.mux(self._stream.encode(None))
        finally:
            self._film.close()

    def _encode(self, picture: Picture, at: int) -> None:
        import av  # noqa: PLC0415 - see above

        height, width, _ = picture.shape
        even = np.full((height + height % 2, width + width % 2, 3), 255, np.uint8)
        even[:height, :width] = to_channels(picture, 3)
        frame = av.VideoFrame.from_ndarray(even, format="rgb24")
        frame.pts, frame.time_base = at, _CLOCK
        self._film.mux(self._stream.encode(frame))
