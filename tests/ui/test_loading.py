import gc
import sys
from contextlib import nullcontext
from importlib import import_module

import pytest
from PySide6.QtCore import QObject, QThread

from ddpm_studio.ui.loading import Loading, importing


class Heard(QObject):
    def __init__(self, loading):
        super().__init__()
        self.order, self.errors, self.threads = [], {}, set()
        loading.loaded.connect(self.on_loaded)
        loading.failed.connect(self.on_failed)

    def on_loaded(self, name):
        self.order.append(name)
        self.threads.add(QThread.currentThread())

    def on_failed(self, name, error):
        self.order.append(name)
        self.errors[name] = error
        self.threads.add(QThread.currentThread())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder on Python's path whose modules are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_modules_are_imported_in_order_and_told_in_the_windows_thread(qtbot, folder):
    for name in ("first_one", "second_one"):
        (folder / f"{name}.py").write_text("import threading\nthread = threading.current_thread()\n")
    loading = Loading(["first_one", "second_one"])
    heard = Heard(loading)
    with qtbot.waitSignal(loading.finished):
        loading.start()
    loading.close()
    assert heard.order == ["first_one", "second_one"]
    assert heard.threads == {QThread.currentThread()}
    assert sys.modules["first_one"].thread.name != "MainThread"


def test_a_module_that_cannot_be_imported_is_told_and_the_next_is_tried(qtbot, folder):
    (folder / "sick_one.py").write_text("raise RuntimeError('no such library')")
    (folder / "sound_one.py").write_text("")
    loading = Loading(["sick_one", "absent_one", "sound_one"])
    heard = Heard(loading)
    with qtbot.waitSignal(loading.finished):
        loading.start()
    loading.close()
    assert heard.order == ["sick_one", "absent_one", "sound_one"]
    assert str(heard.errors["sick_one"]) == "no such library"
    assert isinstance(heard.errors["absent_one"], ModuleNotFoundError)


def test_closing_waits_for_the_import_that_runs_and_skips_the_rest(qtbot, folder):
    (folder / "slow_one.py").write_text(
        "from PySide6.QtCore import QThread\n"
        "while not QThread.currentThread().isInterruptionRequested():\n"
        "    QThread.yieldCurrentThread()\n"
    )
    (folder / "next_one.py").write_text("")
    loading = Loading(["slow_one", "next_one"])
    loading.start()
    loading.close()
    assert loading.isFinished()
    assert "next_one" not in sys.modules


@pytest.mark.parametrize("fails", [False, True])
def test_a_first_import_is_never_searched_for_garbage_and_later_garbage_is_collected_again(folder, fails):
    (folder / "large_one.py").write_text("import gc\nsearched = gc.isenabled()\nmade = [[]]\n")
    with pytest.raises(ZeroDivisionError) if fails else nullcontext(), importing("large_one"):
        large = import_module("large_one")
        _ = 1 / (not fails)
    assert not large.searched
    assert gc.isenabled()
    assert not any(thing is large.made for thing in gc.get_objects())
    gc.unfreeze()
    assert any(thing is large.made for thing in gc.get_objects())


def test_what_is_there_already_is_collected_as_ever():
    frozen = gc.get_freeze_count()
    with importing("sys"):
        assert gc.isenabled()
    assert gc.get_freeze_count() == frozen
