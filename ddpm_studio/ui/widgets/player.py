"""The transport: to the start, back, play, forward, to the end; a slider, the position as a number, and the speed.

It plays over positions 0..end and asks for one with `moved`; whoever shows them answers with `show_position`, and
while that is awaited the clock stands still: it never runs ahead of what is shown.
"""

from collections.abc import Callable
from math import ceil
from time import monotonic

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QToolButton, QWidget

from ddpm_studio.ui.widgets.glyphs import Glyph, icon
from ddpm_studio.ui.widgets.slider import Slider

FRAME = 16  # milliseconds between two frames while playing, at least
LEAP = 10  # positions that Shift and an arrow move
SPEED_FROM, NUMBER_FROM = 420, 310  # logical pixels of width from which there is room for these


class Player(QWidget):
    """Keys, wherever the owner hands them to `handle_key`: Space, ← and → (Shift: by ten), Home, End.

    Args:
        name: of the position, shown before its number: "t".
        speed: positions a second at first.
        unit: of the speed, shown behind its number: "t/s".
    """

    moved = Signal(int)  # the user, or playing, asks for this position
    played = Signal(bool)  # playing began or ended

    keys_help = (
        ("Play, pause", "Space"),
        ("One step back, forward", "←, →"),
        ("Ten steps back, forward", "Shift+←, Shift+→"),
        ("To the start, the end", "Home, End"),
    )

    def __init__(self, name: str, speed: int, unit: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._exact = 0.0  # the position while playing, fractions included
        self._last = 0.0  # when it was moved on
        self._awaited: int | None = None  # the position that playing asked for and nobody has shown yet
        self._playing = False
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)  # to the next frame
        self._timer.timeout.connect(self._on_frame)
        self._buttons: dict[QToolButton, Glyph] = {}
        self.slider = Slider(self)
        self.number = _spin(f"{name} = ", "", 0, 1, f"{name}: type the position to go to")
        self.speed = _spin("", f" {unit}", 1, 4000, "how fast it plays")
        self.speed.setValue(speed)
        self.slider.setAccessibleName(f"{name}, the position")
        self.slider.installEventFilter(self)
        self._lay_out()
        for control in (self.slider, self.number):
            control.valueChanged.connect(self._on_moved)
        self.speed.valueChanged.connect(self._set_clock)

    @property
    def position(self) -> int:
        """What is shown."""
        return self.slider.value()

    @property
    def end(self) -> int:
        """The last position."""
        return self.slider.maximum()

    @property
    def playing(self) -> bool:
        """Whether it moves on by itself."""
        return self._playing

    def set_end(self, end: int) -> None:
        """Positions go from 0 to `end`, sent to nobody."""
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            self.slider.setRange(0, end)
            self.slider.setPageStep(max(1, end // 10))
            self.number.setRange(0, end)

    def show_position(self, position: int) -> None:
        """Shows where we are, sent to nobody."""
        came = self._awaited is not None and position == self._awaited
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            self.slider.setValue(position)
            self.number.setValue(position)
        if int(self._exact) != position:  # somebody moved it while it played
            self._exact = float(position)
        if came:
            self._awaited, self._last = None, monotonic()
            self._set_clock()

    def play(self) -> None:
        """Moves on from here, or from the start when at the end."""
        if not self.playing:
            self._exact, self._last = float(self.position % max(self.end, 1)), monotonic()
            self._awaited, self._playing = None, True
            self._set_clock()
            self._show_playing()

    def pause(self) -> None:
        """Stays here."""
        if self.playing:
            self._playing = False
            self._timer.stop()
            self._show_playing()

    def toggle(self) -> None:
        """Plays, or pauses."""
        self.pause() if self.playing else self.play()

    def step(self, by: int) -> None:
        """Moves by so many positions and pauses."""
        self.go(self.position + by)

    def go(self, position: int) -> None:
        """Moves to a position, kept within 0..end, and pauses."""
        self.pause()
        self._ask(position)

    def handle_key(self, event: QKeyEvent) -> bool:
        """Does what a key means here; False for a key that means nothing."""
        leap = LEAP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        actions: dict[Qt.Key, Callable[[], None]] = {
            Qt.Key.Key_Space: self.toggle,
            Qt.Key.Key_Left: lambda: self.step(-leap),
            Qt.Key.Key_Right: lambda: self.step(leap),
            Qt.Key.Key_Home: lambda: self.go(0),
            Qt.Key.Key_End: lambda: self.go(self.end),
        }
        plain = not event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        action = actions.get(Qt.Key(event.key())) if plain else None
        if action is not None:
            action()
        return action is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Its keys are its own in whatever it is installed on."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self.handle_key(event)
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is narrow, the slider is more important than the numbers."""
        self.speed.setVisible(self.width() >= SPEED_FROM)
        self.number.setVisible(self.width() >= NUMBER_FROM)
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_glyphs()

    def _on_moved(self, position: int) -> None:
        self.pause()
        self._ask(position)

    def _on_frame(self) -> None:
        since, self._last = self._last, monotonic()
        self._exact = min(self._exact + (self._last - since) * self.speed.value(), float(self.end))
        position = int(self._exact)
        if position >= self.end:
            self.pause()
        if position != self.position or not self.playing:
            self._ask(position)
        else:
            self._set_clock()

    def _set_clock(self) -> None:
        """To when the next position is due; it stands still while one is awaited."""
        if self.playing and self._awaited is None:
            missing = (int(self._exact) + 1 - self._exact) / self.speed.value()
            self._timer.start(max(FRAME, ceil(1000 * missing)))

    def _ask(self, position: int) -> None:
        position = min(max(position, 0), self.end)
        self.show_position(position)
        self._awaited = position
        self.moved.emit(position)

    def _show_playing(self) -> None:
        self._play.setToolTip("pause (Space)" if self.playing else "play (Space)")
        self._play.setAccessibleName("pause" if self.playing else "play")
        self._buttons[self._play] = Glyph.PAUSE if self.playing else Glyph.PLAY
        self._show_glyphs()
        self.played.emit(self.playing)

    def _show_glyphs(self) -> None:
        for button, glyph in self._buttons.items():
            button.setIcon(icon(glyph, self.palette()))

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self._button(Glyph.FIRST, "to the start (Home)", lambda: self.go(0)))
        row.addWidget(self._button(Glyph.BACK, "one back (←; Shift+←: ten)", lambda: self.step(-1)))
        self._play = self._button(Glyph.PLAY, "play (Space)", self.toggle)
        row.addWidget(self._play)
        row.addWidget(self._button(Glyph.FORWARD, "one on (→; Shift+→: ten)", lambda: self.step(1)))
        row.addWidget(self._button(Glyph.LAST, "to the end (End)", lambda: self.go(self.end)))
        for control in (self.slider, self.number, self.speed):
            row.addWidget(control)

    def _button(self, glyph: Glyph, tip: str, action: Callable[[], None]) -> QToolButton:
        button = QToolButton(self, autoRaise=True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # every button has its key
        button.setToolTip(tip)
        button.setAccessibleName(tip.partition(" (")[0])
        button.setIcon(icon(glyph, self.palette()))
        button.clicked.connect(action)
        self._buttons[button] = glyph
        return button


def _spin(prefix: str, suffix: str, low: int, high: int, tip: str) -> QSpinBox:
    spin = QSpinBox(prefix=prefix, suffix=suffix, minimum=low, maximum=high)
    spin.setKeyboardTracking(False)  # "500" is not first 5 and 50
    spin.setToolTip(tip)
    spin.setAccessibleName(tip)
    return spin
