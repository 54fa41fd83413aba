"""A point of a drawn curve in the hand, and the axes it is moved along."""

from dataclasses import dataclass
from math import log10

from PySide6.QtCore import QPointF

from ddpm_studio.schedule import Drawn

LOWEST = 1e-12
"""Where 0 is drawn on a logarithmic axis."""


@dataclass(frozen=True)
class Scale:
    """Between a knot (u, value) and its place (t, height) in a plot, where t = 1 is u = 0 and t = T is u = 1."""

    T: int
    log: bool

    def place(self, knot: tuple[float, float]) -> QPointF:
        """Where a knot is drawn."""
        u, value = knot
        return QPointF(1.0 + u * (self.T - 1), log10(max(value, LOWEST)) if self.log else value)

    def knot(self, place: QPointF) -> tuple[float, float]:
        """The knot that is drawn there; its u is kept within 0..1."""
        u = (place.x() - 1.0) / (self.T - 1)
        return min(max(u, 0.0), 1.0), 10.0 ** min(place.y(), 300.0) if self.log else place.y()


@dataclass(frozen=True)
class Grip:
    """A point in hand: the curve before, the curve now (None until it has moved), and the hand's offset from it."""

    before: Drawn
    index: int
    off: QPointF
    now: Drawn | None = None

    @property
    def curve(self) -> Drawn:
        """The curve as it is shown."""
        return self.now or self.before
