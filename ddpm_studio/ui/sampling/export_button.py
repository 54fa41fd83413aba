"""The sampling panel's export: each kind as it was chosen last, the dialog with all choices, many samples."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ddpm_studio.errors import UserError
from ddpm_studio.export.progress import Progress
from ddpm_studio.ui.sampling.bulk_dialog import BulkDialog
from ddpm_studio.ui.sampling.chain_look import ChainLook, remembered
from ddpm_studio.ui.sampling.export import CHAIN_EXPORTS, ChainExport, Walked
from ddpm_studio.ui.sampling.export_dialog import ExportDialog
from ddpm_studio.ui.widgets.export_button import Export, ExportButton

TIP = "the samples, a film of the chain, or all its numbers, each with what it takes to make it again"
WALKING = "steps walked"


class SamplingExportButton(ExportButton[Walked]):
    """What is not walked yet is walked first, if so chosen: `walk_asked`, then `show_walked` until it is there.

    Args:
        snapshot: the chain as far as it has been walked; None where there is none.
    """

    walk_asked = Signal()  # to the end

    def __init__(self, snapshot: Callable[[], Walked | None], parent: QWidget | None = None) -> None:
        exports = [Export(each.text, each.name, each.suffixes, each.writing(each.default)) for each in CHAIN_EXPORTS]
        super().__init__(exports, snapshot, TIP, parent)
        self._pending: tuple[Path, ChainExport, ChainLook, Walked] | None = None
        self.dialog = ExportDialog(self)
        self.dialog.asked.connect(self._on_chosen)
        self.dialog.stop_asked.connect(self.stop)
        self.dialog.refused.connect(self.refused)
        self.progressed.connect(self.dialog.show_progress)
        menu = self.menu()
        self.bulk = BulkDialog(snapshot, self)
        self.bulk.saved.connect(self.saved)
        self.bulk.refused.connect(self.refused)
        menu.insertAction(self._stop, menu.addAction("Options…", self.open_dialog))
        menu.insertAction(self._stop, menu.addAction("Generate many…", self.open_bulk))

    def open_dialog(self) -> None:
        """All that can be chosen."""
        self.dialog.show_walked(self._snapshot())
        self.dialog.show()
        self.dialog.raise_()

    def open_bulk(self) -> None:
        """Thousands of samples."""
        self.bulk.show()
        self.bulk.raise_()

    def close_jobs(self) -> None:
        """Waits for what is being written; of many samples, for the step in work."""
        self.bulk.close_jobs()
        super().close_jobs()

    def show_walked(self) -> None:
        """The chain has been walked further, or begun anew."""
        if self._pending is None and not self.dialog.isVisible():
            return
        walked = self._snapshot()
        self.dialog.show_walked(walked)
        if self._pending is None:
            return
        path, export, look, before = self._pending
        if walked is not None and replace(walked.document, second=before.document.second) != before.document:
            self._pending = None
            self._rest()
            self.refused.emit(f"the chain was begun anew before it had reached its end; {path.name} was not written")
        elif walked is not None and walked.finished:
            self._pending = None
            self.begin(path, export.writing(look), walked)
        elif walked is not None:
            self._on_reported([Progress(walked.states - 1, len(walked.times) - 1, WALKING)])

    def stop(self) -> None:
        """Also a walk that was asked for goes on without its export."""
        if self._pending is not None:
            self._pending = None
            self._rest()
        super().stop()

    def _on_asked(self, export: Export[Walked], _checked: bool = False) -> None:
        """From the menu: as it was chosen last."""
        chosen = next(each for each in CHAIN_EXPORTS if each.name == export.name)
        self._on_chosen(chosen, remembered(chosen.name, chosen.default))

    def _on_chosen(self, export: ChainExport, look: ChainLook) -> None:
        path, walked = self.ask(export.text, export.name, export.suffixes), self._snapshot()
        if walked is None or path is None:
            return
        try:
            look.rows(len(walked.x), walked.sample, walked.marked)
        except UserError as error:
            self.refused.emit(str(error))
            return
        if look.walk_on and not walked.finished and "steps" in export.heeds:
            self._pending = (path, export, look, walked)
            self._stop.setVisible(True)
            self.walk_asked.emit()
            self.show_walked()
        else:
            self.begin(path, export.writing(look), walked)
