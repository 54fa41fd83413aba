"""A box for a number of any size, whole or real, linear or logarithmic."""

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QStyle, QStyleOptionSpinBox, QWidget

from ddpm_studio.errors import UserError
from ddpm_studio.params import Parameter

_WHEEL_PAUSE = 400
"""ms without a turn of the wheel after which its value is settled."""


class NumberBox(QAbstractSpinBox):
    """A whole or real number of any size, in steps that suit its range.

    Arrows, Page Up/Down and the wheel preview; letting go settles. Typing settles with Enter or when the focus leaves.
    The text may be anything meanwhile: what is out of range is refused with a reason instead of being swallowed.
    """

    previewed = Signal(object)
    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parameter = parameter
        self._moving = False
        self._pause = QTimer(self, singleShot=True, interval=_WHEEL_PAUSE)
        self._pause.timeout.connect(self._settle)
        self.editingFinished.connect(self._on_editing_finished)
        self.set_value(parameter.default if parameter.default is not None else 0)

    @property
    def value(self) -> float:
        """The number shown; an int for a whole one."""
        return self._value

    def set_value(self, value: object) -> None:
        """Shows `value` and tells nobody."""
        assert isinstance(value, int | float)
        self._value = value
        self.lineEdit().setText(written(value))

    def stepBy(self, steps: int) -> None:
        """Moves by that many steps, within the range, as a preview."""
        if self._read_text():
            self._moving = True
            value = stepped(self._parameter, self._value, steps)
            if value != self._value:
                self.set_value(value)
                self.previewed.emit(value)

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Up below the range's end, down above its start."""
        bounds = self._parameter.range
        enabled = QAbstractSpinBox.StepEnabledFlag.StepNone
        if bounds is None or self._value < bounds.high:
            enabled |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        if bounds is None or self._value > bounds.low:
            enabled |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        return enabled

    def sizeHint(self) -> QSize:
        """Room for eight digits."""
        option = QStyleOptionSpinBox()
        self.initStyleOption(option)
        text = QSize(self.fontMetrics().horizontalAdvance("0.0000001 "), self.lineEdit().sizeHint().height())
        return self.style().sizeFromContents(QStyle.ContentsType.CT_SpinBox, option, text, self)

    def minimumSizeHint(self) -> QSize:
        """As `sizeHint`."""
        return self.sizeHint()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        super().keyReleaseEvent(event)
        if not event.isAutoRepeat():
            self._settle()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._settle()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus():
            event.ignore()  # so that scrolling past does not change it
            return
        super().wheelEvent(event)
        self._pause.start()

    def _on_editing_finished(self) -> None:
        if self._read_text():
            self._settle()

    def _read_text(self) -> bool:
        """Takes over what was typed, if anything was; False if it is no value."""
        text = self.lineEdit().text()
        if text == written(self._value):
            return True
        try:
            value = parsed(self._parameter, text)
        except UserError as error:
            self.set_value(self._value)
            self.refused.emit(str(error))
            return False
        self._moving |= value != self._value
        self.set_value(value)
        return True

    def _settle(self) -> None:
        self._pause.stop()
        if self._moving:
            self._moving = False
            self.edited.emit(self._value)


def stepped(parameter: Parameter, value: float, steps: int) -> float:
    """`value` after that many steps: of 10 % on a logarithmic range, else of a hundredth, of 1 if it is whole."""
    bounds = parameter.range
    if bounds is not None and bounds.log:
        moved = float(f"{value * 1.1**steps:.2g}")
        moved = moved if moved != value else value * 1.1**steps
    elif parameter.type is int or bounds is None:
        moved = value + steps
    else:
        step = (bounds.high - bounds.low) / 100
        moved = round((value + steps * step) / step) * step
    if bounds is not None:
        moved = min(max(moved, bounds.low), bounds.high)
    return int(moved) if parameter.type is int else float(f"{moved:.12g}")


def written(value: float) -> str:
    """A number as the boxes show it: six digits, or all of a whole one."""
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def parsed(parameter: Parameter, text: str) -> object:
    """The number that was typed, with a decimal point or comma; UserError as `Parameter.parsed`."""
    return parameter.parsed(text.strip().replace(",", "."))
