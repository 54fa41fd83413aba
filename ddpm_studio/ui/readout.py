"""Every number of a schedule at one t, in a column whose digits stand still."""

from collections.abc import Callable
from math import isinf

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from ddpm_studio.schedule import Schedule

ROWS: tuple[tuple[str, Callable[[Schedule, int], float]], ...] = (
    ("β", lambda s, t: s.beta[t]),
    ("ᾱ", lambda s, t: s.alpha_bar[t]),
    ("√ᾱ", lambda s, t: s.sqrt_alpha_bar[t]),
    ("√(1−ᾱ)", lambda s, t: s.sqrt_one_minus_alpha_bar[t]),
    ("SNR dB", lambda s, t: s.snr_db[t]),
    ("log SNR", lambda s, t: s.log_snr[t]),
    ("β̃", lambda s, t: s.posterior_variance[t]),
    ("λ, σ²=β", lambda s, t: s.loss_weight(s.beta)[t]),
    ("λ, σ²=β̃", lambda s, t: s.loss_weight(s.posterior_variance)[t]),
)
"""A name and the number behind it, at t in 0..T."""


class Readout(QWidget):
    """Two columns of text: the names never change, the numbers are one label, so that a new t is one repaint."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names, self._numbers = QLabel("\n".join(("t", *(name for name, _ in ROWS))), self), QLabel(self)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSize(8)
        for label in (self._names, self._numbers):
            label.setFont(font)
            label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._numbers.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._numbers.setAccessibleName("the schedule's numbers at t")
        layout = QGridLayout(self)
        layout.setContentsMargins(8, 4, 2, 2)
        layout.addWidget(self._names, 0, 0)
        layout.addWidget(self._numbers, 0, 1)
        layout.setColumnStretch(0, 4)
        layout.setColumnStretch(1, 5)
        self.setToolTip("Everything at the cursor's t; the numbers can be selected and copied")

    @property
    def text(self) -> str:
        """What is shown, t and then a line for each of `ROWS`."""
        return self._numbers.text()

    def show_values(self, schedule: Schedule, t: int) -> None:
        """Shows the numbers at t, 0..T."""
        self._numbers.setText("\n".join((f" {t}", *(written(of(schedule, t)) for _, of in ROWS))))


def written(value: float) -> str:
    """A number in at most 12 characters, with a column for its sign."""
    if isinf(value):
        return " ∞" if value > 0 else "−∞"
    return f"{value: .6g}".replace("-", "−")
