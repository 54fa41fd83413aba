"""A diffusers folder of an unconditional DDPM as a checkpoint, and a checkpoint as such a folder.

    model_index.json                          unet/config.json
    scheduler/scheduler_config.json           unet/diffusion_pytorch_model.safetensors (older: .bin)

Some stand flat, with config.json and the weights beside the scheduler's. Nothing in a folder is run.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import torch
from safetensors.torch import load_file
from torch import Tensor

from ddpm_studio import diffusers_config
from ddpm_studio.checkpoint import EMA, AnyCheckpoint, Header
from ddpm_studio.container import CONFIG, INDEX, STEM, WEIGHTS
from ddpm_studio.denoiser import Trained
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.files import reading, write_bytes, write_text
from ddpm_studio.interop import torch_file, unet_config
from ddpm_studio.networks.settings import UNet
from ddpm_studio.objective import Simple
from ddpm_studio.params import Json, as_object
from ddpm_studio.tensor_file import Spec, contents
from ddpm_studio.tensor_writing import save_tensors
from ddpm_studio.weights import refuse_others, trained

RENAMED = {".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0."}
"""Old names of the attention's tensors, and today's, which are ours."""

LARGEST_CONFIG = 2**20
"""Bytes; a schedule of 4000 β's written out takes a tenth of it."""

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class DiffusersFolder:
    """An opened folder: its configurations and the shapes of its tensors have been read and found right."""

    path: Path
    header: Header
    weights_file: Path
    configurations: tuple[Path, ...]
    notes: tuple[str, ...] = ()  # what its scheduler asks for that is not done here
    groups: frozenset[str] = frozenset((EMA,))
    """One set of weights, the ones its author wanted used."""

    @classmethod
    def open(cls, path: Path) -> "DiffusersFolder":
        """UserError: a part is missing or cannot be represented, or the tensors are another network's."""
        index = _json(path / INDEX) if (path / INDEX).is_file() else {}
        _refuse_other_pipeline(path, index)
        unet = _part(path, "unet", CONFIG)
        settings, shape = unet_config.decoded(_json(unet), str(unet))
        scheduler = _part(path, "scheduler", diffusers_config.NAME)
        config, where = _json(scheduler), str(scheduler)
        document = Document(
            schedule=diffusers_config.from_json(config, where),
            dataset="",  # not told
            network=settings,
            objective=Simple(target=diffusers_config.target_of(config, where)),
            sampler=diffusers_config.sampler_of(config, where),
        )
        document.objective.refuse_impossible(document.schedule)
        weights = next((file for name in WEIGHTS if (file := unet.parent / name).is_file()), None)
        if weights is None:
            raise UserError(f"{path} has no weights: none of {', '.join(WEIGHTS)} is in {unet.parent}")
        refuse_others(weights, renamed(_specs(weights)), settings, shape)
        notes = tuple(diffusers_config.not_taken_over(config))
        return cls(path, Header(document, shape, 0), weights, (unet, scheduler), notes)

    @cached_property
    def sha256(self) -> str:
        """Of the configurations and the weights as they lie there."""
        digest = hashlib.sha256()
        for path in (*self.configurations, self.weights_file):
            with reading(path), path.open("rb") as file:
                while block := file.read(2**20):
                    digest.update(block)
        return digest.hexdigest()

    def denoiser(self, group: str = EMA, device: str | torch.device = "cpu") -> Trained:
        """The network, ready to sample from. UserError: there is no such group, or a weight is not finite."""
        if group != EMA:
            raise UserError(f"{self.path} has no {group}; a diffusers folder has one set of weights, here called {EMA}")
        header = self.header
        return trained(self.weights_file, header.document, header.shape, renamed(_tensors(self.weights_file)), device)


def save(checkpoint: AnyCheckpoint, out: Path, group: str = EMA) -> Path:
    """Writes the network as a folder that `DDPMPipeline.from_pretrained` and DDIMPipeline run, in float32.

    Raises:
        UserError: it is no U-Net, its weights cannot be used, the folder has something in it or cannot be written.
    """
    header = checkpoint.header
    document, network = header.document, header.document.network
    if not isinstance(network, UNet):
        raise UserError(f"{checkpoint.path} is a network for points ({network.kind}); diffusers has none like it")
    weights = checkpoint.denoiser(group).module.state_dict()
    unet, scheduler = _made(out)
    try:
        packed = {name: tensor.contiguous() for name, tensor in weights.items()}
        save_tensors(unet / f"{STEM}.safetensors", packed, {"format": "pt"})
        _write(unet / CONFIG, unet_config.encoded(network, header.shape))
        sampler, target = document.sampler, document.objective.target
        write_bytes(scheduler / diffusers_config.NAME, diffusers_config.encoded(document.schedule, sampler, target))
        parts = {"scheduler": ["diffusers", "DDPMScheduler"], "unet": ["diffusers", unet_config.CLASS]}
        _write(out / INDEX, {"_class_name": "DDPMPipeline", **parts})  # last: a folder that has it is whole
    except BaseException:  # Ctrl+C too
        for made in (unet, scheduler):
            shutil.rmtree(made, ignore_errors=True)
        raise
    return out


def renamed(named: Mapping[str, T]) -> dict[str, T]:
    """The same under today's names."""
    return {_renamed(name): value for name, value in named.items()}


def _renamed(name: str) -> str:
    for old, new in RENAMED.items() if ".attentions." in name else ():
        name = name.replace(old, new)
    return name


def _specs(weights: Path) -> Mapping[str, Spec]:
    if weights.suffix == ".safetensors":
        return contents(weights).tensors
    return torch_file.specs(torch_file.tensors(torch_file.read(weights)))


def _tensors(weights: Path) -> dict[str, Tensor]:
    if weights.suffix == ".safetensors":
        with reading(weights):
            return load_file(weights)
    return torch_file.tensors(torch_file.read(weights))


def _part(folder: Path, name: str, file: str) -> Path:
    """A configuration, nested or flat. UserError: there is none."""
    found = next((path for path in (folder / name / file, folder / file) if path.is_file()), None)
    if found is None:
        written = f"ddpm-studio schedule linear --out {folder / file} writes one"
        remedy = written if name == "scheduler" else "copy the whole folder"
        raise UserError(f"{folder} is no whole diffusers model: it has no {name}/{file} and no {file}; {remedy}")
    return found


def _json(path: Path) -> Json:
    with reading(path):
        if path.stat().st_size > LARGEST_CONFIG:
            raise UserError(f"{path} is larger than any configuration; take another copy")
        said = json.loads(path.read_bytes())
    return as_object(said, str(path))


def _refuse_other_pipeline(path: Path, index: Json) -> None:
    """Raises a UserError if there is more to the pipeline than a U-Net on pictures and a scheduler."""
    others = [name for name in index if not name.startswith("_") and name not in ("unet", "scheduler")]
    if others:
        raise UserError(
            f"{path} is a {index.get('_class_name', 'pipeline')} with {', '.join(others)}: its network does not work "
            "on pictures alone; only a U-Net with a scheduler can be opened here"
        )


def _made(out: Path) -> tuple[Path, Path]:
    """The two folders within. UserError: there is something in `out`, or they cannot be made."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is there already; name a new folder")
    try:
        for name in ("unet", "scheduler"):
            (out / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make {out}: {error.strerror or error}; choose another place") from error
    return out / "unet", out / "scheduler"


def _write(path: Path, content: Json) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")
