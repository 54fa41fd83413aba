"""The comparison curves: a button that keeps the current schedule, and one for each that is kept, to drop it again."""

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from ddpm_studio.schedule import Schedule
from ddpm_studio.ui import theme
from ddpm_studio.ui.plots.plot_backdrop import DASHES, pin_pen

MOST = len(DASHES)
_LINE = QSize(26, 10)


class Pins(QWidget):
    """Up to four schedules. Which number a schedule has, and so its line, stays while it is kept."""

    pin_asked = Signal()
    changed = Signal(object)  # a tuple with a Schedule or None at each of the four places

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept: list[Schedule | None] = [None] * MOST
        self.button = QToolButton(self)
        self.button.setText("Pin")
        self.button.setToolTip(f"Keep the curves as they are now to compare with; up to {MOST}")
        self.button.clicked.connect(self.pin_asked)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.button)
        self.chips = tuple(self._chip(index) for index in range(MOST))
        for chip in self.chips:
            layout.addWidget(chip)
        layout.addStretch()
        theme.watcher().changed.connect(self.show_colours)
        self.show_colours(theme.colours())

    @property
    def kept(self) -> tuple[Schedule | None, ...]:
        """The schedule at each place, if there is one."""
        return tuple(self._kept)

    def pin(self, schedule: Schedule) -> None:
        """Keeps a schedule at the first free place, unless it is kept already."""
        if None in self._kept and schedule not in self._kept:
            self._set(self._kept.index(None), schedule)

    def show_colours(self, colours: theme.Colours) -> None:
        """Draws the lines on the buttons in the current colours."""
        for index, chip in enumerate(self.chips):
            chip.setIcon(_line(colours, index, self.devicePixelRatio()))

    def _chip(self, index: int) -> QToolButton:
        chip = QToolButton(self)
        chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        chip.setAutoRaise(True)
        chip.setIconSize(_LINE)
        chip.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        chip.setMinimumWidth(_LINE.width() + 10)
        chip.clicked.connect(lambda: self._set(index, None))
        chip.hide()
        return chip

    def _set(self, index: int, schedule: Schedule | None) -> None:
        self._kept[index] = schedule
        chip = self.chips[index]
        chip.setVisible(schedule is not None)
        if schedule is not None:
            chip.setText(f"{schedule.kind} {schedule.T} ✕")
            chip.setToolTip(f"{described(schedule)}\nClick to drop it")
            chip.setAccessibleName(f"drop the comparison with {described(schedule)}")
        self.button.setEnabled(None in self._kept)
        self.changed.emit(self.kept)


def described(schedule: Schedule) -> str:
    """Its kind and the numbers that make it, in one line."""
    fields = {key: value for key, value in schedule.to_json().items() if key not in ("kind", "knots")}
    return f"{schedule.kind}: " + ", ".join(f"{key} {value}" for key, value in fields.items())


def _line(colours: theme.Colours, index: int, ratio: float) -> QIcon:
    pixmap = QPixmap(_LINE * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    pen = pin_pen(colours, index)
    pen.setWidthF(1.5)
    painter.setPen(pen)
    painter.drawLine(QPointF(0.0, _LINE.height() / 2), QPointF(_LINE.width(), _LINE.height() / 2))
    painter.end()
    return QIcon(pixmap)
