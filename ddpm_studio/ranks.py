"""The processes that train one network together, as torchrun starts them; alone, a process is rank 0 of 1."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ddpm_studio.errors import UserError


@dataclass(frozen=True)
class Ranks:
    """This process's place among `world` processes."""

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    def rows(self, batch: int) -> range:
        """This process's rows of a batch. UserError: there are more processes than rows."""
        if batch < self.world:
            raise UserError(f"a batch of {batch} cannot be shared by {self.world} processes; raise batch")
        return range(self.rank * batch // self.world, (self.rank + 1) * batch // self.world)

    def wrapped(self, module: nn.Module) -> nn.Module:
        """The module; with several processes, one whose backward pass averages gradients over all of them."""
        return module if self.world == 1 else DistributedDataParallel(module)

    def adding(self, module: nn.Module, last: bool) -> AbstractContextManager[None]:
        """Around a micro-batch's backward pass: gradients are exchanged after the last one only."""
        return module.no_sync() if isinstance(module, DistributedDataParallel) and not last else nullcontext()

    def gathered(self, values: Tensor, batch: int) -> Tensor:
        """Everybody's rows (k, batch) from each process's own (k, R), in the same bits on all."""
        if self.world == 1:
            return values
        whole = values.new_zeros(len(values), batch)
        rows = self.rows(batch)
        whole[:, rows.start : rows.stop] = values
        distributed.all_reduce(whole)
        return whole


@contextmanager
def joined(device: torch.device) -> Iterator[Ranks]:
    """This process's place, from torchrun's environment; the group is left again at the end of the block.

    Raises:
        UserError: there are several processes, and they cannot speak to each other from this device.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Ranks()
        return
    if device.type == "mps":
        raise UserError("several processes can share a batch on the CPU or on CUDA; add --device cpu")
    if device.type == "cuda":
        torch.cuda.set_device(device)  # or all of them would speak to each other through the first GPU
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Ranks(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def local_device(device: torch.device) -> torch.device:
    """The device of this process: with several on a machine, each its own GPU."""
    if device.type != "cuda" or "LOCAL_RANK" not in os.environ:
        return device
    return torch.device("cuda", int(os.environ["LOCAL_RANK"]))
