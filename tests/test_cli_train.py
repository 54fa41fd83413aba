"""The train command: a run from flags or a document, stopped, killed, gone on with, shared by two processes."""

import io
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from training_runs import document, pictures

from ddpm_studio.checkpoint import Checkpoint
from ddpm_studio.cli import main
from ddpm_studio.document import load, save
from ddpm_studio.export import read_provenance
from ddpm_studio.networks import PRESETS, UNet
from ddpm_studio.objective import MinSnr, Target
from ddpm_studio.run import Run, checkpoint_in
from ddpm_studio.schedule import Cosine
from ddpm_studio.training import Decay

PYTHON = [sys.executable, "-m", "ddpm_studio"]


@pytest.fixture
def stripes(tmp_path):
    """A document of a few steps on a data set in a file."""
    np.savez(tmp_path / "stripes.npz", train_images=pictures(), test_images=pictures(8, 1))
    save(document(tmp_path / "stripes.npz"), tmp_path / "stripes.ddpm.json")
    return str(tmp_path / "stripes.ddpm.json")


def refused(capsys, *argv):
    """What is said of a command line that cannot be."""
    assert main([str(word) for word in argv]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    return error


def test_a_document_is_trained_into_a_run(stripes, tmp_path, capsys):
    assert main(["train", stripes, "--out", str(tmp_path / "run"), "--threads", "1"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "step 0 of 6 on" in told.err
    assert "log SNR" in told.err
    assert checkpoint_in(tmp_path / "run").header.step == 6


def test_flags_say_all_that_a_document_can(stripes, tmp_path):
    flags = (
        "--network tiny --width 8 --multipliers 1,2 --attention none --groups 4 --objective min-snr --gamma 3 "
        "--target v --steps 1 --batch 4 --seed 9 --rate 1e-3 --decay cosine --clip none --no-flips "
        "--schedule cosine --T 30"
    )
    assert main(["train", stripes, *flags.split(), "--out", str(tmp_path / "run")]) == 0
    found = load(tmp_path / "run" / "document.json")
    assert found.network == UNet(width=8, multipliers=(1, 2), attention=(), groups=4, blocks=PRESETS["tiny"].blocks)
    assert found.objective == MinSnr(gamma=3, target=Target.V)
    assert found.schedule == Cosine(T=30)
    training = found.training
    assert (training.steps, training.batch, training.rate, training.clip, training.seed) == (1, 4, 1e-3, 0.0, 9)
    assert training.decay is Decay.COSINE


def test_json_is_the_metrics_as_they_come(stripes, tmp_path, capsys):
    main(["train", stripes, "--out", str(tmp_path / "run"), "--json"])
    lines = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert lines == Run.open(tmp_path / "run").metrics()


def test_a_run_goes_on_and_longer_without_being_asked(stripes, tmp_path):
    main(["train", stripes, "--out", str(tmp_path / "run"), "--steps", "4"])
    assert main(["train", "--resume", str(tmp_path / "run"), "--steps", "6"]) == 0
    main(["train", stripes, "--out", str(tmp_path / "straight")])
    one, other = (checkpoint_in(tmp_path / name) for name in ("run", "straight"))
    assert one.sha256 == other.sha256


def test_a_changed_document_is_shown_and_needs_a_yes(stripes, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    main(["train", stripes, "--out", str(tmp_path / "run"), "--steps", "2"])
    capsys.readouterr()
    error = refused(capsys, "train", "--resume", tmp_path / "run", "--rate", "0.5", "--steps", "3")
    assert "training.rate: 0.01 → 0.5" in error
    assert "--yes" in error
    assert Run.open(tmp_path / "run").document.training.rate == 0.01
    assert main(["train", "--resume", str(tmp_path / "run"), "--rate", "0.5", "--steps", "3", "--yes"]) == 0
    assert checkpoint_in(tmp_path / "run").header.document.training.rate == 0.5


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 2), ("", 2)])
def test_at_a_terminal_somebody_is_asked(stripes, tmp_path, monkeypatch, capsys, answer, code):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer))
    main(["train", stripes, "--out", str(tmp_path / "run"), "--steps", "2", "--decay", "cosine"])
    assert main(["train", "--resume", str(tmp_path / "run"), "--steps", "3"]) == code
    assert "training.steps: 2 → 3" in capsys.readouterr().err
    assert Run.open(tmp_path / "run").document.training.steps == (2 if code else 3)


def test_resuming_is_proved(stripes, capsys):
    assert main(["train", stripes, "--prove-resume"]) == 0
    one, other, last = capsys.readouterr().out.splitlines()
    assert one.split()[-1] == other.split()[-1]
    assert last == "equal"


def test_ctrl_c_saves_and_says_how_to_go_on(stripes, tmp_path):
    command = [*PYTHON, "train", stripes, "--out", str(tmp_path / "run"), "--json", "--steps", "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert json.loads(running.stdout.readline())["step"] == 2
        running.send_signal(signal.SIGINT)
        rest = running.communicate()[1]
    assert running.returncode == 130
    assert rest.splitlines()[-1].endswith(f"go on with: ddpm-studio train --resume {tmp_path / 'run'}")
    assert "Traceback" not in rest
    assert checkpoint_in(tmp_path / "run").tensors()


def test_a_killed_run_has_a_good_checkpoint_and_goes_on(stripes, tmp_path):
    command = [*PYTHON, "train", stripes, "--out", str(tmp_path / "run"), "--json", "--steps", "1000000"]
    command += ["--save-every", "1", "--log-every", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        for _ in range(12):
            last = json.loads(running.stdout.readline())["step"]
        running.kill()
    found = checkpoint_in(tmp_path / "run")
    assert found.header.step >= last - 1
    assert found.tensors()
    assert main(["train", "--resume", str(tmp_path / "run"), "--steps", str(found.header.step + 1)]) == 0
    assert checkpoint_in(tmp_path / "run").header.step == found.header.step + 1


def test_two_processes_train_what_one_does(stripes, tmp_path):
    options = ["train", stripes, "--rate", "1e-3", "--log-every", "1", "--micro-batch", "3", "--device", "cpu"]
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "ddpm_studio"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*launch, *options, "--out", str(tmp_path / "two")], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    main([*options, "--out", str(tmp_path / "one")])
    one, two = (Run.open(tmp_path / name) for name in ("one", "two"))
    losses = [[line["loss"] for line in run.metrics() if "loss" in line] for run in (one, two)]
    assert len(losses[0]) == 6
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
    mine, theirs = (Checkpoint.open(run.latest).tensors() for run in (one, two))
    for name, tensor in mine.items():
        torch.testing.assert_close(theirs[name], tensor, rtol=0, atol=1e-3, msg=name)


def test_a_trained_network_is_sampled_and_evaluated(stripes, tmp_path, capsys):
    run = tmp_path / "run"
    main(["train", stripes, "--out", str(run)])
    for name, more in (("ema", []), ("raw", ["--raw"]), ("one", ["--batch", "1"])):
        assert main(["sample", "--checkpoint", str(run), *more, "-n", "3", "--out", str(tmp_path / f"{name}.npz")]) == 0
    ema, raw, one = (np.load(tmp_path / f"{name}.npz")["samples"] for name in ("ema", "raw", "one"))
    assert ema.shape == (3, 1, 4, 4)
    assert np.abs(ema - raw).max() > 1e-3
    np.testing.assert_allclose(one, ema, atol=1e-4)
    capsys.readouterr()
    assert main(["info", str(tmp_path / "ema.npz")]) == 0
    assert checkpoint_in(run).sha256 in capsys.readouterr().out
    assert main(["sample", str(tmp_path / "ema.npz"), "-n", "3", "--out", str(tmp_path / "again.npz")]) == 0
    assert (np.load(tmp_path / "again.npz")["samples"] == ema).all()  # an export says what it was drawn with
    assert main(["evaluate", "--checkpoint", str(run), "--loss-per-level", "--out", str(tmp_path / "l.json")]) == 0
    main(["evaluate", "--checkpoint", str(run), "--loss-per-level", "--out", str(tmp_path / "l.csv")])
    assert main(["evaluate", "--checkpoint", str(run), "--loss-per-level", "--out", str(tmp_path / "l.png")]) == 0
    told = json.loads((tmp_path / "l.json").read_text())
    assert read_provenance(tmp_path / "l.png")["levels"] == told["levels"]
    assert told["levels"] == Run.open(run).metrics()[-1]["levels"]
    rows = np.loadtxt(tmp_path / "l.csv", delimiter=",", skiprows=1)
    assert rows[:, 2].tolist() == [level["error"] for level in told["levels"]]
    capsys.readouterr()
    main(["evaluate", "--checkpoint", str(run), "--loss-per-level"])
    assert len(capsys.readouterr().out.splitlines()) == 2 + len(rows)


def test_samples_are_drawn_with_whichever_average_is_named(stripes, tmp_path, capsys):
    run = tmp_path / "run"
    main(["train", stripes, "--out", str(run), "--more-ema", "0.5,0.9999", "--steps", "24"])
    drawn = {}
    for name, more in (("main", ["--ema"]), ("same", ["--ema", "0.9"]), ("other", ["--ema", "0.5"])):
        out = tmp_path / f"{name}.npz"
        assert main(["sample", "--checkpoint", str(run), "-n", "2", "--out", str(out), *more]) == 0
        drawn[name] = np.load(out)["samples"]
    assert (drawn["same"] == drawn["main"]).all()
    assert np.abs(drawn["other"] - drawn["main"]).max() > 1e-3
    assert main(["evaluate", "--checkpoint", str(run), "--loss-per-level", "--ema", "0.5"]) == 0
    capsys.readouterr()
    sample = ["sample", "--checkpoint", run, "--out", tmp_path / "s.npz"]
    assert "has no ema-0.7; it has ema, ema-0.5" in refused(capsys, *sample, "--ema", "0.7")
    assert "takes the decay of an average" in refused(capsys, *sample, "--ema", "x")


def test_a_network_to_share_is_exported_and_explained(stripes, tmp_path, capsys):
    main(["train", stripes, "--out", str(tmp_path / "run")])
    shared = tmp_path / "shared.safetensors"
    assert main(["export", str(tmp_path / "run"), "--out", str(shared)]) == 0
    assert main(["export", str(shared), "--out", str(tmp_path / "back.ddpm.json")]) == 0
    assert load(tmp_path / "back.ddpm.json") == load(tmp_path / "run" / "document.json")
    assert main(["sample", "--checkpoint", str(shared), "-n", "1", "--out", str(tmp_path / "s.png")]) == 0
    capsys.readouterr()
    main(["info", str(shared)])
    assert "parameters for (1, 4, 4), after 6 steps" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (["--network", "huge"], "unknown network 'huge'; known are tiny, small"),
        (["--network", "mlp"], "an mlp takes points, not pictures"),
        (["--network", "mlp", "--multipliers", "1"], "a mlp network has no --multipliers"),
        (["--multipliers", "1,x"], "'x' is not a whole number"),
        (["--multipliers", "1,1,1,1"], "cannot be halved 3 times"),
        (["--rate", "0"], "rate must be between"),
        (["--rate", "-1"], "rate must be between"),
        (["--batch", "41"], "a batch of 41 is more than the 40 pictures"),
        (["--dataset", "nowhere"], "no data set or file named 'nowhere'"),
        (["--device", "tpu"], "there is no device 'tpu'"),
        (["--threads", "0"], "--threads must be between"),
        (["--zero-terminal-snr", "--target", "eps"], "predict v or x0"),
        (["--resume", "nowhere", "--out", "x"], "leave --out"),
        (["--resume", "nowhere"], "nowhere is not a run"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line(stripes, tmp_path, monkeypatch, capsys, argv, part):
    monkeypatch.chdir(tmp_path)
    document_too = [] if "--resume" in argv else [stripes]
    assert part in refused(capsys, "train", *document_too, *argv)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(("count", "part"), [(1, "at least 2 pictures, but there is 1"), (2, "a batch of 8 is more")])
def test_too_few_pictures_are_refused(stripes, tmp_path, monkeypatch, capsys, count, part):
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "few.npz", train_images=pictures(count))
    assert part in refused(capsys, "train", stripes, "--dataset", tmp_path / "few.npz")


def test_what_makes_no_sense_with_a_checkpoint_is_refused(stripes, tmp_path, capsys):
    main(["train", stripes, "--out", str(tmp_path / "run"), "--steps", "1"])
    capsys.readouterr()
    sample = ["sample", "--checkpoint", tmp_path / "run", "--out", tmp_path / "s.png"]
    assert "belongs to its schedule" in refused(capsys, *sample, "--T", "50")
    assert "leave one out" in refused(capsys, *sample, "--exact", "fashion")
    assert "is no checkpoint" in refused(capsys, "sample", "--checkpoint", "training", "--out", tmp_path / "s.png")
    assert "assets/checkpoints/none.safetensors" in refused(
        capsys, *sample[:1], "--checkpoint", "checkpoint:none", *sample[3:]
    )
    evaluate = ["evaluate", "--checkpoint", tmp_path / "run", "--loss-per-level"]
    assert "shape" in refused(capsys, *evaluate, "--dataset", "fashion")
    assert "must end in" in refused(capsys, *evaluate, "--out", "levels.doc")


def test_without_a_name_a_run_takes_the_data_set_s(stripes, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert main(["train", stripes, "--steps", "1"]) == 0
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == ["stripes-1", "stripes-2"]


def test_help_for_training_does_not_wait_for_torch():
    code = "import sys; from ddpm_studio.cli import main; main(['train', '--help']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "PIL", "PySide6"} & set(loaded)
