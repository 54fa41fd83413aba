"""The command line as a whole: what it prints, what it costs to ask it something, how it ends."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from ddpm_studio import __version__
from ddpm_studio.cli import gui, info, main
from ddpm_studio.cli.commands import COMMANDS
from ddpm_studio.sampler import SAMPLERS
from ddpm_studio.schedule import SCHEDULES, Cosine, Drawn, Linear, Space
from ddpm_studio.ui import app

PYTHON = [sys.executable, "-m", "ddpm_studio"]


@pytest.fixture
def opened(monkeypatch):
    """The files the window was asked to show, with no window."""
    asked = []
    monkeypatch.setattr(app, "run", lambda file: asked.append(file) or 0)
    return asked


def printed(capsys, *argv):
    assert main(argv) == 0
    return capsys.readouterr().out


def test_help_imports_none_of_the_slow_libraries():
    code = "import sys; from ddpm_studio.cli import main; main(['sample', '--help']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "argparse" in loaded
    assert not {"torch", "PIL", "PySide6", "pyqtgraph"} & set(loaded)


def test_help_takes_less_than_a_second_of_computing():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*PYTHON, "--help"], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0


def test_help_is_printed_where_the_terminal_knows_no_greek():
    plain = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*PYTHON, "noise", "--help"], capture_output=True, text=True, env=plain)
    assert (done.returncode, done.stderr) == (0, "")
    assert "x_t = " in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    assert f"usage: ddpm-studio {command}" in printed(capsys, command, "--help")


@pytest.mark.parametrize("command", ["sample", "noise"])
def test_every_field_of_every_schedule_is_a_flag(command, capsys):
    text = printed(capsys, command, "--help")
    for flag in (
        "--T",
        "--zero-terminal-snr",
        "--beta-start",
        "--scaled",
        "--max-beta",
        "--span",
        "--knots",
        "--space",
    ):
        assert flag in text


def test_the_version_is_the_package_s(capsys):
    assert printed(capsys, "--version") == f"ddpm-studio {__version__}\n"


def test_no_arguments_open_the_window(opened):
    assert main([]) == 0
    assert opened == [None]


@pytest.mark.parametrize("before", [[], ["gui"]])
def test_a_file_opens_in_the_window(opened, tmp_path, before):
    file = tmp_path / "some.ddpm.json"
    file.touch()
    assert main([*before, str(file)]) == 0
    assert opened == [file]


def test_the_windowed_program_takes_a_file_from_the_desktop(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["ddpm-studio-gui", str(tmp_path)])
    assert gui() == 0
    assert opened == [tmp_path]


def test_the_window_s_exit_code_is_the_command_s(monkeypatch):
    monkeypatch.setattr(app, "run", lambda _: 3)
    assert main(["gui"]) == 3


def test_screenshots_names_the_files_it_made(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(app, "screenshots", lambda folder: [folder / "explore-light.png"])
    assert printed(capsys, "screenshots", str(tmp_path)) == f"{tmp_path / 'explore-light.png'}\n"


def test_json_has_the_kind_T_and_tables_from_0_to_T(capsys):
    content = json.loads(printed(capsys, "schedule", "cosine", "--T", "10", "--s", "0.01", "--format", "json"))
    schedule = Cosine(T=10, s=0.01)
    assert (content["kind"], content["T"]) == ("cosine", 10)
    for name in ("beta", "alpha_bar", "snr", "posterior_variance"):
        assert len(content[name]) == 11
    assert content["snr"][0] is None
    assert content["snr"][1:] == schedule.snr[1:].tolist()
    for name in ("beta", "alpha_bar", "posterior_variance"):
        assert content[name] == getattr(schedule, name).tolist()


@pytest.mark.parametrize("kind", SCHEDULES)
def test_every_schedule_prints_a_line_for_each_t(kind, capsys):
    assert len(printed(capsys, "schedule", kind, "--T", "50").splitlines()) == 1 + 51


def test_a_drawn_schedule_comes_from_its_knots(capsys):
    text = printed(
        capsys, "schedule", "drawn", "--space", "log_snr", "--knots", "0:9,0.5:0,1:-9", "--T", "20", "--format", "json"
    )
    expected = Drawn(T=20, space=Space.LOG_SNR, knots=((0, 9), (0.5, 0), (1, -9)))
    assert json.loads(text)["alpha_bar"] == expected.alpha_bar.tolist()


def test_bool_flags_are_switched_on_and_off(capsys):
    on = json.loads(printed(capsys, "schedule", "linear", "--zero-terminal-snr", "--format", "json"))
    off = json.loads(printed(capsys, "schedule", "linear", "--no-zero-terminal-snr", "--format", "json"))
    assert on["alpha_bar"][-1] == 0.0
    assert off["alpha_bar"] == Linear().alpha_bar.tolist()


def test_what_is_wrong_with_a_schedule_goes_to_stderr_alone(capsys):
    assert main(["schedule", "linear", "--T", "100", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["T"] == 100
    assert "1000" in err
    assert all(re.match("ddpm-studio: (note|warning|error): ", line) for line in err.splitlines())


def test_the_default_schedule_has_nothing_to_complain_of(capsys):
    main(["schedule", "linear"])
    assert capsys.readouterr().err == ""


def test_a_schedule_s_file_is_read_and_changed_by_flags(capsys, tmp_path):
    file = tmp_path / "cosine.json"
    main(["schedule", "cosine", "--s", "0.02", "--out", str(file)])
    again = json.loads(printed(capsys, "schedule", str(file), "--T", "30", "--format", "json"))
    assert again["beta"] == Cosine(T=30, s=0.02).beta.tolist()


@pytest.mark.parametrize("name", ["s.json", "s.csv", "s.npz", "scheduler_config.json"])
def test_the_file_s_name_chooses_the_format(name, tmp_path, capsys):
    file = tmp_path / name
    assert (
        printed(capsys, "schedule", "linear", "--T", "20", "--scaled", "--beta-end", "0.01", "--out", str(file)) == ""
    )
    again = json.loads(printed(capsys, "schedule", str(file), "--format", "json"))
    np.testing.assert_allclose(again["beta"], Linear(T=20, scaled=True, beta_end=0.01).beta, rtol=1e-12)


def test_info_names_every_schedule_sampler_and_data_set(capsys):
    text = printed(capsys, "info")
    for name in (*SCHEDULES, *SAMPLERS, "pixel-faces", "fashion", "chelsea", __version__, "torch"):
        assert name in text


def test_info_gives_flags_as_they_are_typed(capsys):
    line = next(line for line in printed(capsys, "info").splitlines() if "--max-beta" in line)
    given = printed(capsys, "schedule", "cosine", *line.split(), "--format", "json")
    assert json.loads(given)["beta"] == Cosine().beta.tolist()


def test_ctrl_c_ends_with_130_and_one_line(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(info, "_program", interrupted)
    assert main(["info"]) == 130
    assert capsys.readouterr().err == "ddpm-studio: interrupted\n"


def test_ctrl_c_during_a_long_run_leaves_no_file(tmp_path):
    command = [*PYTHON, "sample", "--exact", "fashion", "--steps", "1000", "-n", "64", "--out", str(tmp_path / "f.png")]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a background shell has its children ignore it
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heard) as running:
        assert "reverse steps" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        rest = running.stderr.read()
    assert (running.returncode, rest.splitlines()[-1:]) == (130, ["ddpm-studio: interrupted"])
    assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_ends_it_quietly():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as deaf:
        done = subprocess.run([*PYTHON, "schedule", "linear"], stdout=deaf, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (141, b"")


def test_an_unexpected_exception_is_one_line_and_a_traceback_in_the_log(monkeypatch, capsys, home):
    def broken():
        raise AssertionError("the moon is\nmade of cheese")

    monkeypatch.setattr(info, "_program", broken)
    assert main(["info"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "AssertionError: the moon is made of cheese" in line
    log = home / "ddpm-studio" / "ddpm-studio.log"
    assert str(log) in line
    assert "Traceback (most recent call last)" in log.read_text()
    assert "in broken" in log.read_text()


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 12 bytes")])
def test_what_does_not_fit_into_memory_is_no_crash(monkeypatch, capsys, error):
    def huge():
        raise error

    monkeypatch.setattr(info, "_program", huge)
    assert main(["info"]) == 2
    assert "memory" in capsys.readouterr().err


def test_a_system_s_error_names_the_file(monkeypatch, capsys):
    monkeypatch.setattr(info, "_program", lambda: open("/nowhere/at all"))  # noqa: SIM115, PTH123
    assert main(["info"]) == 2
    assert capsys.readouterr().err == "ddpm-studio: /nowhere/at all: No such file or directory\n"


def test_main_py_hands_over_to_the_command_line():
    done = subprocess.run([sys.executable, "main.py", "-h"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ddpm-studio")


def test_without_a_display_the_window_says_how_to_do_without():
    bare = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    done = subprocess.run(PYTHON, capture_output=True, text=True, env=bare)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "headless" in done.stderr


@pytest.mark.parametrize("name", ["s.json", "s.csv", "scheduler_config.json"])
def test_info_knows_a_schedule_s_file(name, tmp_path, capsys):
    main(["schedule", "linear", "--T", "7", "--beta-end", "0.3", "--out", str(tmp_path / name)])
    capsys.readouterr()
    head, _, told = printed(capsys, "info", str(tmp_path / name)).partition("\n")
    assert head == f"{tmp_path / name}: a schedule"
    assert json.loads(told)["T"] == 7
