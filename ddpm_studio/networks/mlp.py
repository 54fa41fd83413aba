"""A network for points in the plane: small enough to train while one watches."""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from ddpm_studio.networks.layers import Linear
from ddpm_studio.networks.settings import Mlp, Shape
from ddpm_studio.networks.time import TimeWaves


class Waves(nn.Module):
    """x, and sin and cos of π 2^k x for k < bands: (B, D) → (B, D·(1 + 2·bands))."""

    octaves: Tensor

    def __init__(self, bands: int) -> None:
        super().__init__()
        octaves = math.pi * 2.0 ** torch.arange(bands, device="cpu")
        self.register_buffer("octaves", octaves, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        angles = (x[:, :, None] * self.octaves).flatten(1)
        return torch.cat([x, angles.sin(), angles.cos()], 1)


class MlpModule(nn.Module):
    """x_t (B, D) and τ (B,) → the prediction (B, D)."""

    silent: ClassVar[tuple[str, ...]] = ("out",)
    """Layers that begin at zero."""

    def __init__(self, settings: Mlp, shape: Shape) -> None:
        super().__init__()
        width, D = settings.width, shape[0]
        self.waves = Waves(settings.bands)
        self.time_proj = TimeWaves(width)
        entering = [D * (1 + 2 * settings.bands) + width] + [width] * (settings.layers - 1)
        self.layers = nn.ModuleList(Linear(features, width) for features in entering)
        self.out = Linear(width, D)

    def forward(self, x: Tensor, tau: Tensor) -> Tensor:
        """See the class."""
        h = torch.cat([self.waves(x), self.time_proj(tau).to(x.dtype)], 1)
        for layer in self.layers:
            h = silu(layer(h))
        out: Tensor = self.out(h)
        return out
