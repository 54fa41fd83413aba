"""What the likelihood panel has measured in the background, one value at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from ddpm_studio.denoiser import Exact
from ddpm_studio.document import EXACT, TRAINING, Document
from ddpm_studio.errors import UserError
from ddpm_studio.levels import Probe, Wiener, errors
from ddpm_studio.likelihood import (
    ErrorCurve,
    Estimate,
    Floats,
    GaussianCurve,
    Level,
    Message,
    Received,
    ReverseVariance,
    Rung,
    bound,
    climb,
    estimated,
    evenly_filled,
    gaussian_truth,
    log_weights,
    measured,
    message,
    on_grid,
    received,
    short_chain,
    stages,
)
from ddpm_studio.neighbours import compare
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral
from ddpm_studio.schedule import Schedule
from ddpm_studio.subject import Subject
from ddpm_studio.ui.live import LiveNetwork


@dataclass(frozen=True, eq=False)
class Opened:
    """The denoiser has been read, and one level of it measured."""

    subject: Subject
    seconds: float
    """What one level takes."""


@dataclass(frozen=True)
class Planned:
    """How many levels the curve will have, as far as is known."""

    levels: int


@dataclass(frozen=True, eq=False)
class Gap:
    """Errors of ε̂ at some log SNR, (K,) each, on the held-out samples or on training samples."""

    held_out: bool
    levels: int  # K at the end
    log_snr: Floats
    network: Floats
    optimum: Floats
    wiener: Floats


@dataclass(frozen=True, eq=False)
class Memory:
    """How undecided some reverse chains were among the training samples, so far."""

    times: tuple[int, ...]  # (F,), falling
    entropy: NDArray[np.float32]  # (F, B), bits
    nearest: NDArray[np.int64]  # (k,), training samples most probable at the last state, of the first chain
    weights: NDArray[np.float32]  # (k,)
    distances: Floats  # (B,), RMS distance of each finished sample from the training sample nearest to it; else empty
    unseen: float  # the middle one of the held-out samples' distances


@dataclass(frozen=True, eq=False)
class Estimated:
    """What the t's drawn so far say of the bound with this σ²."""

    estimate: Estimate
    sigma: ReverseVariance


@dataclass(frozen=True, eq=False)
class Climb:
    """Estimates of log p(x_0) of Gaussian data from more and more samples, and what they climb to."""

    rungs: tuple[Rung, ...]
    truth: float
    chains: int


def curve(document: Document, live: LiveNetwork | None, trained: bool) -> Iterator[Opened | Planned | Level]:
    """Opens the document's denoiser, says what a level costs, then measures the curve, evenly filled in.

    On held-out samples, or, where that is what is `trained`, on training samples.

    Raises:
        UserError: no such data set or checkpoint, or they do not fit each other.
    """
    subject = _subject(document, live)
    subject = subject.on_training() if trained else subject
    planned = 0
    for count, levels in stages(subject.denoiser, subject.probe.x0):
        if not planned:
            start = perf_counter()
            levels = chain([next(levels)], levels)
            yield Opened(subject, perf_counter() - start)
        planned += count
        yield Planned(planned)
        yield from levels


def every_level(subject: Subject) -> Iterator[Level]:
    """Measures every t of the denoiser's own schedule; the decoder where the curve's grid has it, and at t = 1."""
    schedule = subject.denoiser.schedule
    _, times = on_grid(subject.denoiser)
    tables = {1, *times.tolist()} if subject.exact is None else {*range(1, schedule.T + 1, max(schedule.T // 64, 1))}
    yield from measured(subject.denoiser, subject.probe.x0, evenly_filled(schedule.T), tables=tables)


def gaps(subject: Subject) -> Iterator[Gap]:
    """The errors on held-out samples, growing from much noise to little, then on training samples."""
    schedule, data = subject.denoiser.schedule, subject.data
    optimum, wiener = Exact.finite(schedule, data), Wiener.of(schedule, data)
    unseen = Probe.of(data, schedule)
    for probe, held_out in ((unseen, True), (subject.on_training().probe, False)):
        falling = Probe(probe.x0, probe.times[::-1].copy())
        columns: tuple[list[float], ...] = ([], [], [])
        for row in zip(*(errors(one, falling) for one in (subject.denoiser, optimum, wiener)), strict=True):
            for column, value in zip(columns, row, strict=True):
                column.append(value)
            so_far = schedule.floored_log_snr[falling.times[: len(columns[0])]]
            yield Gap(held_out, len(falling.times), so_far, *(np.array(column) for column in columns))


def remembered(subject: Subject, chains: int = 8, steps: int = 50) -> Iterator[Memory]:
    """Ancestral chains of the denoiser, watched by the exact denoiser of the training set."""
    schedule = subject.denoiser.schedule
    exact = Exact.finite(schedule, subject.data)
    unseen = float(exact.distance(Probe.of(subject.data, schedule).x0).median()) if len(subject.data.test) else 0.0
    sampler = Ancestral(steps=min(steps, schedule.T), clip=len(subject.data.shape) == 3)
    times, rows = [], []
    walk = partial(sample, sampler=sampler, seed=0, samples=range(chains))
    for watched in compare(subject.denoiser, exact, walk):
        near, step = watched.neighbours, watched.step
        assert near is not None
        times.append(step.t)
        rows.append(near.entropy)
        ends = exact.distance(step.next).double().numpy() if step.s == 0 else np.zeros(0)
        yield Memory(tuple(times), np.stack(rows), near.nearest[0], near.weights[0], ends, unseen)


def gap_and_memory(subject: Subject) -> Iterator[Gap | Memory]:
    """One after the other."""
    yield from gaps(subject)
    yield from remembered(subject)


def estimates(
    subject: Subject, sigma: ReverseVariance, seconds: float, guide: ErrorCurve | None
) -> Iterator[Estimated]:
    """The bound from t's drawn by what `guide` expects, as far as they have been looked at, in so many seconds."""
    for estimate in estimated(subject.denoiser, subject.probe.x0, sigma, seconds=seconds, guide=guide):
        yield Estimated(estimate, sigma)


def climbing(schedule: Schedule, T: int, variance: float, sigma: ReverseVariance, chains: int) -> Iterator[Climb]:
    """Jensen's step for x_0 of two values, where N(0, s² I) mostly lies, in a chain of T steps."""
    short = short_chain(schedule, T)
    x0 = torch.tensor([1.0, -1.0]) * variance**0.5
    said = bound(short, GaussianCurve(variance), sigma).variance
    truth = gaussian_truth(short, said, variance, x0)
    found: list[Floats] = []
    for weights in log_weights(Exact.gaussian(short, variance, (2,)), said, x0, chains):
        found.append(weights)
        together = np.concatenate(found)
        yield Climb(climb(together, 2), truth, len(together))


def coded(subject: Subject, picture: int, seed: int) -> Iterator[Message | Received]:
    """A sample of the probe as it is sent, then what the receiver makes of it, evenly filled in."""
    sent = message(subject.denoiser.schedule, subject.probe.x0[picture], seed=seed)
    yield sent
    yield from received(subject.denoiser, sent, (order - 1 for order in evenly_filled(len(sent.times))))


def _subject(document: Document, live: LiveNetwork | None) -> Subject:
    if document.denoiser == EXACT:
        return Subject.of_exact(document.dataset, document.schedule)
    if document.denoiser != TRAINING:
        return Subject.of_checkpoint(document.denoiser)
    if live is None:
        raise UserError("no network is in training here; hand one over in the Training panel, or choose another")
    return Subject.of_network(live.denoiser, live.document, {"training": {"step": live.step}})
