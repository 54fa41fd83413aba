"""How good a network for points is, held against a truth that is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log, pi

import numpy as np
import torch
from torch import Tensor

from ddpm_studio.denoiser import Denoiser, Exact
from ddpm_studio.levels import Probe
from ddpm_studio.process import q_sample


def energy_distance(one: Tensor, other: Tensor) -> float:
    """2 E‖X − Y‖ − E‖X − X′‖ − E‖Y − Y′‖ ≥ 0, without bias; 0 in the mean if both (N, 2) and (M, 2) are of one density.

    Székely & Rizzo 2013, eq. 5. It may come out a little below 0.
    """
    return float(2.0 * torch.cdist(one, other).mean() - _apart(one) - _apart(other))


@torch.no_grad()
def field_errors(denoiser: Denoiser, exact: Exact, probe: Probe) -> Iterator[float]:
    """Mean of ‖ε̂ − ε*‖² per value over x_t ~ q at each of the probe's times: (1−ᾱ_t) times the error of the score.

    It is what is left of the network's loss once the part nobody can avoid is taken off.
    """
    for t in probe.times.tolist():
        xt = q_sample(denoiser.schedule, probe.x0, t, probe.eps(t))
        yield float((denoiser(xt, t).eps - exact(xt, t).eps).square().mean(dtype=torch.float64))


@dataclass(frozen=True)
class Likelihood:
    """−log2 p(x_0) of points, in bits per dimension."""

    truth: float
    stderr: float


def log_likelihood(exact: Exact, x0: Tensor) -> Likelihood:
    """Of points (N, 2) under the density that `exact` knows at t = 0. ValueError: that has no width, so no density."""
    if exact.variance <= 0.0:
        raise ValueError("points themselves have no density")
    weights = exact.log_weights
    prior = -log(len(exact.means)) if weights is None else weights.log_softmax(0)
    squares = torch.cdist(x0.double(), exact.means.double()).square()
    dimensions = x0.shape[1]
    logs = torch.logsumexp(prior - squares / (2.0 * exact.variance), 1) - dimensions / 2 * log(2 * pi * exact.variance)
    bits = (-logs / (dimensions * log(2.0))).numpy()
    return Likelihood(float(bits.mean()), float(bits.std() / np.sqrt(len(bits))))


def _apart(x: Tensor) -> Tensor:
    """The mean distance of two different ones of (N, 2)."""
    return torch.cdist(x, x).sum() / (len(x) * (len(x) - 1))
