"""What the noising panel shows: x_0, ε, x_t in closed form and simulated, their distribution, a film strip."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QVBoxLayout, QWidget
from torch import Tensor

from ddpm_studio.data import Picture, to_bytes
from ddpm_studio.export import EPS_RANGE, Provenance
from ddpm_studio.schedule import Schedule
from ddpm_studio.ui.noising.chain import Link
from ddpm_studio.ui.noising.film_strip import FilmStrip
from ddpm_studio.ui.plots.histogram import Histogram
from ddpm_studio.ui.plots.plot_export import offer_export
from ddpm_studio.ui.widgets.image_view import ImageGrid

COLUMNS = 4  # x_0, ε, and x_t twice
MOST = 0.65  # of the height may be theirs


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
            "values of xₜ, N(0, 1)",
            "bars: the distribution of the values of xₜ (closed form, all channels); dashed: the density of N(0, 1)",
        )
        self._pictures, self._column = QGridLayout(), QVBoxLayout(self)
        self._below = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._lay_out()
        offer_export([self.histogram], provenance, self.saved, self.refused)
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The pictures in a row, or two by two where it is narrow; no more height for them than they can use."""
        columns = COLUMNS if self.width() > self.height() else COLUMNS // 2
        self._arrange(columns)
        line = self.fontMetrics().height() + self._pictures.spacing()
        used = (COLUMNS // columns) * (self.width() // columns + line)
        above = min(used, round(self.height() * MOST))
        self._column.setStretch(0, above)
        self._column.setStretch(1, max(self.height() - above, 1))
        self._column.activate()  # now, and not after a frame that has the old shares
        super().resizeEvent(event)

    def _lay_out(self) -> None:
        self._below.addWidget(self.histogram, 2)
        self._below.addWidget(self.strip, 4)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._pictures, 3)
        self._column.addLayout(self._below, 2)
        self._arrange(COLUMNS)
        self.setMinimumHeight(self.minimumSizeHint().height())  # two by two it stands only where it is higher than wide

    def _arrange(self, columns: int) -> None:
        """The pictures in so many columns; what is below them side by side if the pictures are."""
        for index, view in enumerate((self.clean, self.noise, self.closed, self.simulated)):
            self._pictures.addWidget(view, index // columns, index % columns)
        wide = columns == COLUMNS
        self._below.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
