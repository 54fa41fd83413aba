"""How a network is told the time: sines and cosines of τ."""

import math

import torch
from torch import Tensor, nn


class TimeWaves(nn.Module):
    """Sines, then cosines of τ at frequencies from 1 down to 1/10000 (Ho et al.'s code): (B,) → (B, width).

    Args:
        width: of the answer, even.
        cosine_first: the other way round.
        shift: 1, or less: then the lowest frequency is 10000^−(n − 1)/(n − shift) with n = width/2.
    """

    frequencies: Tensor

    def __init__(self, width: int, *, cosine_first: bool = False, shift: float = 1.0) -> None:
        super().__init__()
        half = width // 2
        steps = torch.arange(half, device="cpu")  # real also where the module is built without memory
        self.cosine_first = cosine_first
        self.register_buffer("frequencies", torch.exp(-math.log(10000.0) / (half - shift) * steps), persistent=False)

    def forward(self, tau: Tensor) -> Tensor:
        """τ (B,) → (B, width), float32."""
        angles = tau.float()[:, None] * self.frequencies
        waves = [angles.sin(), angles.cos()]
        return torch.cat(waves[::-1] if self.cosine_first else waves, 1)
