"""What a reverse step costs over the bare network: `python benchmarks/reverse_step.py [--batches 1,16,64] [--turns 9]`.

The shipped network pixel-faces, ancestral sampling; times are processor seconds a step, one thread.

    bare      the module's forward pass alone, at the x and t of the chain, in inference mode
    ours      `sample()`, its noise drawn by counter, x_s made
    loop      the same module in the loop of DDPMPipeline: DDPMScheduler.step with noise of torch's generator
    pipeline  diffusers' DDPMPipeline itself, opened from the folder that the checkpoint is exported to

All take turns, in an order by chance, so that a busy machine is busy for all; a ratio is the median over the turns.
"""

import argparse
import os
import random
import statistics
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from diffusers import DDPMPipeline, DDPMScheduler
from torch import Tensor

from ddpm_studio.denoiser import Trained, asked
from ddpm_studio.interop import diffusers as folder
from ddpm_studio.run import checkpoint_named
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral

STEPS, TARGET = 10, 1.03

Run = Callable[[], None]


def main() -> None:
    """Prints a row for each batch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", default="1,16,64")
    parser.add_argument("--turns", type=int, default=9)
    args = parser.parse_args()
    torch.set_num_threads(1)
    checkpoint = checkpoint_named("checkpoint:pixel-faces")
    denoiser = checkpoint.denoiser()
    assert isinstance(denoiser, Trained)
    with TemporaryDirectory() as place:
        theirs = DDPMPipeline.from_pretrained(folder.save(checkpoint, Path(place) / "faces"), low_cpu_mem_usage=False)
    theirs.set_progress_bar_config(disable=True)
    print("batch    bare ms    ours/bare    loop/bare    pipeline/bare    ours/loop    ours/pipeline")
    for batch in (int(each) for each in args.batches.split(",")):
        runs = bare(denoiser, batch), ours(denoiser, batch), loop(denoiser, batch), pipeline(theirs, batch)
        times = [in_turn(runs) for _ in range(args.turns + 1)][1:]  # the first allocates and chooses kernels
        alone = 1e3 * statistics.median(row[0] for row in times) / STEPS
        pairs = (1, 0), (2, 0), (3, 0), (1, 2), (1, 3)
        a, b, c, d, e = (statistics.median(row[i] / row[j] for row in times) for i, j in pairs)
        print(f"{batch:5d} {alone:10.2f} {a:12.3f} {b:12.3f} {c:16.3f} {d:12.3f} {e:16.3f}   (≤ {TARGET} at 16, < 1)")


def bare(denoiser: Trained, batch: int) -> Run:
    """The forward passes alone."""
    states = [(step.t, step.x) for step in sample(denoiser, Ancestral(steps=STEPS), seed=0, samples=range(batch))]

    @torch.inference_mode()
    def run() -> None:
        for t, x in states:
            asked(denoiser.module, x, torch.full((batch,), t))

    return run


def ours(denoiser: Trained, batch: int) -> Run:
    """A chain of `sample`."""

    def run() -> None:
        for step in sample(denoiser, Ancestral(steps=STEPS), seed=0, samples=range(batch)):
            _ = step.next

    return run


def loop(denoiser: Trained, batch: int) -> Run:
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


def pipeline(theirs: DDPMPipeline, batch: int) -> Run:
    """A chain of DDPMPipeline, its pictures as an array."""
    generator = torch.Generator().manual_seed(0)

    def run() -> None:
        theirs(batch_size=batch, generator=generator, num_inference_steps=STEPS, output_type="np")

    return run


def in_turn(runs: tuple[Run, ...]) -> list[float]:
    """Processor seconds of each, taken in an order by chance."""
    times = dict.fromkeys(range(len(runs)), 0.0)
    for index in random.sample(range(len(runs)), len(runs)):
        times[index] = timed(runs[index])
    return list(times.values())


def timed(run: Run) -> float:
    """Processor seconds."""
    start = process_time()
    run()
    return process_time() - start


if __name__ == "__main__":
    main()
