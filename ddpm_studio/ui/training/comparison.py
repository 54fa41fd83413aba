"""Which other runs' losses are drawn beside this one's: a button whose menu lists the runs there are."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from ddpm_studio.ui.plots.plot_backdrop import DASHES
from ddpm_studio.ui.training.metrics import Metrics
from ddpm_studio.ui.training.run_folder import recent_runs, standard_place
from ddpm_studio.ui.training.run_reader import RunReader
from ddpm_studio.ui.training.work import Known


class Comparison(QToolButton):
    """The newest comes first; as many as there are DASHES to tell them apart by. Choosing one again takes it away."""

    changed = Signal(object)  # list of (name, Metrics)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs: dict[Path, Metrics] = {}
        self._reader = RunReader(self)
        self._reader.refused.connect(self.refused)
        self.setText("Compare…")
        self.setToolTip("other runs' loss in the same plot, smoothed")
        self.setAccessibleName("compare with other runs")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.aboutToShow.connect(self._on_menu_opened)
        self.setMenu(menu)

    def _on_menu_opened(self) -> None:
        menu = self.menu()
        menu.clear()
        menu.addAction("Open a run…", self._on_open)
        nothing = menu.addAction("None", self._on_none)
        nothing.setEnabled(bool(self.runs))
        menu.addSeparator()
        for folder in dict.fromkeys((*self.runs, *(run.folder for run in recent_runs()))):
            action = menu.addAction(folder.name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(folder in self.runs)
            action.toggled.connect(partial(self._on_toggled, folder))

    def _on_open(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "A run to compare with", str(standard_place()))
        if folder:
            self._reader.read(Path(folder), self._on_read)

    def _on_none(self) -> None:
        self.runs.clear()
        self._tell()

    def _on_toggled(self, folder: Path, wanted: bool) -> None:
        if wanted:
            self._reader.read(folder, self._on_read)
        else:
            self.runs.pop(folder, None)
            self._tell()

    def _on_read(self, found: Known) -> None:
        others = ((folder, metrics) for folder, metrics in self.runs.items() if folder != found.run.folder)
        self.runs = dict([(found.run.folder, Metrics(found.lines)), *others][: len(DASHES)])
        self._tell()

    def _tell(self) -> None:
        self.changed.emit([(folder.name, metrics) for folder, metrics in self.runs.items()])
