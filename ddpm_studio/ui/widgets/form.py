"""Any `Parameters` class as a form: one control a field, with its range, its help and its choices."""

from collections.abc import Collection
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QWidget

from ddpm_studio.errors import UserError
from ddpm_studio.params import Parameter, Parameters, parameters
from ddpm_studio.ui.widgets.controls import Control, Switch, control_for, label_of


class Form(QWidget):
    """Edits one value of a `Parameters` class; `value` is always one that can exist.

        form = Form(Ddim)                          # all fields, in a column
        form = Form(Linear, only=("T", "scaled"), orientation=Qt.Orientation.Horizontal)
        form.previewed.connect(...)                # a value, many times, while an arrow is held or the wheel turns
        form.edited.connect(...)                   # a value, when it has settled
        form.refused.connect(session.reported)     # one line: what was typed cannot be; the last good value is back

    Fields that are not shown keep what `set_value` gave them.
    """

    previewed = Signal(object)
    edited = Signal(object)
    refused = Signal(str)

    def __init__(
        self,
        cls: type[Parameters],
        parent: QWidget | None = None,
        *,
        only: Collection[str] | None = None,
        orientation: Qt.Orientation = Qt.Orientation.Vertical,
    ) -> None:
        super().__init__(parent)
        shown = [p for p in parameters(cls) if only is None or p.name in only]
        self._controls = {p.name: self._connected(p) for p in shown}
        if orientation == Qt.Orientation.Vertical:
            self._stand_in_a_column()
        else:
            self._stand_in_a_row()
        self.set_value(cls())

    @property
    def value(self) -> Parameters:
        """The last value that could be made, previews included."""
        return self._value

    def set_value(self, value: Parameters) -> None:
        """Shows `value`, of the form's class, and tells nobody."""
        self._value = value
        for name, control in self._controls.items():
            control.set_value(getattr(value, name))

    def control(self, name: str) -> Control:
        """The control of one field, for a panel that places or greys it itself."""
        return self._controls[name]

    def _connected(self, parameter: Parameter) -> Control:
        control = control_for(parameter)
        control.setAccessibleName(label_of(parameter.name))
        control.setToolTip(_help(parameter))
        control.previewed.connect(partial(self._on_changed, self.previewed, parameter.name))
        control.edited.connect(partial(self._on_changed, self.edited, parameter.name))
        control.refused.connect(self.refused)
        return control

    def _on_changed(self, told: SignalInstance, name: str, field: object) -> None:
        try:
            value = replace(self._value, **{name: field})  # type: ignore[type-var]
        except UserError as error:
            self.set_value(self._value)
            self.refused.emit(str(error))
        else:
            self._value = value
            told.emit(value)

    def _stand_in_a_column(self) -> None:
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for name, control in self._controls.items():
            if isinstance(control, Switch):
                layout.addRow(control)
            else:
                layout.addRow(self._label(name, control), control)

    def _stand_in_a_row(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for name, control in self._controls.items():
            if not isinstance(control, Switch):
                layout.addWidget(self._label(name, control))
            layout.addWidget(control)
        layout.addStretch()

    def _label(self, name: str, control: Control) -> QLabel:
        label = QLabel(label_of(name), self)
        label.setBuddy(control)
        label.setToolTip(control.toolTip())
        return label


def align_labels(widget: QWidget) -> None:
    """Gives the labels of all forms in a column one width, so that their controls stand below each other."""
    labels = [label for label in widget.findChildren(QLabel) if label.buddy()]
    width = max(label.sizeHint().width() for label in labels)
    for label in labels:
        label.setMinimumWidth(width)


def _help(parameter: Parameter) -> str:
    bounds = parameter.range
    allowed = f" ({bounds.low:g} to {bounds.high:g})" if bounds else ""
    return f"{parameter.help}{allowed}"
