"""A network for points that learns while one watches: the trainer's steps, and now and then how far it has come."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from ddpm_studio.data import PointData
from ddpm_studio.denoiser import Exact, Trained
from ddpm_studio.document import Document
from ddpm_studio.learner import Learner
from ddpm_studio.levels import Probe
from ddpm_studio.plane.metrics import Field
from ddpm_studio.source import source_of
from ddpm_studio.train import train

EVERY = 0.6  # seconds between two looks, or more where that is what it takes to keep to SHARE
SHARE = 0.02  # of the time that looks may take: a copy of the network and its errors
LEVELS, POINTS = 8, 250


@dataclass(frozen=True, eq=False)
class Progress:
    """The averaged weights after so many steps."""

    document: Document
    step: int
    loss: float  # mean since the last look
    per_second: float  # steps
    denoiser: Trained
    log_snr: NDArray[np.float64]  # (K,), falling
    errors: NDArray[np.float64]  # (K,), mean of ‖ε̂ − ε*‖² per value


def learned(document: Document, data: PointData) -> Iterator[Progress | None]:
    """Trains `document.recipe` on the points, on the CPU: None for each step, and a Progress every EVERY seconds or
    later, and at the end.

    Raises:
        UserError: as `Learner`.
    """
    recipe = document.recipe
    learner = Learner(recipe, source_of(data, torch.device("cpu")), torch.device("cpu"))
    field = Field.of(Exact.of(recipe.schedule, data), Probe.of(data, recipe.schedule, POINTS, LEVELS))
    losses, begun, wait = list[float](), perf_counter(), EVERY
    for step in train(learner):
        losses.append(step.loss)
        yield None
        elapsed = perf_counter() - begun
        if elapsed > wait or step.step == recipe.training.steps:
            denoiser = learner.denoiser()
            loss, speed = sum(losses) / len(losses), len(losses) / elapsed
            look = Progress(document, step.step, loss, speed, denoiser, field.log_snr, field.errors(denoiser))
            wait = max(EVERY, (perf_counter() - begun - elapsed) / SHARE)
            yield look
            losses, begun = [], perf_counter()
