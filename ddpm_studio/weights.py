"""Weights out of a file, and the network that is to take them: compared by name and shape before memory is taken."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from ddpm_studio.denoiser import Trained
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.networks.build import assembled, skeleton
from ddpm_studio.networks.settings import Network
from ddpm_studio.tensor_file import REAL, Shape, Spec

TOLD = 3
"""Differences that are spelt out; of the others the number is told."""


def refuse_others(path: Path, found: Mapping[str, Spec], network: Network, shape: Shape, prefix: str = "") -> None:
    """Raises a UserError that lists what differs, unless `found` are the weights of this network for this shape."""
    expected = {name: tuple(p.shape) for name, p in skeleton(network, shape).named_parameters()}
    strange = not found.keys() & expected.keys()  # then what is missing is not worth a word
    differences = list(_differences(found, {} if strange and found else expected))
    if differences:
        more = f" and {len(differences) - TOLD:,} more" if len(differences) > TOLD else ""
        told = ", ".join(prefix + difference for difference in differences[:TOLD])
        raise UserError(f"{path} does not hold the network it speaks of: {told}{more}; take another copy")


def trained(path: Path, document: Document, shape: Shape, weights: Mapping[str, Tensor], device: object) -> Trained:
    """The network that a document speaks of, with these weights.

    Raises:
        UserError: a weight is NaN or infinite; the tensor is named.
    """
    for name, tensor in weights.items():
        if not bool(tensor.isfinite().all()):
            raise UserError(f"{path} cannot be used: {name} has NaN or infinite weights; take an earlier checkpoint")
    floats = {name: tensor.float() for name, tensor in weights.items()}
    module = assembled(document.network, shape, floats).to(torch.device(str(device)))
    return Trained(document.schedule, shape, module, document.objective.target)


def _differences(found: Mapping[str, Spec], expected: Mapping[str, Shape]) -> Iterator[str]:
    for name in sorted(found.keys() | expected.keys()):
        if name not in found:
            yield f"{name} is missing, expected {expected[name]}"
        elif name not in expected:
            yield f"{name} is {found[name].shape}, expected no such tensor"
        elif found[name].shape != expected[name]:
            yield f"{name} is {found[name].shape}, expected {expected[name]}"
        elif found[name].dtype not in REAL:
            yield f"{name} is of type {found[name].dtype}, expected real numbers ({', '.join(sorted(REAL))})"
