"""The algorithm beside the samples: its lines typeset, the executing one lit, each symbol with its present value."""

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from ddpm_studio.algorithm import ALGORITHMS, Lines, astray, lines
from ddpm_studio.anatomy import one
from ddpm_studio.denoiser import Trained
from ddpm_studio.likelihood import Measured
from ddpm_studio.objective import Target
from ddpm_studio.sampler import Sampler
from ddpm_studio.symbols import SYMBOLS, Moment, names, values
from ddpm_studio.ui.sampling.algorithm_line import LineRow, Shown
from ddpm_studio.ui.sampling.model import Model
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.widgets.glyphs import Glyph, icon

SLOWLY = 900  # milliseconds a line
FAR = 1e-3  # a difference of x_s beyond rounding


class AlgorithmView(QWidget):
    """Whole steps as they are shown; or line by line, by its buttons, the keys [ and ], or a clock.

    The values are those of the step itself: a line that has not had its turn only does not show them yet.
    """

    stepped = Signal(int)  # asks for the state so many steps further

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: Model | None = None
        self._sampler: Sampler | None = None
        self._shown: tuple[Frame, int] | None = None
        self._written: Lines = ()
        self._line: int | None = None  # the executing one; None: the whole step has been taken
        self._arriving: int | None = None  # the line to begin with in the state that was asked for
        self.rows: list[LineRow] = []
        self.title, self.loop, self.note = QLabel(self), QLabel(self), QLabel(self)
        for label in (self.title, self.loop, self.note):
            label.setWordWrap(True)
        bold = self.title.font()
        bold.setWeight(QFont.Weight.DemiBold)
        self.title.setFont(bold)
        self._timer = QTimer(self, interval=SLOWLY)
        self._timer.timeout.connect(self.forward)
        self._lay_out()
        self._offer_keys()

    @property
    def line(self) -> int | None:
        """The number of the executing line; None when the whole step has been taken."""
        return self._line

    def show_sampler(self, sampler: Sampler) -> None:
        """The sampler of the chain."""
        self._sampler = sampler

    def show_model(self, model: Model) -> None:
        """What asks for x̂_0 or ε̂."""
        self._model = model

    def show_frame(self, frame: Frame, sample: int) -> None:
        """The step of the state that is shown; in the middle of it if that was reached line by line."""
        same = self._shown is not None and self._shown[0] is frame
        self._shown = (frame, sample)
        if not same:
            self._line, self._arriving = self._arriving, None
        self._draw()

    def forward(self) -> None:
        """Executes the next line; after the last one, the next step."""
        if self._shown is None:
            return
        frame = self._shown[0]
        if self._line is None and not frame.final:
            self._line = 0
        elif self._line is not None and self._line + 1 < len(self.rows):
            self._line += 1
        elif not frame.final:
            self._ask(1, 0)
        else:
            self._line = None
            self.slowly.setChecked(False)
        self._light()

    def back(self) -> None:
        """Takes back one line; before the first one, the step before."""
        if self._shown is None:
            return
        if self._line:
            self._line -= 1
        elif self._line is None:
            self._line = len(self.rows) - 1
        elif self._shown[0].index > 0:
            self._ask(-1, len(self.rows) - 1)
        self._light()

    def whole(self) -> None:
        """Shows the whole step again."""
        self.slowly.setChecked(False)
        self._line = None
        self._light()

    def hideEvent(self, event: QHideEvent) -> None:
        self.slowly.setChecked(False)
        super().hideEvent(event)

    def _ask(self, by: int, line: int) -> None:
        self._arriving = line
        self.stepped.emit(by)

    def _draw(self) -> None:
        if self._shown is None or self._sampler is None or type(self._sampler) not in ALGORITHMS:
            return
        frame, sample = self._shown
        denoiser = None if self._model is None else self._model.denoiser
        if denoiser is None or sample >= len(frame.x):
            return
        moment = Moment(denoiser.schedule, self._sampler, frame.times, one(frame.step, sample))
        asked = denoiser.denoiser if isinstance(denoiser, Measured) else denoiser
        target: Target | None = asked.target if isinstance(asked, Trained) else None
        written = lines(moment, target)
        if [line.markup for line in written] != [line.markup for line in self._written]:
            self._write(written, moment)
        self._show_values(moment)
        self.note.setVisible(astray(written, moment) > FAR)
        self._light()

    def _write(self, written: Lines, moment: Moment) -> None:
        """Other lines in the place of those that were there."""
        for row in self.rows:
            row.deleteLater()
        self._written, symbols = written, names(moment.dense)
        self.rows = [LineRow(line, symbols, self._page) for line in written]
        for number, row in enumerate(self.rows):
            self._column.insertWidget(number + 1, row)
        self.title.setText(ALGORITHMS[type(moment.sampler)].title)

    def _show_values(self, moment: Moment) -> None:
        known = values(moment)
        used = {name for row in self.rows for name in row.values.symbols}
        shown = {name: Shown.of(name, known.get(name), moment) for name in used}
        told = {name: _told(name, shown[name], moment) for name in used}
        for row in self.rows:
            row.show_values(shown, told)
        times = moment.times
        several = f"{times[0]}, {times[1]}, … {times[-2]}" if len(times) > 3 else ", ".join(map(str, times[:-1]))
        self.loop.setText(f"for t = {several}:   now t = {moment.step.t}, s = {moment.step.s}")

    def _light(self) -> None:
        for number, row in enumerate(self.rows):
            row.show_state(lit=number == self._line, done=self._line is None or number < self._line)
        if self._line is not None and self._line < len(self.rows):
            self._scroll.ensureWidgetVisible(self.rows[self._line], 0, 12)

    def _on_slowly(self, on: bool) -> None:
        self._timer.start() if on else self._timer.stop()
        if on:
            self.forward()

    def _lay_out(self) -> None:
        self._page, self._scroll = QWidget(), QScrollArea(widgetResizable=True)
        self._column = QVBoxLayout(self._page)
        self._column.setContentsMargins(0, 0, 4, 0)
        self._column.setSpacing(2)
        self._column.addWidget(self.loop)
        self._column.addStretch()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOn
        )  # or lines too long for it come and go
        self._scroll.setWidget(self._page)
        self.note.setText(
            "This step did more than these lines say: a part of the picture is held, or it was painted on."
        )
        self.note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(3)
        column.addWidget(self.title)
        column.addWidget(self._scroll, 1)
        column.addWidget(self.note)
        column.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        self.backward = self._button("one line back ( [ )")
        self.onward = self._button("one line on ( ] )")
        self.slowly = self._button("line by line, about one a second", "slowly")
        self.all = self._button("the whole step at once", "whole step")
        self._show_glyphs()
        self.slowly.setCheckable(True)
        self.backward.clicked.connect(self.back)
        self.onward.clicked.connect(self.forward)
        self.slowly.toggled.connect(self._on_slowly)
        self.all.clicked.connect(self.whole)
        for button in (self.backward, self.onward, self.slowly, self.all):
            row.addWidget(button)
        row.addStretch()
        return row

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_glyphs()

    def _show_glyphs(self) -> None:
        for button, glyph in ((self.backward, Glyph.BACK), (self.onward, Glyph.FORWARD)):
            button.setIcon(icon(glyph, self.palette()))

    def _button(self, tip: str, text: str = "") -> QToolButton:
        button = QToolButton(self, autoRaise=True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setToolTip(tip)
        button.setAccessibleName(tip.partition(" (")[0])
        button.setText(text)
        return button

    def _offer_keys(self) -> None:
        """Anywhere in the window, while the lines are to be seen."""
        for key, action in (("[", self.back), ("]", self.forward)):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(action)


def _told(name: str, shown: Shown, moment: Moment) -> str:
    """What the tooltip says: what the symbol means, and its value or the range it is painted on."""
    symbol = SYMBOLS[name]
    reach = symbol.reach(moment)
    painted = f"painted on [−{reach:.3g}, {reach:.3g}]"
    return f"{symbol.meaning}\n{painted if shown.image is not None else shown.text}"
