"""File > New, Open, Save: the file the document lives in, and the question whether to keep what has not been saved."""

import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from ddpm_studio import document
from ddpm_studio.assets import checkpoint_path
from ddpm_studio.document import EXACT, SUFFIX, TRAINING, Document
from ddpm_studio.errors import UserError
from ddpm_studio.opening import (
    PICTURES,
    ChosenCheckpoint,
    ChosenDataset,
    ChosenPicture,
    ChosenPoints,
    ChosenSchedule,
    Opened,
    Restored,
)
from ddpm_studio.ui.job import Job
from ddpm_studio.ui.place import Place
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.window.doctor_dialog import DoctorDialog
from ddpm_studio.ui.window.network_export import ask_and_export
from ddpm_studio.ui.window.opening import Reading
from ddpm_studio.ui.window.recent import RecentFiles
from ddpm_studio.ui.window.stored import text

_FILES = (SUFFIX, *PICTURES, ".apng", ".mp4", ".npz", "-ubyte", "-ubyte.gz", ".csv", ".safetensors", "model_index.json")
_OPENABLE = " ".join(f"*{suffix}" for suffix in _FILES)


class DocumentFile(QObject):
    """Where the session's document is saved. What is opened is read in a thread, whole, before it changes anything."""

    renamed = Signal()  # the document has another file, or none
    opened = Signal()  # what was asked for has been opened or refused
    panel_asked = Signal(str)  # the panel that shows what has been opened

    def __init__(self, session: Session, settings: QSettings, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._settings, self._window = session, settings, window
        self._reading: Reading | None = None
        self._refused: Path | None = None  # what could not be opened last
        self.recent = RecentFiles(settings)
        self.path: Path | None = None

    @property
    def name(self) -> str:
        """For the window's title."""
        return self.path.name.removesuffix(SUFFIX) if self.path else "Untitled"

    def new(self) -> None:
        """Starts over with the default document."""
        if self.may_be_left():
            self._replace(Document(), None)

    def ask_and_open(self) -> None:
        """File > Open."""
        everything = f"Documents, exports, pictures, data sets, checkpoints ({_OPENABLE})"
        path, _ = QFileDialog.getOpenFileName(self._window, "Open", self._folder(), f"{everything};;All files (*)")
        if path:
            self.open(Path(path))

    def ask_and_open_folder(self) -> None:
        """File > Open folder."""
        path = QFileDialog.getExistingDirectory(
            self._window, "Open a folder: pictures, a run, a diffusers model", self._folder()
        )
        if path:
            self.open(Path(path))

    def open(self, path: Path) -> None:
        """Opens whatever `path` is; see `opening.read`. `opened` follows, also when it could not be used."""
        if self._reading is not None:
            self._session.reported.emit(f"still reading {self._reading.path.name}; open {path.name} when that is done")
            return
        self._reading = reading = Reading(path, self.recent.paths(), self)
        reading.opened.connect(self._on_read)
        reading.refused.connect(self._on_refused)
        reading.crashed.connect(self._on_crashed)
        reading.finished.connect(self._on_finished)
        reading.start()

    def ask_what_it_is(self) -> None:
        """File > What is this file?; begins with the one that was refused last, or with the checkpoint in use."""
        ref, first = self._session.document.denoiser, self._refused
        if first is None and ref not in (EXACT, TRAINING):
            with suppress(UserError):  # a document from elsewhere may name one that does not ship here
                first = checkpoint_path(ref)
        DoctorDialog(self._window, self, self.open, first).show()

    def ask_and_export_network(self) -> None:
        """File > Export network."""
        ask_and_export(self._session, self._window, self)

    def save(self) -> bool:
        """Saves where the document lives, or asks where; False if that was cancelled or failed."""
        return self._write(self.path) if self.path else self.ask_and_save()

    def ask_and_save(self) -> bool:
        """File > Save as; False if cancelled or failed."""
        dialog = QFileDialog(self._window, "Save as", self._folder(), f"DDPM Studio documents (*{SUFFIX})")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
        dialog.selectFile(f"{self.name}{SUFFIX}")
        return bool(dialog.exec()) and self._write(Path(dialog.selectedFiles()[0]))

    def may_be_left(self) -> bool:
        """True if nothing is unsaved, or the user saved it or gave it up."""
        if self._session.undo_stack.isClean():
            return True
        button = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window,
            "DDPM Studio",
            f"Save the changes to {self.name}?",
            button.Save | button.Discard | button.Cancel,
            button.Save,
        )
        return answer == button.Discard or (answer == button.Save and self.save())

    def close(self) -> None:
        """Waits for what is being read, looked at or written, and forgets it."""
        for job in self.findChildren(Job):
            job.close()
        if self._reading is not None:
            self._reading.opened.disconnect(self._on_read)
            self._reading.wait()

    def _write(self, path: Path) -> bool:
        try:
            document.save(self._session.settled_document, path)
        except UserError as error:
            self._session.reported.emit(str(error))
            return False
        self.path = path
        self._session.undo_stack.setClean()
        self._remember(path)
        self.renamed.emit()
        self._session.noticed.emit(f"Saved {path.name}")
        return True

    def _on_read(self, opened: Opened) -> None:
        assert self._reading is not None
        if isinstance(opened, Restored):
            if not self.may_be_left():
                return
            self._replace(opened.document, opened.home)
            if opened.t is not None and opened.sample is not None:
                self._session.place(Place(opened.t, opened.sample, "Compare" if opened.compares else ""))
            elif opened.t is not None:
                self._session.set_t(opened.t)
        elif isinstance(opened, ChosenPicture):
            noising = replace(self._session.settled_document.noising, picture=str(opened.path))
            self._session.edit(f"open picture {opened.path.name}", noising=noising)
        elif isinstance(opened, ChosenDataset):
            self._session.edit(f"open data set {opened.path.name}", dataset=str(opened.path))
        elif isinstance(opened, ChosenCheckpoint):
            self._session.edit(f"open checkpoint {opened.path.name}", denoiser=str(opened.path))
        elif isinstance(opened, ChosenSchedule):
            self._session.edit(f"open schedule {opened.path.name}", schedule=opened.schedule)
        else:
            plane = opened.shown_in(self._session.settled_document.plane)
            self._session.edit(f"open {opened.path.name} in the plane", plane=plane)
        if panel := _panel_of(opened):
            self.panel_asked.emit(panel)
        path = self._reading.path if isinstance(opened, Restored) else opened.path
        self._remember(path)
        self._session.noticed.emit(f"Opened {path.name}")
        if isinstance(opened, Restored) and opened.warning:
            self._session.reported.emit(opened.warning)

    def _on_refused(self, text: str) -> None:
        assert self._reading is not None
        self._refused = self._reading.path
        self._session.reported.emit(text)

    def _on_crashed(self, error: Exception) -> None:
        sys.excepthook(type(error), error, error.__traceback__)

    def _on_finished(self) -> None:
        assert self._reading is not None
        self._reading.deleteLater()
        self._reading = None
        self.opened.emit()

    def _replace(self, new: Document, path: Path | None) -> None:
        self._session.open(new)
        self.path = path
        self.renamed.emit()

    def _remember(self, path: Path) -> None:
        self.recent.add(path.absolute())
        self._settings.setValue("folder", str(path.absolute().parent))

    def _folder(self) -> str:
        return text(self._settings, "folder", str(Path.home()))


def _panel_of(opened: Opened) -> str:
    """Which panel shows it; "" for what several do, as a document and a data set."""
    if isinstance(opened, Restored):
        return "plane" if opened.in_plane else "sampling" if opened.sample is not None else ""
    return {
        ChosenPicture: "noising",
        ChosenCheckpoint: "sampling",
        ChosenPoints: "plane",
        ChosenSchedule: "schedule",
    }.get(type(opened), "")
