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
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.training.work import TRAINED, with_training_of

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
    """Finds out by which settings a run goes on; asks only where steps already taken would have been others."""

    agreed = Signal()  # by the session's, which may have become the run's own

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window

    def ask(self, folder: Path) -> None:
        """For the run in `folder`; one that cannot be read is reported."""
        try:
            old = Run.open(folder).document
        except UserError as error:
            self._session.reported.emit(str(error))
            return
        document = self._session.settled_document
        changes = differences(old, with_training_of(old, document))
        if not any(alters(change, document) for change in changes):
            self.agreed.emit()
            return
        question = ResumeQuestion(folder.name, changes, self._window)
        question.chose_old.connect(partial(self._on_old_chosen, old))
        question.chose_new.connect(self.agreed)
        question.open()

    def _on_old_chosen(self, old: Document) -> None:
        self._session.edit("settings of the run", **{field: getattr(old, field) for field in TRAINED})
        self.agreed.emit()
