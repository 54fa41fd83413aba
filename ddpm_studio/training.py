"""How a network is trained: settings, and the numbers of each step that follow from them (no torch)."""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil, cos, pi, prod
from typing import Annotated

from ddpm_studio.errors import UserError
from ddpm_studio.networks.settings import Network, Shape
from ddpm_studio.objective import Objective
from ddpm_studio.params import Parameters, Range
from ddpm_studio.schedule import Schedule

Count = Range(1, 10_000_000, log=True)


class Decay(StrEnum):
    """What becomes of the learning rate after the warm-up."""

    CONSTANT = "constant"
    COSINE = "cosine"


class Precision(StrEnum):
    """How exactly a device multiplies."""

    AUTO = "auto"
    FLOAT32 = "float32"
    TF32 = "tf32"
    BF16 = "bf16"


class Switch(StrEnum):
    """On, off, or whichever was measured to be faster on the device."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class Compile(StrEnum):
    """Whether the network is compiled first (torch.compile), and replayed as CUDA graphs."""

    AUTO = "auto"
    OFF = "off"
    ON = "on"
    GRAPHS = "graphs"


@dataclass(frozen=True)
class Training(Parameters):
    """Ho et al. 2020, appendix B, with the warm-up and the clipping of their code."""

    steps: Annotated[int, Count, "optimiser steps in all"] = 10_000
    batch: Annotated[int, Range(1, 65_536, log=True), "pictures a step, on all devices together"] = 64
    micro_batch: Annotated[
        int, Range(0, 65_536, names=(("whole", 0),)), "pictures at once on a device; gradients of several are added"
    ] = 0
    rate: Annotated[float, Range(1e-8, 1.0, log=True), "learning rate of AdamW"] = 2e-4
    warmup: Annotated[int, Range(0, 1_000_000), "steps in which the rate rises from 0"] = 500
    decay: Annotated[Decay, "the rate after the warm-up: constant, or falling along a cosine to 0"] = Decay.CONSTANT
    weight_decay: Annotated[float, Range(0.0, 1.0), "pull of the weights to 0, times the rate, a step"] = 0.0
    clip: Annotated[float, Range(0.0, 1000.0, names=(("none", 0.0),)), "largest norm of the gradient"] = 1.0
    ema: Annotated[float, Range(0.0, 0.999999), "decay of the averaged weights, smaller in the first steps"] = 0.999
    more_ema: Annotated[
        tuple[float, ...],
        Range(0.5, 0.999999),
        "decays of further averages, kept in the checkpoints beside ema",
    ] = ()
    flips: Annotated[bool, "mirror every other picture: only where left and right mean nothing"] = False
    seed: Annotated[int, Range(0, 2**63 - 1), "which initial weights, order of pictures, timesteps and noise"] = 0
    held_out: Annotated[
        float, Range(0.0, 0.5), "share of the pictures kept from training, where the data set holds none out itself"
    ] = 0.05
    precision: Annotated[Precision, "how exactly the device multiplies"] = Precision.AUTO
    channels_last: Annotated[Switch, "pictures in memory as NHWC"] = Switch.AUTO
    compile: Annotated[Compile, "compile the network first; graphs: replay it as CUDA graphs"] = Compile.AUTO
    log_every: Annotated[int, Count, "steps between two lines of metrics.jsonl"] = 10
    save_every: Annotated[int, Count, "steps between two checkpoints"] = 1000
    preview_every: Annotated[int, Count, "steps between two previews, with the loss per noise level"] = 1000
    preview_raw: Annotated[bool, "previews from the weights as trained, not from their average"] = False
    keep: Annotated[int, Range(1, 1000), "checkpoints that are kept, the newest ones"] = 3

    kind = "training"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.micro_batch > self.batch:
            raise UserError(f"micro_batch must be at most batch = {self.batch}, but is {self.micro_batch}; lower it")
        if len(self.averages) <= len(self.more_ema) or average_of(self.ema) in self.averages:
            raise UserError(f"more_ema must be decays that differ from each other and from ema = {self.ema:g}")

    @property
    def averages(self) -> dict[str, float]:
        """The decay of each average of the weights, by its group in a checkpoint; `ema` first."""
        return {"ema": self.ema} | {average_of(decay): decay for decay in self.more_ema}

    def rate_at(self, step: int) -> float:
        """The learning rate of the step that follows `step` others, 0 ≤ step < steps."""
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        if self.decay is Decay.CONSTANT:
            return self.rate
        share = (step - self.warmup) / max(self.steps - self.warmup, 1)
        return self.rate * 0.5 * (1.0 + cos(pi * min(share, 1.0)))

    def ema_at(self, step: int, decay: float | None = None) -> float:
        """How much of an average survives the step that follows `step` others: small at first, then `decay` (`ema`)."""
        return min(self.ema if decay is None else decay, (1.0 + step) / (10.0 + step))

    def initial_share(self, steps: int) -> float:
        """The share of the initial weights that is left in the average after so many steps."""
        rising = max(0, ceil((10.0 * self.ema - 1.0) / (1.0 - self.ema)))  # steps until `ema_at` has reached `ema`
        n = min(steps, rising)
        share = prod((j + 1.0) / (n + j + 1.0) for j in range(9))  # Π_{i<n} (1 + i)/(10 + i)
        return share * self.ema ** (steps - n)


def average_of(decay: float) -> str:
    """The group of a checkpoint's tensors that holds a further average of this decay: ema-0.9999."""
    return "ema-" + f"{decay:.6f}".rstrip("0")


@dataclass(frozen=True)
class Recipe:
    """All that decides the numbers of a training run, but for the pictures."""

    network: Network
    objective: Objective
    schedule: Schedule
    training: Training

    def refuse_impossible(self, shape: Shape, count: int) -> None:
        """Raises a UserError if a network cannot be trained like this on `count` samples of this shape."""
        self.network.refuse_impossible(shape)
        self.objective.refuse_impossible(self.schedule)
        if count < 2:
            raise UserError(
                f"training needs at least 2 pictures, but there is {count or 'none'}; choose another data set"
            )
        if self.training.batch > count:
            raise UserError(
                f"a batch of {self.training.batch} is more than the {count} pictures there are to train on; lower batch"
            )
