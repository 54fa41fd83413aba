"""Where a plot's axes lie in its widget: between places (t, height) and pixels."""

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from ddpm_studio.schedule import Schedule, Table
from ddpm_studio.ui.plots.graph import Graph, Times, spread

_FAR = 1e4  # pixels; what lies further out is drawn there, so that no coordinate overflows


@dataclass(frozen=True)
class Frame:
    """A rectangle in pixels and the part of the plane it shows: t in [left, right], heights in [bottom, top]."""

    rect: QRectF
    left: float
    right: float
    bottom: float
    top: float

    @classmethod
    def of(cls, box: pg.ViewBox) -> "Frame":
        """The frame of a ViewBox in its widget."""
        (left, right), (bottom, top) = box.viewRange()
        return cls(box.sceneBoundingRect(), left, right, bottom, top)

    def x(self, t: float) -> float:
        """The pixel of a t."""
        return self.rect.left() + (t - self.left) * self.rect.width() / (self.right - self.left)

    def y(self, height: float) -> float:
        """The pixel of a height."""
        return self.rect.bottom() - (height - self.bottom) * self.rect.height() / (self.top - self.bottom)

    def pixel(self, place: QPointF) -> QPointF:
        """The pixel of a place (t, height)."""
        return QPointF(self.x(place.x()), self.y(place.y()))

    def at(self, pixel: QPointF) -> QPointF:
        """The place (t, height) of a pixel."""
        return QPointF(
            self.left + (pixel.x() - self.rect.left()) * (self.right - self.left) / self.rect.width(),
            self.bottom + (self.rect.bottom() - pixel.y()) * (self.top - self.bottom) / self.rect.height(),
        )

    def times(self, T: int) -> Times:
        """The timesteps of 0..T through which a curve is drawn here."""
        return spread(T, self.left, self.right, max(int(self.rect.width()), 2))

    def paths(self, graph: Graph, schedule: Schedule) -> list[QPainterPath]:
        """A line for each quantity, in pixels."""
        times = self.times(schedule.T)
        return [self._path(*graph.heights(quantity, schedule, times)) for quantity in graph.quantities]

    def _path(self, times: Times, heights: Table) -> QPainterPath:
        x = self.rect.left() + (times - self.left) * (self.rect.width() / (self.right - self.left))
        y = self.rect.bottom() - (heights - self.bottom) * (self.rect.height() / (self.top - self.bottom))
        path: QPainterPath = pg.arrayToQPath(x, np.clip(y, -_FAR, _FAR), connect="all", finiteCheck=False)
        return path
