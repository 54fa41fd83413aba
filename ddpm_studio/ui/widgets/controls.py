"""One control per kind of parameter. All speak alike: `set_value` shows silently, `edited` is a settled new value,
`previewed` one on the way to it, `refused` says in one line why what was typed is no value.
"""

from enum import Enum

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from ddpm_studio.errors import UserError
from ddpm_studio.params import Parameter
from ddpm_studio.ui.widgets.number_box import NumberBox, parsed, written

_SYMBOLS = {
    "beta": "β",
    "beta_tilde": "β̃",
    "eta": "η",
    "sigma": "σ²",
    "zero_terminal_snr": "zero terminal SNR",
    "corrections": "moves",
    "resamplings": "repeats",
    "x_t": "xₜ",
    "x0_hat": "guess of x₀",
    "eps_hat": "ε̂",
    "fps": "frames/s",
    "hold": "hold, s",
    "walk_on": "walk to the end first",
    "uint8": "pixels only (uint8)",
}


class NamedBox(QComboBox):
    """A number some of whose values have names: choose one, or type any."""

    previewed = Signal(object)
    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent, editable=True)
        assert parameter.range is not None
        self._parameter = parameter
        self._names = {label_of(name): value for name, value in parameter.range.names}
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setCompleter(None)  # type: ignore[arg-type]
        self._edit().setAcceptDrops(False)  # a file is dropped on the window
        self.addItems(list(self._names))
        for row in range(self.count()):  # high enough for the tilde over a β
            self.setItemData(row, QSize(0, self.fontMetrics().height() * 3 // 2), Qt.ItemDataRole.SizeHintRole)
        self.activated.connect(self._on_chosen)
        self._edit().editingFinished.connect(self._on_chosen)
        self.set_value(parameter.default)

    def set_value(self, value: object) -> None:
        """Shows `value`, by its name if it has one, and tells nobody."""
        assert isinstance(value, int | float)
        self._value = value
        self.setEditText(next((name for name, named in self._names.items() if named == value), written(value)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        _wheel_when_focused(self, event)

    def _on_chosen(self) -> None:
        text = self.currentText().strip()
        try:
            value = self._names[text] if text in self._names else parsed(self._parameter, text)
        except UserError as error:
            self.set_value(self._value)
            self.refused.emit(str(error))
            return
        if value != self._value and text != written(self._value):
            self.set_value(value)
            self.edited.emit(value)

    def _edit(self) -> QLineEdit:
        edit = self.lineEdit()
        assert edit is not None
        return edit


class ChoiceBox(QComboBox):
    """A member of an enumeration."""

    previewed = Signal(object)
    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert issubclass(parameter.type, Enum)
        self._members = list(parameter.type)
        self.addItems([label_of(str(member.value)) for member in self._members])
        self.activated.connect(lambda index: self.edited.emit(self._members[index]))

    def set_value(self, value: object) -> None:
        """Shows `value` and tells nobody."""
        self.setCurrentIndex(self._members.index(value))  # type: ignore[arg-type]

    def wheelEvent(self, event: QWheelEvent) -> None:
        _wheel_when_focused(self, event)


class Switch(QCheckBox):
    """Yes or no."""

    previewed = Signal(object)
    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(label_of(parameter.name), parent)
        self.clicked.connect(lambda on: self.edited.emit(on))

    def set_value(self, value: object) -> None:
        """Shows `value` and tells nobody."""
        self.setChecked(bool(value))  # `clicked` is for clicks only


class TextBox(QLineEdit):
    """Text, a list as `1, 2, 4`, or knots as `0:0.0001, 1:0.02`."""

    previewed = Signal(object)
    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parameter = parameter
        self.set_value(parameter.default if parameter.default is not None else "")
        self.editingFinished.connect(self._on_editing_finished)

    def set_value(self, value: object) -> None:
        """Shows `value` and tells nobody."""
        self._value = value
        self.setText(_in_words(value))

    def _on_editing_finished(self) -> None:
        if self.text() == _in_words(self._value):
            return
        try:
            value = self._parameter.parsed(self.text())
        except UserError as error:
            self.set_value(self._value)
            self.refused.emit(str(error))
        else:
            self.set_value(value)
            self.edited.emit(value)


Control = NumberBox | NamedBox | ChoiceBox | Switch | TextBox


def control_for(parameter: Parameter) -> Control:
    """The control that its type and its range ask for, showing its default."""
    if parameter.many:
        return TextBox(parameter)
    if issubclass(parameter.type, Enum):
        return ChoiceBox(parameter)
    if parameter.type is bool:
        return Switch(parameter)
    if parameter.type in (int, float):
        return NamedBox(parameter) if parameter.range and parameter.range.names else NumberBox(parameter)
    return TextBox(parameter)


def label_of(name: str) -> str:
    """A parameter's or a choice's name as a person reads it: `beta_end` is "β end"."""
    return _SYMBOLS.get(name) or " ".join(_SYMBOLS.get(word, word) for word in name.split("_"))


def _in_words(value: object) -> str:
    """What a person would type for it."""
    if isinstance(value, tuple):
        return (
            ", ".join(f"{item[0]:g}:{item[1]:g}" if isinstance(item, tuple) else str(item) for item in value) or "none"
        )
    return str(value)


def _wheel_when_focused(box: QComboBox, event: QWheelEvent) -> None:
    if box.hasFocus():
        QComboBox.wheelEvent(box, event)
    else:
        event.ignore()
