"""How a network is told the time: sines and cosines of τ."""

import math

import torch
from torch import Tensor, nn


class TimeWaves(nn.Module):
    """Sines, then cosines of τ at frequencies from 1 down to 1/10000 (Ho et al.'s code): (B,) → (B, width)."""

    frequencies: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        steps = torch.arange(half, device="cpu")  # real also where the module is built without memory
        self.register_buffer("frequencies", torch.exp(-math.log(10000.0) / (half - 1) * steps), persistent=False)

    def forward(self, tau: Tensor) -> Tensor:
        """τ (B,) → (B, width), float32."""
        angles = tau.float()[:, None] * self.frequencies
        return torch.cat([angles.sin(), angles.cos()], 1)
