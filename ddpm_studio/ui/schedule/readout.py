"""Every number of a schedule at one t, in a column whose digits stand still."""

from collections.abc import Callable
from math import isinf

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFontDatabase, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from ddpm_studio.schedule import Schedule

ROWS: tuple[tuple[str, Callable[[Schedule, int], float]], ...] = (
    ("β", lambda s, t: s.beta[t]),
    ("ᾱ", lambda s, t: s.alpha_bar[t]),
    ("√ᾱ", lambda s, t: s.sqrt_alpha_bar[t]),
    ("√(1−ᾱ)", lambda s, t: s.sqrt_one_minus_alpha_bar[t]),
    ("SNR dB", lambda s, t: s.snr_db[t]),
    ("log SNR", lambda s, t: s.log_snr[t]),
    ("β̃", lambda s, t: s.posterior_variance[t]),
    ("λ, σ²=β̃", lambda s, t: s.loss_weight(s.posterior_variance)[t]),
    ("λ, σ²=β", lambda s, t: s.loss_weight(s.beta)[t]),
)
"""A name and the number behind it, at t in 0..T; no β stands right above a tilde, which it would touch."""

NAMES = ("t", *(name for name, _ in ROWS))
LARGEST, SMALLEST = 11, 9  # logical pixels, of the font
DIGITS, FEW_DIGITS, LONGEST = 6, 4, 11  # of a number; and the usual length of one of 6 digits
TIP = "Everything at the cursor's t; the numbers can be selected and copied"
MARGINS = (8, 4, 2, 2)  # left, top, right, bottom


class Readout(QWidget):
    """Two columns of text: the names seldom change, the numbers are one label, so that a new t is one repaint.

    Where there is too little room, the last rows and digits are left to the tooltip.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names, self._numbers = QLabel(self), QLabel(self)
        self._values: tuple[float, ...] = ()
        self._t, self._rows, self._digits = 0, len(NAMES), DIGITS
        for label in (self._names, self._numbers):
            label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._names.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        self._numbers.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._numbers.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._numbers.setAccessibleName("the schedule's numbers at t")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(*MARGINS)
        layout.addWidget(self._names)
        layout.addWidget(self._numbers, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As large as the room allows for all rows."""
        super().resizeEvent(event)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        room = self.height() - sum(MARGINS[1::2])
        for size in range(LARGEST, SMALLEST - 1, -1):
            font.setPixelSize(size)
            line = QFontMetrics(font).lineSpacing()
            if line * len(NAMES) <= room:
                break
        for label in (self._names, self._numbers):
            label.setFont(font)
        self._rows = min(max(room // line, 1), len(NAMES))
        left = self.width() - QFontMetrics(font).horizontalAdvance("0") * (max(map(len, NAMES)) + LONGEST)
        self._digits = DIGITS if left >= 2 * sum(MARGINS[::2]) else FEW_DIGITS
        self._show()

    @property
    def text(self) -> str:
        """All there is to show, t and then a line for each of `ROWS`."""
        return "\n".join(self._lines(DIGITS))

    def show_values(self, schedule: Schedule, t: int) -> None:
        """Shows the numbers at t, 0..T."""
        self._t, self._values = t, tuple(of(schedule, t) for _, of in ROWS)
        self._show()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            rows = zip(NAMES, self._lines(DIGITS), strict=False)
            self.setToolTip("\n".join((TIP, *(f"{name} = {number.strip()}" for name, number in rows))))
        return super().event(event)

    def _show(self) -> None:
        self._names.setText("\n".join(NAMES[: self._rows]))
        self._numbers.setText("\n".join(self._lines(self._digits)[: self._rows]))

    def _lines(self, digits: int) -> list[str]:
        return [f" {self._t}", *(written(value, digits) for value in self._values)]


def written(value: float, digits: int = DIGITS) -> str:
    """A number in at most `digits` + 6 characters, with a column for its sign."""
    if isinf(value):
        return " ∞" if value > 0 else "−∞"
    return f"{value: .{digits}g}".replace("-", "−")
