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
from ddpm_studio.device import Tuning, explaining_memory, sent
from ddpm_studio.draws import Dice, Draws, History
from ddpm_studio.errors import UserError
from ddpm_studio.loss import Loss
from ddpm_studio.networks.build import assembled, fresh, measure
from ddpm_studio.noise import Purpose, uniform
from ddpm_studio.objective import Draw
from ddpm_studio.optimiser import EMA, WEIGHTS, Optimiser
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
        self._optimiser = Optimiser(self.module, training)
        self._loss = Loss.of(recipe.schedule, recipe.objective, recipe.network.variance)
        self._rows = ranks.rows(training.batch)
        self._micro = min(training.micro_batch or training.batch, len(self._rows))
        T = recipe.schedule.T
        self._dice = Dice(training.seed, training.batch, len(source), source.shape, T, training.flips)
        self._history = History.empty(T) if recipe.objective.draw is Draw.LOSS else None
        self._ahead = dict[int, Draws]()
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
            told = self._backward(draws)
            norm = self._optimiser.norm()
            self._look_ahead()
            weighted, squared = self.ranks.gathered(told, training.batch).cpu().numpy()
        loss, gradient_norm = float(weighted.mean(dtype=np.float64)), float(norm)
        if not (math.isfinite(loss) and math.isfinite(gradient_norm)):
            raise UserError(self._what_is_infinite(weighted, draws.all_t))
        rate = self._optimiser.move(self.step, gradient_norm)
        self._forget()
        self.step += 1
        if self._history is not None:
            self._history.add(draws.all_t, weighted)
        return TrainStep(
            step=self.step,
            loss=loss,
            rate=rate,
            gradient_norm=gradient_norm,
            t=draws.all_t,
            squared=squared,
            initial_share=training.initial_share(self.step),
            seconds=perf_counter() - begun,
        )

    def denoiser(self, *, average: bool = True) -> Trained:
        """A copy of the network as it is now, with averaged weights or as trained, for sampling."""
        module = assembled(self.recipe.network, self.source.shape, self.weights(average=average)).to(self.device)
        return Trained(self.recipe.schedule, self.source.shape, module, self.recipe.objective.target)

    def weights(self, *, average: bool = True) -> dict[str, Tensor]:
        """Copies of the weights by name, averaged or as trained."""
        return self._optimiser.copies(EMA if average else WEIGHTS)

    def state(self) -> dict[str, Tensor]:
        """All that the next steps depend on, but for `step`: tensors by name, not copied."""
        state = self._optimiser.state()
        if self._history is not None:
            state["history.losses"] = torch.from_numpy(self._history.losses)
            state["history.counts"] = torch.from_numpy(self._history.counts)
        return state

    def restore(self, step: int, state: Mapping[str, Tensor]) -> None:
        """Goes on where a learner of the same recipe with this `state` stood after `step` steps."""
        self._optimiser.restore(step, state)
        if self._history is not None:
            self._history.losses[:] = state["history.losses"].numpy()
            self._history.counts[:] = state["history.counts"].numpy()
        self.step = step

    def _kept(self) -> int:
        """Bytes that one sample keeps for the backward pass."""
        return measure(self.recipe.network, self.source.shape).activations

    def _draws(self) -> Draws:
        if self.step in self._ahead:
            return self._ahead[self.step]
        return self._drawn(self.step, None if self._history is None else self._history.chances())

    def _look_ahead(self) -> None:
        """Draws for the next step, or steps, while the device is busy with this one."""
        coming = self.step + 1
        if self._history is None and coming not in self._ahead:
            self._ahead = {step: self._drawn(step, None) for step in range(coming, coming + self._dice.ahead)}

    def _drawn(self, step: int, chances: Table | None) -> Draws:
        draws = self._dice.draw(step, self._rows, chances)
        return draws.pinned() if self.device.type == "cuda" else draws

    def _backward(self, draws: Draws) -> Tensor:
        """Adds up the gradients of this process's rows; the losses of each, weighted and not, (2, R)."""
        if self._drops:
            u = uniform(1, seed=self.recipe.training.seed, t=self.step, purpose=Purpose.DROPOUT)
            torch.manual_seed(int(u[0] * 2**48) + self.ranks.rank)
        x0 = self._arranged(self.source.rows(draws.pictures, draws.mirrored))
        eps = self._arranged(sent(draws.eps, self.device))
        weight = sent(draws.weight, self.device)
        scale = self.ranks.world / self.recipe.training.batch
        kept = []
        for start in range(0, len(x0), self._micro):
            part = slice(start, start + self._micro)
            with self.ranks.adding(self._asked, last=start + self._micro >= len(x0)):
                with self.tuning.autocast(self.device):
                    losses = self._loss(self._asked, x0[part], draws.t[part], eps[part])
                # a scalar: given a vector's gradient, PyTorch imports sympy to compare shapes: a second of work
                torch.autograd.backward(torch.dot(losses.weighted, weight[part] * scale))
            kept.append(torch.stack([losses.weighted, losses.squared]).detach())
        return torch.cat(kept, 1)

    def _arranged(self, x: Tensor) -> Tensor:
        last = self.tuning.channels_last and x.ndim == 4
        return x.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)

    def _what_is_infinite(self, losses: NDArray[np.float32], t: NDArray[np.int64]) -> str:
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
        self._optimiser.forget(in_place=self.tuning.compile is Compile.GRAPHS)

    def _trial(self, module: nn.Module) -> Tensor:
        """The module's answer to a micro-batch of nothing."""
        x = self._arranged(torch.zeros(self._micro, *self.source.shape, device=self.device))
        with self.tuning.autocast(self.device):
            out: Tensor = module(x, torch.zeros(self._micro, dtype=torch.int64, device=self.device))
        return out
