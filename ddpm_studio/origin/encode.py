"""DDIM walked backwards: from a picture to the noise that leads to it again."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from ddpm_studio.denoiser import Denoiser
from ddpm_studio.step import Step


@torch.no_grad()
def encode(denoiser: Denoiser, x0: Tensor, stops: Sequence[int]) -> Iterator[Step]:
    """Walks the probability-flow ODE from the picture up, one `Step` with s > t at a time; the last `next` is x_T.

    Euler's method in √((1−ᾱ)/ᾱ) (Song et al. 2021, eq. 14): x_s = √ᾱ_s x̂_0 + √(1−ᾱ_s) ε̂, from ε̂ at x_t; nothing is
    clipped, for that could not be undone. No denoiser knows t = 0: there it is asked as at t = 1. DDIM with η = 0 leads
    back, nearer to the picture the more steps both take.

    Args:
        denoiser: the network or exact denoiser.
        x0: the pictures, (B, *shape), in [−1, 1].
        stops: the timesteps of the chain that is to lead back, falling to 0, as `Sampler.stops` says.
    """
    schedule, x = denoiser.schedule, x0
    for t, s in pairwise(reversed(stops)):
        guess = denoiser(x, max(t, 1))
        signal, noise = float(schedule.sqrt_alpha_bar[s]), float(schedule.sqrt_one_minus_alpha_bar[s])
        yield (
            step := Step(
                t, s, x, guess.eps, guess.x0, guess.x0, signal * guess.x0 + noise * guess.eps, 0.0, torch.zeros_like(x)
            )
        )
        x = step.next
