"""File > What is this file? and File > Export network: looked at and written in a thread, told in the window."""

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from ddpm_studio.assets import asset
from ddpm_studio.doctor import examine
from ddpm_studio.document import Document
from ddpm_studio.run import checkpoint_at
from ddpm_studio.ui.job import Job
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.window.doctor_dialog import DoctorDialog
from ddpm_studio.ui.window.document_file import DocumentFile

SHIPPED = asset("checkpoints", "pixel-faces.safetensors")


@pytest.fixture
def session():
    return Session(Document(denoiser="checkpoint:pixel-faces"))


@pytest.fixture
def files(qtbot, session, settings):
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    files = DocumentFile(session, settings, window)
    yield files
    files.close()


@pytest.fixture
def ask(files):
    """Opens the dialog as the menu does; gives it."""

    def ask():
        files.ask_what_it_is()
        return files._window.findChildren(DoctorDialog)[-1]

    return ask


def test_a_file_is_told_and_opened_from_there(qtbot, session, files, ask, monkeypatch):
    session.edit("exact", denoiser="exact")
    dialog = ask()
    assert not dialog.open_it.isEnabled()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(SHIPPED), ""))
    dialog._on_file()
    qtbot.waitUntil(dialog.open_it.isEnabled, timeout=10000)
    assert "a DDPM Studio checkpoint" in dialog.told.toPlainText()
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == "\n".join(examine(SHIPPED).lines())
    with qtbot.waitSignal(files.opened, timeout=10000):
        dialog.open_it.click()
    assert session.document.denoiser == str(SHIPPED)


def test_it_begins_with_the_file_that_was_refused_last(qtbot, session, files, ask, tmp_path):
    (tmp_path / "opt000100.pt").write_bytes(b"\x80\x04}.")
    with qtbot.waitSignals([files.opened, session.reported], timeout=10000):
        files.open(tmp_path / "opt000100.pt")
    dialog = ask()
    qtbot.waitUntil(lambda: "a bare pickle" in dialog.told.toPlainText(), timeout=10000)
    assert not dialog.open_it.isEnabled()


def test_it_begins_with_the_checkpoint_in_use(qtbot, ask):
    dialog = ask()
    qtbot.waitUntil(lambda: "pixel-faces.safetensors" in dialog.told.toPlainText(), timeout=10000)
    qtbot.waitUntil(dialog.open_it.isEnabled, timeout=10000)


def test_a_file_that_is_gone_and_a_dialog_closed_early_do_no_harm(qtbot, files, ask, tmp_path):
    dialog = ask()
    dialog.examine(tmp_path / "gone.pt")
    qtbot.waitUntil(lambda: "there is no file" in dialog.told.toPlainText(), timeout=10000)
    dialog.examine(SHIPPED)
    dialog.close()
    qtbot.waitUntil(lambda: not any(job.running for job in files.findChildren(Job)), timeout=10000)


def test_the_network_is_exported_to_a_folder_that_opens_again(qtbot, session, files, tmp_path, monkeypatch):
    out = tmp_path / "theirs"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    with qtbot.waitSignal(session.noticed, timeout=10000):
        files.ask_and_export_network()
    assert checkpoint_at(out).header.document.network == checkpoint_at(SHIPPED).header.document.network
    with qtbot.waitSignal(session.reported, timeout=10000) as told:
        files.ask_and_export_network()
    assert "is there already" in told.args[0]
    with qtbot.waitSignal(files.opened, timeout=10000):
        files.open(out)
    assert session.document.denoiser == str(out)
    assert files.recent.paths()[0] == out


def test_only_a_checkpoint_can_be_exported(qtbot, session, files):
    session.edit("exact", denoiser="exact")
    with qtbot.waitSignal(session.reported) as told:
        files.ask_and_export_network()
    assert "only a checkpoint can be exported" in told.args[0]
