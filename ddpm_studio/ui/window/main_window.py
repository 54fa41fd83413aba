"""The window: a dock for each panel, the menus, and a bar for messages. It shows itself first and fills itself then."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSettings, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QWidget

from ddpm_studio import log
from ddpm_studio.ui import theme
from ddpm_studio.ui.loading import Loading
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.theme import Choice
from ddpm_studio.ui.window.dock import Dock
from ddpm_studio.ui.window.document_file import DocumentFile
from ddpm_studio.ui.window.menus import add_menus
from ddpm_studio.ui.window.message_bar import MessageBar
from ddpm_studio.ui.window.stored import state, text
from ddpm_studio.ui.window.workspace_bar import WorkspaceBar
from ddpm_studio.ui.window.workspaces import PANELS, WORKSPACES, HasJobs, Panel, arrange

LAYOUT = 3
"""Raised when the docks change so that an arrangement remembered from before would not fit."""

SIZE = QSize(1600, 1000)
MESSAGE = 480
"""Logical pixels that a message wants."""
FRAME = QSize(16, 48)
"""What the system draws around a window, at most; it is not known before the window is shown."""


class MainWindow(QMainWindow):
    """Docks PANELS on one session. A panel is made when it is first seen; one that needs PyTorch, once it is there."""

    ready = Signal()  # every panel that is to be seen is in its place, or has said why not

    def __init__(self, session: Session, settings: QSettings) -> None:
        super().__init__()
        self.session, self._settings = session, settings
        self.files = DocumentFile(session, settings, self)
        self.docks = {key: Dock(key, panel.title, _before(panel), self) for key, panel in PANELS.items()}
        self._loading: Loading | None = None
        self._due: set[str] = set()  # panels that can be made, and will be when they are seen
        self._painted = False
        self.workspace = "explore"
        self.workspaces = WorkspaceBar(self)
        self.messages = MessageBar(self)
        self.setDockNestingEnabled(True)
        self.setAcceptDrops(True)
        self._restore()
        add_menus(self)
        self._place_workspaces()
        self._connect()
        self._name()

    def reset_layout(self) -> None:
        """Puts the docks where the workspace wants them."""
        arrange(self, self.docks, WORKSPACES[self.workspace])

    def choose_workspace(self, key: str) -> None:
        """Another workspace, arranged as it was left; this one's arrangement is remembered."""
        if key != self.workspace:
            self._remember()
            self._settings.setValue("workspace", key)
            self._open_workspace(key)
            self._hand_keyboard(WORKSPACES[key].rows[0][0])

    def focus_panel(self, key: str) -> None:
        """Shows a panel, if need be in the workspace it has a place in, and gives the keyboard to its first control."""
        dock = self.docks[key]
        if dock.isHidden() and not WORKSPACES[self.workspace].holds(key):
            self.choose_workspace(next(name for name, workspace in WORKSPACES.items() if workspace.holds(key)))
        dock.show()
        dock.raise_()
        dock.activateWindow()
        self._hand_keyboard(key)

    def show_beside(self, keys: tuple[str, ...]) -> None:
        """Shows panels: in the second column of a workspace that has columns, in place of those there, else as well.

        Where just these are shown already, nothing moves; and nothing is put in front of what has the keyboard.
        """
        workspace, used = WORKSPACES[self.workspace], self.focusWidget()
        if workspace.across:
            wanted = {*workspace.rows[0], *keys}
            if wanted != {key for key, dock in self.docks.items() if dock.isVisible()}:
                self._make([key for key in keys if key in self._due])  # before their places are shared out
                arrange(self, self.docks, replace(workspace, rows=(workspace.rows[0], keys)))
                if used is not None:
                    used.setFocus()
            return
        for dock in (self.docks[key] for key in keys):
            dock.show()
            if used is None or not any(other.isAncestorOf(used) for other in self.tabifiedDockWidgets(dock)):
                dock.raise_()

    def make_all(self) -> None:
        """Makes the panels that have not been looked at yet, too, as far as their modules have been imported."""
        self._make([key for key in PANELS if key in self._due])

    def choose_theme(self, choice: Choice) -> None:
        """Light, dark or as the system, from now on."""
        theme.watcher().choose(choice)
        self._settings.setValue("theme", choice.value)

    def toggle_full_screen(self) -> None:
        """All of the screen, or back to what was before."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self._fill)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_messages()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        first, *others = (Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
        event.acceptProposedAction()
        if others:
            self.session.reported.emit(f"only {first.name} is opened; many pictures are opened by their folder")
        self.files.open(first)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.files.may_be_left():
            event.ignore()
            return
        self._remember()
        self.hide()  # at once, also if an import or a job takes a second to stop
        self._close_work()
        event.accept()

    def _fill(self) -> None:
        """The panels that need no PyTorch, now; then a thread imports the others, one after the other."""
        self._due.update(key for key, panel in PANELS.items() if not panel.needs_torch)
        self._make_seen()
        self._loading = loading = Loading([panel.module for panel in PANELS.values() if panel.needs_torch], self)
        loading.loaded.connect(self._on_loaded)
        loading.failed.connect(self._on_failed)
        loading.finished.connect(self.ready)
        QTimer.singleShot(0, loading, loading.start)

    def _make_seen(self) -> None:
        """Makes what is due and on the screen; nobody waits for a panel that nobody looks at."""
        self._make([key for key in PANELS if key in self._due and self.docks[key].isVisible()])

    def _make(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._due.discard(key)
            self._place(key)
            if not self._panel_has_keyboard and key == WORKSPACES[self.workspace].rows[0][0]:
                self._hand_keyboard(key)

    def _on_loaded(self, module: str) -> None:
        self._due.update(key for key, panel in PANELS.items() if panel.module == module)
        self._make_seen()

    def _on_failed(self, module: str, error: Exception) -> None:
        for key, panel in PANELS.items():
            if panel.module == module:
                self._tell_failure(key, error)

    def _place(self, key: str) -> None:
        try:
            self.docks[key].fill(PANELS[key].make(self.session))
        except Exception as error:  # the other panels work on; this one says why it does not
            self._tell_failure(key, error)

    @property
    def _panel_has_keyboard(self) -> bool:
        focus = self.focusWidget()  # Qt's own hidden bars take it too, while a panel is being made
        return focus is not None and any(dock.isAncestorOf(focus) for dock in self.docks.values())

    def _hand_keyboard(self, key: str) -> None:
        _first_control(self.docks[key].widget()).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _tell_failure(self, key: str, error: Exception) -> None:
        log.record(error)
        self.docks[key].say(f"{PANELS[key].title} could not be opened.\n{type(error).__name__}: {error}")

    def _connect(self) -> None:
        self.session.reported.connect(self.messages.error)
        self.session.noticed.connect(self.messages.notice)
        self.session.device_changed.connect(partial(self._settings.setValue, "device"))
        self.session.panels_asked.connect(self.show_beside)
        self.workspaces.chosen.connect(self.choose_workspace)
        for dock in self.docks.values():
            dock.visibilityChanged.connect(self._make_seen)
        self.session.undo_stack.cleanChanged.connect(self._name)
        self.files.renamed.connect(self._name)
        self.files.panel_asked.connect(self.focus_panel)

    def _place_workspaces(self) -> None:
        """In the corner of the menu bar; in a bar of tools of their own where the system shows the menus elsewhere."""
        if not self.menuBar().isNativeMenuBar():
            self.menuBar().setCornerWidget(self.workspaces)
            return
        tools = self.addToolBar("Workspaces")
        tools.setObjectName("workspaces")
        tools.setMovable(False)
        tools.addWidget(self.workspaces)

    def _place_messages(self) -> None:
        """Between the menus and the workspaces, where they move nothing; over these where there is little room."""
        bar, height = self.menuBar(), self.messages.sizeHint().height()
        if bar.isNativeMenuBar():
            self.messages.setGeometry(0, 0, self.width(), height)
            return
        left = bar.actionGeometry(bar.actions()[-1]).right() + 16
        beside = self.width() - self.workspaces.sizeHint().width() - left
        room = beside if beside >= MESSAGE else self.width() - left
        self.messages.setGeometry(left, 0, room, bar.sizeHint().height())

    def _name(self) -> None:
        self.setWindowTitle(f"DDPM Studio — {self.files.name}[*]")
        self.setWindowModified(not self.session.undo_stack.isClean())

    def _restore(self) -> None:
        """The size, the workspace and the device of the last time."""
        if device := text(self._settings, "device"):
            self.session.set_device(device)
        for key, workspace in WORKSPACES.items():
            if workspace.across:  # what stands beside was asked for by what is not remembered
                self._settings.remove(f"layout/{key}")
        self.resize((self.screen().availableSize() - FRAME).boundedTo(SIZE))
        self.restoreGeometry(state(self._settings, "geometry"))
        last = text(self._settings, "workspace")
        self._open_workspace(last if last in WORKSPACES else self.workspace)

    def _open_workspace(self, key: str) -> None:
        """As it was left, or as it is meant to be."""
        self.workspace = key
        self.workspaces.show_workspace(key)
        self.reset_layout()
        self.restoreState(state(self._settings, f"layout/{key}"), LAYOUT)

    def _remember(self) -> None:
        self._settings.setValue("geometry", self.saveGeometry())
        self._settings.setValue(f"layout/{self.workspace}", self.saveState(LAYOUT))

    def _close_work(self) -> None:
        """Ends every thread: the import, what is being read, the panels' jobs."""
        if self._loading is not None:
            self._loading.close()
        self.files.close()
        for dock in self.docks.values():
            panel: object = dock.panel
            if isinstance(panel, HasJobs):
                panel.close_jobs()


def _before(panel: Panel) -> str:
    return "Loading PyTorch…" if panel.needs_torch else ""


def _first_control(panel: QWidget) -> QWidget:
    """What the panel gives the keyboard to, else the first of its widgets that Tab would reach, or the panel."""
    if (proxy := panel.focusProxy()) is not None:
        return proxy
    widget = panel.nextInFocusChain()
    while widget is not None and widget is not panel:
        reachable = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.isEnabled()
        if reachable and panel.isAncestorOf(widget) and widget.isVisibleTo(panel):
            return widget
        widget = widget.nextInFocusChain()
    return panel
