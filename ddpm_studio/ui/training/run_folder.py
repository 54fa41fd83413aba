"""Which folder a run is written to, or gone on with; where runs are kept unless somebody says otherwise."""

from collections.abc import Iterator
from functools import partial
from html import escape
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from ddpm_studio.container import is_run
from ddpm_studio.errors import UserError
from ddpm_studio.run import Run

NEW = "new"
"""What a folder is in which there is no run yet."""
RECENT = 8
"""Runs that the menu lists at most."""


class RunFolder(QWidget):
    """Shows the folder; its menu asks for another one with `asked`, or for a new one with `new_asked`."""

    asked = Signal(object)  # a Path
    new_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = Path()
        self._left: Run | None = None  # a run that somebody may want to go on with
        self._label = QLabel(self)
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._label.setAccessibleName("folder of the run")
        self._label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.LinksAccessibleByMouse
        )
        self._label.linkActivated.connect(self._on_link)
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._on_menu_opened)
        button = QToolButton(self)
        button.setText("Run…")
        button.setToolTip("begin a new run, or open one to go on with it")
        button.setAccessibleName("choose the run")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(self.menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(button)
        row.addWidget(self._label, 1)

    def show_path(self, path: Path, what: str) -> None:
        """Shows a folder, and what it is: NEW, or what a run is doing."""
        self.path, self._left = path, self._left if what == NEW else None
        text = f"{escape(path.name)}  <i>{what}</i>"
        if self._left is not None:
            text += f' &nbsp; <a href="open">go on with {escape(self._left.folder.name)}</a>'
        self._label.setText(text)
        self._label.setToolTip(str(path))

    def offer(self, run: Run) -> None:
        """Offers to go on with another run, until one is."""
        self._left = run
        self.show_path(self.path, NEW)

    def _on_link(self, _link: str) -> None:
        if self._left is not None:
            self.asked.emit(self._left.folder)

    def _on_menu_opened(self) -> None:
        self.menu.clear()
        self.menu.addAction("New run", self.new_asked.emit)
        self.menu.addAction("New run in a folder…", partial(self._ask, "An empty folder for the run"))
        self.menu.addAction("Open a run…", partial(self._ask, "Open a run"))
        self.menu.addSeparator()
        for run in recent_runs():
            text = f"{run.folder.name}: step {run.step:,} of {run.document.training.steps:,}"
            self.menu.addAction(text.replace("&", "&&"), partial(self.asked.emit, run.folder))

    def _ask(self, title: str) -> None:
        path = QFileDialog.getExistingDirectory(self, title, str(standard_place()))
        if path:
            self.asked.emit(Path(path))


def standard_place() -> Path:
    """Where runs are kept unless somebody says otherwise."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return (Path(place) if place else Path.home()) / "DDPM Studio" / "runs"


def free_folder(dataset: str) -> Path:
    """A folder in the standard place that is not there yet, named after the data set."""
    name = Path(dataset).stem or "run"
    place = standard_place()
    return next(path for n in range(1, 1_000_000) if not (path := place / f"{name}-{n}").exists())


def is_taken(folder: Path) -> bool:
    """Whether a run of another window is where `free_folder` had found nothing."""
    return folder.parent == standard_place() and any(folder.glob("checkpoints/step-*.safetensors"))


def recent_runs() -> Iterator[Run]:
    """The runs in the standard place, the newest first, at most RECENT; what cannot be read is left out."""
    place = standard_place()
    try:
        folders = [folder for folder in place.iterdir() if is_run(folder)]
        folders.sort(key=lambda folder: (folder / "checkpoints").stat().st_mtime, reverse=True)
    except OSError:
        return
    for folder in folders[:RECENT]:
        try:
            yield Run.open(folder)
        except UserError:
            continue


def unfinished() -> Run | None:
    """The newest run in the standard place, if it stopped before its end."""
    run = next(recent_runs(), None)
    return run if run is not None and 0 < run.step < run.document.training.steps else None
