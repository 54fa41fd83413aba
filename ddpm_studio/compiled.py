"""A module compiled by torch.compile, where that can be done."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ddpm_studio.training import Compile


def compiled(module: nn.Module, how: Compile, trial: Callable[[nn.Module], Tensor]) -> tuple[nn.Module, str]:
    """The module compiled, and ""; or the module itself, and in one line why not.

    Args:
        module: whose parameters keep their places in memory.
        how: OFF leaves it as it is; GRAPHS replays its kernels as CUDA graphs.
        trial: one forward pass; compilers begin their work there and in its backward pass, and may fail then.
    """
    if how is Compile.OFF:
        return module, ""
    mode = "reduce-overhead" if how is Compile.GRAPHS else "default"
    quick: nn.Module = torch.compile(module, mode=mode)  # type: ignore[assignment]
    try:
        torch.autograd.backward(trial(quick).float().sum())
    except Exception as error:  # compilers fail in any way
        return module, f"the network cannot be compiled here ({type(error).__name__}); it runs as it is"
    return quick, ""
