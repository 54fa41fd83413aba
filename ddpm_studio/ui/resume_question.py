"""A run was begun with other settings than the window's: which of them shall it go on with?"""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget

MOST = 8
"""Differences that are listed; the others are counted."""


class ResumeQuestion(QMessageBox):
    """Asks without stopping the window; leaving it changes nothing."""

    chose_old = Signal()  # the run's own settings
    chose_new = Signal()  # the window's

    def __init__(self, name: str, changes: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle("Resume")
        self.setText(f"{name} was trained with other settings than the window shows.")
        shown = [*changes[:MOST], *([f"and {len(changes) - MOST} more"] if len(changes) > MOST else [])]
        self.setInformativeText("run → window\n" + "\n".join(shown))
        role = QMessageBox.ButtonRole
        self.old = self.addButton("Use the run's settings", role.AcceptRole)
        self.new = self.addButton("Go on with the window's", role.ActionRole)
        self.setDefaultButton(self.old)
        self.addButton(QMessageBox.StandardButton.Cancel)
        self.buttonClicked.connect(self._on_clicked)

    def _on_clicked(self, button: QAbstractButton) -> None:
        if button is self.old:
            self.chose_old.emit()
        elif button is self.new:
            self.chose_new.emit()
