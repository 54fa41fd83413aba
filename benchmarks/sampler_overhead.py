"""What a whole `sample()` loop costs over its denoiser's calls, at batch 16 of 1×28×28.

    python benchmarks/sampler_overhead.py [ROUNDS]

The denoiser is the exact one of 10,000 pictures. Its calls are timed inside the loop, so that loop and calls are those
of the same run: told is the processor time outside the calls as a share of that inside, one thread, median of all runs.
"""

import os
import statistics
import sys
from time import process_time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from torch import Tensor

from ddpm_studio.data import load
from ddpm_studio.denoiser import Exact, Prediction
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral, Ddim, Sampler
from ddpm_studio.schedule import Linear

PICTURES, BATCH, STEPS, TARGET = 10_000, 16, 50, 0.03


class Timed:
    """A denoiser that adds up the processor seconds of its calls."""

    def __init__(self, denoiser: Exact) -> None:
        self.denoiser, self.schedule, self.shape, self.seconds = denoiser, denoiser.schedule, denoiser.shape, 0.0

    def __call__(self, x: Tensor, t: int) -> Prediction:
        start = process_time()
        guess = self.denoiser(x, t)
        self.seconds += process_time() - start
        return guess


def measured(denoiser: Timed, sampler: Sampler) -> tuple[float, float]:
    """Seconds inside and outside the calls, per step."""
    denoiser.seconds, start = 0.0, process_time()
    for step in sample(denoiser, sampler, seed=0, samples=range(BATCH)):
        _ = step.next
    return denoiser.seconds / STEPS, (process_time() - start - denoiser.seconds) / STEPS


def main(rounds: int) -> None:
    torch.set_num_threads(1)
    denoiser = Timed(Exact.of_pictures(Linear(), load("fashion").train[:PICTURES]))
    for name, sampler in {"DDIM, η = 0": Ddim(steps=STEPS), "ancestral": Ancestral(steps=STEPS)}.items():
        measured(denoiser, sampler)  # the first run allocates and chooses kernels
        runs = [measured(denoiser, sampler) for _ in range(rounds)]
        inside, outside = (statistics.median(run[i] for run in runs) for i in (0, 1))
        share = statistics.median(outside / inside for inside, outside in runs)
        times = f"call {inside * 1e3:6.2f} ms   around it {outside * 1e6:5.0f} µs"
        print(f"{name:12s}  {times}   share {share:.1%} (≤ {TARGET:.0%})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
