"""A pace for what is drawn seldom: at once after a rest, and then no sooner than a period after the last time."""

from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal


class Pace(QObject):
    """`due` follows `ask`: at once if it has not been for a period, else when the period is over, once for all asked.

    So a single step is drawn in full at once, while what plays is drawn as often as the eye can read it.

    Args:
        period: milliseconds between two.
    """

    due = Signal()

    def __init__(self, period: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._period = period
        self._last = -float("inf")
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.now)

    def ask(self) -> None:
        """Has it done, now or soon."""
        rest = self._last + self._period / 1000 - monotonic()
        if rest <= 0:
            self.now()
        elif not self._timer.isActive():
            self._timer.start(int(1000 * rest) + 1)

    def now(self) -> None:
        """Has it done at once."""
        self._timer.stop()
        self._last = monotonic()
        self.due.emit()
