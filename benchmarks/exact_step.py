"""A reverse step driven by the exact denoiser of 10,000 pictures against its two matrix products alone.

    python benchmarks/exact_step.py [ROUNDS]

Both are timed in turns, so that they see the same machine; told is the median of processor time and of wall time,
with one thread and with PyTorch's default.
"""

import os
import statistics
import sys
from collections.abc import Callable
from time import perf_counter, process_time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

from ddpm_studio.data import load
from ddpm_studio.denoiser import Exact
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral
from ddpm_studio.schedule import Linear

PICTURES, BATCH, STEPS, TARGET = 10_000, 16, 10, 1.3


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Processor and wall milliseconds of one reverse step; `work` does STEPS of them."""
    processor, wall = process_time(), perf_counter()
    work()
    return (process_time() - processor) * 1e3 / STEPS, (perf_counter() - wall) * 1e3 / STEPS


def compared(rounds: int) -> None:
    """Prints the medians of both and their ratios."""
    denoiser = Exact.of_pictures(Linear(), load("fashion").train[:PICTURES])
    means, sampler = denoiser.means, Ancestral(steps=STEPS)
    x, weights = torch.randn(BATCH, means.shape[1]), torch.rand(BATCH, len(means))

    def products() -> None:
        for _ in range(STEPS):
            torch.mm(x, means.T)
            torch.mm(weights, means)

    def steps() -> None:
        for step in sample(denoiser, sampler, seed=0, samples=range(BATCH)):
            _ = step.next

    timed(products), timed(steps)  # the first calls allocate and choose kernels
    pairs = [(timed(products), timed(steps)) for _ in range(rounds)]
    for i, clock in enumerate(("processor", "wall")):
        bare, whole = (statistics.median(pair[j][i] for pair in pairs) for j in (0, 1))
        ratio = statistics.median(pair[1][i] / pair[0][i] for pair in pairs)
        print(f"  {clock:9s}  products {bare:6.2f} ms   reverse step {whole:6.2f} ms   ratio {ratio:.2f} (≤ {TARGET})")


def main(rounds: int) -> None:
    default = torch.get_num_threads()
    for threads in sorted({1, default}):
        torch.set_num_threads(threads)
        print(f"{PICTURES} pictures 28×28, batch {BATCH}, {threads} thread{'s' if threads > 1 else ''}")
        compared(rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 31)
