"""Other people's checkpoints: which can be opened and written, and what is told of those that cannot."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ddpm_studio import tensor_file
from ddpm_studio.checkpoint import KEY, AnyCheckpoint, Checkpoint
from ddpm_studio.errors import UserError
from ddpm_studio.files import reading
from ddpm_studio.interop import diffusers, torch_file
from ddpm_studio.interop.strangers import ONLY, names_in, refusal


@dataclass(frozen=True)
class Format:
    """A format of folders that hold a trained network."""

    what: str
    fits: Callable[[Path], bool]  # whether a folder looks like one, whole or not
    open: Callable[[Path], AnyCheckpoint]
    save: Callable[[AnyCheckpoint, Path, str], Path]  # the network of a group, as a new folder


FORMATS: dict[str, Format] = {
    "diffusers": Format(
        "a folder for DDPMPipeline.from_pretrained", diffusers.is_folder, diffusers.DiffusersFolder.open, diffusers.save
    )
}


def looks_like_checkpoint(path: Path) -> bool:
    """Whether a path is a file or folder with a network in it, by its content and not by its name, openable or not."""
    path = diffusers.folder_of(path)
    if path.is_dir():
        return any(format_.fits(path) for format_ in FORMATS.values())
    with reading(path):
        return path.suffix == ".safetensors" or tensor_file.looks_like(path) or torch_file.looks_like(path)


def opened(path: Path) -> AnyCheckpoint:
    """The checkpoint in a file or a folder, ours or somebody else's; nothing in it is run.

    Raises:
        UserError: it is none, or one that cannot be opened; the message says what it is and what to do.
    """
    path = diffusers.folder_of(path)
    if path.is_dir():
        known = next((format_ for format_ in FORMATS.values() if format_.fits(path)), None)
        if known is None:
            raise UserError(f"{path} holds no network: it is neither a run nor a diffusers folder; {ONLY}")
        return known.open(path)
    with reading(path):
        archive = torch_file.looks_like(path)
    if archive:
        raise refusal(path, names_in(torch_file.read(path)))
    found = tensor_file.contents(path)
    if KEY not in found.texts:
        raise refusal(path, found.tensors)
    return Checkpoint.open(path)
