"""Jensen's step made visible: the bound is E[log w], and log p(x_0) is log E[w].

With x_1..x_T from the forward process, w = p(x_T) Π p(x_{t−1} | x_t) / Π q(x_t | x_{t−1}) is an unbiased estimate of
p(x_0). The logarithm of the mean of k of them lies below log p(x_0), the less the larger k (Burda et al. 2016, eq. 8):
at k = 1 it is the bound, for k → ∞ the truth.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log, pi

import numpy as np
import torch
from torch import Tensor

from ddpm_studio.beta_table import drawn
from ddpm_studio.denoiser import Denoiser
from ddpm_studio.likelihood.error_curve import standard_error
from ddpm_studio.likelihood.measure import Floats
from ddpm_studio.likelihood.variance import pull
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.process import q_posterior
from ddpm_studio.schedule import Drawn, Schedule, Table

SAMPLES = (1, 10, 100, 1000)
"""k."""
BATCH = 1024
LEAST, MOST = 1e-6, 0.9999
"""β of a short chain."""


@dataclass(frozen=True)
class Rung:
    """The estimate from k samples, in bits per dimension of −log p(x_0): above the truth, on average."""

    k: int
    bits: float
    stderr: float


def short_chain(schedule: Schedule, T: int) -> Drawn:
    """A schedule of at most T steps with the noise levels that `schedule` has at evenly spaced t's, its last included.

    No β is above 0.9999, what one step of it can hold.
    """
    places = np.unique(np.round(np.linspace(0, schedule.T, min(T, schedule.T) + 1)).astype(np.int64))
    return drawn(np.clip(-np.expm1(np.diff(schedule.log_alpha_bar[places])), LEAST, MOST), "the short chain")


@torch.no_grad()
def log_weights(denoiser: Denoiser, variance: Table, x0: Tensor, chains: int, *, seed: int = 0) -> Iterator[Floats]:
    """log w of `chains` forward chains from one sample, in nats per dimension, a batch at a time; float64.

    Args:
        denoiser: under the schedule whose chain it is.
        variance: σ_t², (T+1,), above 0 from t = 1 on.
        x0: (*shape,); its last step has a density, not 256 levels.
        chains: how many.
        seed: which noise.
    """
    D = x0.numel()
    for first in range(0, chains, BATCH):
        numbers = range(first, min(first + BATCH, chains))
        x, total = x0.double().expand(len(numbers), *x0.shape), torch.zeros(len(numbers), dtype=torch.float64)
        for t in range(1, denoiser.schedule.T + 1):
            beta = float(denoiser.schedule.beta[t])
            z = gaussian(tuple(x0.shape), seed=seed, samples=numbers, t=t, purpose=Purpose.CHAIN).double()
            after = (1.0 - beta) ** 0.5 * x + beta**0.5 * z
            guess = denoiser(after.to(x0.dtype), t).x0.double()
            mean, _ = q_posterior(denoiser.schedule, guess, after, t)
            total += _log_normal(x - mean, float(variance[t])) - _log_normal(beta**0.5 * z, beta)
            x = after
        yield ((total + _log_normal(x, 1.0)) / D).numpy()


def climb(weights: Floats, dimensions: int, ks: Sequence[int] = SAMPLES) -> tuple[Rung, ...]:
    """The estimates from every whole group of k of the log weights (M,), nats per dimension; k > M are left out."""
    rungs = []
    for k in (k for k in ks if k <= len(weights)):
        groups = weights[: len(weights) // k * k].reshape(-1, k) * dimensions
        top = groups.max(1, keepdims=True)
        bits = -(top[:, 0] + np.log(np.exp(groups - top).mean(1))) / dimensions / log(2.0)
        rungs.append(Rung(k, float(bits.mean()), standard_error(bits)))
    return tuple(rungs)


def gaussian_truth(schedule: Schedule, variance: Table, data_variance: float, x0: Tensor) -> float:
    """−log p(x_0) in bits per dimension, exactly, of the chain of N(0, s² I)'s exact denoiser: p is a Gaussian too.

    Each step is x_{t−1} = m x_t + σ z, so the variance of x_{t−1} is m² times that of x_t, and σ².
    """
    kept, noise = schedule.alpha_bar, schedule.one_minus_alpha_bar
    gain = schedule.sqrt_alpha_bar * data_variance / (kept * data_variance + noise)  # x̂_0 = gain · x_t
    from_xt = np.zeros(schedule.T + 1)
    from_xt[1:] = np.sqrt(schedule.alpha[1:]) * noise[:-1] / noise[1:]
    slope = pull(schedule) * gain + from_xt
    spread = 1.0
    for t in range(schedule.T, 0, -1):
        spread = slope[t] ** 2 * spread + variance[t]
    square = float(x0.double().square().mean())
    return float(0.5 * (log(2.0 * pi * spread) + square / spread) / log(2.0))


def _log_normal(off: Tensor, variance: float) -> Tensor:
    """log N(off; 0, variance I) of each row."""
    flat = off.flatten(1)
    density: Tensor = -0.5 * (flat.square().sum(1) / variance + flat.shape[1] * log(2.0 * pi * variance))
    return density
