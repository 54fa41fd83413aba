"""The Learn panel's own drawings: a tangent above the logarithm, Jensen's gap, and what a Markov chain saves."""

from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QFormLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from ddpm_studio.lessons.chapter import Figure
from ddpm_studio.lessons.inequalities import (
    chain_numbers,
    gaussian_numbers,
    joint_numbers,
    log_mean_and_mean_log,
    tangent,
)
from ddpm_studio.ui import theme
from ddpm_studio.ui.plots.plot import Columns, Plot
from ddpm_studio.ui.plots.plot_backdrop import settle_axes

LOW, HIGH = 0.05, 6.0  # of x
STEP = 0.05  # of x, with a key
HEIGHT = 220  # logical pixels
X = np.linspace(LOW, HIGH, 400)


class LogPlot(Plot):
    """log x over (0, 6], with points on it that slide along the curve when they are dragged."""

    moved = Signal()

    def __init__(self, name: str, tip: str, points: tuple[float, ...], parent: QWidget | None = None) -> None:
        super().__init__(name, self._numbers, parent)
        self._curve = pg.PlotCurveItem(X, np.log(X), antialias=True)
        self.addItem(self._curve)
        self._held = -1  # the point that was moved last: the arrow keys move it on
        self.points = [pg.TargetItem((x, np.log(x)), size=12, movable=True) for x in points]
        for point in self.points:
            self.addItem(point)
            point.sigPositionChanged.connect(self._on_moved)
        settle_axes(self.getPlotItem())
        self.getPlotItem().layout.setContentsMargins(0, 0, 12, 0)
        self.setMouseEnabled(False, False)
        self.setXRange(0.0, HIGH, padding=0.0)
        self.setYRange(np.log(LOW), 2.2, padding=0.0)
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setFixedHeight(HEIGHT)
        theme.watcher().changed.connect(self.show_colours)

    @property
    def x(self) -> NDArray[np.float64]:
        """Where the points stand."""
        return np.array([point.pos().x() for point in self.points])

    def _numbers(self) -> Columns:
        """The curve that is drawn."""
        return {"x": X, "log x": np.log(X)}

    def show_colours(self, colours: theme.Colours) -> None:
        """Takes the current colours."""
        self._curve.setPen(pg.mkPen(colours.foreground, width=2))
        for point in self.points:
            point.setPen(pg.mkPen(colours.accent, width=2))
            point.setBrush(pg.mkBrush(QColor(colours.background)))
            point.setHoverPen(pg.mkPen(colours.accent, width=3))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right move the point that was moved last."""
        step = {Qt.Key.Key_Left: -STEP, Qt.Key.Key_Right: STEP}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            point = self.points[self._held]
            point.setPos(point.pos() + pg.Point(step, 0.0))

    def _on_moved(self, point: pg.TargetItem) -> None:
        """Keeps it on the curve."""
        self._held = self.points.index(point)
        x = float(np.clip(point.pos().x(), LOW, HIGH))
        place = QPointF(x, float(np.log(x)))
        if (point.pos() - pg.Point(place)).length() > 1e-9:
            point.setPos(place)
        else:
            self.moved.emit()


class TangentFigure(QWidget):
    """The tangent of the logarithm at a point that can be dragged: an upper bound, exact there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = LogPlot(
            "tangent", "log x and its tangent λx − log λ − 1: drag the point, or move it with ← and →", (1.5,), self
        )
        self._line = pg.PlotCurveItem(antialias=True)
        self._gap = pg.FillBetweenItem(self._line, self.plot._curve)
        for item in (self._gap, self._line):
            self.plot.addItem(item)
        self.text = _told(self)
        _stack(self, self.plot, self.text)
        self.plot.moved.connect(self.show_tangent)
        theme.watcher().changed.connect(self.show_colours)
        self.show_colours(theme.colours())
        self.show_tangent()

    def show_tangent(self) -> None:
        """The line through the point, and how far above log x it is elsewhere."""
        x = float(self.plot.x[0])
        y = tangent(X, 1.0 / x)
        self._line.setData(X, y)
        at_one = float(tangent(np.ones(1), 1.0 / x)[0])
        self.text.setText(f"λ = {1 / x:.3f}: exact at x = {x:.2f}; at x = 1 it says {at_one:.3f}, and log 1 is 0")

    def show_colours(self, colours: theme.Colours) -> None:
        """Takes the current colours."""
        self.plot.show_colours(colours)
        self._line.setPen(pg.mkPen(colours.beta, width=2))
        self._gap.setBrush(pg.mkBrush(_faint(colours.beta)))


class JensenFigure(QWidget):
    """Three values, equally likely, that can be dragged: log of their mean, mean of their logs, and the gap."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        tip = "three equally likely values of x: drag them apart, and the gap grows; ← and → move the last one"
        self.plot = LogPlot("jensen", tip, (0.3, 1.6, 5.0), self)
        self._chords = pg.PlotCurveItem(antialias=True)
        self._gap = pg.PlotCurveItem()
        for item in (self._chords, self._gap):
            self.plot.addItem(item)
        self.text = _told(self)
        _stack(self, self.plot, self.text)
        self.plot.moved.connect(self.show_gap)
        theme.watcher().changed.connect(self.show_colours)
        self.show_colours(theme.colours())
        self.show_gap()

    def show_gap(self) -> None:
        """The triangle of the three points, and the upright line from its middle up to the curve."""
        x = np.sort(self.plot.x)
        above, below = log_mean_and_mean_log(x, np.ones(len(x)))
        self._chords.setData(np.append(x, x[0]), np.log(np.append(x, x[0])))
        self._gap.setData(np.full(2, x.mean()), np.array([below, above]))
        self.text.setText(f"log E[x] = {above:.3f}, E[log x] = {below:.3f}: the gap is {above - below:.3f}")

    def show_colours(self, colours: theme.Colours) -> None:
        """Takes the current colours."""
        self.plot.show_colours(colours)
        self._chords.setPen(pg.mkPen(colours.muted, width=1, style=Qt.PenStyle.DashLine))
        self._gap.setPen(pg.mkPen(colours.beta, width=4))


class MarkovFigure(QWidget):
    """How many numbers it takes to say p(x_0, …, x_T): as one table, as a chain of tables, as Gaussian steps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.levels = _slider("levels a pixel has", 2, 256, 2, self)
        self.pixels = _slider("pixels", 1, 784, 4, self)
        self.steps = _slider("steps T", 1, 1000, 10, self)
        self.text = _told(self)
        form = QFormLayout()
        for slider in (self.levels, self.pixels, self.steps):
            form.addRow(slider.accessibleName(), slider)
            slider.valueChanged.connect(self.show_numbers)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(form)
        column.addWidget(self.text)
        self.show_numbers()

    def show_numbers(self) -> None:
        """All three, as powers of ten."""
        levels, pixels, steps = (slider.value() for slider in (self.levels, self.pixels, self.steps))
        joint, chain = joint_numbers(levels, pixels, steps), chain_numbers(levels, pixels, steps)
        gauss = gaussian_numbers(pixels, steps)
        self.text.setText(
            f"{pixels} pixels of {levels} levels, {steps} steps:<br>"
            f"one table of everything: {_power(joint)} numbers<br>"
            f"a Markov chain of tables: {_power(chain)} numbers<br>"
            f"Gaussian steps of fixed variance: {_power(gauss)} means to learn, by one network"
        )


FIGURES: dict[Figure, Callable[[QWidget], QWidget]] = {
    Figure.TANGENT: TangentFigure,
    Figure.JENSEN: JensenFigure,
    Figure.MARKOV: MarkovFigure,
}


def _power(log10: float) -> str:
    return f"{10**log10:,.0f}" if log10 < 6 else f"10<sup>{log10:,.0f}</sup>"


def _slider(name: str, low: int, high: int, value: int, parent: QWidget) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal, parent)
    slider.setRange(low, high)
    slider.setValue(value)
    slider.setAccessibleName(name)
    slider.setToolTip(f"{name}: {low} to {high}")
    return slider


def _told(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setWordWrap(True)
    return label


def _stack(owner: QWidget, *widgets: QWidget) -> None:
    column = QVBoxLayout(owner)
    column.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        column.addWidget(widget)
    owner.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)


def _faint(colour: str) -> QColor:
    faint = QColor(colour)
    faint.setAlpha(50)
    return faint
