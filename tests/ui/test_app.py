import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch  # noqa: F401 - what a window makes while it is first imported is never searched for garbage, see `loading`
from PIL import Image
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from ddpm_studio.errors import UserError
from ddpm_studio.ui import app, application, display, theme
from ddpm_studio.ui.display import require_display
from ddpm_studio.ui.job import Job
from ddpm_studio.ui.window import screenshots
from ddpm_studio.ui.window.main_window import MainWindow
from ddpm_studio.ui.window.screenshots import _at_rest, take

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
DISPLAYS = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
HEADLESS = "run headless with `ddpm-studio sample …`, or set QT_QPA_PLATFORM=offscreen"


@pytest.fixture
def surroundings(monkeypatch):
    """Sets the variables by which Qt finds a screen; those not named are unset."""

    def put(**values):
        for name in DISPLAYS:
            monkeypatch.delenv(name, raising=False)
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return put


@linux
@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, "neither DISPLAY nor WAYLAND_DISPLAY names one"),
        ({"QT_QPA_PLATFORM": "xcb"}, "neither DISPLAY nor WAYLAND_DISPLAY"),
        ({"DISPLAY": ":4711"}, "the X server at DISPLAY=:4711 does not answer"),
        ({"DISPLAY": "nonsense"}, "the X server at DISPLAY=nonsense does not answer"),
        ({"WAYLAND_DISPLAY": "wayland-9", "XDG_RUNTIME_DIR": "/nowhere"}, "neither DISPLAY nor WAYLAND_DISPLAY"),
    ],
)
def test_without_a_screen_one_line_says_so_and_how_to_do_without(surroundings, values, reason):
    surroundings(**values)
    with pytest.raises(UserError, match="no display") as error:
        require_display()
    assert reason in str(error.value)
    assert HEADLESS in str(error.value)


@linux
@pytest.mark.parametrize("platform", ["offscreen", "minimal", "vnc", "linuxfb:fb=/dev/fb0", "eglfs"])
def test_a_platform_that_needs_no_screen_is_let_through(surroundings, platform):
    surroundings(QT_QPA_PLATFORM=platform)
    require_display()


@linux
def test_a_wayland_compositor_that_answers_is_a_screen(surroundings, tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)  # the path of a socket may have about a hundred characters
        server.bind("wayland-1")
        server.listen()
        surroundings(WAYLAND_DISPLAY="wayland-1", XDG_RUNTIME_DIR=".")
        require_display()


@linux
def test_a_missing_library_of_the_systems_is_named(surroundings, monkeypatch):
    surroundings(DISPLAY=":1")
    monkeypatch.setattr(display, "_x_answers", lambda: True)
    monkeypatch.setattr(display, "_missing_library", lambda: "libxcb-cursor.so.0: cannot open shared object file")
    with pytest.raises(UserError, match=r"libxcb-cursor\.so\.0.*README"):
        require_display()


@linux
def test_the_installed_plugin_for_x_finds_its_libraries():
    assert display._missing_library() == ""


def test_a_library_that_qt_cannot_load_is_one_line_and_any_other_failed_import_is_not_hidden(monkeypatch):
    def fail(text):
        def imported(name):
            raise ImportError(text)

        monkeypatch.setattr(app, "import_module", imported)

    fail("libEGL.so.1: cannot open shared object file: No such file or directory")
    with pytest.raises(UserError, match=r"libEGL\.so\.1.*README"):
        app.screenshots(Path("nowhere"))
    fail("No module named 'ddpm_studio.ui.oops'")
    with pytest.raises(ImportError, match="oops"):
        app.screenshots(Path("nowhere"))


@linux
def test_the_command_ends_with_one_line_and_code_two_where_there_is_no_screen():
    environment = {key: value for key, value in os.environ.items() if key not in DISPLAYS}
    run = subprocess.run([sys.executable, "-m", "ddpm_studio"], capture_output=True, text=True, env=environment)
    assert run.returncode == 2
    assert run.stdout == ""
    assert len(run.stderr.splitlines()) == 1
    assert HEADLESS in run.stderr


def test_the_window_runs_until_it_is_closed_and_opens_what_it_was_given(qapp, monkeypatch, tmp_path, light):
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    path = tmp_path / "picture.png"
    Image.new("RGB", (8, 8), (10, 120, 200)).save(path)
    hooks, seen = sys.excepthook, {}

    def look():
        window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))
        seen["title"], seen["theme"] = window.windowTitle(), theme.watcher().choice
        seen["document"], seen["panels"] = (
            window.session.document,
            [d.panel for d in window.docks.values() if d.isVisible()],
        )
        window.session.undo_stack.setClean()
        window.close()
        window.deleteLater()

    shown = MainWindow.show
    monkeypatch.setattr(
        MainWindow, "show", lambda self: (self.ready.connect(lambda: QTimer.singleShot(0, look)), shown(self))
    )
    assert application.run(path) == 0
    assert seen["title"].startswith("DDPM Studio")
    assert seen["document"].noising.picture == str(path)
    assert len(seen["panels"]) == 3
    assert None not in seen["panels"]
    assert sys.excepthook == hooks
    assert qapp.applicationName() == "DDPM Studio"


def test_screenshots_show_the_window_light_and_dark(qapp, tmp_path, light, monkeypatch):
    monkeypatch.setattr(screenshots, "SHARE", 0.05)  # how far the chain is walked is not asked here
    paths = take(tmp_path / "new" / "folder", ("explore", "learn"))
    names = [path.name for path in paths]
    assert names == ["explore-light.png", "explore-dark.png", "learn-light.png", "learn-dark.png"]
    dark = {}
    for path in paths:
        with Image.open(path) as image:
            assert image.size == (1600, 1000)
            colours = image.convert("RGB").getcolors(1600 * 1000)
            assert len(colours) > 5000  # pictures, not an empty window
            dark[path.name] = sum(image.convert("L").histogram()[:64])
    for name in ("explore", "learn"):
        assert dark[f"{name}-dark.png"] > 3 * dark[f"{name}-light.png"]


def test_a_panel_is_at_rest_once_nothing_is_being_computed_or_about_to_be_drawn(qtbot):
    panel = QWidget()
    qtbot.addWidget(panel)
    assert _at_rest(panel)
    timer = QTimer(panel, singleShot=True, interval=60_000)
    timer.start()
    assert not _at_rest(panel)
    timer.stop()
    job = Job(lambda: iter(range(3)), panel)
    assert not _at_rest(panel)
    job.play()
    qtbot.waitUntil(lambda: _at_rest(panel))
    job.close()


def test_screenshots_into_a_place_that_cannot_be_written_say_so(qapp, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot make the folder"):
        app.screenshots(tmp_path / "file" / "folder")
