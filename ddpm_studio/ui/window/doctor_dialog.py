"""File > What is this file?: what a file or folder is, what it holds, what is missing and what to do."""

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QTextBrowser, QVBoxLayout, QWidget

from ddpm_studio.ui.job import Job, Outcome


class DoctorDialog(QDialog):
    """A window beside the main one; a file is looked at in a thread, and nothing in it is run.

    Args:
        parent: the main window.
        jobs: whose children the threads are, so that they end with it.
        opens: what the button Open does with a path.
        first: what is looked at at once; None asks.
    """

    def __init__(self, parent: QWidget, jobs: QObject, opens: Callable[[Path], None], first: Path | None) -> None:
        super().__init__(parent)
        self._jobs, self._opens = jobs, opens
        self._path: Path | None = None
        self._job: Job | None = None
        self._plain = ""
        self.setWindowTitle("What is this file?")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self.told = QTextBrowser(self)
        self.told.setAccessibleName("what the file is")
        self.told.setAcceptDrops(False)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        role = QDialogButtonBox.ButtonRole
        self.buttons.addButton("File…", role.ActionRole).clicked.connect(self._on_file)
        self.buttons.addButton("Folder…", role.ActionRole).clicked.connect(self._on_folder)
        self.copy = self.buttons.addButton("Copy", role.ActionRole)
        self.open_it = self.buttons.addButton("Open", role.ActionRole)
        self.copy.clicked.connect(self._on_copy)
        self.open_it.clicked.connect(self._on_open)
        self.buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addWidget(self.told)
        column.addWidget(self.buttons)
        self.resize(720, 420)
        self._show("Choose a file or a folder, or drop one here. Nothing in it is run.", usable=False)
        if first is not None:
            self.examine(first)

    def examine(self, path: Path) -> None:
        """Looks at a path and shows what was found."""
        self._retire()
        self._path = path
        self._show(f"looking at {escape(str(path))} …", usable=False)
        self._job = job = Job(lambda: _found(path), self._jobs)
        job.reported.connect(self._on_found)
        job.ended.connect(self._on_ended)
        job.play()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._retire()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.examine(Path(next(url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile())))

    @Slot(object)
    def _on_found(self, found: list[tuple[str, str, bool]]) -> None:
        html, self._plain, usable = found[-1]
        self._show(html, usable=usable)

    @Slot(object, str)
    def _on_ended(self, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FAILED:
            self._show(escape(text), usable=False)

    def _show(self, html: str, *, usable: bool) -> None:
        self.told.setHtml(html)
        self.open_it.setEnabled(usable)
        self.copy.setEnabled(bool(self._plain))

    def _retire(self) -> None:
        if self._job is not None:
            self._job.retire()
        self._job, self._plain = None, ""

    def _on_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "What is this file?", self._folder())
        if path:
            self.examine(Path(path))

    def _on_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "What is this folder?", self._folder())
        if path:
            self.examine(Path(path))

    def _folder(self) -> str:
        return str(self._path.parent if self._path else Path.home())

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._plain)

    def _on_open(self) -> None:
        if self._path is not None:
            self._opens(self._path)
            self.close()


def _found(path: Path) -> Iterator[tuple[str, str, bool]]:
    """As HTML, as plain text, and whether it can be opened."""
    from ddpm_studio.doctor import examine  # noqa: PLC0415 - imports PyTorch

    found = examine(path)
    rows = [*found.holds, *(("missing" if found.usable else "wrong", text) for text in found.missing)]
    rows.append(("what to do", found.advice))
    cells = "".join(
        f"<tr><td><b>{escape(name)}</b>&nbsp;&nbsp;</td><td>{escape(text)}</td></tr>" for name, text in rows
    )
    html = f"<p>{escape(str(found.path))}</p><p><b>{escape(found.what)}</b></p><table cellpadding=2>{cells}</table>"
    yield html, "\n".join(found.lines()), found.usable
