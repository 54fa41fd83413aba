"""A plot over t = 0..T with the shared cursor, drawn fast enough to follow the mouse.

What moves is one item, what stands still is painted into the view's background, of which Qt keeps a picture: a new
schedule costs its own lines and no more. pyqtgraph gives the axes, their numbers and the zoom.
"""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QMenu, QWidget

from ddpm_studio.schedule import Schedule
from ddpm_studio.ui import theme
from ddpm_studio.ui.plots import plot_backdrop
from ddpm_studio.ui.plots.graph import Graph, spread
from ddpm_studio.ui.plots.ink import Ink
from ddpm_studio.ui.plots.plot import Columns, Plot
from ddpm_studio.ui.plots.plot_frame import Frame

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10}


class TimePlot(Plot):
    """Shows a `Graph` of a schedule. The left button moves t, the wheel zooms, the middle button moves what is seen."""

    edged = True
    room = (7.0, 4.0)  # pixels left free before t = 0 and after t = T

    picked = Signal(int)  # a t; it may lie outside 0..T
    zoomed = Signal(float, float)  # the first and last t the user wants to see

    keys_help: tuple[tuple[str, str], ...] = (
        ("Plots: move t by one, by ten", "←, →, Page Up, Page Down"),
        ("Plots: t to 0, to T", "Home, End"),
    )

    def __init__(self, graph: Graph, schedule: Schedule, parent: QWidget | None = None, *, width: float = 1.0) -> None:
        super().__init__(graph.name, self._numbers, parent, {"bottom": plot_backdrop.TimeAxis("bottom")})
        self._schedule, self._width, self._t = schedule, width, 0
        self._pins: tuple[Schedule | None, ...] = ()
        self._fitted: tuple[float, ...] = ()
        self._ink = Ink()
        self._box = self.getPlotItem().getViewBox()
        self._frame = Frame.of(self._box)
        self.scene().addItem(self._ink)
        plot_backdrop.settle_axes(self.getPlotItem())
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # the background covers all of it
        self.setMinimumSize(100, 72)
        self.show_graph(graph)
        self._box.sigRangeChangedManually.connect(self._on_zoomed)
        self._box.sigRangeChanged.connect(self._on_frame_changed)
        self._box.sigResized.connect(self._on_resized)
        theme.watcher().changed.connect(self.show_colours)

    @property
    def graph(self) -> Graph:
        """What is plotted."""
        return self._graph

    def show_graph(self, graph: Graph) -> None:
        """Plots other quantities of the same schedule."""
        self._graph, self.name = graph, graph.name
        self.getAxis("left").setLogMode(x=False, y=graph.log)
        self.setToolTip(graph.tip)
        self.setAccessibleName(graph.tip)
        self.show_colours(theme.colours())
        self.show_schedule(self._schedule)

    def show_schedule(self, schedule: Schedule, *, fit: bool = True) -> None:
        """Draws the curves of `schedule`; unless `fit` is off, the axes follow where it leaves its usual range."""
        self._schedule = schedule
        self._draw()
        if fit:
            self._fit()

    def show_pins(self, schedules: Sequence[Schedule | None]) -> None:
        """Draws at most four others for comparison, each with the line of its place."""
        self._pins = tuple(schedules)
        self._renew_background()

    def show_t(self, t: int) -> None:
        """Puts the cursor at t."""
        self._t = t
        self._ink.set_cursor(self._frame.x(t))

    def show_times(self, low: float, high: float) -> None:
        """Shows the part of the axis from `low` to `high`."""
        self._box.setXRange(low, high, padding=0.0)

    def show_all(self) -> None:
        """Undoes any zoom."""
        self._fitted = ()
        self._fit()

    def show_colours(self, colours: theme.Colours) -> None:
        """Takes the current colours."""
        self._ink.set_colours(colours, [quantity.colour for quantity in self._graph.quantities], self._width)
        self.show_focus()
        self._renew_background()

    def menu(self) -> QMenu:
        """What the right button offers."""
        menu = super().menu()
        menu.addSeparator()
        menu.addAction("Show All").triggered.connect(self._on_show_all)
        return menu

    # pyqtgraph's scene looks through all its items whenever the mouse moves: the left button goes past it.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(round(self.at(event.position()).x()))
        elif event.button() == Qt.MouseButton.MiddleButton:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.picked.emit(round(self.at(event.position()).x()))
        elif event.buttons() & Qt.MouseButton.MiddleButton:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        places = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self._schedule.T}
        places |= {key: self._t + step for key, step in _STEPS.items()}
        if event.key() in places:
            self.picked.emit(places[Qt.Key(event.key())])
        else:
            event.ignore()

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        super().drawBackground(painter, rect)
        plot_backdrop.paint(painter, self.getPlotItem(), self._graph, self._pins, theme.colours())

    def at(self, position: QPointF) -> QPointF:
        """A place in the widget as (t, height in the axis' unit)."""
        return self._frame.at(position)

    def _numbers(self) -> Columns:
        """At every t and not only in every column of pixels: (T+1,) each, t first."""
        columns = {q.symbol: q.of(self._schedule) for q in self._graph.quantities}
        return {"t": np.arange(self._schedule.T + 1.0), **columns}

    def _on_zoomed(self) -> None:
        self.zoomed.emit(*self._box.viewRange()[0])

    def _on_show_all(self) -> None:
        self.show_all()
        self.zoomed.emit(*self._box.viewRange()[0])

    def _on_resized(self) -> None:
        self._on_frame_changed()
        self._fit()

    def _on_frame_changed(self) -> None:
        self._frame = Frame.of(self._box)
        self._ink.set_rect(self._frame.rect)
        self._draw()
        self.show_t(self._t)
        self._renew_background()

    def _draw(self) -> None:
        """The curves, and what else lies at places of the plot and not at pixels."""
        self._ink.set_lines(self._frame.paths(self._graph, self._schedule))

    def _fit(self) -> None:
        """Shows the whole of what there is, unless that is what was last fitted: then a zoom stays."""
        T, before, after = self._schedule.T, *self.room
        width = max(self._box.width(), 2.0 * (before + after))
        if (low_high := self._span()) is None or self._fitted == (wanted := (T, width, *low_high)):
            return
        self._fitted = wanted
        pixel = T / (width - before - after)
        ends = (-before * pixel, T + after * pixel)
        self._box.setLimits(xMin=ends[0], xMax=ends[1], minXRange=min(T, 4))
        self._box.setRange(xRange=ends, yRange=low_high, padding=0.0, disableAutoRange=True)

    def _span(self) -> tuple[float, float] | None:
        times = spread(self._schedule.T, 0.0, self._schedule.T, 256)
        drawn = [self._graph.heights(quantity, self._schedule, times)[1] for quantity in self._graph.quantities]
        drawn = [heights for heights in drawn if heights.size]
        if not drawn:
            return None
        return self._graph.span(min(float(y.min()) for y in drawn), max(float(y.max()) for y in drawn))

    def _renew_background(self) -> None:
        self.resetCachedContent()
        self.viewport().update()
