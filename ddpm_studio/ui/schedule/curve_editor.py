"""The schedule's curve with points to grab: drag, add, remove and nudge them with the mouse or the keys."""

from dataclasses import replace

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from ddpm_studio import knots
from ddpm_studio.errors import UserError
from ddpm_studio.schedule import Drawn, Schedule, Space
from ddpm_studio.ui.plots.graph import EDITED
from ddpm_studio.ui.plots.time_plot import TimePlot
from ddpm_studio.ui.schedule.grip import Grip, Scale

_REACH = 10.0  # pixels from which a point is grabbed
_NUDGE, _FINE, _COARSE = 0.01, 0.1, 5.0  # of the axis; so much of that with Shift and with Ctrl
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Down: (0, -1), Qt.Key.Key_Up: (0, 1)}


class CurveEditor(TimePlot):
    """Edits a schedule as a `Drawn` in one `Space`; a schedule of another kind becomes one when a point is moved."""

    room = (13.0, 8.0)

    moving = Signal(object)  # a Drawn, many times, while a point is dragged or an arrow key is held
    moved = Signal(object, str)  # a Drawn that is meant, and what was done, for the undo menu
    cancelled = Signal()  # what was moving shall be as it was before
    refused = Signal(str)  # one line: why that cannot be
    pointed = Signal(str)  # the selected point in words; empty if none is selected

    keys_help = (
        *TimePlot.keys_help,
        ("Curve: next, previous point", "Tab, Shift+Tab"),
        ("Curve: move the point; finely; coarsely", "arrows; with Shift; with Ctrl"),
        ("Curve: add a point at t, remove the point", "Insert, Delete"),
        ("Curve: cancel the move, let go of the point", "Esc"),
    )

    def __init__(self, schedule: Schedule, parent: QWidget | None = None) -> None:
        self._space = Space.BETA
        self._curve: Drawn | None = None
        self._grip: Grip | None = None
        self._selected: int | None = None
        super().__init__(EDITED[self._space, False], schedule, parent, width=2.0)
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)

    @property
    def space(self) -> Space:
        """The quantity that is grabbed."""
        return self._space

    @property
    def selected(self) -> int | None:
        """Which point the keys act on."""
        return self._selected

    @property
    def busy(self) -> bool:
        """Whether a point is being moved."""
        return self._grip is not None

    def points(self) -> list[QPointF]:
        """Where the points are in the widget."""
        return [self._frame.pixel(place) for place in self._places()]

    def show_space(self, space: Space, log: bool) -> None:
        """Lets another quantity be grabbed; log SNR has no logarithmic axis."""
        self._let_go()
        self._space, self._selected = space, None
        self.show_graph(EDITED.get((space, log), EDITED[space, False]))
        self.show_all()

    def show_schedule(self, schedule: Schedule, *, fit: bool = True) -> None:
        """Draws the curve and its points; the axes stand still while a point is moved."""
        if self._grip is not None and schedule != (self._grip.now or self._schedule):
            self._grip = None  # somebody else has changed it
        super().show_schedule(schedule, fit=fit and self._grip is None)
        self._curve = self._grip.curve if self._grip else _grabbed(schedule, self._space)
        self._select(self._selected)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._point_at(event.position()) if event.button() == Qt.MouseButton.LeftButton else None
        self._let_go()
        if index is None:
            self._select(None)
            super().mousePressEvent(event)
        elif self._curve is not None:
            self._select(index)
            self._grip = Grip(self._curve, index, self.points()[index] - event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._move_to(self.at(event.position() + self._grip.off))
        elif event.buttons():
            super().mouseMoveEvent(event)
        else:
            over = self._point_at(event.position()) is not None
            self.viewport().setCursor(Qt.CursorShape.SizeAllCursor if over else Qt.CursorShape.CrossCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._let_go()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._point_at(event.position()) is None:
            self._add(self.at(event.position()).x())
        else:
            self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape and (self._grip or self._selected is not None):
            self._escape()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._remove()
        elif key in (Qt.Key.Key_Insert, Qt.Key.Key_Plus):
            self._add(self._t)
        elif key in _ARROWS and self._selected is not None:
            self._nudge(*_ARROWS[Qt.Key(key)], event.modifiers())
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat() and event.key() in _ARROWS:
            self._let_go("Nudge a point of")
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._let_go()
        super().focusOutEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes from point to point, and on to the next control after the last one."""
        count = len(self._places())
        step = 1 if forward else -1
        index = (-1 if forward else count) + step if self._selected is None else self._selected + step
        self._select(index if 0 <= index < count else None)
        return self._selected is not None or super().focusNextPrevChild(forward)

    def _move_to(self, place: QPointF) -> None:
        """The point in the hand goes to `place`, or as near as is legal, or stays where it was."""
        grip = self._grip
        assert grip is not None
        try:
            now = knots.moved(grip.before, grip.index, *self._scale.knot(place))
        except UserError:
            return
        if now != grip.curve:
            self._grip = replace(grip, now=now)
            self.moving.emit(now)

    def _nudge(self, right: int, up: int, keys: Qt.KeyboardModifier) -> None:
        share = _NUDGE
        share *= _FINE if keys & Qt.KeyboardModifier.ShiftModifier else 1.0
        share *= _COARSE if keys & Qt.KeyboardModifier.ControlModifier else 1.0
        if self._grip is None and self._curve is not None and self._selected is not None:
            self._grip = Grip(self._curve, self._selected, QPointF())
        if self._grip is not None:
            low, high = self._box.viewRange()[1]
            far = QPointF(right * max(1, round(share * self._schedule.T)), up * share * (high - low))
            self._move_to(self._scale.place(self._grip.curve.knots[self._grip.index]) + far)

    def _let_go(self, done: str = "Move a point of") -> None:
        """What has moved is meant."""
        grip, self._grip = self._grip, None
        if grip is not None and grip.now is not None:
            self.moved.emit(grip.now, f"{done} {self._graph.quantities[0].symbol}")
            self.show_schedule(self._schedule)

    def _escape(self) -> None:
        grip, self._grip = self._grip, None
        if grip is None:
            self._select(None)
        elif grip.now is not None:
            self.cancelled.emit()

    def _add(self, t: float) -> None:
        self._let_go()
        if self._curve is None:
            return
        try:
            curve, index = knots.added(self._curve, self._scale.knot(QPointF(t, 0.0))[0])
        except UserError as error:
            self.refused.emit(str(error))
            return
        self.moved.emit(curve, f"Add a point to {self._graph.quantities[0].symbol}")
        self._select(index)

    def _remove(self) -> None:
        self._let_go()
        if self._curve is None or self._selected is None:
            return
        try:
            curve = knots.removed(self._curve, self._selected)
        except UserError as error:
            self.refused.emit(str(error))
            return
        self._select(None)
        self.moved.emit(curve, f"Remove a point of {self._graph.quantities[0].symbol}")

    def _select(self, index: int | None) -> None:
        self._selected = index if index is not None and index < len(self._places()) else None
        self._ink.set_dots(self.points(), self._selected)
        self.pointed.emit("" if self._selected is None else self._words(self._places()[self._selected]))

    def _draw(self) -> None:
        super()._draw()
        self._ink.set_dots(self.points(), self._selected)

    def _words(self, place: QPointF) -> str:
        _, value = self._scale.knot(place)
        return f"t = {place.x():.0f}, {self._graph.quantities[0].symbol} = {value:.4g}"

    @property
    def _scale(self) -> Scale:
        return Scale(self._schedule.T, self._graph.log)

    def _places(self) -> list[QPointF]:
        scale = self._scale
        return [] if self._curve is None else [scale.place(knot) for knot in self._curve.knots]

    def _point_at(self, position: QPointF) -> int | None:
        """The nearest point within reach."""
        far = [(place - position).manhattanLength() for place in self.points()]
        nearest = min(range(len(far)), key=far.__getitem__, default=None)
        return nearest if nearest is not None and far[nearest] <= _REACH else None


def _grabbed(schedule: Schedule, space: Space) -> Drawn | None:
    """None if no curve of that quantity can follow the schedule: then there is nothing to grab."""
    try:
        return knots.grabbed(schedule, space)
    except UserError:
        return None
