"""Other people's checkpoints: which can be opened and written, and what is told of those that cannot."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ddpm_studio.checkpoint import KEY, AnyCheckpoint, Checkpoint
from ddpm_studio.container import Container, container_of, meant_by
from ddpm_studio.errors import UserError
from ddpm_studio.interop import diffusers, torch_file
from ddpm_studio.interop.strangers import ONLY, names_in, refusal
from ddpm_studio.tensor_file import contents


@dataclass(frozen=True)
class Format:
    """A format of other people's that is read and written."""

    what: str
    container: Container
    open: Callable[[Path], AnyCheckpoint]
    save: Callable[[AnyCheckpoint, Path, str], Path]  # the network of a group, as a new folder


FORMATS: dict[str, Format] = {
    "diffusers": Format(
        "a folder for DDPMPipeline.from_pretrained",
        Container.DIFFUSERS,
        diffusers.DiffusersFolder.open,
        diffusers.save,
    )
}


def opened(path: Path) -> AnyCheckpoint:
    """The checkpoint in a file or a folder, ours or somebody else's; nothing in it is run.

    Raises:
        UserError: it is none, or one that cannot be opened; the message says what it is and what to do.
    """
    path = meant_by(path)
    container = container_of(path)
    for known in FORMATS.values():
        if known.container is container:
            return known.open(path)
    if container in (Container.TORCH, Container.PICKLE):
        raise refusal(path, names_in(torch_file.read(path)))
    if path.is_dir():
        raise UserError(f"{path} holds no network: it is neither a run nor a diffusers folder; {ONLY}")
    found = contents(path)
    if KEY not in found.texts:
        raise refusal(path, found.tensors)
    return Checkpoint.open(path)
