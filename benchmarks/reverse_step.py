"""What a reverse step costs over the bare network: `python benchmarks/reverse_step.py [--batches 1,16,64] [--turns 9]`.

The shipped network pixel-faces, ancestral sampling; times are processor seconds a step, one thread.

    bare       the module's forward pass alone, at the same x and t
    ours       `sample()`, its noise drawn by counter, x_s made
    diffusers  the same module in the loop of DDPMPipeline: DDPMScheduler.step with noise of torch's generator

All take turns, so that a busy machine is busy for all; a ratio is the median over the turns.
"""

import argparse
import os
import statistics
from collections.abc import Callable
from time import process_time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from diffusers import DDPMScheduler
from torch import Tensor

from ddpm_studio.denoiser import Trained, asked
from ddpm_studio.run import checkpoint_named
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral

STEPS, TARGET = 10, 1.03


def main() -> None:
    """Prints a row for each batch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", default="1,16,64")
    parser.add_argument("--turns", type=int, default=9)
    args = parser.parse_args()
    torch.set_num_threads(1)
    denoiser = checkpoint_named("checkpoint:pixel-faces").denoiser()
    assert isinstance(denoiser, Trained)
    print("batch    bare ms    ours/bare    diffusers/bare    ours/diffusers")
    for batch in (int(each) for each in args.batches.split(",")):
        runs = [run(denoiser, batch) for run in (bare, ours, diffusers)]
        for each in runs:
            each()  # the first allocates and chooses kernels
        times = [[timed(each) for each in runs] for _ in range(args.turns)]
        alone = statistics.median(row[0] for row in times) / STEPS
        over, other, against = (
            statistics.median(row[i] / row[j] for row in times) for i, j in ((1, 0), (2, 0), (1, 2))
        )
        print(f"{batch:5d} {alone * 1e3:10.2f} {over:12.3f} {other:17.3f} {against:17.3f}   (≤ {TARGET} at batch 16)")


def bare(denoiser: Trained, batch: int) -> Callable[[], None]:
    """The forward passes alone."""
    x, times = torch.randn(batch, *denoiser.shape), Ancestral(steps=STEPS).times(denoiser.schedule.T).tolist()

    @torch.no_grad()
    def run() -> None:
        for t in times:
            asked(denoiser.module, x, torch.full((batch,), t))

    return run


def ours(denoiser: Trained, batch: int) -> Callable[[], None]:
    """A chain of `sample`."""

    def run() -> None:
        for step in sample(denoiser, Ancestral(steps=STEPS), seed=0, samples=range(batch)):
            _ = step.next

    return run


def diffusers(denoiser: Trained, batch: int) -> Callable[[], None]:
    """The loop of DDPMPipeline around the same module."""
    schedule = denoiser.schedule
    scheduler = DDPMScheduler(schedule.T, trained_betas=schedule.beta[1:].copy(), prediction_type="v_prediction")
    generator = torch.Generator().manual_seed(0)

    @torch.no_grad()
    def run() -> None:
        scheduler.set_timesteps(STEPS)
        x: Tensor = torch.randn(batch, *denoiser.shape, generator=generator)
        for t in scheduler.timesteps:
            answer = denoiser.module(x, t.expand(batch))
            x = scheduler.step(answer, t, x, generator=generator).prev_sample

    return run


def timed(run: Callable[[], None]) -> float:
    """Processor seconds."""
    start = process_time()
    run()
    return process_time() - start


if __name__ == "__main__":
    main()
