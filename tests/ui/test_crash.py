import gc
import logging
import sys
import threading

import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QPushButton

from ddpm_studio import log
from ddpm_studio.errors import UserError
from ddpm_studio.ui.application import watch_for_crashes
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.window import main_window
from ddpm_studio.ui.window.crash import Crashes
from ddpm_studio.ui.window.main_window import MainWindow
from ddpm_studio.ui.window.message_bar import Level


class Heard(QObject):
    def __init__(self, crashes):
        super().__init__()
        self.caught, self.refused, self.threads = [], [], set()
        crashes.caught.connect(self.on_caught)
        crashes.refused.connect(self.refused.append)

    def on_caught(self, line, details):
        self.caught.append((line, details))
        self.threads.add(threading.current_thread())


@pytest.fixture
def crashes(qtbot, tmp_path, monkeypatch):
    """Installed hooks with a log file of their own; pytest-qt's own hook stands aside."""
    monkeypatch.setattr(log, "to_file", lambda: tmp_path / "log")
    handler = logging.FileHandler(tmp_path / "log", delay=True)
    logging.getLogger("ddpm_studio").addHandler(handler)
    crashes = Crashes()
    crashes.install()
    yield crashes
    crashes.uninstall()
    logging.getLogger("ddpm_studio").removeHandler(handler)
    handler.close()


@pytest.fixture
def heard(crashes):
    return Heard(crashes)


def test_an_exception_in_a_slot_is_logged_and_told_with_its_details(qtbot, heard, tmp_path, capsys):
    with qtbot.waitCallback() as done:
        QTimer.singleShot(0, lambda: (done(), 1 / 0))
    qtbot.waitUntil(lambda: len(heard.caught) == 1)
    line, details = heard.caught[0]
    assert "ZeroDivisionError: division by zero" in line
    assert "\n" not in line
    assert details.startswith("Traceback (most recent call last)")
    assert details in (tmp_path / "log").read_text()
    assert "Traceback" not in capsys.readouterr().err


def test_an_exception_in_a_thread_is_told_in_the_windows_thread(qtbot, heard):
    thread = threading.Thread(target=lambda: {}[1])
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(heard.caught) == 1)
    assert "KeyError: 1" in heard.caught[0][0]
    assert heard.threads == {threading.current_thread()}


def test_an_exception_that_python_cannot_raise_is_told(qtbot, heard):
    class Sick:
        def __del__(self):
            raise OSError("in my last hour")

    sick = Sick()
    del sick
    gc.collect()
    assert "in my last hour" in heard.caught[0][0]


def test_an_exception_that_the_package_only_logs_is_told_too(qtbot, heard):
    logging.getLogger("ddpm_studio.ui.job").error("a job failed", exc_info=RuntimeError("no memory"))
    assert "RuntimeError: no memory" in heard.caught[0][0]


def test_the_same_exception_from_every_paint_event_is_told_once(crashes, heard):
    error = RuntimeError("paint")
    for _ in range(5):
        crashes.take(error)
    crashes.take(RuntimeError("another"))
    assert ["paint" in line for line, _ in heard.caught] == [True, False]


def test_a_users_mistake_that_nobody_caught_is_told_as_its_line_and_not_logged(crashes, heard, tmp_path):
    sys.excepthook(UserError, UserError("T must be at least 2"), None)
    assert heard.refused == ["T must be at least 2"]
    assert heard.caught == []
    assert not (tmp_path / "log").exists()


def test_uninstalling_puts_back_the_hooks_there_were(qapp):
    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    crashes = Crashes()
    crashes.install()
    assert sys.excepthook != before[0]
    crashes.uninstall()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before
    assert logging.getLogger("ddpm_studio").handlers.count(crashes._handler) == 0


def test_the_window_tells_of_an_accident_and_lets_its_details_be_copied(qtbot, settings, monkeypatch, tmp_path):
    monkeypatch.setattr(main_window, "PANELS", {})
    monkeypatch.setattr(MainWindow, "reset_layout", lambda self: None)
    monkeypatch.setattr(log, "to_file", lambda: tmp_path / "log")
    window = MainWindow(Session(), settings)
    qtbot.addWidget(window)
    crashes = watch_for_crashes(window)
    try:
        sys.excepthook(ValueError, ValueError("out of the blue"), None)
    finally:
        crashes.uninstall()
    assert window.messages.level is Level.ERROR
    assert "out of the blue" in window.messages.message
    assert not window.messages.findChild(QPushButton).isHidden()
