"""Runs: a folder that is whole at every moment, gone on with to the bit, and checkpoints that are what they say."""

import json
import math
import pickle
from dataclasses import replace
from shutil import copytree

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from training_runs import NETWORK, data, document, pictures

from ddpm_studio.checkpoint import EMA, KEY, RAW, Checkpoint, Header, save, slim
from ddpm_studio.data import ImageData
from ddpm_studio.document import load
from ddpm_studio.errors import UserError
from ddpm_studio.export import read_provenance
from ddpm_studio.learner import TrainStep
from ddpm_studio.levels import Probe, errors
from ddpm_studio.networks import UNet
from ddpm_studio.record import Looked, Recorder, Saved, Working, differences, prove_resume
from ddpm_studio.run import Run, checkpoint_in

CPU = torch.device("cpu")


def recorder(folder, stack=None, **changes):
    run = Run.open(folder) if folder.exists() else Run.create(folder, document(**changes))
    return Recorder.of(run, CPU, data=data() if stack is None else stack)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of six steps that has come to its end, and what it told. All tests share it, to read."""
    one = recorder(tmp_path_factory.mktemp("finished") / "run")
    return one, list(one.events())


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of that run, to change."""
    copytree(finished[0].run.folder, tmp_path / "run")
    return Run.open(tmp_path / "run")


def changed(path, out, **metadata):
    """A copy of a checkpoint with other metadata."""
    said = Checkpoint.open(path).said | metadata
    save_file(load_file(path), out, metadata={KEY: json.dumps(said)})
    return out


def test_a_run_s_folder_holds_what_it_promises(finished):
    one, events = finished
    folder = one.run.folder
    assert sorted(
        str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and "tfevents" not in p.name
    ) == [
        "checkpoints/latest",
        "checkpoints/step-00000003.safetensors",
        "checkpoints/step-00000006.safetensors",
        "document.json",
        "metrics.jsonl",
        "previews/step-00000006.png",
    ]
    assert load(folder / "document.json") == document()
    assert (folder / "checkpoints" / "latest").read_text() == "step-00000006.safetensors\n"
    assert read_provenance(one.run.preview(6))["step"] == 6
    assert [e.step for e in events if isinstance(e, TrainStep)] == [1, 2, 3, 4, 5, 6]
    assert [e.step for e in events if isinstance(e, Saved)] == [3, 6]
    (looked,) = (e for e in events if isinstance(e, Looked))
    assert looked.pictures.shape == (2, 4, 4, 1)
    assert {e.what for e in events if isinstance(e, Working)} == {"baselines", "loss per noise level", "preview"}


def test_its_metrics_are_lines_of_json_with_the_mean_loss_since_the_line_before(finished):
    one, events = finished
    losses = [e.loss for e in events if isinstance(e, TrainStep)]
    lines = [json.loads(text) for text in (one.run.folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 6, 6]
    assert [line["loss"] for line in lines[:3]] == pytest.approx([np.mean(losses[i : i + 2]) for i in (0, 2, 4)])
    assert {"rate", "gradient_norm", "initial_share", "images_per_second", "memory"} <= lines[0].keys()
    assert lines[0]["initial_share"] == pytest.approx((1 / 10) * (2 / 11))
    assert len(lines[3]["levels"]) == 20
    assert "log SNR" in lines[3]["verdict"]


@pytest.mark.parametrize("raw", [False, True])
def test_a_preview_is_of_the_averaged_weights_or_of_those_as_trained(tmp_path, raw):
    one = recorder(tmp_path / "run", preview_raw=raw, steps=24)
    looked = next(event for event in one.events() if isinstance(event, Looked))
    probe = Probe.of(one.data, one.run.document.schedule)
    found = {average: list(errors(one.learner.denoiser(average=average), probe)) for average in (True, False)}
    assert found[True] != found[False]
    assert looked.errors.tolist() == found[not raw]


def test_only_the_newest_checkpoints_are_kept(tmp_path):
    one = recorder(tmp_path / "run", save_every=1)
    list(one.events())
    assert [path.name[5:13] for path in one.run.checkpoints] == ["00000005", "00000006"]


def test_going_on_is_to_the_bit_as_never_having_stopped_previews_or_not(tmp_path):
    np.savez(tmp_path / "stripes.npz", train_images=pictures(), test_images=pictures(8, 1))
    network = UNet(**{**vars(NETWORK), "dropout": 0.3})
    straight, resumed = prove_resume(
        document(tmp_path / "stripes.npz", preview_every=3, network=network), CPU, tmp_path / "proof", 8
    )
    assert straight == resumed
    quiet = Run.create(tmp_path / "quiet", document(tmp_path / "stripes.npz", network=network, steps=8))
    list(Recorder.of(quiet, CPU).events())
    noisy = Checkpoint.open(Run.open(tmp_path / "proof" / "straight").latest).tensors()
    assert all(torch.equal(noisy[name], tensor) for name, tensor in Checkpoint.open(quiet.latest).tensors().items())


def test_left_after_any_step_it_saves_that_step(tmp_path):
    one = recorder(tmp_path / "run")
    events = one.events()
    for event in events:
        if isinstance(event, TrainStep) and event.step == 2:
            events.close()
    assert Checkpoint.open(one.run.latest).header.step == 2


def test_a_step_that_goes_wrong_leaves_the_last_good_state_in_the_run(tmp_path):
    one = recorder(tmp_path / "run")
    events = one.events()
    while not (isinstance(event := next(events), TrainStep) and event.step == 2):
        pass
    good = one.learner.weights(average=False)
    one.learner._loss = replace(one.learner._loss, weights=np.full(21, math.inf))
    with pytest.raises(UserError, match="step 3: the loss is inf"):
        list(events)
    saved = Checkpoint.open(one.run.latest)
    assert saved.header.step == 2
    assert all(torch.equal(saved.tensors()[f"{RAW}.{name}"], tensor) for name, tensor in good.items())


def test_metrics_of_steps_that_are_taken_again_are_not_told_twice(copied, tmp_path):
    for path in copied.checkpoints[1:]:  # as after a kill: the newest checkpoint is of step 3
        path.unlink()
    with (copied.folder / "metrics.jsonl").open("a") as file:
        file.write('{"step": 7, "lo')
    again = recorder(tmp_path / "run")
    assert again.learner.step == 3
    assert [line["step"] for line in again.run.metrics()] == [2]
    list(again.events())
    assert [line["step"] for line in again.run.metrics() if "loss" in line] == [2, 4, 6]


def test_other_pictures_and_another_network_are_no_way_to_go_on(copied, tmp_path):
    other = ImageData("stripes", pictures(40, seed=9), pictures(8))
    with pytest.raises(UserError, match="not the data set this run began with"):
        recorder(tmp_path / "run", other)
    run = copied.changed(document(network=UNet(width=8, multipliers=(1, 1), blocks=1, attention=(), groups=4)))
    with pytest.raises(UserError, match="another network"):
        Recorder.of(run, CPU, data=data())


def test_documents_that_differ_are_told_field_by_field():
    assert differences(document(), document(rate=0.5, objective=None)) == ["training.rate: 0.01 → 0.5"]
    assert differences(document(), document()) == []


def test_where_nothing_is_held_out_some_pictures_are(tmp_path):
    alone = ImageData("alone", pictures(40), pictures(0))
    one = recorder(tmp_path / "run", alone, held_out=0.1)
    assert (len(one.data.train), len(one.data.test)) == (36, 4)
    together = np.concatenate([one.data.train, one.data.test])
    assert sorted(p.tobytes() for p in together) == sorted(p.tobytes() for p in pictures(40))
    assert len(recorder(tmp_path / "all", alone, held_out=0.0).data.train) == 40


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir(), lambda p: p.write_text("x")])
def test_a_folder_that_is_no_run_is_refused(tmp_path, make):
    make(tmp_path / "it")
    with pytest.raises(UserError, match=r"is not a run: it needs document\.json and checkpoints"):
        Run.open(tmp_path / "it")


def test_a_run_does_not_overwrite_what_is_there(tmp_path):
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "precious").write_text("x")
    with pytest.raises(UserError, match="is there already; --resume"):
        Run.create(tmp_path / "it", document())
    assert [p.name for p in (tmp_path / "it").iterdir()] == ["precious"]


def test_a_removed_folder_ends_a_run_with_one_line(tmp_path):
    one = recorder(tmp_path / "run")
    events = one.events()
    next(events)
    (tmp_path / "run").rename(tmp_path / "gone")
    with pytest.raises(UserError, match=r"[cC]annot write"):
        list(events)


def test_a_full_disk_leaves_the_last_checkpoint_as_it_was(tmp_path, monkeypatch):
    one = recorder(tmp_path / "run")
    events = one.events()
    for event in events:
        if isinstance(event, Saved):
            break

    def full(*_, **__):
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("ddpm_studio.tensor_writing.save_file", full)
    with pytest.raises(UserError, match="the disk is full"):
        list(events)
    assert Checkpoint.open(one.run.latest).header.step == 3
    assert Checkpoint.open(one.run.latest).tensors()
    assert not [p for p in (tmp_path / "run" / "checkpoints").iterdir() if "part" in p.name]


def test_a_checkpoint_comes_back_as_it_was_written(finished):
    one, _ = finished
    found = checkpoint_in(one.run.folder)
    assert found.header == Header(document(), (1, 4, 4), 6, 40, one.digest)
    state = one.learner.state()
    tensors = found.tensors()
    assert tensors.keys() == state.keys()
    assert all(torch.equal(tensors[name], state[name]) for name in state)
    assert found.groups == {"weights", "ema", "exp_avg", "exp_avg_sq"}
    x = torch.ones(2, 1, 4, 4)
    for group, average in ((EMA, True), (RAW, False)):
        expected = one.learner.denoiser(average=average)(x, 7)
        assert torch.equal(found.denoiser(group)(x, 7).x0, expected.x0)


def test_a_further_average_is_a_group_of_the_checkpoint_and_is_found_by_its_decay(tmp_path):
    one = recorder(tmp_path / "run", more_ema=(0.5, 0.9999), steps=24)  # by then the averages part
    list(one.events())
    found = checkpoint_in(tmp_path / "run")
    assert found.groups == {"weights", "ema", "ema-0.5", "ema-0.9999", "exp_avg", "exp_avg_sq"}
    x = torch.ones(2, 1, 4, 4)
    guesses = {group: found.denoiser(group)(x, 7).x0 for group in (EMA, RAW, "ema-0.5", "ema-0.9")}
    assert torch.equal(guesses["ema-0.9"], guesses[EMA])  # the decay of the run's own average
    assert not torch.equal(guesses["ema-0.5"], guesses[EMA])
    assert not torch.equal(guesses["ema-0.5"], guesses[RAW])
    with pytest.raises(UserError, match=r"has no ema-0\.99; it has ema, ema-0\.5, ema-0\.9999, exp_avg"):
        found.denoiser("ema-0.99")


def test_a_run_without_a_further_average_cannot_go_on_with_one(copied, tmp_path):
    with pytest.raises(UserError, match=r"cannot be resumed: it has no ema-0\.5\."):
        Recorder.of(copied.changed(document(more_ema=(0.5,))), CPU, data=data())
    list(Recorder.of(copied.changed(document(steps=8)), CPU, data=data()).events())
    assert checkpoint_in(tmp_path / "run").header.step == 8


def test_a_network_to_share_has_its_average_in_half_precision(finished, tmp_path):
    one, _ = finished
    slim(one.run.latest, tmp_path / "slim.safetensors")
    shared = Checkpoint.open(tmp_path / "slim.safetensors")
    assert shared.groups == {"ema"}
    assert {t.dtype for t in shared.tensors().values()} == {torch.float16}
    assert (tmp_path / "slim.safetensors").stat().st_size < 0.3 * one.run.latest.stat().st_size
    x = torch.ones(1, 1, 4, 4)
    torch.testing.assert_close(shared.denoiser()(x, 7).x0, one.learner.denoiser()(x, 7).x0, rtol=0, atol=5e-3)
    with pytest.raises(UserError, match="has no weights; it has ema"):
        shared.denoiser(RAW)


def test_a_checkpoint_cut_short_is_refused_wherever_it_was_cut(finished, tmp_path):
    whole = finished[0].run.latest.read_bytes()
    for length in (0, 5, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.safetensors").write_bytes(whole[:length])
        with pytest.raises(UserError, match="is cut short or no safetensors file"):
            Checkpoint.open(tmp_path / "cut.safetensors")


def test_a_changed_byte_is_noticed(finished, tmp_path):
    whole = bytearray(finished[0].run.latest.read_bytes())
    whole[-100] ^= 1
    (tmp_path / "bent.safetensors").write_bytes(whole)
    bent = Checkpoint.open(tmp_path / "bent.safetensors")
    with pytest.raises(UserError, match="its checksum is wrong"):
        bent.tensors()


def test_a_changed_word_is_noticed(finished, tmp_path):
    path = changed(finished[0].run.latest, tmp_path / "bent.safetensors", step=7)
    with pytest.raises(UserError, match="its checksum is wrong"):
        Checkpoint.open(path).denoiser()


@pytest.mark.parametrize(
    ("metadata", "part"),
    [
        ({"version": 2}, "newer than this program's 1: update"),
        ({"version": "x"}, "newer than this program's"),
        ({"format": "other"}, "is not a DDPM Studio checkpoint"),
        ({"shape": [0, 4]}, "shape must be a list"),
        ({"shape": 5}, "shape must be a list"),
        ({"step": -1}, "step must be a whole number"),
        ({"document": {}}, "not a DDPM Studio document"),
        ({"document": {}}, r"other\.safetensors: "),
        ({"shape": [3, 4, 4]}, r"conv_in.weight is \(8, 1, 3, 3\), expected \(8, 3, 3, 3\)"),
        ({"document": document(network=UNet(width=16)).to_json()}, "does not hold the network it speaks of"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused_before_a_tensor_is_read(finished, tmp_path, metadata, part):
    path = changed(finished[0].run.latest, tmp_path / "other.safetensors", **metadata)
    with pytest.raises(UserError, match=part) as refusal:
        Checkpoint.open(path)
    assert "\n" not in str(refusal.value)


def test_other_files_are_no_checkpoints_and_nothing_is_unpickled(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "owned"), "w"))

    (tmp_path / "evil.safetensors").write_bytes(pickle.dumps(Evil()))
    save_file({"a": torch.zeros(1)}, tmp_path / "plain.safetensors")
    for name, part in (
        ("evil", "no safetensors file"),
        ("plain", "is not a DDPM Studio checkpoint"),
        ("no", "no such file"),
    ):
        with pytest.raises(UserError, match=part):
            Checkpoint.open(tmp_path / f"{name}.safetensors")
    assert not (tmp_path / "owned").exists()


def test_a_shared_network_cannot_be_resumed(copied):
    slim(copied.latest, copied.latest)
    with pytest.raises(UserError, match="cannot be resumed: it has no exp_avg"):
        recorder(copied.folder)


def test_weights_too_large_for_half_precision_are_not_shared(finished, tmp_path):
    one, _ = finished
    tensors = one.learner.state() | {"ema.conv_out.bias": torch.full((1,), 1e6)}
    save(tmp_path / "large.safetensors", Header(document(), (1, 4, 4), 6), tensors)
    with pytest.raises(UserError, match=r"ema\.conv_out\.bias .* too large for half precision"):
        slim(tmp_path / "large.safetensors", tmp_path / "slim.safetensors")
    assert not (tmp_path / "slim.safetensors").exists()


def test_a_run_without_a_checkpoint_says_so(tmp_path):
    Run.create(tmp_path / "run", document())
    with pytest.raises(UserError, match="has no checkpoint yet"):
        checkpoint_in(tmp_path / "run")
