"""Networks as diffusers folders: the same pictures there and here, in both directions; what does not fit is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import DDIMPipeline, DDIMScheduler, DDPMPipeline, DDPMScheduler, UNet2DModel
from diffusers.schedulers import scheduling_ddpm
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ddpm_studio.checkpoint import EMA, RAW, Checkpoint, Header
from ddpm_studio.checkpoint import save as save_checkpoint
from ddpm_studio.cli import main
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.interop import diffusers, opened
from ddpm_studio.interop.unet_config import decoded, encoded
from ddpm_studio.networks import Mlp, UNet
from ddpm_studio.networks.build import fresh
from ddpm_studio.objective import Simple, Target
from ddpm_studio.run import checkpoint_at, checkpoint_named
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral, Ddim, Sigma, Spacing
from ddpm_studio.schedule import Cosine, Jsd, Linear, ScaledLinear

TINY = UNet(width=8, multipliers=(1, 2), blocks=1, attention=(4,), groups=4)
SHAPE = (3, 8, 8)
PREDICTIONS = {Target.EPS: "epsilon", Target.X0: "sample", Target.V: "v_prediction"}
OLD = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
FILE = "diffusion_pytorch_model"


def unet(**changes):
    """A small random network of theirs, otherwise as diffusers would make it."""
    torch.manual_seed(0)
    settings = {
        "sample_size": 8,
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
        "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
        "norm_num_groups": 4,
    }
    return UNet2DModel(**settings | changes).eval()


def folder(path, target=Target.EPS, network=None, scheduler=DDPMScheduler, **config):
    """Their pipeline, saved by themselves."""
    scheduler = scheduler(prediction_type=PREDICTIONS[target], **config)
    DDPMPipeline(network or unet(), scheduler).save_pretrained(path)
    return path


def flat(path):
    """The same folder with all its files at the top, as some repositories have them."""
    for file in [*path.glob("unet/*"), *path.glob("scheduler/*")]:
        file.rename(path / file.name)
    for part in ("unet", "scheduler"):
        (path / part).rmdir()


def with_old_names(path):
    """Their attention's tensors, renamed as they were until 2023."""
    file = path / "unet" / f"{FILE}.safetensors"
    tensors = load_file(file)
    for new, old in OLD.items():
        tensors = {name.replace(f".{new}.", f".{old}."): tensor for name, tensor in tensors.items()}
    save_file(tensors, file, metadata={"format": "pt"})


def pickled(path):
    """The weights in a .bin, as before safetensors."""
    file = path / "unet" / f"{FILE}.safetensors"
    torch.save(load_file(file), file.with_suffix(".bin"))
    file.unlink()


def theirs(monkeypatch, pipeline, steps):
    """The pictures that their pipeline's parts make in a chain that takes our noise at every step."""
    pipeline.scheduler.set_timesteps(len(steps))
    assert pipeline.scheduler.timesteps.tolist() == [step.t - 1 for step in steps]
    x = steps[0].x
    with torch.no_grad():
        for step in steps:
            monkeypatch.setattr(scheduling_ddpm, "randn_tensor", lambda *_, z=step.z, **__: z)
            x = pipeline.scheduler.step(pipeline.unet(x, step.t - 1).sample, step.t - 1, x).prev_sample
    return x


def difference(monkeypatch, denoiser, sampler, pipeline):
    """The largest one between our picture and theirs."""
    steps = list(sample(denoiser, sampler, seed=3, samples=range(2)))
    assert steps[-1].next.std() > 0.05
    return (steps[-1].next - theirs(monkeypatch, pipeline, steps)).abs().max().item()


@pytest.mark.parametrize(
    ("change", "target"),
    [*((None, target) for target in Target), (flat, Target.EPS), (pickled, Target.X0), (with_old_names, Target.V)],
)
def test_their_folder_makes_the_same_pictures_here_over_50_steps(monkeypatch, tmp_path, target, change):
    path = folder(tmp_path / "model", target)
    pipeline = DDPMPipeline.from_pretrained(path)
    if change is not None:
        change(path)
    checkpoint = checkpoint_named(str(path))
    document = checkpoint.header.document
    assert (document.schedule, document.objective.target) == (Linear(), target)
    assert document.sampler == Ancestral(spacing=Spacing.LEADING)
    sampler = replace(document.sampler, steps=50)
    assert difference(monkeypatch, checkpoint.denoiser(), sampler, pipeline) <= 1e-4


@pytest.mark.parametrize("target", Target)
def test_our_network_makes_the_same_pictures_there_over_50_steps(monkeypatch, tmp_path, target):
    sampler = Ancestral(steps=50, variance=1.0, clip=target is not Target.V, spacing=Spacing.LINSPACE)
    ours = Document(schedule=Cosine(), network=TINY, objective=Simple(target=target), sampler=sampler)
    file = checkpoint(tmp_path / "ours.safetensors", ours)
    diffusers.save(file, tmp_path / "theirs")
    pipeline = DDPMPipeline.from_pretrained(tmp_path / "theirs")
    assert difference(monkeypatch, file.denoiser(), sampler, pipeline) <= 1e-4


def test_ddim_of_theirs_runs_our_network_too(monkeypatch, tmp_path):
    """With v: a random network's ε̂, divided by √ᾱ_T and clipped, sends neighbouring pictures apart."""
    v = Simple(target=Target.V)
    ours = Document(schedule=ScaledLinear(), network=TINY, objective=v, sampler=Ddim(spacing=Spacing.LEADING))
    file = checkpoint(tmp_path / "ours.safetensors", ours)
    diffusers.save(file, tmp_path / "theirs")
    pipeline = DDIMPipeline.from_pretrained(tmp_path / "theirs")
    assert isinstance(pipeline.scheduler, DDIMScheduler)
    sampler = Ddim(steps=50, spacing=Spacing.LEADING)
    assert difference(monkeypatch, file.denoiser(), sampler, pipeline) <= 1e-4
    assert pipeline(num_inference_steps=2, output_type="np").images.shape == (1, 8, 8, 3)


@pytest.mark.parametrize(
    ("network", "schedule"),
    [
        (TINY, Linear(T=50, scaled=True)),
        (replace(TINY, head_width=4, cosine_first=True, frequency_shift=0.0, pad_all_sides=True), Jsd(T=30)),
        (replace(TINY, scale_shift=True, learned_variance=True, norm_eps=1e-5), Cosine(T=40, zero_terminal_snr=True)),
        (replace(TINY, scale_shift=True, norm_in_middle=False, attention=()), Cosine(s=0.02)),
    ],
)
def test_what_we_write_comes_back_as_the_same_network(tmp_path, network, schedule):
    document = Document(schedule=schedule, network=network, objective=Simple(target=Target.V))
    ours = checkpoint(tmp_path / "ours.safetensors", document)
    back = opened(diffusers.save(ours, tmp_path / "there"))
    assert decoded(encoded(network, SHAPE), "there") == (network, SHAPE)
    assert back.header.document.network == network
    torch.testing.assert_close(
        torch.from_numpy(back.header.document.schedule.beta.copy()), torch.from_numpy(schedule.beta.copy())
    )
    mine, its = (c.denoiser().module.state_dict() for c in (ours, back))
    assert all(torch.equal(mine[name], its[name]) for name in mine)


def test_a_learned_variance_is_told_by_its_own_name(tmp_path):
    network = replace(TINY, learned_variance=True)
    ours = checkpoint(tmp_path / "o.safetensors", Document(network=network, sampler=Ancestral(sigma=Sigma.LEARNED)))
    back = opened(diffusers.save(ours, tmp_path / "there"))
    assert DDPMPipeline.from_pretrained(tmp_path / "there").scheduler.config.variance_type == "learned_range"
    assert back.header.document.sampler.sigma is Sigma.LEARNED


def test_advice_of_their_scheduler_is_read(tmp_path):
    path = folder(tmp_path / "a", variance_type="fixed_large", clip_sample=False, timestep_spacing="trailing")
    assert opened(path).header.document.sampler == Ancestral(variance=1.0, clip=False, spacing=Spacing.TRAILING)
    path = folder(tmp_path / "b", scheduler=DDIMScheduler, clip_sample_range=2.0, steps_offset=1)
    assert opened(path).header.document.sampler == Ddim(spacing=Spacing.LEADING)
    assert opened(path).notes == ("clip_sample_range = 2.0", "steps_offset = 1")


def test_a_file_of_the_folder_stands_for_the_folder(tmp_path):
    path = folder(tmp_path / "model")
    for file in (path / "model_index.json", path / "unet" / f"{FILE}.safetensors"):
        assert opened(file).path == path
    flat(path)
    assert opened(path / f"{FILE}.safetensors").path == path


def test_its_sum_changes_with_the_weights_and_with_the_configuration(tmp_path):
    path = folder(tmp_path / "model")
    first = opened(path).sha256
    assert opened(path).sha256 == first
    change(path / "scheduler" / "scheduler_config.json", clip_sample=False)
    second = opened(path).sha256
    weights = path / "unet" / f"{FILE}.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert len({first, second, opened(path).sha256}) == 3


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("_class_name", "UNet2DConditionModel"),
        ("act_fn", "gelu"),
        ("add_attention", False),
        ("attn_norm_num_groups", 2),
        ("block_out_channels", [8, 12]),
        ("class_embed_type", "timestep"),
        ("center_input_sample", True),
        ("down_block_types", ["SkipDownBlock2D", "AttnDownBlock2D"]),
        ("downsample_type", "resnet"),
        ("in_channels", 4),
        ("mid_block_type", None),
        ("num_class_embeds", 10),
        ("out_channels", 5),
        ("resnet_time_scale_shift", "spatial"),
        ("sample_size", None),
        ("time_embedding_type", "fourier"),
        ("up_block_types", ["UpBlock2D", "UpBlock2D"]),
        ("some_new_key", 1),
    ],
)
def test_a_network_that_cannot_be_represented_is_refused_by_its_key(tmp_path, key, value):
    path = folder(tmp_path / "model")
    change(path / "unet" / "config.json", **{key: value})
    assert key in refusal(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("_class_name", "KarrasVeScheduler"),
        ("prediction_type", "flow"),
        ("variance_type", "learned"),
        ("timestep_spacing", "sometimes"),
        ("beta_schedule", "mine"),
        ("num_train_timesteps", 1000.5),
        ("num_train_timesteps", "many"),
        ("num_train_timesteps", 5000),
        ("beta_end", 7.0),
    ],
)
def test_a_scheduler_that_is_not_known_is_refused_by_its_file_and_key(tmp_path, key, value):
    path = folder(tmp_path / "model")
    change(path / "scheduler" / "scheduler_config.json", **{key: value})
    told = refusal(path)
    assert "scheduler_config.json" in told
    assert (key if value != 5000 else "5000") in told


def test_other_weights_than_the_configuration_says_are_listed_and_no_memory_is_taken(tmp_path):
    path = folder(tmp_path / "model")
    weights = path / "unet" / f"{FILE}.safetensors"
    tensors = load_file(weights)
    tensors["conv_in.weight"] = torch.zeros(8, 3, 5, 5)
    tensors["conv_out.bias"] = torch.zeros(3, dtype=torch.int64)
    del tensors["conv_in.bias"]
    save_file({**tensors, "more": torch.zeros(1)}, weights, metadata={"format": "pt"})
    told = refusal(path)
    assert "conv_in.bias is missing, expected (8,), conv_in.weight is (8, 3, 5, 5), expected (8, 3, 3, 3)" in told
    assert told.endswith(
        "conv_out.bias is of type I64, expected real numbers (BF16, F16, F32, F64) and 1 more; take another copy"
    )
    change(path / "unet" / "config.json", block_out_channels=[512, 8192], layers_per_block=8)  # 100 GB of weights
    assert "does not hold the network it speaks of" in refusal(path)


def test_half_precision_and_double_are_read_as_single(tmp_path):
    path = folder(tmp_path / "model")
    weights, expected = path / "unet" / f"{FILE}.safetensors", opened(path).denoiser()
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        single = {name: tensor.float() for name, tensor in expected.module.state_dict().items()}
        save_file({name: tensor.to(dtype) for name, tensor in single.items()}, weights)
        module = opened(path).denoiser().module
        assert {p.dtype for p in module.parameters()} == {torch.float32}
        assert torch.equal(module.conv_in.weight, single["conv_in.weight"].to(dtype).float())


def test_a_weight_that_is_no_number_is_refused_by_name(tmp_path):
    path = folder(tmp_path / "model")
    weights = path / "unet" / f"{FILE}.safetensors"
    tensors = load_file(weights)
    tensors["mid_block.resnets.0.conv1.weight"][0, 0, 0, 0] = torch.nan
    save_file(tensors, weights)
    with pytest.raises(UserError, match=r"mid_block\.resnets\.0\.conv1\.weight has NaN or infinite weights"):
        opened(path).denoiser()


@pytest.mark.parametrize(
    ("gone", "part"),
    [
        (f"unet/{FILE}.safetensors", "has no weights: none of diffusion_pytorch_model.safetensors"),
        ("unet/config.json", "has no unet/config.json and no config.json; copy the whole folder"),
        ("scheduler/scheduler_config.json", "has no scheduler/scheduler_config.json .* ddpm-studio schedule linear"),
    ],
)
def test_a_folder_without_a_part_says_which(tmp_path, gone, part):
    path = folder(tmp_path / "model")
    (path / gone).unlink()
    with pytest.raises(UserError, match=part):
        opened(path)


def test_a_latent_diffusion_pipeline_is_refused_for_its_other_parts(tmp_path):
    path = folder(tmp_path / "model")
    change(path / "model_index.json", _class_name="LDMPipeline", vqvae=["diffusers", "VQModel"])
    assert "is a LDMPipeline with vqvae" in refusal(path)


def test_the_other_weights_of_a_checkpoint_can_be_exported_and_nothing_is_overwritten(tmp_path):
    file = checkpoint(tmp_path / "o.safetensors", Document(network=TINY), groups=(EMA, RAW))
    one, other = (opened(diffusers.save(file, tmp_path / group, group)).denoiser().module for group in (EMA, RAW))
    assert not torch.equal(one.conv_in.weight, other.conv_in.weight)
    with pytest.raises(UserError, match="is there already; name a new folder"):
        diffusers.save(file, tmp_path / EMA)
    with pytest.raises(UserError, match="a diffusers folder has one set of weights"):
        opened(tmp_path / EMA).denoiser(RAW)


def test_a_network_for_points_is_no_diffusers_network(tmp_path):
    document = Document(network=Mlp(width=8))
    tensors = {f"{EMA}.{name}": p.detach() for name, p in fresh(Mlp(width=8), (2,), 0).named_parameters()}
    save_checkpoint(tmp_path / "points.safetensors", Header(document, (2,), 1), tensors)
    with pytest.raises(UserError, match="a network for points"):
        diffusers.save(Checkpoint.open(tmp_path / "points.safetensors"), tmp_path / "there")
    assert not (tmp_path / "there").exists()


def checkpoint(path, document, groups=(EMA,)):
    """Ours, of a random network whose last layers are not silent."""
    generator = torch.Generator().manual_seed(1)
    module = fresh(document.network, SHAPE, 1)
    tensors = {
        f"{group}.{name}": p.detach() + 0.05 * torch.randn(p.shape, generator=generator)
        for group in groups
        for name, p in module.named_parameters()
    }
    save_checkpoint(path, Header(document, SHAPE, 10), tensors)
    return Checkpoint.open(path)


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def refusal(path):
    with pytest.raises(UserError) as told:
        opened(path)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_the_command_line_samples_from_a_folder_as_from_our_own_file_and_asks_for_pictures_to_measure_on(
    tmp_path, capsys
):
    network = replace(TINY, attention=())
    sampler = Ancestral(steps=5, spacing=Spacing.LEADING)
    ours = checkpoint(tmp_path / "o.safetensors", Document(network=network, sampler=sampler))
    folder = diffusers.save(ours, tmp_path / "there")
    for source, out in ((ours.path, "a"), (folder, "b")):
        flags = ["--steps", "5", "-n", "2", "--out", str(tmp_path / f"{out}.npz")]
        assert main(["sample", "--checkpoint", str(source), *flags]) == 0
    with np.load(tmp_path / "a.npz") as one, np.load(tmp_path / "b.npz") as other:
        assert np.array_equal(one["samples"], other["samples"])
    assert main(["info", str(folder)]) == 0
    assert main(["evaluate", "--checkpoint", str(folder), "--loss-per-level"]) == 2
    assert "name the samples with --dataset" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "told"), [("(os error 28)", "the disk is full"), ("(os error 30)", "read-only")])
def test_an_export_that_cannot_be_written_to_its_end_leaves_no_part_of_it(tmp_path, monkeypatch, text, told):
    def refuse(*_, **__):
        raise SafetensorError(f"Error while serializing: I/O error: … {text}")

    monkeypatch.setattr("ddpm_studio.tensor_writing.save_file", refuse)
    with pytest.raises(UserError, match=told):
        diffusers.save(checkpoint_named("checkpoint:pixel-faces"), tmp_path / "out")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    monkeypatch.undo()
    diffusers.save(checkpoint_named("checkpoint:pixel-faces"), tmp_path / "out")
    assert checkpoint_at(tmp_path / "out").denoiser().shape == (3, 16, 16)
