"""The log: where it is, and what is in it."""

import logging

import pytest

from ddpm_studio import log


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """No log file so far, and none of this test's afterwards."""
    logger = logging.getLogger("ddpm_studio")
    monkeypatch.setattr(logger, "handlers", [])
    log.to_file.cache_clear()
    yield
    for handler in logger.handlers:
        handler.close()
    log.to_file.cache_clear()


def test_a_traceback_is_appended_to_the_file_named(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError as error:
        first, second = log.record(error), log.record(error)
    assert first == second == tmp_path / "ddpm-studio" / "ddpm-studio.log"
    assert first.read_text().count("ZeroDivisionError: division by zero") == 2


def test_nothing_is_written_before_there_is_something_to_say(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert not log.to_file().exists()


def test_what_any_module_of_the_package_logs_is_in_it(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = log.to_file()
    logging.getLogger("ddpm_studio.ui.job").error("a job failed")
    assert "a job failed" in path.read_text()


def test_where_the_place_cannot_be_written_the_log_is_a_temporary_file(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(log.tempfile, "gettempdir", lambda: str(tmp_path))
    assert log.record(ValueError("odd")).parent == tmp_path
    assert "ValueError: odd" in (tmp_path / log.NAME).read_text()


@pytest.mark.parametrize(("system", "parts"), [("darwin", ("Library", "Logs")), ("win32", ("AppData", "Local"))])
def test_other_systems_have_their_own_place(monkeypatch, tmp_path, system, parts):
    monkeypatch.setattr(log.sys, "platform", system)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert log.to_file() == tmp_path.joinpath(*parts, "DDPM Studio", log.NAME)
