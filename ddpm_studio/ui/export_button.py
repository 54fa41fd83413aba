"""A button with a menu of files to write; each is written in a thread, so the window never waits for one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.saving import ask_target

S = TypeVar("S")


@dataclass(frozen=True)
class Export(Generic[S]):
    """One line of the menu: what is written, under which name it is offered, and how."""

    text: str
    name: str  # offered, without suffix
    suffixes: tuple[str, ...]  # what the file may be; the first is offered
    write: Callable[[Path, S], None]  # runs in a thread; a UserError from it is shown as it is


class ExportButton(QToolButton, Generic[S]):
    """Asks where, then writes what there is to see at that moment.

    Args:
        exports: the lines of its menu.
        snapshot: what to write, immutable; None where there is nothing yet.
        tip: the button's tooltip.
    """

    saved = Signal(str)
    refused = Signal(str)

    def __init__(
        self, exports: Sequence[Export[S]], snapshot: Callable[[], S | None], tip: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._snapshot = snapshot
        self.setText("Export")
        self.setToolTip(tip)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        for export in exports:
            menu.addAction(f"{export.text}…").triggered.connect(partial(self._on_asked, export))
        self.setMenu(menu)

    def close_jobs(self) -> None:
        """Waits for what is being written."""
        for job in self.findChildren(Job):
            job.close()

    def _on_asked(self, export: Export[S], _checked: bool = False) -> None:
        seen = self._snapshot()
        path = None if seen is None else ask_target(self, export.text, export.name, *export.suffixes)
        if seen is None or path is None:
            return
        job = Job(partial(_written, export, path, seen), self)
        job.ended.connect(partial(self._on_ended, job, path))
        job.play()

    def _on_ended(self, job: Job, path: Path, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FINISHED:
            self.saved.emit(f"Saved {path}")
        elif outcome is Outcome.FAILED:
            self.refused.emit(text)
        job.deleteLater()


def _written(export: Export[S], path: Path, seen: S) -> Iterator[Path]:
    export.write(path, seen)
    yield path
