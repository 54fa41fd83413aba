"""One chapter of the Learn panel as widgets: text, typeset equations, and controls on the session's document."""

import re
from functools import partial, singledispatchmethod
from html import escape

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from ddpm_studio.lessons.actions import Action, Edit
from ddpm_studio.lessons.chapter import Block, Buttons, Chapter, Cursor, Equation, Figure, Settings, Text
from ddpm_studio.sampler import SAMPLERS, Sampler
from ddpm_studio.ui.learn.figures import FIGURES
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.typesetting.equation import Equation as EquationView
from ddpm_studio.ui.widgets.form import Form

COLUMNS = {2: 2, 4: 2}  # of so many buttons; else 3
EM = 1.3  # of an equation, in heights of the text: its subscripts must be read too
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₜ₋", "0123456789t−")
_SUBSCRIPT = re.compile(r"(?<![A-Za-z])([A-Za-zα-ωᾱ][\u0302-\u0304]?)(?:_([A-Za-z0-9θ]+)|([₀-₉ₜ₋]+))")


class LessonView(QWidget):
    """Draws a chapter; what its buttons ask for is told, not done."""

    asked = Signal(object)  # Action

    def __init__(self, chapter: Chapter, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 14, 12)
        column.setSpacing(10)
        column.addWidget(_heading(chapter.title))
        for block in chapter.blocks:
            column.addWidget(self._drawn(block))
        column.addStretch()

    @singledispatchmethod
    def _drawn(self, block: Block) -> QWidget:
        raise TypeError(block)

    @_drawn.register
    def _(self, block: Text) -> QWidget:
        label = QLabel(rich(block.text), self)
        label.setTextFormat(Qt.TextFormat.RichText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    @_drawn.register
    def _(self, block: Equation) -> QWidget:
        row = QWidget(self)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(16, 2, 0, 2)
        layout.addWidget(EquationView(block.markup, em=EM * self.fontMetrics().height(), parent=row), 1)
        source = QLabel(block.source, row)
        source.setEnabled(False)
        layout.addWidget(source)
        return row

    @_drawn.register
    def _(self, block: Buttons) -> QWidget:
        box = QWidget(self)
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        columns = COLUMNS.get(len(block.actions), 3)
        for place, action in enumerate(block.actions):
            grid.addWidget(self._button(action), *divmod(place, columns))
        for column in range(columns):
            grid.setColumnStretch(column, 1)
        return box

    @_drawn.register
    def _(self, _block: Cursor) -> QWidget:
        return CursorSlider(self._session, self)

    @_drawn.register
    def _(self, block: Settings) -> QWidget:
        return SamplerSettings(block, self._session, self)

    @_drawn.register
    def _(self, block: Figure) -> QWidget:
        return FIGURES[block](self)

    def _button(self, action: Action) -> QPushButton:
        button = QPushButton(action.label[0].upper() + action.label[1:], self)
        button.setToolTip(action.tip + (" (undo takes it back)" if isinstance(action, Edit) else ""))
        button.clicked.connect(partial(self._on_clicked, action))
        return button

    def _on_clicked(self, action: Action, _checked: bool = False) -> None:
        self.asked.emit(action)


class CursorSlider(QWidget):
    """The shared t: moved here it moves everywhere, and the other way round."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("t")
        self.slider.setToolTip("t, the same in every panel: 0 is the clean picture, T is noise")
        self.number = QLabel(self)
        self.number.setMinimumWidth(self.fontMetrics().horizontalAdvance("t = 0000"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.slider, 1)
        row.addWidget(self.number)
        self.slider.valueChanged.connect(self._on_moved)
        session.t_changed.connect(self.show_t)
        session.schedule_changed.connect(self.show_range)
        self.show_range()

    def show_range(self) -> None:
        """0..T of the document."""
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, self._session.document.schedule.T)
        self.show_t(self._session.t)

    def show_t(self, t: int) -> None:
        """Where the cursor is."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(t)
        self.number.setText(f"t = {t}")

    def _on_moved(self, t: int) -> None:
        self._session.set_t(t)


class SamplerSettings(QWidget):
    """Some settings of the document's sampler, greyed while it is of another kind."""

    def __init__(self, block: Settings, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._cls = session, SAMPLERS[block.kind]
        self.form = Form(self._cls, self, only=block.names)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.form)
        self.form.previewed.connect(self._on_previewed)
        self.form.edited.connect(self._on_edited)
        self.form.refused.connect(session.reported)
        session.sampler_changed.connect(self.show_sampler)
        self.show_sampler(session.document.sampler)

    def show_sampler(self, sampler: Sampler) -> None:
        """Its values, if it is of this kind."""
        self.setEnabled(isinstance(sampler, self._cls))
        if isinstance(sampler, self._cls):
            self.form.set_value(sampler)

    def _on_previewed(self, sampler: Sampler) -> None:
        self._session.preview(sampler=sampler)

    def _on_edited(self, sampler: Sampler) -> None:
        self._session.edit("sampler settings", sampler=sampler)


def rich(text: str) -> str:
    """Plain text as rich text: x_t, L_simple, ᾱₜ and xₜ₋₁ get true subscripts, and t − 1 is not broken."""
    return _SUBSCRIPT.sub(_set_lower, re.sub(" ([−=]) ", "\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", escape(text)))


def _set_lower(found: re.Match[str]) -> str:
    lower = found[2] or found[3].translate(_LOWERED)
    return f"<i>{found[1]}</i><sub>{lower}</sub>"


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    font = QFont(label.font())
    font.setPointSizeF(font.pointSizeF() * 1.4)
    font.setBold(True)
    label.setFont(font)
    label.setWordWrap(True)
    return label
