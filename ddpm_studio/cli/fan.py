"""`ddpm-studio fan`: many children of one sample's x_t: what is still open at t?"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.branch import MOST, TRUNK, Branch
from ddpm_studio.cli.denoisers import add_end_flags, denoiser_of, expect_pictures, opened, settled, told_of
from ddpm_studio.cli.flags import Subcommands, seed_of, whole
from ddpm_studio.cli.progress import watched
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.files import expect_writable

if TYPE_CHECKING:
    from ddpm_studio.denoiser import Denoiser

EXAMPLES = """\
examples:
  ddpm-studio fan --checkpoint pixel-faces --eta 1 --t 500 -k 16 --sample 3 --out fan.png
  ddpm-studio fan --exact fashion --t 700 --sampler ddim --eta 1 --out fan.npz
"""


def add(commands: Subcommands, name: str) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        name,
        help="draw many pictures that have one x_t in common",
        description="Walks one sample to t, copies its x_t k times, and goes on with noise of its own for each child\n"
        "(Ho et al. 2020, Fig. 7). The PNG shows x_t, the standard deviation of the children pixel by pixel (black\n"
        "is 0, white is 1 on [−1, 1]), and the children; the NPZ holds them as samples.\n"
        "The file opens in the window as a branch.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--t", metavar="T", help="where they part (default half of the schedule's T)")
    parser.add_argument("-k", dest="count", metavar="K", default="16", help=f"children, 2 to {MOST} (default 16)")
    parser.add_argument("--sample", metavar="N", default="0", help="the number of the sample (default 0)")
    parser.add_argument("--fan-seed", metavar="N", help="which noise the children draw (default the seed + 1)")
    add_end_flags(parser, ".png or .npz")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    base, checkpoint = opened(args)
    document, out = _document(args, base), Path(args.out)
    expect_writable(out)

    from ddpm_studio.export import Kind, kind_of, save_samples  # noqa: PLC0415 - torch and Pillow, not for --help

    kind = kind_of(out)
    if kind not in (Kind.PICTURE, Kind.ARRAYS):
        raise UserError(f"fan writes a PNG or an NPZ, not {out.name}")
    denoiser = denoiser_of(args, document, checkpoint)
    expect_pictures(denoiser, "fan")
    xt, ends = _walked(document, denoiser)
    spread, told = ends.std(0), told_of(args, document, checkpoint, "fan", t=0, sample=0)
    if kind is Kind.PICTURE:
        _draw(out, xt, spread, ends, told)
    else:
        save_samples(out, ends, told)
    print(f"mean standard deviation of the {len(ends)} children: {spread.mean():.4f} on [−1, 1]")
    if np.allclose(ends, ends[:1], atol=1e-4):  # but for rounding
        print("all are the same, for this sampler draws no noise; take --eta 1 or --sampler ancestral", file=sys.stderr)


def _document(args: argparse.Namespace, base: Document) -> Document:
    """The default chain with one branch, which is looked at: the fan."""
    document = settled(args, base)
    T, seed = document.schedule.T, document.sampling.seed
    sample, k = whole(args.sample, "--sample", 0, MOST - 1), whole(args.count, "-k", 2, MOST)
    t = T // 2 if args.t is None else whole(args.t, "--t", 1, T)
    own = seed + 1 if args.fan_seed is None else seed_of(args.fan_seed)
    fan = Branch(TRUNK, t, document.sampler, own, (sample,) * k, tuple(range(k)), f"fan of sample {sample}")
    return replace(document, sampling=replace(document.sampling, count=sample + 1), branches=(fan,), branch=0)


def _walked(document: Document, denoiser: "Denoiser") -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """x_t (1, C, H, W) where the children part, and the children (k, C, H, W)."""
    from ddpm_studio.branching import route_of, walk_along  # noqa: PLC0415 - torch, not needed for --help

    route = route_of(document)
    xt = None
    steps = watched(walk_along(document, denoiser), len(route.times) - 1, "reverse steps")
    for number, step in enumerate(steps):
        if number == route.starts[1]:
            xt = step.x[:1].numpy()
        end = step.next
    assert xt is not None
    return xt, end.numpy()


def _draw(
    out: Path,
    xt: NDArray[np.float32],
    spread: NDArray[np.float32],
    ends: NDArray[np.float32],
    told: dict[str, object],
) -> None:
    from ddpm_studio.data import to_bytes  # noqa: PLC0415 - as above
    from ddpm_studio.export import grid, save_picture  # noqa: PLC0415

    deviation = np.broadcast_to(2.0 * spread.mean(0).clip(0.0, 1.0) - 1.0, xt.shape).astype(np.float32)
    save_picture(out, grid(to_bytes(np.concatenate([xt, deviation, ends]))), told)
