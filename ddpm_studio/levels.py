"""How well a denoiser does at each noise level, and what to hold it against.

Errors are mean squared errors of ε̂ on a fixed probe: held-out pictures in fixed noise. Baselines:

    zero     ε̂ = 0: the error is 1 at every level
    Wiener   the best linear guess, from mean and covariance of the training set
    optimum  the exact denoiser of the training set: it knows these pictures by heart, and no other. On training
             pictures nothing is below it; on held-out ones whoever is below it has learned more than the pictures
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddpm_studio.data import Data, PointData, evenly, to_unit
from ddpm_studio.denoiser import Denoiser, Exact, Prediction
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.process import at, eps_from_x0, q_sample
from ddpm_studio.sampler import Times
from ddpm_studio.schedule import Schedule

BINS = 24
PICTURES = 64
POINTS = 500
MOST = 4096
"""Pictures, evenly chosen, that a covariance of more dimensions than that is made of."""

Errors = NDArray[np.float64]


def probe_times(schedule: Schedule, bins: int = BINS) -> Times:
    """Rising t's, about evenly spaced in log SNR, 1 and T included: at least `bins` of them, or all there are.

    Where a schedule's steps are wider than the spacing, the spacing is made finer elsewhere.
    """
    times = np.arange(1, schedule.T + 1)
    if bins >= schedule.T:
        return times
    log_snr = schedule.floored_log_snr[1:]
    for count in range(bins, 50 * bins):
        wanted = np.linspace(log_snr[0], log_snr[-1], count)
        found = np.unique(np.abs(log_snr[:, None] - wanted).argmin(0) + 1)
        if len(found) >= bins:
            return found
    return times


@dataclass(frozen=True, eq=False)
class Probe:
    """Held-out samples and the noise they are always hidden in."""

    x0: Tensor  # (N, *shape)
    times: Times  # (K,), rising

    @classmethod
    def of(cls, data: Data, schedule: Schedule, count: int | None = None, bins: int = BINS) -> "Probe":
        """`count` held-out samples, evenly chosen; training samples where none is held out.

        Without a count PICTURES of them, or, as a point has few values, POINTS.
        """
        if not len(data.test):
            return cls.of_training(data, schedule, count, bins)
        places = evenly(len(data.test), count or _usual(data))
        return cls(torch.from_numpy(data.x0(places, held_out=True)), probe_times(schedule, bins))

    @classmethod
    def of_training(cls, data: Data, schedule: Schedule, count: int | None = None, bins: int = BINS) -> "Probe":
        """The same of training samples, whether others are held out or not."""
        places = evenly(len(data.train), count or _usual(data))
        return cls(torch.from_numpy(data.x0(places)), probe_times(schedule, bins))

    def eps(self, t: int) -> Tensor:
        """The noise at t, (N, *shape)."""
        return gaussian(tuple(self.x0.shape[1:]), seed=0, samples=range(len(self.x0)), t=t, purpose=Purpose.PROBE)


def _usual(data: Data) -> int:
    """How many samples a probe has if nobody says."""
    return PICTURES if len(data.shape) == 3 else POINTS


@torch.no_grad()
def errors(denoiser: Denoiser, probe: Probe) -> Iterator[float]:
    """Mean of ‖ε − ε̂‖² per value at each of the probe's times, one a value."""
    for t in probe.times.tolist():
        eps = probe.eps(t)
        guess = denoiser(q_sample(denoiser.schedule, probe.x0, t, eps), t)
        yield float((eps - guess.eps).square().mean(dtype=torch.float64))


@dataclass(frozen=True, eq=False)
class Wiener:
    """The best linear denoiser of data with mean μ and covariance Σ = U diag(λ) Uᵀ.

    x̂_0 = μ + U diag(g) Uᵀ (x_t − √ᾱ_t μ) with g = √ᾱ_t λ / (ᾱ_t λ + 1 − ᾱ_t). For any data with these moments its
    ε-error is the mean of ᾱ_t λ / (ᾱ_t λ + 1 − ᾱ_t) over the D directions.
    """

    schedule: Schedule
    shape: tuple[int, ...]
    mean: Tensor  # (D,)
    axes: Tensor  # (D, R), orthonormal; along all others the data do not vary
    variances: Tensor  # (R,), λ

    @classmethod
    def of_pictures(cls, schedule: Schedule, pictures: NDArray[np.uint8]) -> "Wiener":
        """From uint8 (N, H, W, C); beyond D = MOST dimensions from MOST of the pictures, by their Gram matrix."""
        if len(pictures) > MOST and pictures[0].size > MOST:
            pictures = pictures[evenly(len(pictures), MOST)]
        return cls.of_samples(schedule, torch.from_numpy(to_unit(pictures)))

    @classmethod
    def of(cls, schedule: Schedule, data: Data) -> "Wiener":
        """From the training set, pictures or points."""
        if isinstance(data, PointData):
            return cls.of_samples(schedule, torch.from_numpy(data.x0()))
        return cls.of_pictures(schedule, data.train)

    @classmethod
    def of_samples(cls, schedule: Schedule, unit: Tensor) -> "Wiener":
        """From x_0 (N, *shape)."""
        flat = unit.flatten(1)
        mean = flat.mean(0)
        N, D = flat.shape
        centred = flat - mean
        if N < D:
            variances, sides = torch.linalg.eigh(centred @ centred.T / N)
            kept = variances > 1e-7 * variances[-1]
            axes = centred.T @ sides[:, kept] / (N * variances[kept]).sqrt()
            return cls(schedule, tuple(unit.shape[1:]), mean, axes, variances[kept])
        variances, axes = torch.linalg.eigh(centred.T @ centred / N)
        return cls(schedule, tuple(unit.shape[1:]), mean, axes, variances.clamp_min(0.0))

    @torch.no_grad()
    def __call__(self, x: Tensor, t: int) -> Prediction:
        """x̂_0 and ε̂ for x = x_t, shape (B, *shape), 1 ≤ t ≤ T."""
        root = at(self.schedule.sqrt_alpha_bar, t, x)
        noise = at(self.schedule.one_minus_alpha_bar, t, x)
        gain = root * self.variances / (root**2 * self.variances + noise)
        offset = (x.flatten(1) - root * self.mean) @ self.axes
        x0 = (self.mean + (offset * gain) @ self.axes.T).reshape(x.shape)
        return Prediction(x0, eps_from_x0(self.schedule, x, t, x0))


@dataclass(frozen=True, eq=False)
class Baselines:
    """Errors at each of the probe's times, (K,), computed once."""

    times: Times
    log_snr: Errors  # floored: JSON knows no −∞
    wiener: Errors
    optimum: Errors

    @classmethod
    def of(cls, data: Data, schedule: Schedule, probe: Probe) -> "Baselines":
        """From the training set, measured on the probe; of points whose density is known, the optimum is that one's."""
        *_, whole = cls.measured(data, schedule, probe)
        return whole

    @classmethod
    def measured(cls, data: Data, schedule: Schedule, probe: Probe) -> Iterator["Baselines"]:
        """The same, one value for each of the 2 K errors: what is not measured yet is NaN, the last value is whole."""
        found = np.full((2, len(probe.times)), np.nan)
        denoisers: tuple[Denoiser, Denoiser] = Wiener.of(schedule, data), Exact.of(schedule, data)
        for row, denoiser in enumerate(denoisers):
            for place, error in enumerate(errors(denoiser, probe)):
                found[row, place] = error
                yield cls(probe.times, schedule.floored_log_snr[probe.times], *found.copy())


def verdict(baselines: Baselines, found: Errors) -> str:
    """What the errors `found` (K,) mean, in a sentence: ranges of log SNR that are alike, from much noise to little."""
    words = [_word(*errors) for errors in zip(found, baselines.wiener, baselines.optimum, strict=True)][::-1]
    edges = baselines.log_snr[::-1]
    starts = [i for i, word in enumerate(words) if i == 0 or word != words[i - 1]]
    ends = [*(edges[i] for i in starts[1:]), edges[-1]]
    return "; ".join(f"log SNR {edges[i]:.1f} to {end:.1f}: {words[i]}" for i, end in zip(starts, ends, strict=True))


def _word(error: float, wiener: float, optimum: float) -> str:
    if error > 1.05 * wiener:  # first: on held-out pictures the optimum of the training set can be worse than that
        return "worse than the Wiener filter, not learned yet"
    if 0.9 * optimum < error < 1.1 * optimum:
        return "at the optimum, nothing left to learn"
    if error > 0.95 * wiener:
        return "at the Wiener filter, blurs but no shapes yet"
    if error < optimum:
        return "better than the training pictures known by heart"
    return "between Wiener and optimum, learning shapes"


def told(baselines: Baselines, found: Sequence[float]) -> dict[str, object]:
    """The errors as JSON: `levels`, a list of objects, one a level, by rising t; and `verdict`, what they mean."""
    rows = zip(baselines.times, baselines.log_snr, found, baselines.wiener, baselines.optimum, strict=True)
    levels = [
        {"t": int(t), "log_snr": float(lam), "error": float(e), "wiener": float(w), "optimum": float(best)}
        for t, lam, e, w, best in rows
    ]
    return {"levels": levels, "verdict": verdict(baselines, np.array(found))}
