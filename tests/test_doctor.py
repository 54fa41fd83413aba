"""The doctor, and files that are no good: each is told for what it is, and nothing in it is run."""

import json
import os
import pickle
import struct
from collections import OrderedDict

import pytest
import torch
from safetensors.torch import load_file, save_file

from ddpm_studio.assets import asset
from ddpm_studio.checkpoint import EMA, KEY, RAW, Checkpoint, Header, save
from ddpm_studio.cli import main
from ddpm_studio.doctor import examine
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.interop import diffusers
from ddpm_studio.networks import UNet
from ddpm_studio.networks.build import fresh
from ddpm_studio.run import Run, checkpoint_at
from ddpm_studio.schedule import Cosine
from ddpm_studio.schedule_files import write as write_schedule

TINY = UNet(width=8, multipliers=(1, 2), blocks=1, attention=(), groups=4)


@pytest.fixture
def good(tmp_path):
    return checkpoint(tmp_path / "good.safetensors")


def checkpoint(path, groups=(EMA, RAW), **changed):
    module = fresh(TINY, (3, 8, 8), 0)
    tensors = {f"{group}.{name}": p.detach().clone() for group in groups for name, p in module.named_parameters()}
    save(path, Header(Document(schedule=Cosine(T=60), network=TINY), (3, 8, 8), 12), tensors | changed)
    return path


class Evil:
    """What a hostile pickle holds: a call."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch '{self.mark}'",)


def test_a_good_checkpoint_is_told_with_all_that_it_holds(good):
    found = examine(good)
    holds = dict(found.holds)
    assert (found.usable, found.what, found.missing) == (True, "a DDPM Studio checkpoint", ())
    assert holds["network"] == "U-Net, 8, 16 channels, 1 block a resolution, no attention"
    assert holds["parameters"] == f"{sum(p.numel() for p in fresh(TINY, (3, 8, 8), 0).parameters()):,}"
    assert (holds["samples"], holds["weights"], holds["step"]) == ("3 × 8 × 8", "ema, weights (F32)", "12")
    assert (holds["schedule"], holds["predicts"]) == ("cosine, T = 60", "eps")
    assert holds["sha256"] == Checkpoint.open(good).sha256


def test_a_shipped_one_says_that_it_cannot_be_trained_further():
    found = examine(asset("checkpoints", "pixel-faces.safetensors"))
    assert found.usable
    assert "not trained further" in found.missing[0]


def test_a_diffusers_folder_and_a_run_are_told(good, tmp_path):
    folder = examine(diffusers.save(Checkpoint.open(good), tmp_path / "theirs"))
    assert (folder.usable, folder.what) == (True, "a diffusers folder")
    assert "what it was trained on" in folder.missing[0]
    run = Run.create(tmp_path / "run", Document(network=TINY))
    assert "has no checkpoint yet" in examine(run.folder).missing[0]
    good.rename(run.folder / "checkpoints" / "step-00000012.safetensors")
    assert (examine(run.folder).usable, examine(run.folder).what) == (True, "a training run")


def test_what_is_wrong_and_what_to_do_are_never_one_sentence(good, tmp_path):
    folder = diffusers.save(Checkpoint.open(good), tmp_path / "theirs")
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    found = examine(folder)
    assert found.missing[0].startswith("has no weights")
    assert found.advice == "take another copy, or choose another file"


def test_a_sampler_s_switches_are_told_as_on_and_off(good):
    told = dict(examine(good).holds)["sampler"]
    assert "clip on" in told
    assert "noise on" in told


def test_what_is_no_checkpoint_but_can_be_opened_is_told_too(tmp_path):
    write_schedule(Cosine(), tmp_path / "mine.csv")
    for path, what in (
        (asset("images", "chelsea.png"), "a picture"),
        (asset("datasets", "fashion.npz"), "a data set"),
        (asset("checkpoints", "pixel-faces.ddpm.json"), "a document"),
        (tmp_path / "mine.csv", "a schedule"),
    ):
        found = examine(path)
        assert (found.usable, found.what) == (True, f"no checkpoint, but {what}")


def test_the_command_ends_with_0_or_2_and_speaks_json(good, tmp_path, capsys):
    assert main(["doctor", str(good)]) == 0
    assert "schedule     cosine, T = 60" in capsys.readouterr().out
    (tmp_path / "no.txt").write_text("hello")
    assert main(["doctor", str(tmp_path / "no.txt"), "--json"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert (said["usable"], said["what"]) == (False, "a file of no known kind")
    assert main(["doctor", str(tmp_path / "nothing")]) == 2
    assert "there is no file" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["evil.pt", "evil.bin", "evil.safetensors", "evil.pkl", "evil.png"])
def test_a_hostile_pickle_is_not_run_whatever_its_name(tmp_path, name):
    path, mark = tmp_path / name, tmp_path / "owned"
    if name == "evil.pkl":
        path.write_bytes(pickle.dumps(Evil(mark)))
    else:
        torch.save({"conv_in.weight": torch.zeros(1), "more": Evil(mark)}, path)
    found = examine(path)
    assert not found.usable
    assert "posix.system" in found.missing[0]
    refused(path, "would run when read")
    assert not mark.exists()


def test_a_hostile_bin_in_a_diffusers_folder_is_not_run(good, tmp_path):
    folder, mark = diffusers.save(Checkpoint.open(good), tmp_path / "theirs"), tmp_path / "owned"
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save({**load_file(weights), "more": Evil(mark)}, weights.with_suffix(".bin"))
    weights.unlink()
    refused(folder, "posix.system")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("length", "header"),
    [
        (10 * 2**30, b"{}"),
        (None, b'{"a":{"dtype":"F32","shape":[50000,50000],"data_offsets":[0,10000000000]}}'),
        (None, b'{"a":{"dtype":"F32","shape":[50000,50000],"data_offsets":[0,4]}}'),
        (None, b'{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}'),
        (None, b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}'),
        (None, b'{"a":1}'),
        (None, b"[" * 100_000),
    ],
)
def test_a_header_that_declares_more_than_there_is_takes_no_memory(tmp_path, length, header):
    path = tmp_path / "bomb.safetensors"
    path.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header + bytes(4))
    refused(path, "is cut short or no safetensors file")


@pytest.mark.parametrize("start", [b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", struct.pack("<Q", 2**63)])
def test_a_file_of_another_sort_under_a_checkpoint_s_name_is_no_checkpoint_cut_short(tmp_path, start):
    path = tmp_path / "picture.safetensors"
    path.write_bytes(start + bytes(100))
    refused(path, "is no checkpoint, whatever its name says")


def test_an_archive_that_unfolds_into_more_than_it_is_is_refused(tmp_path):
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", pickle.dumps({}, 2))
        archive.writestr("bomb/data/0", bytes(2**24))
    refused(tmp_path / "bomb.pt", "declares 16,777,2")


def test_a_tensor_that_shows_one_number_many_times_is_refused_before_it_takes_memory(tmp_path):
    torch.save({"conv_in.weight": torch.zeros(1, dtype=torch.float16).expand(100_000, 100_000)}, tmp_path / "bomb.bin")
    refused(tmp_path / "bomb.bin", "declares 20,000,000,000 bytes of weights")


def test_a_damaged_checkpoint_is_refused_and_still_told(good, tmp_path):
    whole = bytearray(good.read_bytes())
    (tmp_path / "cut.safetensors").write_bytes(whole[:-7])
    refused(tmp_path / "cut.safetensors", "is cut short or no safetensors file")
    whole[-50] ^= 1
    (tmp_path / "bent.safetensors").write_bytes(whole)
    found = examine(tmp_path / "bent.safetensors")
    assert not found.usable
    assert "checksum is wrong" in found.missing[0]
    assert dict(found.holds)["step"] == "12"


def test_a_renamed_checkpoint_opens_by_its_content(good, tmp_path):
    for name in ("renamed.pt", "renamed.png", "renamed"):
        good.rename(tmp_path / name)
        good = tmp_path / name
        assert checkpoint_at(good).header.step == 12
        assert examine(good).usable


def test_weights_that_are_no_numbers_are_refused_by_the_tensor_s_name(tmp_path):
    bad = torch.full((8,), torch.nan)
    path = checkpoint(tmp_path / "bad.safetensors", **{"ema.conv_in.bias": bad})
    with pytest.raises(UserError, match=r"conv_in\.bias has NaN or infinite weights"):
        checkpoint_at(path).denoiser()
    assert "conv_in.bias" in examine(path).missing[0]


def test_missing_extra_and_whole_number_tensors_are_listed(good):
    tensors = load_file(good)
    del tensors["ema.conv_in.bias"]
    tensors |= {"ema.a": torch.zeros(1), "ema.b": torch.zeros(2), "ema.conv_out.bias": torch.zeros(3, dtype=torch.int8)}
    save_file(tensors, good, metadata={KEY: json.dumps(Checkpoint.open(good).said)})
    told = refused(good, "does not hold the network it speaks of")
    assert "ema.a is (1,), expected no such tensor, ema.b is (2,)" in told
    assert "ema.conv_in.bias is missing, expected (8,) and 1 more" in told


def test_a_tensor_that_is_none_of_the_weights_is_named_and_not_taken_for_a_group_with_all_others_missing(good):
    tensors = load_file(good) | {"extra.key": torch.zeros(3)}
    save_file(tensors, good, metadata={KEY: json.dumps(Checkpoint.open(good).said)})
    assert refused(good, "does not hold").endswith("extra.key is (3,), expected no such tensor; take another copy")


LUCIDRAINS = {"step": 7, "model": {"model.init_conv.weight": torch.zeros(1)}, "opt": {}, "ema": {"a": torch.zeros(1)}}
IMPROVED = (
    "time_embed.0.weight",
    "time_embed.2.weight",
    "input_blocks.0.0.weight",
    "output_blocks.0.0.x",
    "out.2.bias",
)
HO = ("temb.dense.0.weight", "conv_in.weight", "down.0.block.0.norm1.weight", "mid.attn_1.q.weight", "norm_out.weight")
THEIRS = ("conv_in.weight", "down_blocks.0.resnets.0.norm1.weight", "up_blocks.0.x", "conv_out.bias")


@pytest.mark.parametrize(
    ("content", "what", "remedy"),
    [
        (LUCIDRAINS, "lucidrains", "sample it with that library"),
        (IMPROVED, "improved-diffusion or guided-diffusion", r"scripts/image_sample\.py"),
        (HO, "Ho et al.'s code in PyTorch", r"convert_ddpm_original_checkpoint_to_diffusers\.py"),
        (THEIRS, "a diffusers model without its configuration", "open the whole folder"),
        (("model.diffusion_model.x", "first_stage_model.y"), "latent diffusion", "works on latents"),
        (("some", "thing"), "is not a DDPM Studio checkpoint", "only a DDPM Studio checkpoint or a diffusers folder"),
    ],
)
def test_other_people_s_files_are_recognised_and_a_way_on_is_told(tmp_path, content, what, remedy):
    state = content if isinstance(content, dict) else OrderedDict((name, torch.zeros(1)) for name in content)
    torch.save(state, tmp_path / "it.pt")
    assert what in refused(tmp_path / "it.pt", remedy)
    if state is not LUCIDRAINS:
        save_file(dict(state), tmp_path / "it.safetensors")
        assert what in refused(tmp_path / "it.safetensors", remedy)
        torch.save({"state_dict": state, "epoch": 3}, tmp_path / "it.ckpt")
        assert what in refused(tmp_path / "it.ckpt", remedy)


def test_an_edm_pickle_is_named(tmp_path):
    content = b"\x80\x04\x8c\x17torch_utils.persistence\x8c\x1b_reconstruct_persistent_obj\x93."
    (tmp_path / "edm-cifar10.pkl").write_bytes(content)
    refused(tmp_path / "edm-cifar10.pkl", "a pickle of EDM or StyleGAN, which holds the network's program")


def test_an_optimiser_opened_by_mistake_is_recognised_and_its_sibling_offered(tmp_path):
    torch.save({"state": {}, "param_groups": []}, tmp_path / "opt010000.pt")
    refused(tmp_path / "opt010000.pt", "an optimiser's memory, not a network; open the network beside it")
    for name in ("model009000.pt", "model010000.pt", "ema_0.9999_009000.pt"):
        (tmp_path / name).touch()
    refused(tmp_path / "opt010000.pt", "open model010000.pt instead")
    (tmp_path / "ema_0.9999_010000.pt").touch()
    refused(tmp_path / "opt010000.pt", "open ema_0.9999_010000.pt instead")
    torch.save({"state": {}, "param_groups": []}, tmp_path / "optimizer.bin")
    (tmp_path / "unet").mkdir()
    refused(tmp_path / "optimizer.bin", "open unet instead")


def test_a_network_goes_to_a_diffusers_folder_by_the_command(good, tmp_path, capsys):
    out = tmp_path / "theirs"
    assert main(["export", "--checkpoint", str(good), "--format", "diffusers", "--out", str(out)]) == 0
    assert examine(out).usable
    assert main(["export", "--checkpoint", str(good), "--format", "diffusers", "--out", str(out)]) == 2
    assert "is there already" in capsys.readouterr().err
    for wrong in (["--format", "diffusers"], ["--checkpoint", str(good)], [str(good), "--format", "other"]):
        assert main(["export", *wrong, "--out", str(tmp_path / "no")]) == 2
        assert "--checkpoint FILE and --format, one of diffusers" in capsys.readouterr().err
    assert main(["export", "--out", str(tmp_path / "no")]) == 2
    assert "say what to export" in capsys.readouterr().err


def refused(path, part):
    """The one line in which it is refused, as whoever opens it and the doctor see it."""
    with pytest.raises(UserError) as told:
        checkpoint_at(path).denoiser()
    text = str(told.value)
    assert part.replace("\\", "") in text
    assert "\n" not in text
    assert not examine(path).usable
    return text
