"""A network that is being trained: its weights, their average, the optimiser's memory, and the steps taken so far."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ddpm_studio.compiled import compiled
from ddpm_studio.denoiser import Trained
from ddpm_studio.device import Tuning, explaining_memory
from ddpm_studio.draws import Dice, Draws, History
from ddpm_studio.errors import UserError
from ddpm_studio.loss import Loss
from ddpm_studio.networks.build import assembled, fresh, measure
from ddpm_studio.noise import Purpose, uniform
from ddpm_studio.objective import Draw
from ddpm_studio.ranks import Ranks
from ddpm_studio.schedule import Table
from ddpm_studio.training import Compile, Recipe

ALONE = Ranks()


class Source(Protocol):
    """A training set on the network's device."""

    shape: tuple[int, ...]

    def __len__(self) -> int: ...

    def rows(self, places: Tensor, mirrored: Tensor) -> Tensor:
        """x_0 (R, *shape) at `places` (R,), mirrored where `mirrored` (R,)."""
        ...


@dataclass(frozen=True, eq=False)
class TrainStep:
    """One optimiser step, taken."""

    step: int  # steps taken, this one included
    loss: float  # the mean of what is minimised
    rate: float  # learning rate
    gradient_norm: float  # before it was clipped
    t: NDArray[np.int64]  # (B,), of the whole batch
    squared: NDArray[np.float32]  # (B,), mean squared error of the target of each sample, whatever it weighs
    initial_share: float  # of the initial weights in the average
    seconds: float  # that the step took


class Learner:
    """Takes optimiser steps. Everything a step draws is a pure function of (seed, step), so `state` and the number of
    steps are all there is to save.

    Args:
        recipe: what is trained, and how.
        source: the training set, on `device`.
        device: where the network is.
        ranks: the processes that share each batch.

    Raises:
        UserError: network, objective, schedule and data do not go together; the message says what to change.
    """

    def __init__(self, recipe: Recipe, source: Source, device: torch.device, ranks: Ranks = ALONE) -> None:
        training = recipe.training
        recipe.refuse_impossible(source.shape, len(source))
        self.recipe, self.source, self.device, self.ranks = recipe, source, device, ranks
        self.tuning = Tuning.of(training, device)
        self.tuning.apply(device)
        self.notes = list(self.tuning.notes)
        self.step = 0
        self.module = fresh(recipe.network, source.shape, training.seed).to(device)
        if self.tuning.channels_last:
            self.module = self.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._parameters: list[Tensor] = list(self.module.parameters())
        self._averages = {group: [p.detach().clone() for p in self._parameters] for group in training.averages}
        self._optimiser = torch.optim.AdamW(
            self._parameters, training.rate, weight_decay=training.weight_decay, fused=device.type in ("cpu", "cuda")
        )
        self._loss = Loss.of(recipe.schedule, recipe.objective, recipe.network.variance)
        self._rows = ranks.rows(training.batch)
        self._micro = min(training.micro_batch or training.batch, len(self._rows))
        T = recipe.schedule.T
        self._dice = Dice(training.seed, training.batch, len(source), source.shape, T, training.flips)
        self._history = History.empty(T) if recipe.objective.draw is Draw.LOSS else None
        self._ahead: tuple[int, Draws] | None = None
        self._drops = any(isinstance(part, nn.Dropout) and part.p > 0.0 for part in self.module.modules())
        self._forget()
        self._asked, note = compiled(ranks.wrapped(self.module), self.tuning.compile, self._trial)
        self.notes += [note] if note else []
        self._forget()

    def advance(self) -> TrainStep:
        """Takes one step.

        Raises:
            UserError: loss or gradient are not finite (names step, t and tensor; the step is not taken), or the
                device's memory is too small (names a micro-batch that would fit).
        """
        begun = perf_counter()
        training = self.recipe.training
        draws = self._draws()
        with explaining_memory(self.device, self._micro, self._kept):
            weighted, squared = self._backward(draws)
            norm = nn.utils.clip_grad_norm_(self._parameters, training.clip or math.inf)
            self._look_ahead()
            told = torch.stack([weighted, squared, draws.t.to(weighted)])
            whole = self.ranks.gathered(told, training.batch).cpu().double().numpy()
        loss, gradient_norm, t = float(whole[0].mean()), float(norm), whole[2].astype(np.int64)
        if not (math.isfinite(loss) and math.isfinite(gradient_norm)):
            raise UserError(self._what_is_infinite(whole[0], t))
        rate = self._move()
        if self._history is not None:
            self._history.add(t, whole[0])
        return TrainStep(
            step=self.step,
            loss=loss,
            rate=rate,
            gradient_norm=gradient_norm,
            t=t,
            squared=whole[1].astype(np.float32),
            initial_share=training.initial_share(self.step),
            seconds=perf_counter() - begun,
        )

    def denoiser(self, *, average: bool = True) -> Trained:
        """A copy of the network as it is now, with averaged weights or as trained, for sampling."""
        module = assembled(self.recipe.network, self.source.shape, self.weights(average=average)).to(self.device)
        return Trained(self.recipe.schedule, self.source.shape, module, self.recipe.objective.target)

    def weights(self, *, average: bool = True) -> dict[str, Tensor]:
        """Copies of the weights by name, averaged or as trained."""
        tensors = self._averages["ema"] if average else self._parameters
        names = (name for name, _ in self.module.named_parameters())
        return {name: tensor.detach().clone() for name, tensor in zip(names, tensors, strict=True)}

    def state(self) -> dict[str, Tensor]:
        """All that the next steps depend on, but for `step`: tensors by name, not copied."""
        state: dict[str, Tensor] = {}
        for place, (name, parameter) in enumerate(self.module.named_parameters()):
            memory = self._optimiser.state.get(parameter, {})
            state[f"weights.{name}"] = parameter.detach()
            state |= {f"{group}.{name}": tensors[place] for group, tensors in self._averages.items()}
            state |= {f"{key}.{name}": memory.get(key, torch.zeros_like(parameter)) for key in MEMORY}
        if self._history is not None:
            state["history.losses"] = torch.from_numpy(self._history.losses)
            state["history.counts"] = torch.from_numpy(self._history.counts)
        return state

    @torch.no_grad()
    def restore(self, step: int, state: Mapping[str, Tensor]) -> None:
        """Goes on where a learner of the same recipe with this `state` stood after `step` steps."""
        for index, (name, parameter) in enumerate(self.module.named_parameters()):
            parameter.copy_(state[f"weights.{name}"])
            for group, tensors in self._averages.items():
                tensors[index].copy_(state[f"{group}.{name}"])
            place = self.device if self._optimiser.defaults["fused"] else "cpu"
            memory = {key: torch.empty_like(parameter).copy_(state[f"{key}.{name}"]) for key in MEMORY}
            self._optimiser.state[parameter] = {"step": torch.tensor(float(step), device=place), **memory}
        if self._history is not None:
            self._history.losses[:] = state["history.losses"].numpy()
            self._history.counts[:] = state["history.counts"].numpy()
        self.step = step

    def _kept(self) -> int:
        """Bytes that one sample keeps for the backward pass."""
        return measure(self.recipe.network, self.source.shape).activations

    def _draws(self) -> Draws:
        if self._ahead is not None and self._ahead[0] == self.step:
            return self._ahead[1]
        return self._drawn(self.step, None if self._history is None else self._history.chances())

    def _look_ahead(self) -> None:
        """Draws for the next step while the device is busy with this one."""
        if self._history is None:
            self._ahead = self.step + 1, self._drawn(self.step + 1, None)

    def _drawn(self, step: int, chances: Table | None) -> Draws:
        draws = self._dice.draw(step, self._rows, chances)
        return draws.pinned() if self.device.type == "cuda" else draws

    def _backward(self, draws: Draws) -> tuple[Tensor, Tensor]:
        """Adds up the gradients of this process's rows; the losses of each, weighted and not, (R,)."""
        if self._drops:
            u = uniform(1, seed=self.recipe.training.seed, t=self.step, purpose=Purpose.DROPOUT)
            torch.manual_seed(int(u[0] * 2**48) + self.ranks.rank)
        x0 = self._arranged(self.source.rows(draws.pictures, draws.mirrored))
        eps = self._arranged(draws.eps.to(self.device, non_blocking=True))
        weight = draws.weight.to(self.device, non_blocking=True)
        scale = self.ranks.world / self.recipe.training.batch
        kept = []
        for start in range(0, len(x0), self._micro):
            part = slice(start, start + self._micro)
            with self.ranks.adding(self._asked, last=start + self._micro >= len(x0)):
                with self.tuning.autocast(self.device):
                    losses = self._loss(self._asked, x0[part], draws.t[part], eps[part])
                torch.autograd.backward((losses.weighted * weight[part]).sum() * scale)
            kept.append((losses.weighted.detach(), losses.squared.detach()))
        weighted, squared = (torch.cat(parts) for parts in zip(*kept, strict=True))
        return weighted, squared

    def _arranged(self, x: Tensor) -> Tensor:
        last = self.tuning.channels_last and x.ndim == 4
        return x.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)

    @torch.no_grad()
    def _move(self) -> float:
        """The optimiser's step and the averages'; the learning rate it was taken with."""
        training = self.recipe.training
        rate = training.rate_at(self.step)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.step()
        self._forget()
        for average, decay in training.averages.items():
            torch._foreach_lerp_(self._averages[average], self._parameters, 1.0 - training.ema_at(self.step, decay))
        self.step += 1
        return rate

    def _what_is_infinite(self, losses: NDArray[np.float64], t: NDArray[np.int64]) -> str:
        """One line that names step, t and tensor."""
        wrong = ~np.isfinite(losses)
        where = f"the loss is {losses[wrong][0]:g} at t = {t[wrong][0]}" if wrong.any() else "the loss is finite"
        gradients = ((name, parameter.grad) for name, parameter in self.module.named_parameters())
        tensor = next((name for name, g in gradients if g is not None and not g.isfinite().all()), None)
        also = f", the gradient of {tensor} is not" if tensor else ""
        self._forget()
        return f"step {self.step + 1}: {where}{also}; the weights before it are kept; lower rate or use float32"

    def _forget(self) -> None:
        """Drops the gradients. A CUDA graph overwrites what it gave before, so there they have places of their own."""
        if self.tuning.compile is Compile.GRAPHS:
            for parameter in self._parameters:
                parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.zero_()
        else:
            self._optimiser.zero_grad()

    def _trial(self, module: nn.Module) -> Tensor:
        """The module's answer to a micro-batch of nothing."""
        x = self._arranged(torch.zeros(self._micro, *self.source.shape, device=self.device))
        with self.tuning.autocast(self.device):
            out: Tensor = module(x, torch.zeros(self._micro, dtype=torch.int64, device=self.device))
        return out


MEMORY = ("exp_avg", "exp_avg_sq")
"""What AdamW keeps of each tensor."""
