"""The kind of schedule and its numbers, as a choice and a form."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QStackedWidget, QVBoxLayout, QWidget

from ddpm_studio import knots
from ddpm_studio.errors import UserError
from ddpm_studio.params import parameters
from ddpm_studio.schedule import SCHEDULES, Drawn, Schedule, Space
from ddpm_studio.ui.widgets.form import Form
from ddpm_studio.ui.widgets.kind_form import summary
from ddpm_studio.ui.widgets.scroll_column import ScrollColumn

_KEPT = ("T", "zero_terminal_snr", "scaled")
"""Fields that another kind takes over; the others take its own defaults, which are the presets."""

_DRAWN_ELSEWHERE = ("space", "knots")
"""Fields of a drawn curve that are edited in its plot."""


class ScheduleForm(QWidget):
    """Choosing a kind snaps to its preset; editing T or any other number keeps the kind."""

    previewed = Signal(object)  # a Schedule, many times, while a number is on the way
    edited = Signal(object, str)  # a Schedule that is meant, and what was done, for the undo menu
    refused = Signal(str)  # one line: why that cannot be

    def __init__(self, schedule: Schedule, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._schedule = schedule
        self._forms: dict[type[Schedule], Form] = {}
        self.kind = QComboBox(self)
        self.kind.setAccessibleName("kind of schedule")
        for index, (name, cls) in enumerate(SCHEDULES.items()):
            self.kind.addItem(name)
            self.kind.setItemData(index, summary(cls), Qt.ItemDataRole.ToolTipRole)
        self.kind.textActivated.connect(self._on_kind_chosen)
        self._stack = QStackedWidget(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.kind)
        layout.addWidget(ScrollColumn(self._stack, self))
        self.setMinimumWidth(150)
        self.show_schedule(schedule)

    def show_schedule(self, schedule: Schedule) -> None:
        """Shows its kind and its numbers."""
        self._schedule = schedule
        self.kind.setCurrentText(schedule.kind)
        self.kind.setToolTip(summary(type(schedule)))
        form = self.form(type(schedule))
        self._stack.setCurrentWidget(form)
        form.set_value(schedule)

    def form(self, cls: type[Schedule]) -> Form:
        """The form of one kind, made when it is first needed."""
        if cls not in self._forms:
            form = Form(cls, only=[p.name for p in parameters(cls) if p.name not in _DRAWN_ELSEWHERE])
            form.previewed.connect(self.previewed)
            form.edited.connect(self._on_edited)
            form.refused.connect(self.refused)
            self._stack.addWidget(form)
            self._forms[cls] = form
        return self._forms[cls]

    def _on_edited(self, schedule: Schedule) -> None:
        self.edited.emit(schedule, f"Change the {schedule.kind} schedule")

    def _on_kind_chosen(self, kind: str) -> None:
        try:
            chosen = snapped(self._schedule, SCHEDULES[kind])
        except UserError as error:
            self.kind.setCurrentText(self._schedule.kind)
            self.refused.emit(str(error))
        else:
            self.edited.emit(chosen, f"Snap to {kind}")


def snapped(schedule: Schedule, cls: type[Schedule]) -> Schedule:
    """The preset of a kind, with the T and the switches of `schedule`; a drawn curve follows `schedule` itself.

    Raises:
        UserError: the kind's own numbers make no schedule of that T.
    """
    if isinstance(schedule, cls):
        return schedule
    if cls is Drawn:
        return knots.grabbed(schedule, Space.BETA)
    kept = {name: getattr(schedule, name) for name in _KEPT if hasattr(schedule, name) and hasattr(cls, name)}
    return cls(**kept)
