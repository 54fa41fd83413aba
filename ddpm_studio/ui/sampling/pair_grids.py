"""Pictures of two chains side by side, and their difference."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ddpm_studio.contrast import DRAWN, REACH, differences, painted, sheet
from ddpm_studio.data import to_bytes
from ddpm_studio.errors import UserError
from ddpm_studio.export import Kind, Provenance, kind_of, save_arrays, save_picture
from ddpm_studio.ui.widgets.image_view import ImageGrid

Pictures = NDArray[np.float32]  # (B, C, H, W)
LEAST = 110  # logical pixels: the height below which nothing is to be made out


class PairGrids(QWidget):
    """A, B and |A − B|, which is shown once B is where A is."""

    saved = Signal(str)
    refused = Signal(str)

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pair: tuple[Pictures, Pictures] | None = None
        """Of A and of B, where both are at the same t/T."""
        self.first = ImageGrid("A", "the chain that is shown, on [−1, 1]", provenance=provenance)
        self.second = ImageGrid("B", "the other one, on [−1, 1]", provenance=provenance)
        tip = "how far apart they are: black is 0, white is 1 or more"
        self.apart = ImageGrid("|A − B|, 0–1", tip, provenance=provenance, span=(0.0, REACH))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        for grid in (self.first, self.second, self.apart):
            grid.setMinimumHeight(LEAST)
            stays = grid.sizePolicy()
            stays.setRetainSizeWhenHidden(True)  # none of them moves when another one comes
            grid.setSizePolicy(stays)
            grid.saved.connect(self.saved)
            grid.refused.connect(self.refused)
            row.addWidget(grid, 1)

    def show_pictures(self, a: Pictures, t: int, b: tuple[Pictures, float] | None, sample: int, *, met: bool) -> None:
        """Shows A at t, B, if there is one, at a t of A's schedule, and, if they have `met`, what differs."""
        self.pair = (a, b[0]) if b is not None and met else None
        self.second.setVisible(b is not None)
        self.apart.setVisible(self.pair is not None)
        self.first.set_caption(f"A, t = {t}")
        self.first.show_pictures(to_bytes(a), a)
        if b is not None:
            self.second.set_caption(f"B, t = {b[1]:.0f}")
            self.second.show_pictures(to_bytes(b[0]), b[0])
        if self.pair is not None:
            self.apart.show_pictures(painted(*self.pair)[2], np.abs(self.pair[0] - self.pair[1]))
        for grid in (self.first, self.second, self.apart):
            grid.select(sample)

    def save(self, path: Path, provenance: Provenance) -> None:
        """Writes the pair and what differs. UserError: there is none, another suffix, or it cannot be written."""
        if self.pair is None:
            raise UserError("A or B has changed meanwhile: compare again, then export")
        told = {**provenance, "command": "compare", "drawn": DRAWN}
        if kind_of(path) is Kind.ARRAYS:
            a, b = self.pair
            save_arrays(path, {"a": a, "b": b, **differences(a, b)}, told)
        else:
            save_picture(path, sheet(*self.pair), told)
