import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ddpm_studio import document, export
from ddpm_studio.assets import asset
from ddpm_studio.document import Document, provenance
from ddpm_studio.schedule import Cosine, Linear
from ddpm_studio.schedule_files import write as write_schedule
from ddpm_studio.ui import theme
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.window import main_window
from ddpm_studio.ui.window.about import About, versions
from ddpm_studio.ui.window.main_window import MainWindow
from ddpm_studio.ui.window.message_bar import Level
from ddpm_studio.ui.window.shortcuts import Shortcuts
from ddpm_studio.ui.window.workspaces import Panel

COSINE = Document(schedule=Cosine(T=77), dataset="fashion")


class PlainPanel(QWidget):
    """A panel with one control, which counts how often its jobs were closed."""

    keys_help = (("Jump", "J"),)

    def __init__(self, session):
        super().__init__()
        self.closed = 0
        self.edit = QLineEdit(self)
        QVBoxLayout(self).addWidget(self.edit)
        self.play = QAction("Play", self, shortcut="Space")
        self.addAction(self.play)

    def close_jobs(self):
        self.closed += 1


class ProxyPanel(PlainPanel):
    """A panel that gives the keyboard to its second control."""

    def __init__(self, session):
        super().__init__(session)
        self.second = QLineEdit(self)
        self.layout().addWidget(self.second)
        self.setFocusProxy(self.second)


class BrokenPanel(QWidget):
    def __init__(self, session):
        raise RuntimeError("no such luck")


def panel(title, cls="PlainPanel", module=__name__, needs_torch=False):
    return Panel(title, module, cls, needs_torch)


@pytest.fixture
def panels(monkeypatch):
    """Panels that are quick to make, in the places of the real ones."""
    quick = {key: panel(key.title(), needs_torch=key != "schedule") for key in main_window.PANELS}
    monkeypatch.setattr(main_window, "PANELS", quick)
    return quick


@pytest.fixture
def make(qtbot, settings, panels):
    """Shows a window and waits until its panels are there; closed at the end whatever its document."""
    made = []

    def show():
        window = MainWindow(Session(), settings)
        made.append(window)
        with qtbot.waitSignal(window.ready), qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        return window

    yield show
    for window in made:
        window.session.undo_stack.setClean()
        window.close()
        window.deleteLater()


@pytest.fixture
def window(make):
    return make()


@pytest.fixture
def answer(monkeypatch):
    """Answers the question about unsaved changes; the list of what was asked."""
    asked = []

    def give(button):
        monkeypatch.setattr(QMessageBox, "question", lambda *args: asked.append(args[2]) or button)
        return asked

    return give


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.png"
    Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(path)
    return path


def drop(qtbot, window, path):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    how = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(5, 5), *how)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    with qtbot.waitSignal(window.files.opened):
        QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), *how))


def action(window, text):
    """The action of a menu, however deep, by its text."""
    menus = [window.menuBar(), *window.menuBar().findChildren(QMenu)]
    found = [a for menu in menus for a in menu.actions() if a.text().replace("&", "") == text]
    assert len(found) == 1, text
    return found[0]


def saved(path, value=COSINE):
    document.save(value, path)
    return path


def test_the_window_is_named_before_it_is_shown(qtbot, settings, panels):
    window = MainWindow(Session(), settings)
    qtbot.addWidget(window)
    assert window.windowTitle() == "DDPM Studio — Untitled[*]"
    assert all(dock.panel is None for dock in window.docks.values())


def test_after_the_first_paint_every_panel_that_is_seen_is_in_its_dock(window):
    titles = [panel.title for panel in main_window.PANELS.values()]
    assert [dock.windowTitle() for dock in window.docks.values()] == titles
    seen = ["schedule", "noising", "sampling"]
    assert [key for key, dock in window.docks.items() if dock.isVisible()] == seen
    assert [key for key, dock in window.docks.items() if type(dock.panel).__name__ == "PlainPanel"] == seen
    assert window.messages.message == ""


def test_a_panel_is_made_when_it_is_first_seen_and_only_once(window):
    window.choose_workspace("train")
    made = window.docks["training"].panel
    assert made is not None
    window.choose_workspace("explore")
    window.choose_workspace("train")
    assert window.docks["training"].panel is made


def test_the_list_of_keys_makes_the_panels_that_it_tells_of(window):
    action(window, "Keyboard shortcuts").trigger()
    assert all(dock.panel is not None for dock in window.docks.values())
    window.findChild(Shortcuts).close()


def test_a_panel_that_needs_pytorch_says_so_until_it_is_there(qtbot, settings, panels):
    window = MainWindow(Session(), settings)
    qtbot.addWidget(window)
    assert window.docks["noising"].widget().text() == "Loading PyTorch…"
    assert window.docks["schedule"].widget().text() == ""


@pytest.mark.parametrize("broken", ["schedule", "sampling"])
def test_a_panel_that_cannot_be_made_says_why_and_leaves_the_others_alone(make, panels, broken):
    panels[broken] = replace(panels[broken], name="BrokenPanel")
    window = make()
    window.make_all()
    label = window.docks[broken].widget()
    assert isinstance(label, QLabel)
    assert "could not be opened" in label.text()
    assert "RuntimeError: no such luck" in label.text()
    assert [key for key, dock in window.docks.items() if dock.panel] == [key for key in panels if key != broken]


def test_a_panel_whose_module_is_missing_says_so(make, panels):
    panels["sampling"] = replace(panels["sampling"], module="ddpm_studio.no_such_module")
    window = make()
    assert "No module named 'ddpm_studio.no_such_module'" in window.docks["sampling"].widget().text()
    assert window.docks["noising"].panel is not None


def test_dropping_a_document_opens_it_and_names_the_window_after_it(qtbot, window, tmp_path):
    window.session.set_t(250)
    drop(qtbot, window, saved(tmp_path / "my run.ddpm.json"))
    assert window.session.document == COSINE
    assert window.session.t == 19
    assert window.windowTitle() == "DDPM Studio — my run[*]"
    assert not window.isWindowModified()
    assert (window.messages.level, window.messages.message) == (Level.NOTICE, "Opened my run.ddpm.json")


def test_dropping_an_export_restores_its_document_and_saving_does_not_overwrite_it(
    qtbot, window, tmp_path, monkeypatch
):
    path = tmp_path / "grid.png"
    export.save_picture(path, np.zeros((8, 8, 3), np.uint8), provenance(COSINE))
    drop(qtbot, window, path)
    assert window.session.document == COSINE
    assert window.windowTitle() == "DDPM Studio — Untitled[*]"
    monkeypatch.setattr(QFileDialog, "exec", lambda self: 0)
    assert not window.files.save()
    assert export.read_provenance(path) is not None


def test_dropping_a_picture_drowns_it_as_one_undo_step(qtbot, window, picture):
    drop(qtbot, window, picture)
    assert window.session.document == replace(Document(), noising=replace(Document().noising, picture=str(picture)))
    assert window.session.undo_stack.count() == 1
    assert window.isWindowModified()
    window.session.undo_stack.undo()
    assert window.session.document == Document()
    assert not window.isWindowModified()


def test_dropping_a_folder_of_pictures_makes_it_the_data_set(qtbot, window, picture):
    drop(qtbot, window, picture.parent)
    assert window.session.document.dataset == str(picture.parent)
    assert window.session.undo_stack.undoText() == f"open data set {picture.parent.name}"


def test_dropping_an_npz_of_pictures_makes_it_the_data_set(qtbot, window, tmp_path):
    path = tmp_path / "set.npz"
    np.savez(path, arr_0=np.zeros((5, 8, 8, 3), np.uint8))
    drop(qtbot, window, path)
    assert window.session.document.dataset == str(path)


def test_dropping_an_idx_file_makes_it_the_data_set(qtbot, window, tmp_path):
    path = tmp_path / "train-images-idx3-ubyte"
    header = bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in (2, 4, 4))
    path.write_bytes(header + bytes(32))
    drop(qtbot, window, path)
    assert window.session.document.dataset == str(path)


BAD = {
    "text.txt": b"hello",
    "empty.png": b"",
    "cut.png": b"\x89PNG\r\n\x1a\n\x00\x00",
    "broken.ddpm.json": b"{",
    "other.json": b'{"a": 1}',
    "newer.ddpm.json": b'{"format": "ddpm-studio document", "version": 99}',
    "newer, with a schedule.ddpm.json": json.dumps({**Document().to_json(), "version": 99}).encode(),
    "unknown field.ddpm.json": json.dumps({**Document().to_json(), "colour": 1}).encode(),
    "wrong.ddpm.json": b'{"format": "ddpm-studio document", "version": 1, "schedule": {"kind": "linear", "T": 1}}',
    "broken.npz": b"PK\x03\x04 and no more",
    "short-idx3-ubyte": bytes([0, 0, 8, 3, 0, 0, 0, 9]),
    "missing.png": None,
}


@pytest.mark.parametrize("name", BAD)
def test_dropping_what_cannot_be_used_says_so_in_one_line_and_changes_nothing(qtbot, window, tmp_path, name):
    window.session.edit("before", dataset="fashion")
    kept, path = window.session.document, tmp_path / name
    if BAD[name] is not None:
        path.write_bytes(BAD[name])
    drop(qtbot, window, path)
    assert window.session.document == kept
    assert window.session.undo_stack.undoText() == "before"
    assert window.messages.level is Level.ERROR
    assert len(window.messages.message) > 10
    assert window.files.recent.paths() == []


def test_dropping_an_empty_folder_says_so_and_changes_nothing(qtbot, window, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    drop(qtbot, window, folder)
    assert window.session.document == Document()
    assert window.messages.level is Level.ERROR


def test_a_second_file_waits_for_the_first(qtbot, window, picture, tmp_path):
    with qtbot.waitSignal(window.files.opened):
        window.files.open(picture)
        window.files.open(tmp_path / "other.png")
    assert "still reading picture.png" in window.messages.message


def test_closing_with_nothing_changed_asks_nothing_and_ends_the_jobs(window, answer):
    window.make_all()
    asked = answer(QMessageBox.StandardButton.Cancel)
    assert window.close()
    assert asked == []
    assert [dock.panel.closed for dock in window.docks.values()] == [1] * len(main_window.PANELS)


def test_closing_with_unsaved_changes_can_be_cancelled(window, answer):
    window.session.edit("change", dataset="fashion")
    asked = answer(QMessageBox.StandardButton.Cancel)
    assert not window.close()
    assert window.isVisible()
    assert asked == ["Save the changes to Untitled?"]
    assert window.docks["schedule"].panel.closed == 0


def test_closing_with_unsaved_changes_can_discard_them(window, answer, tmp_path):
    window.session.edit("change", dataset="fashion")
    answer(QMessageBox.StandardButton.Discard)
    assert window.close()


def test_closing_with_unsaved_changes_can_save_them_where_the_document_lives(qtbot, window, answer, tmp_path):
    path = saved(tmp_path / "run.ddpm.json")
    drop(qtbot, window, path)
    window.session.edit("change", dataset="pixel-faces")
    answer(QMessageBox.StandardButton.Save)
    assert window.close()
    assert document.load(path) == replace(COSINE, dataset="pixel-faces")


def test_a_window_whose_document_cannot_be_saved_stays_open(qtbot, window, answer, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    path = saved(folder / "run.ddpm.json")
    drop(qtbot, window, path)
    window.session.edit("change", dataset="pixel-faces")
    path.unlink()
    folder.rmdir()
    answer(QMessageBox.StandardButton.Save)
    assert not window.close()
    assert window.messages.level is Level.ERROR
    assert window.isWindowModified()


def test_opening_a_document_over_unsaved_changes_asks_first(qtbot, window, answer, tmp_path):
    window.session.edit("change", dataset="fashion")
    asked = answer(QMessageBox.StandardButton.Cancel)
    drop(qtbot, window, saved(tmp_path / "other.ddpm.json"))
    assert len(asked) == 1
    assert window.session.document == replace(Document(), dataset="fashion")
    answer(QMessageBox.StandardButton.Discard)
    drop(qtbot, window, tmp_path / "other.ddpm.json")
    assert window.session.document == COSINE


def test_new_starts_over_and_asks_only_if_something_changed(window, answer):
    window.session.edit("change", dataset="fashion")
    asked = answer(QMessageBox.StandardButton.Discard)
    action(window, "New").trigger()
    assert window.session.document == Document()
    action(window, "New").trigger()
    assert len(asked) == 1


def test_save_as_adds_the_suffix_and_open_finds_what_was_saved(qtbot, window, tmp_path, monkeypatch):
    window.session.edit("change", schedule=Linear(T=321))
    window.session.preview(dataset="fashion")  # not recorded, so not saved
    monkeypatch.setattr(QFileDialog, "exec", lambda self: self.selectFile(str(tmp_path / "mine")) or 1)
    action(window, "Save as…").trigger()
    assert window.windowTitle() == "DDPM Studio — mine[*]"
    assert not window.isWindowModified()
    assert document.load(tmp_path / "mine.ddpm.json") == Document(schedule=Linear(T=321))


def test_recent_files_come_newest_first_and_missing_ones_are_dropped(qtbot, window, make, tmp_path):
    paths = [saved(tmp_path / f"{i}.ddpm.json") for i in range(12)]
    for path in paths:
        drop(qtbot, window, path)
    paths[11].unlink()
    menu = action(window, "Open recent").menu()
    menu.aboutToShow.emit()
    shown = [a.text() for a in menu.actions() if not a.isSeparator()]
    assert shown == [f"{i}.ddpm.json" for i in range(10, 1, -1)] + ["Clear this list"]
    window.session.edit("change", dataset="pixel-faces")
    window.session.undo_stack.setClean()
    with qtbot.waitSignal(window.files.opened):
        menu.actions()[-3].trigger()
    assert window.windowTitle() == "DDPM Studio — 2[*]"
    assert make().files.recent.paths()[0] == paths[2]
    menu.actions()[-1].trigger()
    menu.aboutToShow.emit()
    assert [a.text() for a in menu.actions()] == ["No recent files"]


def test_recent_files_of_one_name_are_told_apart_by_their_folders(qtbot, window, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        drop(qtbot, window, saved(tmp_path / folder / "run.ddpm.json"))
    menu = action(window, "Open recent").menu()
    menu.aboutToShow.emit()
    assert [a.text() for a in menu.actions()][:2] == ["two/run.ddpm.json", "one/run.ddpm.json"]


def test_undo_and_redo_say_what_they_would_do(window):
    undo, redo = (window.menuBar().actions()[1].menu().actions()[i] for i in (0, 1))
    assert not undo.isEnabled()
    window.session.edit("bend the curve", schedule=Cosine())
    assert undo.text() == "Undo bend the curve"
    undo.trigger()
    assert window.session.document == Document()
    assert redo.text() == "Redo bend the curve"
    redo.trigger()
    assert window.session.document.schedule == Cosine()


def test_the_theme_is_switched_at_once_and_remembered(window, settings, light):
    action(window, "Dark").trigger()
    assert theme.colours() == theme.DARK
    assert QApplication.palette().window().color().name() == theme.DARK.window
    assert settings.value("theme") == "dark"
    action(window, "Light").trigger()
    assert theme.colours() == theme.LIGHT


def test_the_arrangement_of_the_docks_is_remembered_and_can_be_reset(window, make):
    window.resize(1200, 800)
    window.docks["noising"].setFloating(True)
    window.docks["sampling"].hide()
    window.close()
    again = make()
    assert again.docks["noising"].isFloating()
    assert again.docks["sampling"].isHidden()
    action(again, "Reset layout").trigger()
    assert not again.docks["noising"].isFloating()
    assert again.docks["sampling"].isVisible()
    left, right = again.docks["schedule"].geometry(), again.docks["noising"].geometry()
    assert left.top() == right.top()
    assert left.right() < right.left()
    assert again.docks["sampling"].geometry().top() > left.bottom()


@pytest.mark.parametrize(("number", "key"), [(1, "schedule"), (2, "noising"), (3, "sampling"), (4, "training")])
def test_control_and_a_number_give_the_keyboard_to_a_panel(qtbot, window, number, key):
    window.docks[key].hide()
    qtbot.keyClick(window, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.ControlModifier)
    assert window.docks[key].isVisible()
    qtbot.waitUntil(lambda: window.docks[key].panel.edit.hasFocus())


def test_a_workspace_is_chosen_by_key_and_found_again_as_it_was_left(qtbot, window, make):
    window.docks["noising"].hide()
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert [key for key, dock in window.docks.items() if dock.isVisible()] == ["training"]
    action(window, "Explore").trigger()
    assert [key for key, dock in window.docks.items() if dock.isVisible()] == ["schedule", "sampling"]
    action(window, "Train").trigger()
    window.close()
    again = make()
    assert [key for key, dock in again.docks.items() if dock.isVisible()] == ["training"]


def test_a_panel_is_found_in_the_workspace_it_has_a_place_in(qtbot, window):
    qtbot.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert (window.workspace, window.docks["noising"].isVisible()) == ("train", False)
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert (window.workspace, window.docks["noising"].isVisible()) == ("explore", True)


def test_the_corner_of_the_menu_bar_names_the_workspaces_and_opens_the_one_that_is_clicked(qtbot, window):
    bar = window.workspaces
    assert [bar.tabText(i) for i in range(bar.count())] == [each.title for each in main_window.WORKSPACES.values()]
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(1).center())
    assert window.workspace == "train"
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert (window.workspace, bar.currentIndex()) == ("explore", 0)


def test_a_workspace_that_is_chosen_gives_the_keyboard_to_its_first_panel(window):
    window.choose_workspace("sample")
    assert window.docks["sampling"].panel.isAncestorOf(QApplication.focusWidget())
    window.choose_workspace("explore")
    assert window.docks["schedule"].panel.isAncestorOf(QApplication.focusWidget())


@pytest.mark.parametrize("key", ["explore", "sample", "plane"])
def test_the_first_panel_of_the_workspace_that_a_window_opens_with_has_the_keyboard(make, settings, key):
    make().choose_workspace(key)
    window = make()
    assert window.workspace == key
    first = main_window.WORKSPACES[key].rows[0][0]
    assert window.docks[first].panel.isAncestorOf(QApplication.focusWidget())


def test_a_workspace_that_is_chosen_before_its_panel_is_there_has_the_keyboard_once_it_is(qtbot, settings, panels):
    window = MainWindow(Session(), settings)
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.ready):
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        window.choose_workspace("train")
    assert window.docks["training"].panel.isAncestorOf(QApplication.focusWidget())


@pytest.mark.parametrize(("width", "hides"), [(1400, False), (640, True)])
def test_a_message_leaves_the_workspaces_in_sight_where_there_is_room(window, width, hides):
    window.resize(width, 500)
    window.messages.error("something is wrong")
    assert window.messages.geometry().intersects(window.workspaces.geometry()) is hides


def test_a_panel_of_another_workspace_that_is_shown_here_lies_behind_the_first(window):
    action(window, "Training").trigger()
    assert window.workspace == "explore"
    assert not window.docks["training"].isFloating()
    assert window.tabifiedDockWidgets(window.docks["schedule"]) == [window.docks["training"]]


def seen(window):
    return {key for key, dock in window.docks.items() if dock.isVisible()}


def test_panels_asked_for_take_the_place_of_those_beside_and_stay_where_they_are_if_there(window, monkeypatch):
    window.choose_workspace("learn")
    window.docks["learn"].panel.edit.setFocus()
    window.session.panels_asked.emit(("plane", "schedule"))
    assert seen(window) == {"learn", "plane", "schedule"}
    assert window.docks["learn"].panel.edit.hasFocus()
    monkeypatch.setattr(main_window, "arrange", lambda *_: pytest.fail("moved"))
    window.session.panels_asked.emit(("plane", "schedule"))
    monkeypatch.undo()
    window.docks["plane"].close()
    window.session.panels_asked.emit(("plane", "schedule"))
    assert seen(window) == {"learn", "plane", "schedule"}


def test_the_next_window_does_not_remember_what_stood_beside_a_chapter(window, make):
    window.choose_workspace("learn")
    window.session.panels_asked.emit(("plane",))
    window.close()
    again = make()
    assert again.workspace == "learn"
    assert seen(again) == {"learn", "schedule", "noising"}


def test_a_panel_asked_for_does_not_hide_the_one_that_asks(window):
    window.docks["learn"].show()
    window.docks["learn"].raise_()
    window.docks["learn"].panel.edit.setFocus()
    window.session.panels_asked.emit(("schedule", "plane"))
    assert not window.docks["learn"].visibleRegion().isEmpty()
    assert window.docks["schedule"].visibleRegion().isEmpty()


def test_every_control_of_the_menus_has_a_name_and_no_two_actions_share_a_key(window):
    actions = [a for a in window.findChildren(QAction) if a.shortcuts() and a.text() != "Play"]
    keys = [key.toString() for a in actions for key in a.shortcuts()]
    assert len(keys) == len(set(keys))
    assert all(a.text() for a in actions)


def test_the_list_of_shortcuts_names_the_windows_own_and_each_panels(window):
    window.make_all()
    listed = Shortcuts(window, {key: dock.panel for key, dock in window.docks.items()})
    table = listed.findChild(QWidget, "shortcuts")
    rows = [tuple(table.item(i, j).text() for j in range(3)) for i in range(table.rowCount())]
    listed.close()
    listed.deleteLater()
    assert ("everywhere", "Save", "Ctrl+S") in rows
    assert ("everywhere", "Go to Sampling", "Ctrl+3") in rows
    for what, keys in (("Play", "Space"), ("Jump", "J")):
        assert [row for row in rows if row[1] == what] == [(key, what, keys) for key in window.docks]


def test_about_tells_versions_device_and_whose_data_ships(qtbot, window):
    assert list(versions()) == ["DDPM Studio", "Python", "PyTorch", "Device", "Qt", "pyqtgraph", "NumPy"]
    assert versions()["Python"].startswith(sys.version.split()[0])
    about = About(window)
    qtbot.addWidget(about)
    text = " ".join(label.text() for label in about.findChildren(QLabel))
    assert "MIT" in text
    assert np.__version__ in text


def test_a_message_stands_beside_the_menus_and_hides_none_of_them(window):
    window.session.reported.emit("something " * 100)
    assert window.messages.isVisible()
    assert window.messages.geometry().left() > window.menuBar().actionGeometry(window.menuBar().actions()[-1]).right()
    assert window.messages.geometry().bottom() <= window.menuBar().geometry().bottom() + 1
    assert window.messages.geometry().right() < window.width()


@pytest.mark.parametrize("key", ["schedule", "sampling"])
def test_the_buttons_of_a_title_float_dock_and_hide_its_panel(window, key):
    dock = window.docks[key]
    float_it, hide_it = dock.titleBarWidget().findChildren(QToolButton)
    assert dock.windowTitle() in float_it.accessibleName()
    float_it.click()
    assert dock.isFloating()
    float_it.click()
    assert not dock.isFloating()
    hide_it.click()
    assert dock.isHidden()
    action(window, dock.windowTitle()).trigger()
    assert dock.isVisible()


def test_the_keyboard_goes_where_the_panel_wants_it(panels, make):
    panels["sampling"] = panel("Sampling", "ProxyPanel", needs_torch=True)
    window = make()
    window.focus_panel("sampling")
    assert QApplication.focusWidget() is window.docks["sampling"].panel.second


def test_a_dock_that_floated_small_gets_its_share_back_by_reset_layout(qtbot, window):
    before = [window.docks[key].width() for key in ("schedule", "noising")]
    window.docks["noising"].setFloating(True)
    window.docks["noising"].resize(300, 200)
    QApplication.processEvents()
    window.reset_layout()
    qtbot.waitUntil(lambda: [window.docks[key].width() for key in ("schedule", "noising")] == before)


def test_dropping_points_or_an_export_of_them_shows_them_in_the_plane(qtbot, window, tmp_path):
    points = tmp_path / "mine.csv"
    points.write_text("0,0\n1,2\n3,1\n")
    drop(qtbot, window, points)
    assert window.workspace == "plane"
    assert window.session.document == replace(Document(), plane=replace(Document().plane, dataset=str(points)))
    window.choose_workspace("train")
    drawn, sampled = tmp_path / "points.png", replace(Document(), dataset="rings")
    export.save_picture(drawn, np.zeros((8, 8, 3), np.uint8), provenance(sampled, command="sample", t=0))
    window.session.undo_stack.setClean()
    drop(qtbot, window, drawn)
    assert (window.workspace, window.session.t) == ("plane", 0)
    assert window.session.document == replace(Document(), plane=replace(Document().plane, dataset="rings"))


def test_what_is_dropped_is_shown_also_where_its_panel_was_not_to_be_seen(qtbot, window, picture):
    window.choose_workspace("train")
    drop(qtbot, window, picture)
    assert window.docks["noising"].isVisible()
    window.choose_workspace("train")
    drop(qtbot, window, asset("checkpoints", "pixel-faces.safetensors"))
    assert window.docks["sampling"].isVisible()


def test_dropping_a_network_of_points_gives_it_to_the_plane(qtbot, window):
    roll = asset("checkpoints", "swiss-roll.safetensors")
    drop(qtbot, window, roll)
    assert window.workspace == "plane"
    assert window.session.document == replace(Document(), plane=replace(Document().plane, network=str(roll)))


@pytest.mark.parametrize("name", ["mine.json", "mine.csv", "mine.npz"])
def test_dropping_a_schedule_takes_it(qtbot, window, tmp_path, name):
    write_schedule(Cosine(T=77), tmp_path / name)
    window.choose_workspace("train")
    drop(qtbot, window, tmp_path / name)
    np.testing.assert_allclose(window.session.document.schedule.beta, Cosine(T=77).beta, rtol=1e-6)
    assert window.docks["schedule"].isVisible()


def test_of_several_files_that_are_dropped_the_first_is_opened_and_that_is_said(qtbot, window, picture, tmp_path):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in (picture, tmp_path / "other.png")])
    how = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    with qtbot.waitSignal(window.files.opened):
        QApplication.sendEvent(window, QDragEnterEvent(QPoint(5, 5), *how))
        QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), *how))
    assert window.session.document.noising.picture == str(picture)
    assert "only picture.png is opened" in window.messages.message
