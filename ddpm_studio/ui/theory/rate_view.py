"""Progressive coding: bits against distortion, and one picture on both ends of the line while its bits arrive."""

from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from ddpm_studio.data import to_bytes
from ddpm_studio.export import Provenance
from ddpm_studio.likelihood import Bound, Message, Received, by_decades
from ddpm_studio.ui import theme
from ddpm_studio.ui.plots.line_plot import Line, LinePlot
from ddpm_studio.ui.widgets.image_view import ImageGrid

TABLE_4 = (
    (1.77581, 0.95136), (0.11994, 12.02277), (0.05415, 18.47482), (0.02866, 24.43656), (0.01507, 30.80948),
    (0.00716, 38.03236), (0.00282, 46.12765), (0.00081, 54.18826), (0.00013, 60.9717), (0.0, 67.60125),
)  # fmt: skip
"""Published: bits per dimension and RMSE on CIFAR-10 (Ho et al. 2020, Table 4)."""


class RateView(QWidget):
    """The curve above; below it the slider of the bits received so far, what was sent and what is made of it."""

    another = Signal()  # another picture is asked for
    picked = Signal(int)  # a t: so far the code has come

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bound: Bound | None = None
        self._message: Message | None = None
        self._roomy, self._t = True, 0
        self._guesses: dict[int, Received] = {}
        tip = (
            "RMSE of the guess of x₀ from xₜ, on 0–255, against the bits per dimension that have told xₜ.\n"
            "dashed: CIFAR-10 as published (Ho et al. 2020, Table 4), for context"
        )
        self.plot = LinePlot(
            "RMSE (0–255) against bits/dim received", tip, (Line("this denoiser", "signal", 2.0),), self
        )
        self._cursor = pg.InfiniteLine(0.0, movable=True)
        self.plot.addItem(self._cursor, ignoreBounds=True)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("bits received so far")
        self.slider.setToolTip("bits received so far: x_T on the left, the whole picture on the right")
        self.told = QLabel(self)
        self.told.setMinimumWidth(10)
        self.next = QPushButton("Another picture", self)
        self.sent = ImageGrid("what is sent, xₜ", "what has been sent, in full", provenance=provenance, parent=self)
        self.guess = ImageGrid(
            "the receiver's guess", "what the receiver makes of it", provenance=provenance, parent=self
        )
        self.truth = ImageGrid("the picture, x₀", "the picture that is being sent", provenance=provenance, parent=self)
        self._lay_out()
        self.slider.valueChanged.connect(self._on_moved)
        self._cursor.sigPositionChanged.connect(self._on_cursor_moved)
        self.next.clicked.connect(self.another)
        theme.watcher().changed.connect(self.show_colours)
        self.show_colours(theme.colours())
        self.show_bound(None)

    @property
    def grids(self) -> tuple[ImageGrid, ...]:
        """What is sent, what is made of it, and what is true."""
        return self.sent, self.guess, self.truth

    @property
    def plots(self) -> tuple[LinePlot, ...]:
        """The one."""
        return (self.plot,)

    def show_colours(self, colours: theme.Colours) -> None:
        """Takes the current colours."""
        self._cursor.setPen(pg.mkPen(colours.cursor, width=1))
        self._cursor.setHoverPen(pg.mkPen(colours.accent, width=3))

    def show_bound(self, bound: Bound | None) -> None:
        """Draws rate and distortion; None: there are none yet."""
        self._bound = bound
        if bound is None:
            self.plot.show_nothing()
        else:
            seen = by_decades(bound.schedule.T)[::-1]
            self.plot.show_values(bound.rate[seen], (bound.distortion[seen],))
        self.show_position()

    def show_published(self, shown: bool) -> None:
        """The published curve beside a network's; an exact denoiser's is of another size."""
        published = np.array(TABLE_4[::-1])
        self.plot.show_pins([("CIFAR-10, published", published[:, 0], published[:, 1])] if shown else [])

    def show_message(self, message: Message | None) -> None:
        """A picture that is sent; nothing has been guessed of it yet. None: points are not shown as pictures."""
        self._message, self._guesses = message, {}
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, 0 if message is None else len(message.times) - 1)
            self.slider.setValue(self._place())
        self._show_pictures()
        if message is not None and message.states.ndim == 4:
            self.truth.show_pictures(to_bytes(message.states[-1:].numpy()))
        self.show_position()

    def add(self, received: Received) -> None:
        """A guess has come."""
        self._guesses[received.place] = received
        if self._nearest() is received:
            self.show_position()

    def show_position(self) -> None:
        """The state and the guess at the slider, or the nearest guess there is yet."""
        message, found = self._message, self._nearest()
        if message is None or found is None:
            self.told.clear()
            return
        place = self.slider.value()
        t = int(message.times[place])
        if message.states.ndim == 4:
            self.sent.show_pictures(to_bytes(message.states[place : place + 1].numpy()))
            self.guess.show_pictures(to_bytes(found.x0_hat[None].numpy()))
        bits = f"{self._bound.rate[t]:.4f} bits/dim received, " if self._fits() and self._bound is not None else ""
        there = "" if found.place == place else f" (guess at t = {int(message.times[found.place])}; more are coming)"
        self.told.setText(f"t = {t}: {bits}RMSE of this one {found.rmse:.2f}{there}")
        if self._bound is not None and self._fits():
            with QSignalBlocker(self._cursor):
                self._cursor.setValue(float(self._bound.rate[max(t, 1)]))

    def show_t(self, t: int) -> None:
        """Moves to where x_t has been sent, or the state before it that is kept."""
        self._t = t
        with QSignalBlocker(self.slider):
            self.slider.setValue(self._place())
        self.show_position()

    def show_room(self, width: int, height: int) -> None:
        """In a low panel the pictures give way; in a high one they are as high as they are wide."""
        self._roomy = height >= 300
        for grid in self.grids:
            grid.setMaximumHeight(width // 3 + 16)
        self._show_pictures()

    def _show_pictures(self) -> None:
        """Points have none."""
        pictures = self._message is None or self._message.states.ndim == 4
        for grid in self.grids:
            grid.setVisible(self._roomy and pictures)

    def _place(self) -> int:
        message = self._message
        return 0 if message is None else max(message.place(min(self._t, int(message.times[0]))), 0)

    def _fits(self) -> bool:
        """Whether the curve is of the schedule that the picture is sent by."""
        if self._bound is None or self._message is None:
            return False
        return int(self._message.times[0]) == self._bound.schedule.T

    def _nearest(self) -> Received | None:
        place = self.slider.value()
        return min(self._guesses.values(), key=lambda one: abs(one.place - place), default=None)

    def _on_moved(self) -> None:
        self.show_position()
        if self._message is not None:
            self._t = int(self._message.times[self.slider.value()])
            self.picked.emit(self._t)

    def _on_cursor_moved(self) -> None:
        if self._bound is None or self._message is None or not self._fits():
            return
        rates = self._bound.rate[np.maximum(self._message.times, 1)]
        self.slider.setValue(int(np.abs(rates - self._cursor.value()).argmin()))

    def _lay_out(self) -> None:
        row, pictures = QHBoxLayout(), QHBoxLayout()
        for widget, stretch in ((self.told, 1), (self.next, 0)):
            row.addWidget(widget, stretch)
        for grid in self.grids:
            pictures.addWidget(grid)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        column.addWidget(self.plot, 3)
        column.addWidget(self.slider)
        column.addLayout(row)
        column.addLayout(pictures, 4)
