"""A network's module from its settings: counted without memory, made fresh from a seed, or from given weights."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from ddpm_studio.networks.mlp import MlpModule
from ddpm_studio.networks.settings import Network, Shape
from ddpm_studio.networks.unet import UNetModule
from ddpm_studio.noise import Purpose, uniform

Weights = Mapping[str, Tensor]

MODULES: dict[str, type[UNetModule] | type[MlpModule]] = {"unet": UNetModule, "mlp": MlpModule}


@dataclass(frozen=True)
class Size:
    """What a network takes."""

    parameters: int
    tensors: int
    activations: int
    """Bytes that one training sample keeps for the backward pass, in float32."""


def skeleton(network: Network, shape: Shape) -> nn.Module:
    """The module with names and shapes and no memory behind them (PyTorch's meta device).

    Raises:
        UserError: it cannot be built for samples of this shape.
    """
    network.refuse_impossible(shape)
    with torch.device("meta"):
        build = cast(Callable[[Network, Shape], nn.Module], MODULES[network.kind])  # each takes its own kind
        return build(network, shape)


def fresh(network: Network, shape: Shape, seed: int) -> nn.Module:
    """The untrained module on the CPU, in training mode; its weights are a pure function of the seed.

    As PyTorch initialises (uniform up to 1/√fan-in), but layers that end a residual branch, and the last one, are zero,
    so that each block begins as the identity (Ho et al.'s code). Raises as `skeleton`.
    """
    module = skeleton(network, shape)
    return _filled(module, dict(_initial(module, MODULES[network.kind].silent, seed)))


def assembled(network: Network, shape: Shape, weights: Weights) -> nn.Module:
    """The module with these weights (not copied), in evaluation mode; names and shapes as in `skeleton`."""
    return _filled(skeleton(network, shape), weights).eval()


def measure(network: Network, shape: Shape) -> Size:
    """Counts parameters and activations by running the module on a sample that has no memory. Raises as `skeleton`."""
    module = skeleton(network, shape)
    _without_memory(module)
    parameters = list(module.parameters())
    kept: dict[int, Tensor] = {}  # by storage; a tensor kept here keeps its storage's number from being used again

    def keep(tensor: Tensor) -> Tensor:
        kept[_storage(tensor)] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = module(torch.empty(1, *shape, device="meta"), torch.zeros(1, device="meta"))
    weights = {_storage(parameter) for parameter in parameters}
    activations = sum(t.untyped_storage().nbytes() for number, t in kept.items() if number not in weights)
    del out
    return Size(sum(p.numel() for p in parameters), len(parameters), activations)


def _without_memory(module: nn.Module) -> None:
    for part in module.modules():
        for name, buffer in list(part.named_buffers(recurse=False)):
            setattr(part, name, buffer.to("meta"))


def _storage(tensor: Tensor) -> int:
    """Which memory a tensor or a view of it lies in, also where there is none behind it."""
    return int(tensor.untyped_storage()._cdata)


def _filled(module: nn.Module, weights: Weights) -> nn.Module:
    module.load_state_dict(weights, assign=True)
    return module.requires_grad_(True)


def _initial(module: nn.Module, silent: tuple[str, ...], seed: int) -> Iterator[tuple[str, Tensor]]:
    """Weights by name; each tensor's numbers depend on its place in the network and the seed."""
    for place, (name, parameter) in enumerate(module.named_parameters()):
        layer, _, part = name.rpartition(".")
        owner = module.get_submodule(layer)
        if isinstance(owner, nn.GroupNorm) or layer.endswith(silent):
            yield name, torch.full(parameter.shape, float(isinstance(owner, nn.GroupNorm) and part == "weight"))
            continue
        bound = 1.0 / math.sqrt(owner.get_parameter("weight")[0].numel())
        draw = uniform(parameter.numel(), seed=seed, t=place, purpose=Purpose.WEIGHTS)
        values = ((2.0 * draw - 1.0) * bound).astype(np.float32)
        yield name, torch.from_numpy(values).reshape(parameter.shape)
