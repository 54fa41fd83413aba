"""How good a denoiser of points is: the error of its score at each t, and its bound beside the exact likelihood."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ddpm_studio.denoiser import Denoiser
from ddpm_studio.levels import Probe, probe_times
from ddpm_studio.likelihood import ErrorCurve, ReverseVariance, bound, surveyed
from ddpm_studio.plane.metrics import Field, Likelihood, log_likelihood
from ddpm_studio.plane.world import World
from ddpm_studio.schedule import Schedule

POINTS = 500  # with fewer, chance alone may put a good network before the exact denoiser
LEVELS = 16


@dataclass(frozen=True, eq=False)
class Judgement:
    """What is known of a world's network and its exact denoiser, on held-out points where there are any."""

    truth: Likelihood | None  # None: the points have no density
    of_exact: ErrorCurve
    of_network: ErrorCurve | None
    log_snr: NDArray[np.float64]  # (K,), falling
    errors: NDArray[np.float64] | None  # (K,), mean of ‖ε̂ − ε*‖² per value
    trained_under: Schedule | None  # the network's

    def in_words(self, schedule: Schedule) -> str:
        """The exact likelihood and the bounds, each with its best σ²; the network's is under its own schedule."""
        parts = [] if self.truth is None else [f"−log₂ q(x₀) = {self.truth.bits:.3f} ± {self.truth.stderr:.3f}"]
        parts.append(f"bound {bound(schedule, self.of_exact, ReverseVariance.OPTIMUM).total:.3f} exact")
        if self.of_network is not None and self.trained_under is not None:
            parts.append(f"{bound(self.trained_under, self.of_network, ReverseVariance.OPTIMUM).total:.3f} network")
        return "bits/dim: " + ", ".join(parts).replace("-", "−")


def judged(world: World) -> Iterator[Judgement]:
    """One Judgement, after a second or so of work."""
    network = world.network
    x0 = Probe.of(world.data, world.schedule, POINTS, LEVELS).x0
    truth = log_likelihood(world.exact, x0) if world.exact.variance > 0.0 else None
    errors, times = None, probe_times(world.schedule, LEVELS)
    log_snr = world.schedule.log_snr[times]
    if network is not None:
        times = probe_times(network.schedule, LEVELS)
        log_snr = network.schedule.log_snr[times]
        errors = Field.of(world.exact.with_schedule(network.schedule), Probe(x0, times)).errors(network)
    of_network = None if network is None else _curve(network, x0)
    yield Judgement(truth, _curve(world.exact, x0), of_network, log_snr, errors, network.schedule if network else None)


def _curve(denoiser: Denoiser, x0: torch.Tensor) -> ErrorCurve:
    return ErrorCurve.of(surveyed(denoiser, x0), x0)
