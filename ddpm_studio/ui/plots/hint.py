"""What will fill a plot that is still empty, written in its middle."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget


class Hint(QLabel):
    """A quiet text; the mouse goes through it."""

    def __init__(self, text: str, over: QWidget) -> None:
        super().__init__(text, over)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setEnabled(False)  # in the palette's quiet colour
