"""The workspaces by name, in the corner of the menu bar: which one is open, and the way to the others."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QTabBar, QWidget

from ddpm_studio.ui.window.workspaces import WORKSPACES


class WorkspaceBar(QTabBar):
    """A tab for each workspace."""

    chosen = Signal(str)  # the user asks for this workspace, by its key

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab is for the panels; View > Workspace has the same
        self.setAccessibleName("workspace")
        for number, (key, workspace) in enumerate(WORKSPACES.items(), start=1):
            place = self.addTab(workspace.title)
            self.setTabData(place, key)
            self.setTabToolTip(place, f"the {workspace.title} workspace (Alt+{number})")
        self.currentChanged.connect(self._on_changed)

    def show_workspace(self, key: str) -> None:
        """Marks the one that is open, sent to nobody."""
        with QSignalBlocker(self):
            self.setCurrentIndex(list(WORKSPACES).index(key))

    def _on_changed(self, place: int) -> None:
        self.chosen.emit(self.tabData(place))
