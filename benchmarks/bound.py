"""What the full bound costs over its network's calls, how long the live one takes, and a quick estimate.

    python benchmarks/bound.py [PICTURES] [LEVELS]

The shipped pixel-faces network on held-out pictures. Its calls are timed inside the measurement, so that both are of
the same run: told is the processor time of the whole as a multiple of that of the calls, one thread.
"""

import os
import statistics
import sys
from time import perf_counter, process_time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from torch import Tensor

from ddpm_studio.denoiser import Denoiser, Prediction
from ddpm_studio.likelihood import ErrorCurve, ReverseVariance, bound, estimated, evenly_filled, measured
from ddpm_studio.schedule import Linear
from ddpm_studio.subject import Subject

RATIO, LIVE, QUICK = 1.05, 5.0, 10.0  # what is aimed at: times the calls, milliseconds, seconds


class Timed:
    """A denoiser that adds up the processor seconds of its calls."""

    def __init__(self, denoiser: Denoiser) -> None:
        self.denoiser, self.schedule, self.shape, self.seconds = denoiser, denoiser.schedule, denoiser.shape, 0.0

    def __call__(self, x: Tensor, t: int) -> Prediction:
        start = process_time()
        guess = self.denoiser(x, t)
        self.seconds += process_time() - start
        return guess


def main(pictures: int, count: int) -> None:
    torch.set_num_threads(1)
    subject = Subject.of_checkpoint("checkpoint:pixel-faces", count=pictures)
    x0, timed = subject.probe.x0, Timed(subject.denoiser)
    next(measured(timed, x0, [1], tables=set()))  # the first call allocates and chooses kernels
    timed.seconds, start = 0.0, process_time()
    times = [t for t, _ in zip(evenly_filled(timed.schedule.T), range(count), strict=False)]
    levels = list(measured(timed, x0, times, tables={1}))
    whole = process_time() - start
    print(
        f"{count} of {timed.schedule.T} levels, {pictures} pictures: "
        f"{whole / timed.seconds:.3f} × its calls (≤ {RATIO})"
    )

    curve = ErrorCurve.of(levels, x0)
    spent = []
    for step in range(50):
        schedule = Linear(beta_end=0.02 + 1e-5 * step)  # anew each time: nothing derived is there yet
        start = perf_counter()
        _ = bound(schedule, curve, ReverseVariance.BETA).total
        spent.append(1e3 * (perf_counter() - start))
    print(f"live, T = {schedule.T}: {statistics.median(spent):.2f} ms (≤ {LIVE:.0f})")

    start = perf_counter()
    *_, last = estimated(subject.denoiser, x0, ReverseVariance.BETA, seconds=QUICK, guide=curve)
    took = perf_counter() - start
    print(
        f"quick: {last.total:.4f} ± {last.stderr:.4f} bits/dim from {last.draws} draws in {took:.1f} s (≤ {QUICK:.0f})"
    )


if __name__ == "__main__":
    main(*(int(arg) for arg in (*sys.argv[1:], *("64", "128")[len(sys.argv) - 1 :])))
