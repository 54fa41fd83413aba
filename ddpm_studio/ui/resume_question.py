"""A run was begun with other settings than the window's: which of them shall it go on with?"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget

from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.record import alters, differences
from ddpm_studio.run import Run
from ddpm_studio.ui.training_work import with_training_of

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


class Resuming(QObject):
    """Finds out by which document a run goes on; asks only where steps already taken would have been others."""

    agreed = Signal(object)  # Document: the window's
    gave_way = Signal(object)  # Document: the run's own is to take the window's place
    refused = Signal(str)  # one line: the run cannot be read

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window

    def ask(self, folder: Path, document: Document) -> None:
        """For the run in `folder` and the window's `document`."""
        try:
            old = Run.open(folder).document
        except UserError as error:
            self.refused.emit(str(error))
            return
        changes = differences(old, with_training_of(old, document))
        if not any(alters(change, document) for change in changes):
            self.agreed.emit(document)
            return
        question = ResumeQuestion(folder.name, changes, self._window)
        question.chose_old.connect(partial(self.gave_way.emit, old))
        question.chose_new.connect(partial(self.agreed.emit, document))
        question.open()
