"""The plane itself: density, level lines, points, arrows, trajectories; clicked, its means dragged, or drawn on."""

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ddpm_studio.plane.density import REACH, Density
from ddpm_studio.plane.world import Floats, Posterior, level_lines
from ddpm_studio.ui import theme
from ddpm_studio.ui.plane.items import NO_POINTS, VIEW, Dots, PlanePicture, Strokes
from ddpm_studio.ui.plane.paint import arrows, circle, density_picture, error_picture, joined, ramp
from ddpm_studio.ui.plots.plot import Columns, Plot

GRIP = 14.0  # pixels around a mean in which it is grabbed
APART = 0.02  # between two points of a stroke
SQUARE = 1.35  # up to such proportions the lattice fills a view
FAINT, TAIL = 4, 6  # trajectories that are drawn whole, states behind a head

Place = tuple[float, float]


class PlaneView(Plot):
    """Shows what it is given; the parts are independent of each other, and None takes one away.

    Args:
        name: what a file is called that it is saved in.
        tip: what is seen.
        of_samples: whether its dots are samples, and not particles on their way to noise.
    """

    clicked = Signal(float, float)
    mean_moved = Signal(int, float, float)
    mean_dropped = Signal()
    drawn = Signal(object)  # a stroke: a tuple of places

    def __init__(self, name: str, tip: str, parent: QWidget | None = None, *, of_samples: bool = False) -> None:
        super().__init__(name, self._numbers, parent)
        self._of_samples = of_samples
        self._density: Density | None = None
        self._errors: Floats | None = None
        self._states = _PATHS
        self._marked: tuple[Posterior | None, Place | None] | None = None
        self._means: Sequence[Place] = ()
        self._held: int | None = None
        self._stroke: list[Place] | None = None
        self.drawing = False
        """Whether the mouse draws strokes."""
        self._ground, self._wrong = PlanePicture(), PlanePicture()
        self._data, self._dots, self._heads = Dots(), Dots(), Dots()
        self._lines, self._arrows = Strokes("pairs"), Strokes("pairs")
        self._paths, self._tails, self._circles, self._pen = Strokes(still=True), Strokes(), Strokes(), Strokes()
        self._marks = pg.ScatterPlotItem(pxMode=True)
        self._handles = pg.ScatterPlotItem(pxMode=True, size=15)
        for curve in (self._arrows, self._tails):  # opaque: in pieces it is painted four times as fast
            curve.setSegmentedLineMode("on")
        self._stack()
        self._settle(tip)
        theme.watcher().changed.connect(self.show_colours)
        self.show_colours(theme.colours())

    def _numbers(self) -> Columns:
        """The density at the centre of every cell, or, where none is shown, the points."""
        if self._density is not None:
            x, y = self._density.lattice.places.double().numpy().T
            return {"x": x, "y": y, "q": self._density.mass.double().numpy().ravel()}
        x, y = self._dots.getData()
        return {"x": np.asarray(x, np.float64), "y": np.asarray(y, np.float64)}

    def show_density(self, seen: Density | None) -> None:
        """q(x_t) and its level lines."""
        self._density = seen
        self._ground.show_picture(None if seen is None else density_picture(seen, theme.colours()))
        self._lines.show_pieces(level_lines(seen) if seen is not None else _NOTHING)

    def show_errors(self, errors: Floats | None) -> None:
        """‖ε̂ − ε*‖, (side, side)."""
        self._errors = errors
        self._wrong.show_picture(None if errors is None else error_picture(errors, theme.colours()))

    def show_arrows(self, away: Floats | None) -> None:
        """The score in units of ε at the places of ARROWS, (side², 2)."""
        self._arrows.show_pieces(_NOTHING if away is None else arrows(away))

    def show_data(self, points: Floats | None) -> None:
        """Points (M, 2) to hold the others against, small and quiet."""
        self._data.show_points(points)

    def show_dots(self, points: Floats | None) -> None:
        """Points (N, 2): particles or samples."""
        self._dots.show_points(points)

    def show_paths(self, states: Floats | None, place: int = 0) -> None:
        """Trajectories (F, N, 2): a few of them whole and pale; `move_heads` says where they are."""
        shown, self._states = self._states, _PATHS if states is None else states
        if self._states is not shown:
            self._paths.show_line(*joined(self._states[:, :FAINT]))
        self.move_heads(place)

    def move_heads(self, place: int) -> None:
        """Where the trajectories are, an index of their F states: there is a head, with a tail behind it."""
        tail = self._states[max(place - TAIL, 0) : place + 1]
        self._tails.show_line(*joined(tail))
        self._heads.show_points(tail[-1] if len(tail) else None)

    def show_posterior(self, found: Posterior | None, at: Place | None = None) -> None:
        """q(x_{t−1} | x_t, x_0): circles of one and two σ, x_t, x_0 and the mean; or a mark at a place alone."""
        if (found, at) == self._marked:
            return
        self._marked = found, at
        if found is None:
            self._circles.show_line(*NO_POINTS.T)
            self._marks.setVisible(at is not None)
            self._marks.setData(pos=NO_POINTS if at is None else np.array([at]), symbol="+", size=16)
            return
        gap = np.full((1, 2), np.nan, np.float32)
        line = np.array([found.xt, found.x0], np.float32)
        rings = [circle(found.mean, radius * found.deviation) for radius in (1.0, 2.0)]
        curve = np.concatenate([line, gap, rings[0], gap, rings[1]])
        self._circles.show_line(*np.ascontiguousarray(curve.T))
        self._marks.setVisible(True)
        self._marks.setData(pos=np.array([found.xt, found.mean, found.x0]), symbol=["+", "o", "x"], size=[16, 7, 12])

    def show_means(self, means: Sequence[Place]) -> None:
        """Handles of a mixture's components."""
        self._means = means
        self._handles.setVisible(len(means) > 0)
        self._handles.setData(pos=np.array(means) if means else NO_POINTS)

    def show_colours(self, colours: theme.Colours) -> None:
        """Takes the current colours."""
        self._lines.setPen(pg.mkPen(ramp(colours).line, width=1.0))
        self._data.setBrush(pg.mkBrush(colours.pinned + "90"))
        self._data.setSize(3)
        self._dots.setBrush(pg.mkBrush((colours.noise if self._of_samples else colours.foreground) + "d0"))
        self._dots.setSize(4)
        self._heads.setBrush(pg.mkBrush(colours.noise))
        self._heads.setPen(pg.mkPen(colours.background, width=1.0))
        self._heads.setSize(8)
        self._arrows.setPen(pg.mkPen(colours.muted, width=1.0))
        self._paths.setPen(pg.mkPen(colours.noise + "90", width=1.3))
        self._tails.setPen(pg.mkPen(colours.noise, width=1.6))
        self._circles.setPen(pg.mkPen(colours.weight, width=2.0))
        self._marks.setPen(pg.mkPen(colours.weight, width=2.0))
        self._marks.setBrush(pg.mkBrush(colours.weight))
        self._handles.setPen(pg.mkPen(colours.background, width=2.0))
        self._handles.setBrush(pg.mkBrush(colours.accent))
        self._pen.setPen(pg.mkPen(colours.noise, width=4.0))
        self.getPlotItem().getViewBox().setBorder(pg.mkPen(colours.grid))
        if self._density is not None:
            self._ground.show_picture(density_picture(self._density, colours))
        if self._errors is not None:
            self._wrong.show_picture(error_picture(self._errors, colours))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        place = self._place(event.position())
        self._held = None if self.drawing else self._mean_at(event.position())
        if self.drawing:
            self._stroke = [place]
        elif self._held is None:
            self.clicked.emit(*place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x, y = self._place(event.position())
        if self._held is not None:
            self.mean_moved.emit(self._held, x, y)
        elif self._stroke is not None and np.hypot(x - self._stroke[-1][0], y - self._stroke[-1][1]) > APART:
            self._stroke.append((x, y))
            self._pen.show_line(*np.array(self._stroke, np.float32).T.copy())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            self._held = None
            self.mean_dropped.emit()
        elif self._stroke is not None:
            stroke, self._stroke = self._stroke, None
            self._pen.show_line(*NO_POINTS.T)
            self.drawn.emit(tuple(stroke))
        else:
            super().mouseReleaseEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (item := self.getPlotItem()) is not None:  # pyqtgraph resizes before it has one
            item.getViewBox().setRange(self._range(), padding=0.0)

    def _range(self) -> QRectF:
        """The part of the plane to show: a view that is nearly square is filled, in others nothing is cut."""
        wide, high = max(self.width(), 1), max(self.height(), 1)
        longer, shorter = max(wide, high), min(wide, high)
        if longer > SQUARE * shorter:
            return VIEW
        half_width, half_height = REACH * wide / longer, REACH * high / longer
        return QRectF(-half_width, -half_height, 2.0 * half_width, 2.0 * half_height)

    def _place(self, pixel: QPointF) -> Place:
        at = self.getPlotItem().getViewBox().mapSceneToView(self.mapToScene(pixel.toPoint()))
        return float(np.clip(at.x(), -REACH, REACH)), float(np.clip(at.y(), -REACH, REACH))

    def _mean_at(self, pixel: QPointF) -> int | None:
        box = self.getPlotItem().getViewBox()
        for index, (x, y) in enumerate(self._means):
            away = self.mapFromScene(box.mapViewToScene(QPointF(x, y))) - pixel.toPoint()
            if away.manhattanLength() < GRIP:
                return index
        return None

    def _stack(self) -> None:
        items = (self._ground, self._wrong, self._lines, self._data, self._dots, self._arrows, self._paths)
        for height, item in enumerate(
            (*items, self._tails, self._heads, self._circles, self._marks, self._handles, self._pen)
        ):
            item.setZValue(height)
            self.addItem(item, ignoreBounds=True)

    def _settle(self, tip: str) -> None:
        item = self.getPlotItem()
        for axis in ("left", "bottom"):
            item.hideAxis(axis)
        item.setContentsMargins(1, 1, 1, 1)
        item.setMouseEnabled(False, False)
        item.getViewBox().setAspectLocked(True)
        item.getViewBox().setRange(VIEW, padding=0.0)
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setMinimumSize(90, 80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)


_NOTHING = np.zeros((0, 2, 2), np.float32)
_PATHS = np.zeros((0, 0, 2), np.float32)
