"""What tests of the window share: each must leave nothing behind that runs or is on the screen."""

import gc

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QThread, QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from ddpm_studio.ui import theme


@pytest.fixture(autouse=True)
def nothing_is_left_behind(qapp, request):
    """Fails a test that leaves a thread running, a timer active or a top-level widget alive."""
    gc.freeze()  # what was there before is neither searched nor collected: a test costs what it makes
    frozen = gc.get_freeze_count()
    before = set(_alive())
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    request.node.funcargs.clear()
    if gc.get_freeze_count() > frozen:  # PyTorch was imported meanwhile, see `loading.importing`
        gc.unfreeze()
    gc.collect()  # cycles of Python's own, as pyqtgraph's menus are, are not the test's fault; nor are its arguments
    left = [thing for thing in _alive() if thing not in before]
    assert not left, f"left behind: {left}"


@pytest.fixture
def settings(tmp_path):
    """Empty settings in a file of their own."""
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def light(qapp):
    """The light theme, whatever the machine's."""
    before = theme.watcher().choice
    theme.watcher().choose(theme.Choice.LIGHT)
    yield theme.watcher()
    theme.watcher().choose(before)


def _alive():
    """Every running thread, active timer and top-level widget."""
    mine = [thing for thing in gc.get_objects() if issubclass(type(thing), QThread | QTimer) and isValid(thing)]
    yield from (thing for thing in mine if (thing.isRunning() if isinstance(thing, QThread) else thing.isActive()))
    yield from QApplication.topLevelWidgets()
