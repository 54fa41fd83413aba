"""A picture at a few timesteps from clean to noise, side by side; a click goes to the timestep."""

from collections.abc import Callable
from math import ceil

import torch
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget
from torch import Tensor

from ddpm_studio.data.pictures import to_bytes
from ddpm_studio.export import Provenance
from ddpm_studio.forward import evenly
from ddpm_studio.process import q_sample
from ddpm_studio.schedule import Schedule
from ddpm_studio.ui.widgets.image_view import ImageGrid

FRAMES = 8
LONGEST = 128  # pixels of a frame's longer side; larger pictures are thinned out, as painting them small would do too


class FilmStrip(ImageGrid):
    """x_t in closed form at evenly spaced t; the frame nearest to the cursor is marked."""

    asked = Signal(int)  # the t of the frame that was picked

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        tip = "xₜ at evenly spaced t, on [−1, 1], the same ε in each; a click goes to its t"
        super().__init__("xₜ from clean to noise, at t =", tip, provenance=provenance, parent=parent)
        self.times: tuple[int, ...] = ()
        self._t = 0
        self.picked.connect(lambda index: self.asked.emit(self.times[index]))

    def show_frames(self, schedule: Schedule, x0: Tensor, eps: Tensor) -> None:
        """Shows √ᾱ_t x_0 + √(1−ᾱ_t) ε at evenly spaced t."""
        every = ceil(max(x0.shape[2:]) / LONGEST)
        self.times = evenly(schedule.T, FRAMES)
        xt = q_sample(schedule, x0[..., ::every, ::every], torch.tensor(self.times), eps[..., ::every, ::every]).numpy()
        self.show_pictures(to_bytes(xt), xt, [str(t) for t in self.times])
        self.show_t(self._t)

    def show_t(self, t: int) -> None:
        """Marks the frame nearest to t."""
        self._t = t
        if self.times:
            self.select(min(range(len(self.times)), key=lambda index: abs(self.times[index] - t)))
