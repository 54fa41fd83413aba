"""Training samples where the network can have them: pictures as bytes on its device, if they fit, points as x_0."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddpm_studio.data import Data, PointData
from ddpm_studio.device import free_memory, sent

SHARE = 0.25
"""Of a device's free memory that the data set may take."""


class Pictures:
    """A training set uint8 (N, H, W, C) as rows of x_0 in [−1, 1], (R, C, H, W)."""

    def __init__(self, pictures: NDArray[np.uint8], device: torch.device) -> None:
        _, height, width, channels = pictures.shape
        self.shape: tuple[int, ...] = (channels, height, width)
        self._device = device
        self._pictures = pictures
        fits = device.type != "cpu" and pictures.nbytes < SHARE * free_memory(device)
        self._resident = torch.tensor(pictures, device=device) if fits else None

    def __len__(self) -> int:
        return len(self._pictures)

    def rows(self, places: Tensor, mirrored: Tensor) -> Tensor:
        """x_0 at `places` (R,), left and right exchanged where `mirrored` (R,); both on the CPU. NHWC in memory."""
        if self._resident is None:
            levels = torch.from_numpy(self._pictures[places.numpy()]).to(self._device)
        else:
            levels = self._resident[sent(places, self._device)]
        x0 = levels.permute(0, 3, 1, 2).float() / 127.5 - 1.0  # as `to_unit`
        if mirrored.any():
            x0 = torch.where(mirrored.to(self._device)[:, None, None, None], x0.flip(-1), x0)
        return x0


class Points:
    """A training set of points (N, 2) on the network's device; no point is ever mirrored."""

    def __init__(self, points: NDArray[np.float32], device: torch.device) -> None:
        self.shape: tuple[int, ...] = tuple(points.shape[1:])
        self._points = torch.tensor(points, device=device)

    def __len__(self) -> int:
        return len(self._points)

    def rows(self, places: Tensor, mirrored: Tensor) -> Tensor:  # noqa: ARG002 - as `Pictures`
        """x_0 at `places` (R,), which are on the CPU."""
        return self._points.index_select(0, sent(places, self._points.device))


def source_of(data: Data, device: torch.device) -> Pictures | Points:
    """The training set of `data` on a device."""
    return Points(data.train, device) if isinstance(data, PointData) else Pictures(data.train, device)
