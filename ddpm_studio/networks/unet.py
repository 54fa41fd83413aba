"""The U-Net of Ho et al. 2020: residual blocks with a time embedding, attention at chosen resolutions, skips across.

Its tensors carry the names of diffusers' `UNet2DModel`, the layout of most published checkpoints, so that a checkpoint
needs no translation in either direction. Shapes: x (B, C, H, W), e (B, 4·width), τ (B,).
"""

from typing import ClassVar, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad, scaled_dot_product_attention, silu

from ddpm_studio.networks.layers import Conv2d, GroupNorm, Linear
from ddpm_studio.networks.settings import Shape, UNet
from ddpm_studio.networks.time import TimeWaves


class UNetModule(nn.Module):
    """x_t (B, C, H, W) and τ (B,) → the prediction, (B, C, H, W), or (B, 2C, H, W) with a learned variance."""

    silent: ClassVar[tuple[str, ...]] = (".conv2", ".to_out.0", "conv_out")
    """Layers that begin at zero (Ho et al.'s code): the ends of residual branches, and the output."""

    def __init__(self, settings: UNet, shape: Shape) -> None:
        super().__init__()
        C, depth = shape[0], len(settings.multipliers)
        channels = [settings.width * m for m in settings.multipliers]
        attends = settings.attends(max(shape[1:]))
        self.conv_in = Conv2d(C, settings.width, 3, padding=1)
        self.time_proj = TimeWaves(settings.width, cosine_first=settings.cosine_first, shift=settings.frequency_shift)
        self.time_embedding = TimeEmbedding(settings.width)
        skips, now = [settings.width], settings.width
        self.down_blocks = nn.ModuleList()
        for level, leaving in enumerate(channels):
            entering = [now] + [leaving] * (settings.blocks - 1)
            self.down_blocks.append(block := Level(entering, leaving, attends[level], settings))
            skips += [leaving] * settings.blocks
            now = leaving
            if level < depth - 1:
                block.downsamplers.append(Downsample(now, settings))
                skips.append(now)
        self.mid_block = Middle(now, settings)
        self.up_blocks = nn.ModuleList()
        for level in reversed(range(depth)):
            leaving = channels[level]
            entering = [(leaving if i else now) + skips.pop() for i in range(settings.blocks + 1)]
            self.up_blocks.append(block := Level(entering, leaving, attends[level], settings))
            now = leaving
            if level > 0:
                block.upsamplers.append(Upsample(now))
        self.conv_norm_out = GroupNorm(settings.groups, now, eps=settings.norm_eps)
        self.conv_out = Conv2d(now, C * (1 + settings.learned_variance), 3, padding=1)

    def forward(self, x: Tensor, tau: Tensor) -> Tensor:
        """See the class."""
        e = self.time_embedding(self.time_proj(tau).to(x.dtype))
        x = self.conv_in(x)
        skips = [x]
        for level in cast(list[Level], self.down_blocks):
            for i in range(len(level.resnets)):
                skips.append(x := level.block(i, x, e))  # noqa: PERF401 - one block needs the last one's x
            for halve in level.downsamplers:
                skips.append(x := halve(x))  # noqa: PERF401
        x = self.mid_block(x, e)
        for level in cast(list[Level], self.up_blocks):
            for i in range(len(level.resnets)):
                x = level.block(i, torch.cat([x, skips.pop()], 1), e)
            for double in level.upsamplers:
                x = double(x)
        out: Tensor = self.conv_out(silu(self.conv_norm_out(x)))
        return out


class TimeEmbedding(nn.Module):
    """Two linear layers: (B, width) → (B, 4·width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear_1 = Linear(width, 4 * width)
        self.linear_2 = Linear(4 * width, 4 * width)

    def forward(self, waves: Tensor) -> Tensor:
        """See the class."""
        e: Tensor = self.linear_2(silu(self.linear_1(waves)))
        return e


class Level(nn.Module):
    """The residual blocks of one resolution on one side of the U, each followed by attention where that is wanted."""

    def __init__(self, entering: list[int], leaving: int, attends: bool, settings: UNet) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(Residual(channels, leaving, settings) for channels in entering)
        self.attentions = nn.ModuleList(Attention(leaving, settings) for _ in entering if attends)
        self.downsamplers = nn.ModuleList()  # none or one
        self.upsamplers = nn.ModuleList()  # none or one

    def block(self, i: int, x: Tensor, e: Tensor) -> Tensor:
        """The i-th block: (B, entering, H, W) → (B, leaving, H, W)."""
        h: Tensor = self.resnets[i](x, e)
        return self.attentions[i](h) if self.attentions else h


class Middle(nn.Module):
    """The lowest resolution: a block, attention, a block."""

    def __init__(self, channels: int, settings: UNet) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(Residual(channels, channels, settings) for _ in range(2))
        self.attentions = nn.ModuleList([Attention(channels, settings, normalised=settings.norm_in_middle)])

    def forward(self, x: Tensor, e: Tensor) -> Tensor:
        """(B, channels, H, W) to the same."""
        h: Tensor = self.resnets[1](self.attentions[0](self.resnets[0](x, e)), e)
        return h


class Residual(nn.Module):
    """Twice GroupNorm, SiLU, convolution; the time enters in between."""

    def __init__(self, entering: int, leaving: int, settings: UNet) -> None:
        super().__init__()
        self.scale_shift = settings.scale_shift
        self.norm1 = GroupNorm(settings.groups, entering, eps=settings.norm_eps)
        self.conv1 = Conv2d(entering, leaving, 3, padding=1)
        self.time_emb_proj = Linear(4 * settings.width, leaving * (1 + settings.scale_shift))
        self.norm2 = GroupNorm(settings.groups, leaving, eps=settings.norm_eps)
        self.dropout = nn.Dropout(settings.dropout)
        self.conv2 = Conv2d(leaving, leaving, 3, padding=1)
        self.conv_shortcut = Conv2d(entering, leaving, 1) if entering != leaving else nn.Identity()

    def forward(self, x: Tensor, e: Tensor) -> Tensor:
        """(B, entering, H, W) → (B, leaving, H, W)."""
        time = self.time_emb_proj(silu(e))[:, :, None, None]
        h = self.conv1(silu(self.norm1(x)))
        if self.scale_shift:
            scale, shift = time.chunk(2, 1)
            h = self.norm2(h) * (1.0 + scale) + shift
        else:
            h = self.norm2(h + time)
        out: Tensor = self.conv_shortcut(x) + self.conv2(self.dropout(silu(h)))
        return out


class Attention(nn.Module):
    """Every pixel attends to every other, in heads that each see a share of the channels; residual."""

    def __init__(self, channels: int, settings: UNet, *, normalised: bool = True) -> None:
        super().__init__()
        self.heads = channels // (settings.head_width or channels)
        norm = GroupNorm(settings.groups, channels, eps=settings.norm_eps)
        self.group_norm = norm if normalised else nn.Identity()
        self.to_q, self.to_k, self.to_v = (Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([Linear(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) to the same."""
        h = self.group_norm(x).flatten(2).transpose(1, 2)  # (B, H·W, C)
        q, k, v = (self._split(part(h)) for part in (self.to_q, self.to_k, self.to_v))
        h = scaled_dot_product_attention(q, k, v)  # (B, heads, H·W, C/heads)
        h = h.transpose(1, 2).flatten(2)
        return x + cast(Tensor, self.to_out[0](h)).transpose(1, 2).reshape(x.shape)

    def _split(self, h: Tensor) -> Tensor:
        """(B, H·W, C) → (B, heads, H·W, C/heads)."""
        return h.reshape(*h.shape[:2], self.heads, -1).transpose(1, 2)


class Downsample(nn.Module):
    """Half the resolution: one pixel of padding right and below (Ho et al.'s code) or all around, then stride 2."""

    def __init__(self, channels: int, settings: UNet) -> None:
        super().__init__()
        self.padding = (1, 1, 1, 1) if settings.pad_all_sides else (0, 1, 0, 1)
        self.conv = Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, C, H/2, W/2)."""
        out: Tensor = self.conv(pad(x, self.padding))
        return out


class Upsample(nn.Module):
    """Twice the resolution: nearest neighbour, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, C, 2H, 2W)."""
        out: Tensor = self.conv(interpolate(x, scale_factor=2.0, mode="nearest"))
        return out
