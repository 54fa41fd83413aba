"""What a plane is painted with: pictures, dots and lines that cost next to nothing while there are none of them."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ddpm_studio.plane.density import REACH
from ddpm_studio.plane.world import Floats

VIEW = QRectF(-REACH, -REACH, 2.0 * REACH, 2.0 * REACH)
ALL = VIEW.adjusted(-20.0, -20.0, 20.0, 20.0)
"""The bounds of all dots and lines: to find them out at every frame takes longer than to paint what is in them."""
NO_POINTS = np.zeros((0, 2), np.float32)


class PlanePicture(pg.ImageItem):
    """A picture over the whole lattice, smooth between its pixels."""

    def __init__(self) -> None:
        super().__init__(axisOrder="row-major")
        self.setVisible(False)

    def show_picture(self, picture: NDArray[np.uint8] | None) -> None:
        """(side, side, 4), rows from the bottom up; None hides it."""
        self.setVisible(picture is not None)
        if picture is not None:
            self.setImage(picture, autoLevels=False, levels=None)
            self.setRect(VIEW)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        super().paint(painter, option, widget)


class Dots(pg.ScatterPlotItem):
    """Points of one look; as many as before are moved, which takes a tenth of setting them anew."""

    def __init__(self) -> None:
        super().__init__(pxMode=True, pen=None)
        self.setVisible(False)

    def show_points(self, points: Floats | None) -> None:
        """(N, 2), or none."""
        points = NO_POINTS if points is None else points
        if not len(points) and not len(self.data):
            return
        self.setVisible(len(points) > 0)
        if len(points) == 0 or len(points) != len(self.data):
            self.setData(pos=points)
            return
        self.data["x"], self.data["y"] = points[:, 0], points[:, 1]
        self.update()

    def boundingRect(self) -> QRectF:
        return ALL


class Strokes(pg.PlotCurveItem):
    """Lines: pairs of ends, or one line with gaps.

    Args:
        connect: pairs or finite.
        still: whether it changes seldom; then its pixels are kept, and what moves above it is painted without it.
    """

    def __init__(self, connect: str = "finite", *, still: bool = False) -> None:
        super().__init__(connect=connect, antialias=True)
        self._connected = connect
        self.setVisible(False)
        if still:
            self.setCacheMode(self.CacheMode.DeviceCoordinateCache)

    def show_line(self, x: Floats, y: Floats) -> None:
        """(N,) each."""
        if not len(x) and not self.isVisible():
            return
        self.setVisible(len(x) > 0)
        self.setData(x, y, connect=self._connected)

    def show_pieces(self, pieces: Floats) -> None:
        """(S, 2, 2): ends, then x and y."""
        flat = pieces.reshape(-1, 2)
        self.show_line(np.ascontiguousarray(flat[:, 0]), np.ascontiguousarray(flat[:, 1]))

    def boundingRect(self) -> QRectF:
        return ALL
