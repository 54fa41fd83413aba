"""The settings file: whatever is in it, the window opens."""

import pytest
from PySide6.QtCore import QSettings

from ddpm_studio.ui import application
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.theme import Choice
from ddpm_studio.ui.window.main_window import MainWindow
from ddpm_studio.ui.window.recent import RecentFiles

NONSENSE = {
    "bytes": bytes(range(256)) * 20,
    "texts": b"[General]\ngeometry=hello\nworkspace=nowhere\ndevice=\ntheme=blue\nrecent=3\n[layout]\nexplore=hello\n",
    "lists": b"[General]\ngeometry=1, 2\nworkspace=a, b\ndevice=a, b\ntheme=a, b\nfolder=a, b\nrecent=@Size(3 4)\n",
    "invalid": b"[General]\ngeometry=@Invalid()\nworkspace=@Invalid()\ntheme=@Invalid()\nrecent=a, @Invalid()\n",
    "states": b"[General]\ngeometry=@ByteArray(no)\nworkspace=@ByteArray(no)\n[layout]\nexplore=@ByteArray(no)\n",
    "long": b"[General]\nrecent=" + b"x" * 9000 + b"\nfolder=" + b"y" * 9000 + b"\n",
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_in_the_settings_is_as_nothing(qtbot, tmp_path, nonsense):
    path = tmp_path / "settings.ini"
    path.write_bytes(nonsense)
    settings = QSettings(str(path), QSettings.Format.IniFormat)
    assert application._choice(settings) is Choice.SYSTEM
    assert RecentFiles(settings).paths() == []
    window = MainWindow(Session(), settings)
    qtbot.addWidget(window)
    assert window.workspace == "explore"
    assert isinstance(window.files._folder(), str)


def test_a_list_of_recent_files_comes_back_also_if_it_has_one(tmp_path):
    (tmp_path / "one").touch()
    path = str(tmp_path / "settings.ini")
    for names in (["one"], ["one", "gone"]):
        settings = QSettings(path, QSettings.Format.IniFormat)
        settings.setValue("recent", [str(tmp_path / name) for name in names])
        settings.sync()
        assert RecentFiles(QSettings(path, QSettings.Format.IniFormat)).paths() == [tmp_path / "one"]
