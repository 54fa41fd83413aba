"""The main window's menus: names, keys, and which method each calls."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QMenu

from ddpm_studio import log
from ddpm_studio.ui import theme
from ddpm_studio.ui.theme import Choice
from ddpm_studio.ui.window.workspaces import WORKSPACES

if TYPE_CHECKING:
    from ddpm_studio.ui.window.main_window import MainWindow

Key = QKeySequence.StandardKey


def add_menus(window: "MainWindow") -> None:
    """Fills the window's menu bar."""
    bar = window.menuBar()
    _file(bar.addMenu("&File"), window)
    _edit(bar.addMenu("&Edit"), window)
    _view(bar.addMenu("&View"), window)
    _help(bar.addMenu("&Help"), window)


def _file(menu: QMenu, window: "MainWindow") -> None:
    files = window.files
    menu.addAction("&New", Key.New, files.new)
    menu.addAction("&Open…", Key.Open, files.ask_and_open)
    menu.addAction("Open &folder…", QKeySequence("Ctrl+Shift+O"), files.ask_and_open_folder)
    recent = menu.addMenu("Open &recent")
    recent.aboutToShow.connect(partial(_list_recent, recent, window))
    menu.addSeparator()
    menu.addAction("&Save", Key.Save, files.save)
    menu.addAction("Save &as…", QKeySequence("Ctrl+Shift+S"), files.ask_and_save)
    menu.addAction("&Export network…", files.ask_and_export_network)
    menu.addSeparator()
    menu.addAction("&What is this file?…", files.ask_what_it_is)
    menu.addSeparator()
    leave = menu.addAction("&Quit", QKeySequence("Ctrl+Q"), window.close)
    leave.setMenuRole(QAction.MenuRole.QuitRole)


def _list_recent(menu: QMenu, window: "MainWindow") -> None:
    menu.clear()
    recent = window.files.recent
    paths = recent.paths()
    names = [path.name for path in paths]
    for path in paths:
        text = path.name if names.count(path.name) == 1 else f"{path.parent.name}/{path.name}"
        action = menu.addAction(text.replace("&", "&&"), partial(window.files.open, path))
        action.setToolTip(str(path))
    if menu.isEmpty():
        menu.addAction("No recent files").setEnabled(False)
    else:
        menu.addSeparator()
        menu.addAction("Clear this list", recent.clear)
    menu.setToolTipsVisible(True)


def _edit(menu: QMenu, window: "MainWindow") -> None:
    stack = window.session.undo_stack
    undo, redo = stack.createUndoAction(window, "Undo"), stack.createRedoAction(window, "Redo")
    undo.setShortcut(QKeySequence("Ctrl+Z"))
    redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
    menu.addActions([undo, redo])


def _view(menu: QMenu, window: "MainWindow") -> None:
    for number, (key, dock) in enumerate(window.docks.items(), start=1):
        menu.addAction(dock.toggleViewAction())
        go = QAction(f"Go to {dock.windowTitle()}", window, shortcut=QKeySequence(f"Ctrl+{number}"))
        go.triggered.connect(partial(window.focus_panel, key))
        window.addAction(go)
    menu.addSeparator()
    _workspaces(menu.addMenu("&Workspace"), window)
    _themes(menu.addMenu("&Theme"), window)
    menu.addAction("&Reset layout", window.reset_layout)
    full = menu.addAction("F&ull screen", QKeySequence("F11"), window.toggle_full_screen)
    full.setCheckable(True)


def _workspaces(menu: QMenu, window: "MainWindow") -> None:
    group = QActionGroup(menu)
    for number, (key, workspace) in enumerate(WORKSPACES.items(), start=1):
        choose = partial(window.choose_workspace, key)
        action = menu.addAction(f"&{workspace.title}", QKeySequence(f"Alt+{number}"), choose)
        action.setCheckable(True)
        action.setData(key)
        group.addAction(action)
    menu.aboutToShow.connect(partial(_check_workspace, group, window))


def _check_workspace(group: QActionGroup, window: "MainWindow") -> None:
    for action in group.actions():
        action.setChecked(action.data() == window.workspace)


def _themes(menu: QMenu, window: "MainWindow") -> None:
    group = QActionGroup(menu)
    for choice, text in {Choice.SYSTEM: "As the &system", Choice.LIGHT: "&Light", Choice.DARK: "&Dark"}.items():
        action = menu.addAction(text, partial(window.choose_theme, choice))
        action.setCheckable(True)
        action.setChecked(theme.watcher().choice is choice)
        group.addAction(action)


def _help(menu: QMenu, window: "MainWindow") -> None:
    menu.addAction("&Keyboard shortcuts", QKeySequence("F1"), partial(_show_shortcuts, window))
    menu.addAction("Open &log folder", _open_log_folder)
    about = menu.addAction("&About DDPM Studio", partial(_show_about, window))
    about.setMenuRole(QAction.MenuRole.AboutRole)


def _show_shortcuts(window: "MainWindow") -> None:
    from ddpm_studio.ui.window.shortcuts import Shortcuts  # noqa: PLC0415 - the window shows before it is needed

    window.make_all()  # each panel tells its own keys
    Shortcuts(window, {dock.windowTitle(): dock.widget() for dock in window.docks.values()}).show()


def _show_about(window: "MainWindow") -> None:
    from ddpm_studio.ui.window.about import About  # noqa: PLC0415 - as above

    About(window).show()


def _open_log_folder() -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(log.to_file().parent))
