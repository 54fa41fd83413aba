"""What tests of the window share: each must leave nothing behind that runs or is on the screen."""

import gc

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QThread, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from ddpm_studio.ui import theme

PATIENCE = 60_000  # ms: it ends what never ends, and judges no speed


class PatientBot(QtBot):
    """Waits as long as a busy machine takes for what is to come."""

    def waitUntil(self, callback, *, timeout=PATIENCE):
        super().waitUntil(callback, timeout=max(timeout, PATIENCE))

    def waitSignal(self, signal, *, timeout=PATIENCE, raising=None, check_params_cb=None):
        patient = timeout if raising is False else max(timeout, PATIENCE)  # False: that nothing comes is the test
        return super().waitSignal(signal, timeout=patient, raising=raising, check_params_cb=check_params_cb)

    def waitSignals(self, signals, *, timeout=PATIENCE, **wanted):
        return super().waitSignals(signals, timeout=max(timeout, PATIENCE), **wanted)


@pytest.fixture
def qtbot(qapp, request):
    """In the place of pytest-qt's, whose patience ends after five seconds."""
    return PatientBot(request)


@pytest.fixture(autouse=True)
def nothing_is_left_behind(qapp, request):
    """Fails a test that leaves a thread running, a timer active or a top-level widget alive."""
    gc.freeze()  # what was there before is neither searched nor collected: a test costs what it makes
    before = set(_alive())
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    request.node.funcargs.clear()
    gc.collect()  # cycles of Python's own, as pyqtgraph's menus are, are not the test's fault; nor are its arguments
    if set(_alive()) - before:  # an import in a thread may have frozen what the test made, see `loading.importing`
        gc.unfreeze()
        gc.collect()
    left = set(_alive()) - before
    assert not left, f"left behind: {left}"


@pytest.fixture
def settings(tmp_path):
    """Empty settings in a file of their own."""
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def reported(session):
    """The lines that the test's session reports as errors."""
    lines = []
    session.reported.connect(lines.append)
    return lines


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
