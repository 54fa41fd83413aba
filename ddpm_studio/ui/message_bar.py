"""A slim bar beside the menus that says one line: what went wrong and what to do, or what was done."""

from enum import StrEnum

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFontMetrics, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from ddpm_studio.ui import theme

NOTICE_STAYS = 6_000
"""ms until a notice goes by itself."""


class Level(StrEnum):
    """How a message is shown: the bar's colour and symbol."""

    NOTICE = "notice"
    ERROR = "error"


_SYMBOLS = {Level.NOTICE: "✓", Level.ERROR: "⚠"}


class MessageBar(QWidget):
    """Shows one message at a time; a notice never takes the place of an error that has not been dismissed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message-bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._level, self._message, self._details = Level.NOTICE, "", ""
        self._symbol, self._text = QLabel(self), _ElidedLabel(self)
        self._copy = QPushButton("Copy details", self, flat=True)
        self._copy.setToolTip("Copy the technical details to the clipboard, to send them with a report")
        self._copy.clicked.connect(self._on_copy)
        self._close = QToolButton(self, autoRaise=True)
        self._close.setText("✕")
        self._close.setToolTip("Dismiss")
        self._close.setAccessibleName("Dismiss the message")
        self._close.clicked.connect(self.dismiss)
        self._timer = QTimer(self, singleShot=True, interval=NOTICE_STAYS)
        self._timer.timeout.connect(self.dismiss)
        self._lay_out()
        theme.watcher().changed.connect(self._paint)
        self.hide()

    @property
    def message(self) -> str:
        """The line shown; empty if there is none."""
        return self._message

    @property
    def level(self) -> Level:
        """Of the line shown."""
        return self._level

    def notice(self, text: str) -> None:
        """Something was done; goes away by itself."""
        if not (self._message and self._level is Level.ERROR):
            self._show(Level.NOTICE, text, "")
            self._timer.start()

    def error(self, text: str, details: str = "") -> None:
        """Something could not be done; stays until it is dismissed. "Copy details" copies the last `details`."""
        self._timer.stop()
        self._show(Level.ERROR, text, details or self._details)

    def dismiss(self) -> None:
        """Hides the bar."""
        self._timer.stop()
        self._message = self._details = ""
        self.hide()

    def _show(self, level: Level, text: str, details: str) -> None:
        self._level, self._message, self._details = level, " ".join(text.split()), details
        self._symbol.setText(_SYMBOLS[level])
        self._text.set_full_text(self._message)
        self.setAccessibleName(f"{level}: {self._message}")
        self._copy.setVisible(bool(details))
        self._paint()
        self.show()
        self.raise_()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)

    def _paint(self) -> None:
        colours = theme.colours()
        edge = {Level.NOTICE: colours.good, Level.ERROR: colours.error}[self._level]
        self.setStyleSheet(f"#message-bar {{ background: {colours.background}; border-left: 4px solid {edge}; }}")
        self._symbol.setStyleSheet(f"color: {edge}")

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 4, 0)
        layout.addWidget(self._symbol)
        layout.addWidget(self._text, stretch=1)
        layout.addWidget(self._copy)
        layout.addWidget(self._close)


class _ElidedLabel(QLabel):
    """A line that never forces its window to be wide: what does not fit is in the tooltip."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._full = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_full_text(self, text: str) -> None:
        self._full = text
        self.setToolTip(text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        self.setText(QFontMetrics(self.font()).elidedText(self._full, Qt.TextElideMode.ElideRight, self.width()))
