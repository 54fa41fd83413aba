"""What is judged: a denoiser, and the held-out samples that it is measured on."""

from dataclasses import dataclass, replace
from typing import Self

import torch

from ddpm_studio.data import Data, load
from ddpm_studio.denoiser import Denoiser, Exact
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.levels import Probe
from ddpm_studio.run import checkpoint_named
from ddpm_studio.sampler import Sampler
from ddpm_studio.schedule import Schedule


@dataclass(frozen=True, eq=False)
class Subject:
    """Of one shape all: what the denoiser guesses, the data set, and the probe's samples."""

    denoiser: Denoiser
    data: Data
    probe: Probe
    sampler: Sampler
    """The one recommended for it."""
    told: dict[str, object]
    """Which one it is, as JSON."""
    seen: bool = False
    """Whether the probe's samples are those that the denoiser knows."""

    @property
    def exact(self) -> Exact | None:
        """The denoiser, if it is an exact one."""
        return self.denoiser if isinstance(self.denoiser, Exact) else None

    @property
    def held_out(self) -> bool:
        """Whether the probe's samples were held out; else they are training samples."""
        return len(self.data.test) > 0 and not self.seen

    @property
    def optimal(self) -> bool:
        """Whether no guess is better on the probe: it is of the very density that an exact denoiser knows."""
        return self.exact is not None and (self.exact.variance > 0.0 or not self.held_out)

    def under(self, schedule: Schedule) -> "Subject":
        """An exact denoiser follows another schedule; a network keeps to the one it was trained under."""
        return self if self.exact is None else replace(self, denoiser=self.exact.with_schedule(schedule))

    def on_training(self) -> "Subject":
        """The same denoiser, measured on as many training samples, evenly chosen."""
        x0 = Probe.of_training(self.data, self.denoiser.schedule, len(self.probe.x0)).x0
        probe = replace(self.probe, x0=x0)
        told = self.told | {"samples": len(x0), "which": "of the training set"}
        return replace(self, probe=probe, told=told, seen=True)

    @classmethod
    def of_checkpoint(
        cls,
        ref: str,
        *,
        dataset: str | None = None,
        group: str = "ema",
        device: torch.device | str = "cpu",
        count: int | None = None,
    ) -> Self:
        """The network that `ref` names, on the data it was trained on or on others.

        Raises:
            UserError: there is no such checkpoint or data set, or their samples have different shapes.
        """
        checkpoint = checkpoint_named(ref)
        says: dict[str, object] = {"checkpoint": checkpoint.path.name, "step": checkpoint.header.step}
        denoiser = checkpoint.denoiser(group, device)
        return cls.of_network(denoiser, checkpoint.header.document, says, dataset=dataset, count=count)

    @classmethod
    def of_network(
        cls,
        denoiser: Denoiser,
        document: Document,
        says: dict[str, object],
        *,
        dataset: str | None = None,
        count: int | None = None,
    ) -> Self:
        """A network that `document` trains. UserError: the data cannot be read, or have another shape."""
        if not (dataset or document.dataset):  # other people's files do not tell it
            raise UserError("this checkpoint does not say what it was trained on; name the samples with --dataset")
        data = load(dataset or document.dataset).holding_out(document.training.held_out)
        if data.shape != denoiser.shape:
            raise UserError(f"{data.name} has samples of shape {data.shape}, the network takes {denoiser.shape}")
        return cls._measured_on(denoiser, data, document.sampler, says, count)

    @classmethod
    def of_exact(cls, ref: str, schedule: Schedule, *, dataset: str | None = None, count: int | None = None) -> Self:
        """The exact denoiser of a data set. UserError: it or `dataset` cannot be read, or their shapes differ."""
        own = load(ref)
        data = own if dataset is None else load(dataset)
        if data.shape != own.shape:
            raise UserError(f"{data.name} has samples of shape {data.shape}, {own.name} of shape {own.shape}")
        return cls._measured_on(Exact.of(schedule, own), data, Document().sampler, {"exact": own.name}, count)

    @classmethod
    def _measured_on(
        cls, denoiser: Denoiser, data: Data, sampler: Sampler, says: dict[str, object], count: int | None
    ) -> Self:
        probe = Probe.of(data, denoiser.schedule, count)
        which = "held out" if len(data.test) else "of the training set, for none is held out"
        about = {"data": data.name, "samples": len(probe.x0), "which": which}
        return cls(denoiser, data, probe, sampler, says | about)
