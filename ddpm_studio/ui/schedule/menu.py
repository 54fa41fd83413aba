"""The schedule alone, from and to a file: our own formats and diffusers' configuration."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from ddpm_studio import diffusers_config, schedule_files
from ddpm_studio.errors import UserError
from ddpm_studio.schedule import Schedule
from ddpm_studio.ui.widgets.saving import ask_target

_EXPORTS = (
    ("Export as JSON…", "json", "schedule", ".json"),
    ("Export as CSV…", "csv", "schedule", ".csv"),
    ("Export as NPZ…", "npz", "schedule", ".npz"),
    ("Export as Text Table…", "table", "schedule", ".txt"),
    ("Export for diffusers…", "diffusers", Path(diffusers_config.NAME).stem, ".json"),
)
"""Text, format, name offered, suffix."""

_READABLE = "Schedules (*.json *.csv *.npz);;All files (*)"


class ScheduleMenu(QToolButton):
    """A button with a menu; `show_schedule` says what an export writes."""

    imported = Signal(object, str)  # a Schedule, and what was done, for the undo menu
    saved = Signal(str)  # one line: what was written
    refused = Signal(str)  # one line: why a file cannot be read or written

    def __init__(self, schedule: Schedule, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._schedule = schedule
        self.setText("File")
        self.setToolTip("Read a schedule from a file, or write this one: JSON, CSV, NPZ, text or diffusers")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.addAction("Import…").triggered.connect(self._on_import)
        menu.addSeparator()
        for text, format_name, name, suffix in _EXPORTS:
            menu.addAction(text).triggered.connect(partial(self._on_export, format_name, name, suffix))
        self.setMenu(menu)

    def show_schedule(self, schedule: Schedule) -> None:
        """This is what an export writes from now on."""
        self._schedule = schedule

    def _on_import(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Import a Schedule", "", _READABLE)
        if not path:
            return
        try:
            schedule = schedule_files.read(Path(path))
        except UserError as error:
            self.refused.emit(str(error))
        else:
            self.imported.emit(schedule, f"Import {Path(path).name}")

    def _on_export(self, format_name: str, name: str, suffix: str, _checked: bool = False) -> None:
        path = ask_target(self, "Export the Schedule", name, suffix)
        if path is None:
            return
        try:
            schedule_files.write(self._schedule, path, format_name)
        except UserError as error:
            self.refused.emit(str(error))
        else:
            self.saved.emit(f"Saved {path}")
