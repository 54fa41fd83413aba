"""Reverse trajectories in the plane, side by side: each sampler from the same x_T, or all from noise."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import thread_time

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddpm_studio.denoiser import Denoiser
from ddpm_studio.plane.choices import Plane, Shown
from ddpm_studio.plane.metrics import energy_distance
from ddpm_studio.sample import sample
from ddpm_studio.sampler import SAMPLERS, Sampler
from ddpm_studio.schedule import Schedule

SAMPLES = 500


@dataclass(frozen=True, eq=False)
class Walk:
    """N trajectories of one sampler."""

    place: int  # in `Plane.compared`
    sampler: Sampler
    schedule: Schedule
    times: NDArray[np.int64]  # (F,), falling to 0
    states: NDArray[np.float32]  # (F, N, 2)
    distance: float | None = None  # energy distance of the last states from held-out points; None for one x_T
    seconds: float = 0.0  # of processor time that it took

    def at(self, alpha_bar: float) -> int:
        """Which of the F states has the noise level nearest to that."""
        return int(np.abs(self.schedule.alpha_bar[self.times] - alpha_bar).argmin())


def sampler_of(kind: str, own: Sampler, T: int) -> Sampler:
    """The document's sampler if it is of this kind, else that kind with its steps; x̂_0 is not clipped: no picture."""
    chosen = own if own.kind == kind else SAMPLERS[kind](steps=own.steps)
    return replace(chosen, clip=False, steps=min(chosen.steps, T))


def walks(guide: Denoiser, plane: Plane, own: Sampler, held_out: Tensor) -> Iterator[Walk]:
    """One Walk for each sampler that is compared. UserError: as `sample`."""
    for place, kind in enumerate(plane.compared):
        if kind in SAMPLERS:
            yield _walk(guide, plane, place, sampler_of(kind, own, guide.schedule.T), held_out)


def _walk(guide: Denoiser, plane: Plane, place: int, sampler: Sampler, held_out: Tensor) -> Walk:
    begun = thread_time()
    times, from_noise = [*sampler.times(guide.schedule.T).tolist(), 0], plane.shown is Shown.SAMPLES
    count = SAMPLES if from_noise else plane.chains
    x = None if from_noise else torch.tensor([[plane.x, plane.y]]).repeat(count, 1)
    start = None if from_noise else times[0]
    states = []
    for step in sample(guide, sampler, seed=plane.seed, samples=range(count), x=x, start=start):
        states.append(step.x)
        x = step.next
    assert x is not None
    distance = energy_distance(x, held_out) if from_noise else None
    found = torch.stack([*states, x]).numpy()
    return Walk(place, sampler, guide.schedule, np.array(times), found, distance, thread_time() - begun)
