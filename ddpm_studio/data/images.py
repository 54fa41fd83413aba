"""A data set of pictures, whole in memory as bytes."""

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.data.pictures import Fit, Picture, fit, to_unit
from ddpm_studio.data.places import EVERY, Places, held_out

_CHUNK = 1024  # pictures counted at a time: their sum in 64 bits then takes little memory


@dataclass(frozen=True, eq=False)
class ImageData:
    """Pictures of one size. The arrays are read-only views; `to_unit` turns any of their slices into x_0."""

    name: str
    train: Picture  # (N, H, W, C)
    test: Picture  # (M, H, W, C), held out; M may be 0
    note: str = ""  # one line: what it is, from where, under which licence
    skipped: tuple[str, ...] = ()  # files that could not be read

    def __post_init__(self) -> None:
        for field in ("train", "test"):
            view = getattr(self, field).view()
            view.flags.writeable = False
            object.__setattr__(self, field, view)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture as a network sees it."""
        _, height, width, channels = self.train.shape
        return channels, height, width

    @cached_property
    def second_moment(self) -> float:
        """E[x_0²] over all values of the training pictures in [-1, 1]: what L_T depends on (Ho et al. 2020, eq. 5)."""
        counts = np.zeros(256, np.int64)
        for start in range(0, len(self.train), _CHUNK):
            counts += np.bincount(self.train[start : start + _CHUNK].ravel(), minlength=256)
        levels = np.arange(256) / 127.5 - 1
        return float(counts @ levels**2 / self.train.size)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the training pictures' bytes: tells whether they are those that a network was trained on."""
        return sha256(np.ascontiguousarray(self.train).data).hexdigest()

    def x0(self, places: Places = EVERY, *, held_out: bool = False) -> NDArray[np.float32]:
        """The training pictures, or the held-out ones, at `places`, as x_0: (B, C, H, W) in [−1, 1]."""
        return to_unit((self.test if held_out else self.train)[places])

    def holding_out(self, share: float) -> "ImageData":
        """The same pictures, evenly chosen ones held out; itself where some are held out already or `share` is 0."""
        places = held_out(len(self.train), share)
        if len(self.test) or not len(places):
            return self
        return replace(self, train=np.delete(self.train, places, axis=0), test=self.train[places])

    def fitted(self, size: int, how: Fit = Fit.CROP) -> "ImageData":
        """The same pictures as squares of another size; itself where they have it. UserError: size out of range."""
        if self.train.shape[1:3] == (size, size):
            return self
        return replace(self, train=_fitted(self.train, size, how), test=_fitted(self.test, size, how))


def _fitted(pictures: Picture, size: int, how: Fit) -> Picture:
    square = np.empty((len(pictures), size, size, pictures.shape[3]), np.uint8)
    for index, picture in enumerate(pictures):
        square[index] = fit(picture, size, how)
    return square
