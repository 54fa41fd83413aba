"""What a file or a folder is, what it holds, what is missing, and what to do with it. Nothing in it is run."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ddpm_studio import opening
from ddpm_studio.advice import written
from ddpm_studio.checkpoint import RAW, AnyCheckpoint, Checkpoint
from ddpm_studio.container import Container, container_of, meant_by
from ddpm_studio.errors import UserError
from ddpm_studio.interop.diffusers import DiffusersFolder
from ddpm_studio.interop.strangers import StrangerError
from ddpm_studio.networks.build import skeleton
from ddpm_studio.networks.settings import UNet
from ddpm_studio.run import checkpoint_at
from ddpm_studio.tensor_file import Contents, contents

OPEN = "open it: File > Open, or drop it on the window"
SAMPLE = f"{OPEN}, or ddpm-studio sample --checkpoint"
ANOTHER = "take another copy, or choose another file"


@dataclass(frozen=True)
class Diagnosis:
    """What was found."""

    path: Path
    what: str
    usable: bool
    holds: tuple[tuple[str, str], ...] = ()
    """What it holds: a name and a text each."""
    missing: tuple[str, ...] = ()
    """What it lacks or what is wrong with it; a usable file may lack something too."""
    advice: str = OPEN

    def to_json(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "path": str(self.path),
            "what": self.what,
            "usable": self.usable,
            "holds": dict(self.holds),
            "missing": list(self.missing),
            "advice": self.advice,
        }

    def lines(self) -> Iterator[str]:
        """The same to read."""
        yield f"{self.path}: {self.what}"
        yield from (f"  {name:12} {text}" for name, text in self.holds)
        yield from (f"  {'missing' if self.usable else 'wrong':12} {text}" for text in self.missing)
        yield f"  {'what to do':12} {self.advice}"


def examine(path: Path) -> Diagnosis:
    """Reads all of it: weights are checked too. UserError: there is no such file."""
    path = meant_by(path.expanduser().absolute())
    if not path.exists():
        raise UserError(f"there is no file {path}; check the name")
    try:
        container = container_of(path)
    except UserError as error:
        return _refused(path, "a file that cannot be read", error)
    return _of_anything(path) if container is Container.OTHER else _of_network(path, container)


def _of_network(path: Path, container: Container) -> Diagnosis:
    try:
        checkpoint = checkpoint_at(path)
    except UserError as error:
        return _refused(path, container.value, error, tuple(_tensors(path)))
    what = "a DDPM Studio checkpoint" if container is Container.SAFETENSORS else container.value
    holds = tuple(_holds(checkpoint))
    try:
        checkpoint.denoiser()
    except UserError as error:
        return _refused(path, what, error, holds)
    return Diagnosis(path, what, usable=True, holds=holds, missing=tuple(_lacks(checkpoint)), advice=SAMPLE)


def _of_anything(path: Path) -> Diagnosis:
    try:
        found = opening.read(path)
    except UserError as error:
        is_text = path.suffix.lower() in (".json", ".csv")
        what = "a text file that is neither a document nor a schedule" if is_text else "a file of no known kind"
        what = "a folder with no network, pictures or run in it" if path.is_dir() else what
        return _refused(path, what, error)
    what = {
        opening.Restored: "an export, with the document that made it",
        opening.ChosenPicture: "a picture",
        opening.ChosenPoints: "points for the plane",
        opening.ChosenSchedule: "a schedule",
    }.get(type(found), "a data set")
    holds: tuple[tuple[str, str], ...] = ()
    if isinstance(found, opening.ChosenSchedule):
        holds = (("schedule", f"{found.schedule.kind}, T = {found.schedule.T:,}"),)
    if isinstance(found, opening.Restored) and found.home:
        what = "a document"
    return Diagnosis(path, f"no checkpoint, but {what}", usable=True, holds=holds)


def _refused(path: Path, what: str, error: UserError, holds: tuple[tuple[str, str], ...] = ()) -> Diagnosis:
    if isinstance(error, StrangerError):
        return Diagnosis(path, error.what, usable=False, holds=holds, advice=error.remedy)
    wrong, found, remedy = str(error).rpartition("; ")
    wrong = (wrong or remedy).removeprefix(f"{path} ").removeprefix(f"{path}: ")
    return Diagnosis(path, what, usable=False, holds=holds, missing=(wrong,), advice=remedy if found else ANOTHER)


def _holds(checkpoint: AnyCheckpoint) -> Iterator[tuple[str, str]]:
    header = checkpoint.header
    document, network = header.document, header.document.network
    parameters = sum(p.numel() for p in skeleton(network, header.shape).parameters())
    yield "network", _in_words(network) if isinstance(network, UNet) else network.kind
    yield "parameters", f"{parameters:,}"
    yield "samples", " × ".join(map(str, header.shape))
    yield "weights", f"{', '.join(sorted(checkpoint.groups))} ({_types(_weights_in(checkpoint))})"
    if header.step:
        yield "step", f"{header.step:,}"
    yield "schedule", f"{document.schedule.kind}, T = {document.schedule.T:,}"
    yield "predicts", document.objective.target.value
    yield "sampler", _told(document.sampler.to_json())
    if document.dataset:
        yield "trained on", document.dataset
    yield "sha256", checkpoint.sha256


def _lacks(checkpoint: AnyCheckpoint) -> Iterator[str]:
    """What a usable checkpoint does not have."""
    if not checkpoint.header.document.dataset:
        yield "what it was trained on, and for how long: its samples are compared with no pictures"
    elif RAW not in checkpoint.groups:
        yield "the weights as trained and the optimiser's memory: it can be sampled from, not trained further"
    if isinstance(checkpoint, DiffusersFolder):
        yield from (f"its scheduler asks for {note}, which is left out here" for note in checkpoint.notes)


def _tensors(path: Path) -> Iterator[tuple[str, str]]:
    """What can be said of a refused file's tensors; nothing if its header cannot be read."""
    try:
        found = contents(path)
    except UserError:
        return
    some = ", ".join(list(found.tensors)[:3])
    yield "tensors", f"{len(found.tensors):,} ({_types(found)}): {some} …"


def _weights_in(checkpoint: AnyCheckpoint) -> Contents | None:
    file = checkpoint.weights_file if isinstance(checkpoint, DiffusersFolder) else checkpoint.path
    return contents(file) if isinstance(checkpoint, Checkpoint) or file.suffix == ".safetensors" else None


def _types(found: Contents | None) -> str:
    return ", ".join(sorted({spec.dtype for spec in found.tensors.values()})) if found else "in PyTorch's own format"


def _in_words(network: UNet) -> str:
    channels = ", ".join(str(network.width * multiplier) for multiplier in network.multipliers)
    attention = f"attention at {', '.join(map(str, network.attention))} pixels" if network.attention else "no attention"
    blocks = f"{network.blocks} block{'s' if network.blocks > 1 else ''} a resolution"
    return f"U-Net, {channels} channels, {blocks}, {attention}"


def _told(said: dict[str, object]) -> str:
    kind = said.pop("kind")
    return f"{kind}, {', '.join(f'{name} {written(value)}' for name, value in said.items())}"
