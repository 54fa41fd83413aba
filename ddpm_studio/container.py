"""What a trained network may lie in, told by a look at a folder or at the first bytes of a file (no torch here)."""

import zipfile
from enum import StrEnum
from pathlib import Path

from ddpm_studio.files import reading

INDEX, CONFIG, STEM = "model_index.json", "config.json", "diffusion_pytorch_model"
"""Names in a diffusers folder."""

WEIGHTS = tuple(f"{STEM}{suffix}" for suffix in (".safetensors", ".fp16.safetensors", ".bin", ".fp16.bin"))
"""By which names the weights go there, the first that is there."""


class Container(StrEnum):
    """The sorts of them, whether what is inside can be opened or not."""

    RUN = "a training run"
    DIFFUSERS = "a diffusers folder"
    SAFETENSORS = "a safetensors file"
    TORCH = "a file of PyTorch's"
    PICKLE = "a pickle"
    OTHER = "no checkpoint"


def container_of(path: Path) -> Container:
    """Which sort `path` is; a .safetensors by its name too, for it may be damaged. UserError: it cannot be read."""
    if path.is_dir():
        if is_run(path):
            return Container.RUN
        return Container.DIFFUSERS if is_diffusers(path) else Container.OTHER
    with reading(path):
        with path.open("rb") as file:
            start = file.read(9)
        if zipfile.is_zipfile(path):
            return Container.TORCH if _holds_pickle(path) else Container.OTHER
    if len(start) > 1 and start[0] == 0x80 and 2 <= start[1] <= 5:  # the opcode PROTO
        return Container.PICKLE
    declared = int.from_bytes(start[:8], "little")
    if path.suffix.lower() == ".safetensors" or (start[8:] == b"{" and declared < 2**40):
        return Container.SAFETENSORS
    return Container.OTHER


def is_run(path: Path) -> bool:
    """Whether a folder looks like that of a training run."""
    return (path / "checkpoints").is_dir() and (path / "document.json").is_file()


def is_diffusers(path: Path) -> bool:
    """Whether a folder looks like a diffusers model's, whole or not."""
    return (path / INDEX).is_file() or any((folder / CONFIG).is_file() for folder in (path / "unet", path))


def meant_by(path: Path) -> Path:
    """The diffusers folder that is meant by its index or its weights; else `path` itself."""
    if path.name == INDEX and path.is_file():
        return path.parent
    if path.name in WEIGHTS and (path.parent / CONFIG).is_file():
        return path.parent.parent if path.parent.name == "unet" else path.parent
    return path


def _holds_pickle(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("data.pkl") for name in archive.namelist())
