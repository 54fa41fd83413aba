"""AdamW on the weights of a network, with clipping before it and averages of the weights behind it.

These are PyTorch's kernels on lists of tensors: what `torch.optim.AdamW` and `clip_grad_norm_` do around them, tensor
by tensor in Python, is a tenth of a small network's step.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from ddpm_studio.training import Training

WEIGHTS, EMA = "weights", "ema"
"""Groups of tensors: the weights as trained, and the first of their averages."""
MEMORY = ("exp_avg", "exp_avg_sq")
"""What AdamW keeps of each tensor."""
BETAS = 0.9, 0.999
EPSILON = 1e-8


class Optimiser:
    """Moves weights against their gradients (Loshchilov & Hutter 2019, algorithm 2).

    Args:
        module: on the device where it stays; each of its parameters has a gradient whenever one is asked for here.
        training: the learning rate, weight decay, clipping and averages.
    """

    def __init__(self, module: nn.Module, training: Training) -> None:
        self._training = training
        self._names = [name for name, _ in module.named_parameters()]
        self._weights: list[Tensor] = list(module.parameters())
        self._averages = {group: [w.detach().clone() for w in self._weights] for group in training.averages}
        self._memory = {group: [torch.zeros_like(w) for w in self._weights] for group in MEMORY}
        device = self._weights[0].device
        self._fused = device.type in ("cpu", "cuda")
        self._steps = [torch.zeros((), device=device if self._fused else "cpu") for _ in self._weights]

    def norm(self) -> Tensor:
        """Of all gradients as one vector, on their device."""
        whole: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(self._gradients())))
        return whole

    @torch.no_grad()
    def move(self, step: int, norm: float) -> float:
        """Takes the step that follows `step` others; gives the learning rate it was taken with.

        Args:
            step: optimiser steps taken before.
            norm: what `norm` has found.
        """
        training, gradients = self._training, self._gradients()
        if norm > (training.clip or math.inf):
            torch._foreach_mul_(gradients, training.clip / (norm + 1e-6))  # as `clip_grad_norm_`
        rate = training.rate_at(step)
        adamw(
            self._weights,
            gradients,
            self._memory["exp_avg"],
            self._memory["exp_avg_sq"],
            max_exp_avg_sqs=[],
            state_steps=self._steps,
            fused=self._fused,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=rate,
            weight_decay=training.weight_decay,
            eps=EPSILON,
            maximize=False,
        )
        for group, decay in training.averages.items():
            torch._foreach_lerp_(self._averages[group], self._weights, 1.0 - training.ema_at(step, decay))
        return rate

    def forget(self, *, in_place: bool = False) -> None:
        """Drops the gradients, or sets them to zero in places that they keep."""
        for weight in self._weights:
            if not in_place:
                weight.grad = None
            elif weight.grad is None:
                weight.grad = torch.zeros_like(weight)
            else:
                weight.grad.zero_()

    def state(self) -> dict[str, Tensor]:
        """Weights, averages and memory as GROUP.NAME, not copied."""
        groups = {WEIGHTS: self._weights} | self._averages | self._memory
        return {
            f"{group}.{name}": tensor.detach()
            for group, tensors in groups.items()
            for name, tensor in zip(self._names, tensors, strict=True)
        }

    @torch.no_grad()
    def restore(self, step: int, state: Mapping[str, Tensor]) -> None:
        """Takes over the `state` after `step` steps."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])
        for steps in self._steps:
            steps.fill_(step)

    def copies(self, group: str) -> dict[str, Tensor]:
        """Copies of the weights, or of an average of them, by name."""
        start = f"{group}."
        return {name.removeprefix(start): t.clone() for name, t in self.state().items() if name.startswith(start)}

    def _gradients(self) -> list[Tensor]:
        return [weight.grad for weight in self._weights if weight.grad is not None]
