"""Trained networks in files: safetensors whose metadata is one JSON object. Nothing in them is ever run.

The file holds tensors by name: `weights.N`, `ema.N`, `exp_avg.N` and `exp_avg_sq.N` for each tensor N of the network,
and `ema-0.9999.N` for each further average (a shipped file: `ema.N` alone, in half precision), and under the metadata's
key "ddpm-studio":

    {"format": "ddpm-studio checkpoint", "version": 1, "step": 1200, "shape": [3, 16, 16],
     "document": {…}, "pictures": 12000, "digest": "…", "sha256": "…"}

`pictures` and `digest` are of the training set. `sha256` is over this object without it, and over every tensor's name,
type, shape and bytes.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ddpm_studio.denoiser import Trained
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError, naming
from ddpm_studio.files import reading
from ddpm_studio.tensor_file import contents
from ddpm_studio.tensor_writing import save_tensors
from ddpm_studio.training import average_of
from ddpm_studio.weights import refuse_others, trained

FORMAT, VERSION, KEY = "ddpm-studio checkpoint", 1, "ddpm-studio"
EMA, RAW = "ema", "weights"

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class Header:
    """What a checkpoint says of itself."""

    document: Document
    shape: tuple[int, ...]
    step: int
    pictures: int = 0  # in the training set
    digest: str = ""  # of the training set's bytes

    def taken_over(self, document: Document) -> Document:
        """`document` with all that the network was trained by: to sample with it."""
        mine = self.document
        return replace(
            document,
            dataset=mine.dataset or document.dataset or Document().dataset,  # other people's files do not tell it
            schedule=mine.schedule,
            network=mine.network,
            objective=mine.objective,
            training=mine.training,
        )

    def to_json(self) -> dict[str, object]:
        """The metadata, but for the sum."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "step": self.step,
            "shape": list(self.shape),
            "document": self.document.to_json(),
            "pictures": self.pictures,
            "digest": self.digest,
        }


class AnyCheckpoint(Protocol):
    """A trained network in a file of whatever format, opened: what it is has been read, no tensor yet."""

    @property
    def path(self) -> Path:
        """The file, or the folder."""
        ...

    @property
    def header(self) -> Header:
        """What it says of itself. The schedule and what is predicted are the network's own; the sampler is advice."""
        ...

    @property
    def groups(self) -> frozenset[str]:
        """EMA, RAW, …: which sets of weights it holds."""
        ...

    @property
    def sha256(self) -> str:
        """Of all that it holds."""
        ...

    def denoiser(self, group: str = EMA, device: str | torch.device = "cpu") -> Trained:
        """The network, ready to sample from. UserError: there is no such group, or its weights cannot be used."""
        ...


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """An opened checkpoint: its header and the shapes of its tensors have been read and found right, no tensor yet."""

    path: Path
    header: Header
    groups: frozenset[str]  # "weights", "ema", "exp_avg", …
    sha256: str
    said: dict[str, object] = field(repr=False)  # the header as it stands in the file

    @classmethod
    def open(cls, path: Path) -> "Checkpoint":
        """Raises a UserError: no checkpoint, cut short, from a newer version, or its tensors fit no such network."""
        found = contents(path)
        said = _metadata(path, found.texts)
        header = _header(path, said)
        groups = frozenset(map(_group, found.tensors))
        network, shape = header.document.network, header.shape
        for group in sorted(groups - {"history"}):
            mark = f"{group}."
            mine = {name.removeprefix(mark): s for name, s in found.tensors.items() if name.startswith(mark)}
            refuse_others(path, mine, network, shape, mark)
        return cls(path, header, groups, str(said.get("sha256")), said)

    def tensors(self) -> dict[str, Tensor]:
        """All tensors. UserError: their sum is not the one written down, so the file was damaged or changed."""
        with _opened(self.path) as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if _sum(self.said, tensors) != self.sha256:
            raise UserError(
                f"{self.path} was damaged or changed after it was written: its checksum is wrong; take another copy"
            )
        return tensors

    def denoiser(self, group: str = EMA, device: str | torch.device = "cpu") -> Trained:
        """The network, ready to sample from; `group` is EMA, RAW or a further average, by its decay.

        Raises:
            UserError: it is not in the file, the sum is wrong, or a weight is not finite.
        """
        if group == average_of(self.header.document.training.ema):
            group = EMA
        if group not in self.groups:
            raise UserError(f"{self.path} has no {group}; it has {', '.join(sorted(self.groups))}")
        mark = f"{group}."
        weights = {name.removeprefix(mark): t for name, t in self.tensors().items() if name.startswith(mark)}
        return trained(self.path, self.header.document, self.header.shape, weights, device)


def save(path: Path, header: Header, tensors: Tensors) -> str:
    """Writes a checkpoint whole or not at all; gives its checksum. UserError: it cannot be written."""
    packed = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    said = header.to_json()
    sha256 = _sum(said, packed)
    text = json.dumps({**said, "sha256": sha256}, ensure_ascii=False, allow_nan=False)
    save_tensors(path, packed, {KEY: text})
    return sha256


def slim(path: Path, out: Path) -> str:
    """Writes the averaged weights of a checkpoint alone, in half precision, to share; gives the checksum.

    Raises:
        UserError: it cannot be read or written, has no average, or a weight that half precision cannot hold.
    """
    checkpoint = Checkpoint.open(path)
    tensors = {name: t.half() for name, t in checkpoint.tensors().items() if name.startswith(f"{EMA}.")}
    if not tensors:
        raise UserError(f"{path} has no averaged weights")
    large = next((name for name, tensor in tensors.items() if not tensor.isfinite().all()), None)
    if large:
        raise UserError(f"{large} of {path} has weights too large for half precision")
    return save(out, checkpoint.header, tensors)


def _group(name: str) -> str:
    """What stands before a tensor's own name: weights, ema, ema-0.9999 …"""
    found = re.match(r"ema-0\.\d+(?=\.)|[^.]*", name)
    assert found is not None
    return found[0]


def _opened(path: Path) -> safe_open:
    with reading(path):
        path.open("rb").close()  # says in our words what is wrong with the name
        try:
            return safe_open(path, framework="pt")
        except SafetensorError as error:
            raise UserError(f"{path} is cut short or no safetensors file; take another copy") from error


def _metadata(path: Path, metadata: Mapping[str, str] | None) -> dict[str, object]:
    try:
        said = json.loads((metadata or {}).get(KEY, ""))
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise UserError(f"{path} holds tensors, but is not a DDPM Studio checkpoint; take another copy")
    version = said.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise UserError(f"{path} has version {version}, newer than this program's {VERSION}: update DDPM Studio")
    return said


def _header(path: Path, said: dict[str, object]) -> Header:
    with naming(path):
        document = Document.from_json(said.get("document"))
    shape, step = said.get("shape"), said.get("step")
    if not isinstance(shape, list) or not all(isinstance(side, int) and 0 < side <= 4096 for side in shape):
        raise UserError(f"{path}: shape must be a list of whole numbers, but is {shape!r}")
    if not isinstance(step, int) or step < 0:
        raise UserError(f"{path}: step must be a whole number from 0, but is {step!r}")
    pictures = said.get("pictures")
    return Header(
        document, tuple(shape), step, pictures if isinstance(pictures, int) else 0, str(said.get("digest", ""))
    )


def _sum(said: Mapping[str, object], tensors: Tensors) -> str:
    digest = hashlib.sha256(
        json.dumps({key: value for key, value in said.items() if key != "sha256"}, sort_keys=True).encode()
    )
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
