"""What the noising panel shows: x_0, ε, x_t in closed form and simulated, their distribution, a film strip."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from torch import Tensor

from ddpm_studio.data import Picture, to_bytes
from ddpm_studio.export import Provenance
from ddpm_studio.schedule import Schedule
from ddpm_studio.ui.chain import Link
from ddpm_studio.ui.film_strip import FilmStrip
from ddpm_studio.ui.histogram import Histogram
from ddpm_studio.ui.image_view import ImageGrid

EPS_RANGE = 3.0  # ε is painted on [−3, 3]: 99.7 % of it


class NoisingViews(QWidget):
    """Draws what it is given; asks for a t when a frame of the film strip is picked.

    Args:
        provenance: what a picture saved from a context menu carries.
    """

    asked = Signal(int)
    saved = Signal(str)
    refused = Signal(str)

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.clean = ImageGrid("x₀", "x₀: the clean picture, on [−1, 1]", provenance=provenance)
        self.noise = ImageGrid(
            "ε on [−3, 3]",
            "ε ~ N(0, I): one draw, the same at every t; black is −3, white is 3",
            provenance=provenance,
            span=(-EPS_RANGE, EPS_RANGE),
        )
        self.closed = ImageGrid(
            "xₜ in closed form",
            "xₜ = √ᾱₜ x₀ + √(1−ᾱₜ) ε, on [−1, 1]; what lies outside is clipped",
            provenance=provenance,
        )
        self.simulated = ImageGrid(
            "xₜ step by step",
            "xₜ simulated by q(xₜ | xₜ₋₁) = N(√(1−βₜ) xₜ₋₁, βₜ I), on [−1, 1]; each step has noise of its own: "
            "at every t the distribution of the closed form, but another draw",
            provenance=provenance,
        )
        self.strip = FilmStrip(provenance)
        self.histogram = Histogram(
            "pixel values of xₜ and N(0, 1)",
            "bars: the distribution of the values of xₜ (closed form, all channels); dashed: the density of N(0, 1)",
        )
        self._lay_out()
        self.strip.asked.connect(self.asked)
        for view in (self.clean, self.noise, self.closed, self.simulated, self.strip):
            view.saved.connect(self.saved)
            view.refused.connect(self.refused)

    def show_clean(self, picture: Picture, x0: Tensor) -> None:
        """The picture uint8 (H, W, C), and x_0 (1, C, H, W)."""
        self.clean.show_pictures(picture, x0.numpy())

    def show_noise(self, eps: Tensor) -> None:
        """ε (1, C, H, W)."""
        values = eps.numpy()
        self.noise.show_pictures(to_bytes(values / np.float32(EPS_RANGE)), values)

    def show_xt(self, xt: Tensor) -> None:
        """x_t in closed form (1, C, H, W), and its distribution."""
        values = xt.numpy()
        self.closed.show_pictures(to_bytes(values), values)
        self.histogram.show_values(values)

    def show_strip(self, schedule: Schedule, x0: Tensor, eps: Tensor) -> None:
        """x_t at evenly spaced t."""
        self.strip.show_frames(schedule, x0, eps)

    def show_link(self, link: Link | None, caption: str) -> None:
        """The simulated x_t, and in words what it is."""
        if link is not None:
            self.simulated.show_pictures(link.picture)
        self.simulated.set_caption(caption)

    def _lay_out(self) -> None:
        pictures, below = QHBoxLayout(), QHBoxLayout()
        for view in (self.clean, self.noise, self.closed, self.simulated):
            pictures.addWidget(view)
        below.addWidget(self.histogram, 2)
        below.addWidget(self.strip, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(pictures, 3)
        column.addLayout(below, 2)
