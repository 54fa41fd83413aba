"""Reads what is opened or dropped in a thread."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from ddpm_studio.errors import UserError
from ddpm_studio.opening import read


class Reading(QThread):
    """Reads one path in a thread; the window stays alive while a folder of many pictures is read."""

    opened = Signal(object)  # Opened
    refused = Signal(str)  # why it cannot be used, in one line
    crashed = Signal(object)  # an exception nobody expected

    def __init__(self, path: Path, recent: Sequence[Path] = (), parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path, self._recent = path, tuple(recent)

    def run(self) -> None:
        """Called by the thread."""
        try:
            opened = read(self.path, self._recent)
        except UserError as error:
            self.refused.emit(str(error))
        except Exception as error:
            self.crashed.emit(error)
        else:
            self.opened.emit(opened)
