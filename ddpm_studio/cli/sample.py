"""`ddpm-studio sample`: pictures out of noise."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.cli.flags import SAMPLER, SCHEDULE, Subcommands, seed_of, whole
from ddpm_studio.cli.look import (
    FILM,
    STRIP,
    Look,
    add_look_flags,
    draw_samples,
    draw_trajectory,
    expect_room,
    look_of,
    moments,
)
from ddpm_studio.cli.opened import document_in, located
from ddpm_studio.cli.plane import COUNT, draw_points
from ddpm_studio.cli.progress import watched
from ddpm_studio.cli.weights import add_weights_flags, weights_of
from ddpm_studio.document import EXACT, Document, provenance
from ddpm_studio.errors import UserError
from ddpm_studio.files import expect_writable

if TYPE_CHECKING:
    from ddpm_studio.checkpoint import AnyCheckpoint
    from ddpm_studio.denoiser import Denoiser
    from ddpm_studio.sample import Step

EXAMPLES = """\
examples:
  ddpm-studio sample --exact pixel-faces --steps 50 -n 16 --out faces.png
  ddpm-studio sample --exact fashion --sampler ddim --eta 0.5 --steps 100 --out fashion.gif
  ddpm-studio sample --exact ~/pictures --schedule cosine -n 4 --trajectory --out strip.png
  ddpm-studio sample --checkpoint runs/mine --sampler ddim --steps 50 -n 64 --out faces.png
  ddpm-studio sample --exact swiss-roll --out points.npz
  ddpm-studio sample mine.ddpm.json --seed 7 --trajectory --out again.npz
"""

MOST = 1_000_000
SHOWN = 64
"""Pictures that a document can speak of; -n may be more."""


def add(commands: Subcommands, name: str) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        name,
        help="draw pictures out of noise",
        description="Runs the reverse process. PNG is a grid of the samples, with --trajectory a film strip of each;\n"
        "GIF and WebP play the chain; NPZ holds the numbers: arr_0 (uint8 NHWC) and samples (float32 NCHW),\n"
        "with --trajectory also trajectory, x0_hat and t.",
        epilog=EXAMPLES,
    )
    parser.add_argument("document", nargs="?", metavar="DOCUMENT", help="a document or an export; flags override it")
    parser.add_argument(
        "--exact",
        metavar="DATASET",
        help="sample with the exact denoiser of a data set: pixel-faces, fashion, a folder of pictures, .npz, IDX …, or of "
        "points: swiss-roll, rings, .csv …",
    )
    parser.add_argument(
        "--checkpoint", metavar="FILE|RUN", help="sample with a trained network, or the latest of a run"
    )
    add_weights_flags(parser)
    parser.add_argument("--device", metavar="D", default="cpu", help="of a network: auto, cpu, cuda, mps (default cpu)")
    parser.add_argument("-n", dest="count", metavar="N", help="how many pictures (default 16) or points (default 1000)")
    parser.add_argument("--seed", metavar="N", help="which noise (default 0)")
    parser.add_argument(
        "--batch", metavar="N", default="64", help="pictures drawn at once; changes none but for rounding (default 64)"
    )
    parser.add_argument("--trajectory", action="store_true", help="keep the way, not only its end")
    parser.add_argument("--out", metavar="FILE", required=True, help="a file ending in .png, .gif, .webp or .npz")
    SAMPLER.add_flags(parser)
    SCHEDULE.add_flags(parser)
    add_look_flags(parser)
    parser.set_defaults(run=_run)


@dataclass(frozen=True, eq=False)
class Chains:
    """Some moments of N reverse chains. At t = 0 the guess x̂_0 is x_0 itself."""

    t: NDArray[np.int64]  # (F,), falling; the last is 0
    x: NDArray[np.float32]  # (F, N, C, H, W), x_t
    x0_hat: NDArray[np.float32]  # the same, as predicted, not clipped


def _run(args: argparse.Namespace) -> None:
    base = _base(args)
    checkpoint = None if base.denoiser == EXACT else _checkpoint(args, base.denoiser)
    if checkpoint is not None:
        own = checkpoint.header.document  # its sampler too, unless a document says another
        base = checkpoint.header.taken_over(base if args.document else replace(own, denoiser=base.denoiser))
    document, count = _document(args, base)
    batch, out = whole(args.batch, "--batch", 1, MOST), Path(args.out)
    look = look_of(args, out)
    expect_writable(out)
    stops = np.append(document.sampler.times(document.schedule.T), 0)

    from ddpm_studio import data, export  # noqa: PLC0415 - torch and Pillow, not needed for --help

    kind = export.kind_of(out)
    in_full = {
        export.Kind.ANIMATION: look.frames or FILM,
        export.Kind.PICTURE: look.frames or STRIP,
        export.Kind.ARRAYS: len(stops),
    }
    limit = in_full[kind] if args.trajectory or look.frames or kind is export.Kind.ANIMATION else 1
    document = replace(document, dataset=located(document.dataset, data.DATASETS))
    denoiser = _denoiser(args, document, checkpoint)
    count = COUNT if args.count is None and len(denoiser.shape) == 1 else count
    told = provenance(document, command="sample", samples=count, seed=document.sampling.seed)
    if checkpoint is not None:
        told["checkpoint"] = {"file": checkpoint.path.name, "sha256": checkpoint.sha256, "weights": weights_of(args)}
    _write(out, _walked(denoiser, document, count, batch, stops, moments(len(stops), limit)), look, told)


def _denoiser(args: argparse.Namespace, document: Document, checkpoint: "AnyCheckpoint | None") -> "Denoiser":
    from ddpm_studio.data import load  # noqa: PLC0415 - see above
    from ddpm_studio.denoiser import Exact  # noqa: PLC0415
    from ddpm_studio.device import chosen  # noqa: PLC0415

    if checkpoint is not None:
        return checkpoint.denoiser(weights_of(args), chosen(args.device))
    return Exact.of(document.schedule, load(document.dataset))


def _base(args: argparse.Namespace) -> Document:
    """The document that is given, or the default one, and what it is to be sampled with."""
    if args.document is None and args.exact is None and args.checkpoint is None:
        raise UserError("say what to sample from: --exact pixel-faces, --checkpoint, or a document; see --help")
    if args.exact is not None and args.checkpoint is not None:
        raise UserError("--exact and --checkpoint are two ways to guess x_0; leave one out")
    base = Document() if args.document is None else document_in(Path(args.document))
    if args.exact is not None:
        return replace(base, dataset=args.exact, denoiser=EXACT)
    return base if args.checkpoint is None else replace(base, denoiser=located(args.checkpoint, ()))


def _checkpoint(args: argparse.Namespace, ref: str) -> "AnyCheckpoint":
    if SCHEDULE.is_asked_for(args):
        raise UserError("a trained network belongs to its schedule; leave the schedule's flags out, or sample --exact")

    from ddpm_studio.run import checkpoint_named  # noqa: PLC0415 - see above

    return checkpoint_named(ref)


def _write(out: Path, chains: Chains, look: Look, told: dict[str, object]) -> None:
    from ddpm_studio import export  # noqa: PLC0415 - see above

    samples, has_way = chains.x[-1], len(chains.t) > 1
    if export.kind_of(out) is not export.Kind.ARRAYS and samples.ndim == 2:
        draw_points(out, chains.x, look, told)
    elif export.kind_of(out) is not export.Kind.ARRAYS:
        draw_trajectory(out, chains.x, look, told) if has_way else draw_samples(out, samples, look, told)
    elif has_way:
        export.save_samples(out, samples, told, trajectory=chains.x, x0_hat=chains.x0_hat, t=chains.t)
    else:
        export.save_samples(out, samples, told)


def _document(args: argparse.Namespace, base: Document) -> tuple[Document, int]:
    """What is to be drawn: `base` with what the flags say, and how many pictures."""
    document = replace(base, schedule=SCHEDULE.chosen(args, args.schedule, base.schedule))
    sampler = SAMPLER.chosen(args, args.sampler, document.sampler)
    sampler.times(document.schedule.T)  # too many steps, asked for by name, are refused and not cut down
    count = document.sampling.count if args.count is None else whole(args.count, "-n", 1, MOST)
    seed = document.sampling.seed if args.seed is None else seed_of(args.seed)
    document = replace(
        document,
        sampler=sampler,
        sampling=replace(document.sampling, count=min(count, SHOWN), seed=seed),
    )
    return document, count


def _walked(
    denoiser: "Denoiser",
    document: Document,
    count: int,
    batch: int,
    stops: NDArray[np.int64],
    kept: NDArray[np.int64],
) -> Chains:
    """Runs `count` chains over the timesteps `stops`, `batch` at once, and keeps the states `kept` of each."""
    shape = (len(kept), count, *denoiser.shape)
    expect_room(2 * prod(shape), f"{len(kept)} moments of {count} pictures")
    x, x0_hat = np.empty(shape, np.float32), np.empty(shape, np.float32)
    place = {state: i for i, state in enumerate(kept.tolist())}
    steps = _steps(denoiser, document, count, batch)
    for rows, state, step in watched(steps, -(-count // batch) * (len(stops) - 1), "reverse steps"):
        if state in place:
            x[place[state], rows], x0_hat[place[state], rows] = step.x, step.x0
        if step.s == 0:
            x[-1, rows] = x0_hat[-1, rows] = step.next
    return Chains(stops[kept], x, x0_hat)


def _steps(denoiser: "Denoiser", document: Document, count: int, batch: int) -> "Iterator[tuple[slice, int, Step]]":
    """Every step of every batch: the samples it is of, the state it starts from, the step."""
    from ddpm_studio.sample import sample  # noqa: PLC0415 - torch, not needed for --help

    for first in range(0, count, batch):
        numbers = range(first, min(first + batch, count))
        chain = sample(denoiser, document.sampler, seed=document.sampling.seed, samples=numbers)
        for state, step in enumerate(chain):
            yield slice(numbers.start, numbers.stop), state, step
