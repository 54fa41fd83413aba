"""A die to throw: other noise, by a seed at random."""

import numpy as np
from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from ddpm_studio.ui.widgets.glyphs import dice

SEEDS = 2**31  # the die's; any other can be typed


class Dice(QToolButton):
    """Shows no seed; whoever uses it takes the one that was thrown.

    Args:
        name: what another seed makes, for the accessible name.
        tip: the tooltip.
    """

    thrown = Signal(int)  # a seed

    def __init__(
        self, name: str = "other noise", tip: str = "other noise: a seed at random", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, autoRaise=True)
        self.setToolTip(tip)
        self.setAccessibleName(name)
        self.setIcon(dice(self.palette()))
        self.clicked.connect(lambda: self.thrown.emit(any_seed()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.setIcon(dice(self.palette()))


def any_seed() -> int:
    """One of SEEDS, no two calls alike."""
    return int(np.random.default_rng().integers(SEEDS))
