"""A slim bar beside the menus that says one line: what went wrong and what to do, or what was done."""

from enum import StrEnum
from time import monotonic

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from ddpm_studio.ui import theme
from ddpm_studio.ui.widgets.elided_label import ElidedLabel

NOTICE_STAYS = 6_000
"""ms until a notice goes by itself."""

FRESH = 1.0
"""Seconds after an error in which a notice may belong to the same action."""


class Level(StrEnum):
    """How a message is shown: the bar's colour and symbol."""

    NOTICE = "notice"
    ERROR = "error"


_SYMBOLS = {Level.NOTICE: "✓", Level.ERROR: "⚠"}


class MessageBar(QWidget):
    """Shows one message at a time, an error until it is dismissed or something else has been done since.

    A notice does not take the place of an error of the same action, nor of one with details.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message-bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._level, self._message, self._details = Level.NOTICE, "", ""
        self._failed = 0.0  # when the last error came
        self._symbol, self._text = QLabel(self), ElidedLabel(self)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
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
        stays = bool(self._details) or monotonic() - self._failed < FRESH
        if not (self._message and self._level is Level.ERROR and stays):
            self._show(Level.NOTICE, text, "")
            self._timer.start()

    def error(self, text: str, details: str = "") -> None:
        """Something could not be done; stays until it is dismissed. "Copy details" copies the last `details`."""
        self._timer.stop()
        self._failed = monotonic()
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
