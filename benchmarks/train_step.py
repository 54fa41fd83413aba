"""What a training step costs beside others of the same network: `python benchmarks/train_step.py [--network tiny]`.

    bare       the same module, fused AdamW and average in a loop written by hand, with torch's own random numbers
    diffusers  UNet2DModel of the same shape in the loop of its training example: AdamW, clipping, EMAModel
    floor      the convolutions and linear layers of the module alone, forward and backward

All take turns, so that a busy machine is busy for all; a ratio is the median over the turns. A CPU is measured in its
own time, not the clock's.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import nn

from ddpm_studio.data import load
from ddpm_studio.device import chosen
from ddpm_studio.learner import Learner
from ddpm_studio.networks import PRESETS, UNet
from ddpm_studio.networks.build import fresh
from ddpm_studio.objective import Simple
from ddpm_studio.process import q_sample
from ddpm_studio.schedule import Linear
from ddpm_studio.source import Pictures
from ddpm_studio.training import Recipe, Training

Step = Callable[[], None]


def main() -> None:
    args = parsed()
    torch.set_num_threads(args.threads)
    device, data, network = chosen(args.device), load(args.dataset), PRESETS[args.network]
    pictures = Pictures(data.train, device)
    recipe = Recipe(network, Simple(), Linear(), Training(steps=10_000_000, batch=args.batch))
    learner = Learner(recipe, pictures, device)
    contenders: dict[str, Step] = {
        "product": lambda: float(learner.advance().loss),
        "bare": bare(recipe, pictures, device),
        "diffusers": diffusers(network, recipe, pictures, device),
        "floor": floor(learner.module, pictures, args.batch, device),
    }
    for step in contenders.values():
        step()
        step()
    times = {name: [] for name in contenders}
    for _ in range(args.turns):
        for name, step in contenders.items():
            times[name].append(taken(step, device))
    print(f"{args.network}, {args.dataset}, batch {args.batch}, {device}, {args.threads} threads")
    for name, seconds in times.items():
        ratio = statistics.median(other / own for other, own in zip(seconds, times["product"], strict=True))
        pace = args.batch / statistics.median(seconds)
        print(
            f"{name:10} {1000 * statistics.median(seconds):8.1f} ms  {pace:8.0f} pictures/s  product is {ratio:.3f} ×"
        )


def taken(step: Step, device: torch.device) -> float:
    """Seconds that one step takes: of the GPU's time, or of this process's."""
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    begun = clock()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return clock() - begun


def bare(recipe: Recipe, pictures: Pictures, device: torch.device) -> Step:
    training, schedule = recipe.training, recipe.schedule
    module = fresh(recipe.network, pictures.shape, 0).to(device)
    average = [p.detach().clone() for p in module.parameters()]
    optimiser = torch.optim.AdamW(module.parameters(), training.rate, weight_decay=0.0, fused=True)
    still = torch.zeros(training.batch, dtype=torch.bool)

    def step() -> None:
        x0 = pictures.rows(torch.randint(len(pictures), (training.batch,)), still).contiguous()
        t, eps = torch.randint(1, schedule.T + 1, (training.batch,)), torch.randn(x0.shape, device=device)
        loss = (module(q_sample(schedule, x0, t, eps), (t - 1).to(device)) - eps).square().mean()
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), training.clip)
        optimiser.step()
        optimiser.zero_grad()
        with torch.no_grad():
            torch._foreach_lerp_(average, list(module.parameters()), 1.0 - training.ema)
        loss.item()

    return step


def diffusers(network: UNet, recipe: Recipe, pictures: Pictures, device: torch.device) -> Step:
    from diffusers import DDPMScheduler, UNet2DModel  # noqa: PLC0415 - slow to import
    from diffusers.training_utils import EMAModel  # noqa: PLC0415

    training, (channels, size, _) = recipe.training, pictures.shape
    attends = [size >> level in network.attention for level in range(len(network.multipliers))]
    module = UNet2DModel(
        sample_size=size,
        in_channels=channels,
        out_channels=channels,
        block_out_channels=tuple(network.width * m for m in network.multipliers),
        layers_per_block=network.blocks,
        down_block_types=tuple("AttnDownBlock2D" if a else "DownBlock2D" for a in attends),
        up_block_types=tuple("AttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attends)),
        attention_head_dim=None,
        norm_num_groups=network.groups,
        dropout=network.dropout,
    ).to(device)
    scheduler = DDPMScheduler()
    average = EMAModel(module.parameters(), decay=training.ema)
    optimiser = torch.optim.AdamW(module.parameters(), lr=training.rate)
    still = torch.zeros(training.batch, dtype=torch.bool)

    def step() -> None:
        x0 = pictures.rows(torch.randint(len(pictures), (training.batch,)), still).contiguous()
        eps, tau = torch.randn(x0.shape, device=device), torch.randint(0, 1000, (training.batch,), device=device)
        loss = nn.functional.mse_loss(module(scheduler.add_noise(x0, eps, tau), tau).sample, eps)
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        average.step(module.parameters())
        loss.item()

    return step


def floor(module: nn.Module, pictures: Pictures, batch: int, device: torch.device) -> Step:
    """Every convolution and linear layer on inputs of the shapes it meets, forward and backward, and nothing else."""
    met: list[tuple[nn.Module, torch.Size]] = []
    hooks = [
        part.register_forward_hook(lambda part, inputs, _: met.append((part, inputs[0].shape)))
        for part in module.modules()
        if isinstance(part, nn.Conv2d | nn.Linear)
    ]
    module(torch.zeros(batch, *pictures.shape, device=device), torch.zeros(batch, device=device))
    for hook in hooks:
        hook.remove()
    work = []
    for part, shape in met:
        x = torch.randn(shape, device=device, requires_grad=True)
        work.append((part, x, torch.randn_like(part(x))))

    def step() -> None:
        for part, x, gradient in work:
            torch.autograd.grad(part(x), [x, *part.parameters()], gradient)

    return step


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--network", default="tiny", choices=[name for name, n in PRESETS.items() if isinstance(n, UNet)]
    )
    parser.add_argument("--dataset", default="pixel-faces")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
