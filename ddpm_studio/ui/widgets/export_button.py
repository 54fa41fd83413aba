"""A button with a menu of files to write; each is written in a thread, so the window never waits for one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from ddpm_studio.export.progress import Progress
from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.widgets.saving import ask_target

S = TypeVar("S")
TEXT = "Export"


@dataclass(frozen=True)
class Export(Generic[S]):
    """One line of the menu: what is written, under which name it is offered, and how."""

    text: str
    name: str  # offered, without suffix
    suffixes: tuple[str, ...]  # what the file may be; the first is offered
    write: Callable[[Path, S], Iterator[Progress]]  # runs in a thread; a UserError from it is shown as it is


class ExportButton(QToolButton, Generic[S]):
    """Asks where, then writes what there is to see at that moment; tells how far it is, and can be told to stop.

    Args:
        exports: the lines of its menu.
        snapshot: what to write, immutable; None where there is nothing yet.
        tip: the button's tooltip.
    """

    saved = Signal(str)
    refused = Signal(str)
    progressed = Signal(object)  # Progress of what is being written, or None: nothing is any more

    def __init__(
        self, exports: Sequence[Export[S]], snapshot: Callable[[], S | None], tip: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._snapshot = snapshot
        self.setText(TEXT)
        self.setToolTip(tip)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        for export in exports:
            menu.addAction(f"{export.text}…").triggered.connect(partial(self._on_asked, export))
        self._stop = QAction("Stop the export", self, visible=False)  # ours: a menu's own can lose its Python half
        self._stop.triggered.connect(self.stop)
        menu.addAction(self._stop)
        self.setMenu(menu)

    def begin(self, path: Path, write: Callable[[Path, S], Iterator[Progress]], seen: S) -> None:
        """Writes what was seen, in a thread."""
        job = Job(partial(write, path, seen), self)
        job.reported.connect(self._on_reported)
        job.ended.connect(partial(self._on_ended, job, path))
        self._stop.setVisible(True)
        job.play()

    def stop(self) -> None:
        """Ends what is being written; the files are as they were."""
        for job in self.findChildren(Job):
            job.stop()

    def close_jobs(self) -> None:
        """Waits for what is being written."""
        for job in self.findChildren(Job):
            job.close()

    def ask(self, text: str, name: str, suffixes: Sequence[str]) -> Path | None:
        """Where it shall go; None if there is nothing to write, or the question was not answered."""
        return None if self._snapshot() is None else ask_target(self, text, name, *suffixes)

    def _on_asked(self, export: Export[S], _checked: bool = False) -> None:
        path, seen = self.ask(export.text, export.name, export.suffixes), self._snapshot()
        if seen is not None and path is not None:
            self.begin(path, export.write, seen)

    def _on_reported(self, values: list[Progress]) -> None:
        self.setText(f"{TEXT} {values[-1].percent} %")
        self.progressed.emit(values[-1])

    def _on_ended(self, job: Job, path: Path, outcome: Outcome, text: str) -> None:
        job.setParent(None)
        job.deleteLater()
        if not self.findChildren(Job):
            self._rest()
        if outcome is Outcome.FINISHED:
            self.saved.emit(f"Saved {path}")
        elif outcome is Outcome.FAILED:
            self.refused.emit(text)

    def _rest(self) -> None:
        """Nothing is being written any more."""
        self.setText(TEXT)
        self._stop.setVisible(False)
        self.progressed.emit(None)
