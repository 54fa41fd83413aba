"""One writer at a time: what another window or program must not do to a run that is being written."""

import subprocess
import sys

import pytest

from ddpm_studio.errors import UserError
from ddpm_studio.lock import held

HOLD = """
import sys
from pathlib import Path
from ddpm_studio.lock import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def another(tmp_path):
    """A program of its own that holds the folder."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_folder_is_held_once_and_is_free_again_afterwards(tmp_path):
    with (
        held(tmp_path),
        pytest.raises(UserError, match="is in use: another window or program is writing to it"),
        held(tmp_path),
    ):
        pytest.fail("held twice")
    with held(tmp_path):
        pass


def test_what_goes_wrong_in_the_block_frees_the_folder(tmp_path):
    with pytest.raises(ZeroDivisionError), held(tmp_path):
        raise ZeroDivisionError
    with held(tmp_path):
        pass


def test_another_program_keeps_it_until_it_is_killed(tmp_path, another):
    with pytest.raises(UserError, match="is in use"), held(tmp_path):
        pytest.fail("held by two programs")
    another.kill()
    another.wait()
    with held(tmp_path):
        pass


def test_what_is_no_folder_is_named_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot write .*file: .*; choose another place"), held(tmp_path / "file"):
        pytest.fail("held a file")


def test_a_file_system_without_locks_is_written_to_without_one(tmp_path, monkeypatch):
    def unknown(_self):
        raise NotImplementedError

    monkeypatch.setattr("filelock.FileLock.acquire", unknown)
    with held(tmp_path):
        (tmp_path / "written").touch()
    assert (tmp_path / "written").exists()
