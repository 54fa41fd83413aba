"""`ddpm-studio sample`: pictures out of noise."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ddpm_studio.cli.chains import Chains, walk_of, walked
from ddpm_studio.cli.flags import SAMPLER, SCHEDULE, Subcommands, seed_of, whole
from ddpm_studio.cli.look import (
    FILM,
    FLAGS,
    STEPS,
    STRIP,
    Look,
    add_look_flags,
    draw_recording,
    look_of,
    refuse_flags,
)
from ddpm_studio.cli.many import draw_many
from ddpm_studio.cli.opened import document_in, located
from ddpm_studio.cli.plane import COUNT, draw_points
from ddpm_studio.cli.weights import add_weights_flags, weights_of
from ddpm_studio.document import EXACT, Document, provenance
from ddpm_studio.errors import UserError
from ddpm_studio.files import expect_writable

if TYPE_CHECKING:
    from ddpm_studio.checkpoint import AnyCheckpoint
    from ddpm_studio.denoiser import Denoiser
    from ddpm_studio.export import Quantity

EXAMPLES = """\
examples:
  ddpm-studio sample --exact pixel-faces --steps 50 -n 16 --out faces.png
  ddpm-studio sample --exact fashion --sampler ddim --eta 0.5 --steps 100 --out fashion.gif
  ddpm-studio sample --exact ~/pictures --schedule cosine -n 4 --trajectory --out strip.png
  ddpm-studio sample --checkpoint runs/mine --sampler ddim --steps 50 -n 64 --out faces.png
  ddpm-studio sample --exact swiss-roll --out points.npz
  ddpm-studio sample --checkpoint runs/mine --every 5 --quantity side-by-side --out faces.mp4
  ddpm-studio sample --checkpoint runs/mine -n 5000 --batch 64 --uint8 --out samples.npz
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
        "GIF, WebP, APNG and MP4 play the chain; NPZ holds the numbers: arr_0 (uint8 NHWC) and samples (float32\n"
        "NCHW), with --trajectory also trajectory, x0_hat and t; a folder (its name ends in /) gets a PNG for each.\n"
        "More than a batch into an NPZ or a folder is kept batch by batch: broken off, the same command goes on.",
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
    parser.add_argument(
        "--samples", metavar="I,…", help="only the samples with these numbers, as in 0,3,7-9; not with -n"
    )
    parser.add_argument("--seed", metavar="N", help="which noise (default 0)")
    parser.add_argument(
        "--batch", metavar="N", default="64", help="pictures drawn at once; changes none but for rounding (default 64)"
    )
    parser.add_argument("--trajectory", action="store_true", help="keep the way, not only its end")
    parser.add_argument(
        "--quantity",
        metavar="NAME",
        help="what is drawn: x_t (default), x0_hat (the guess of the clean picture) and eps_hat (the noise), painted on "
        "[-1, 1], [-1, 1] and [-3, 3] and clipped outside, or side-by-side",
    )
    parser.add_argument("--uint8", action="store_true", help="NPZ: arr_0 alone, a fifth of the size")
    parser.add_argument(
        "--out",
        metavar="FILE",
        required=True,
        help="a file ending in .png, .gif, .webp, .apng, .mp4 or .npz; or a folder/",
    )
    SAMPLER.add_flags(parser)
    SCHEDULE.add_flags(parser)
    add_look_flags(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    base = _base(args)
    checkpoint = None if base.denoiser == EXACT else _checkpoint(args, base.denoiser)
    if checkpoint is not None:
        own = checkpoint.header.document  # its sampler too, unless a document says another
        base = checkpoint.header.taken_over(base if args.document else replace(own, denoiser=base.denoiser))
    document, numbers = _document(args, base)
    batch, out = whole(args.batch, "--batch", 1, MOST), Path(args.out)
    folder = args.out.endswith(("/", os.sep)) or out.is_dir()
    look, quantity = _drawing(args, out, folder=folder)
    expect_writable(out / "x" if out.is_dir() else out)

    from ddpm_studio import data, export  # noqa: PLC0415 - torch and Pillow, not needed for --help

    document = replace(document, dataset=located(document.dataset, data.DATASETS))
    denoiser = _denoiser(args, document, checkpoint)
    if len(denoiser.shape) == 1 and args.count is None and args.samples is None:
        numbers = range(COUNT)
    told = provenance(document, command="sample", samples=len(numbers), seed=document.sampling.seed)
    if args.samples is not None:
        told["numbers"] = list(numbers)
    if checkpoint is not None:
        told["checkpoint"] = {"file": checkpoint.path.name, "sha256": checkpoint.sha256, "weights": weights_of(args)}
    walk, stops = walk_of(denoiser, document), document.sampler.stops(document.schedule.T)
    way = args.trajectory or look.asks_for_way or quantity is not None
    kind = None if folder else export.kind_of(out)
    if folder or (kind is export.Kind.ARRAYS and not way and (len(numbers) > batch or args.uint8)):
        if way or args.samples is not None:
            raise UserError("--trajectory, --quantity, --samples and the choice of steps are not for so many pictures")
        draw_many(walk, len(stops) - 1, len(numbers), batch, out, told | {"t": 0}, pixels_only=args.uint8)
        return
    if args.uint8:
        raise UserError(f"--uint8 means nothing to {out.name}; leave it out")
    full = {export.Kind.ANIMATION: FILM, export.Kind.PICTURE: STRIP, export.Kind.ARRAYS: len(stops)}
    kept = look.states(len(stops), full[kind]) if way or kind is export.Kind.ANIMATION else [len(stops) - 1]
    with_eps = quantity is not None and export.Quantity.EPS_HAT in quantity.panes
    chains = walked(walk, numbers, denoiser.shape, stops, kept, batch=batch, with_eps=with_eps)
    _write(out, chains, look, quantity or export.Quantity.X_T, told)


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


def _drawing(args: argparse.Namespace, out: Path, *, folder: bool) -> "tuple[Look, Quantity | None]":
    """What the flags say of how it is drawn. UserError: they do not fit what is written."""
    from ddpm_studio.export import Kind, Quantity, kind_of  # noqa: PLC0415 - Pillow, not needed for --help

    if folder:
        refuse_flags(args, (*FLAGS, *STEPS), f"a folder of pictures ({out})")
        return Look(), None
    if args.quantity is None:
        return look_of(args, out), None
    if args.quantity not in list(Quantity):
        raise UserError(f"--quantity must be one of {', '.join(Quantity)}, but is {args.quantity!r}")
    if kind_of(out) is Kind.ARRAYS:
        raise UserError("--quantity means nothing to arrays; with --trajectory an .npz holds x_t and x0_hat")
    return look_of(args, out), Quantity(args.quantity)


def _write(out: Path, chains: Chains, look: Look, quantity: "Quantity", told: dict[str, object]) -> None:
    from ddpm_studio import export  # noqa: PLC0415 - see above

    samples, t = chains.x[-1], chains.t.tolist()
    has_way = len(t) > 1
    told = told | {"t": t if has_way and export.kind_of(out) is not export.Kind.ARRAYS else 0}
    if export.kind_of(out) is not export.Kind.ARRAYS and samples.ndim == 2:
        draw_points(out, chains.x, look, told)
    elif export.kind_of(out) is not export.Kind.ARRAYS:
        told = told if quantity is export.Quantity.X_T else told | {"drawn": quantity.value}
        draw_recording(out, export.Recording.of(chains.moments(), quantity), look, told)
    elif has_way:
        export.save_samples(out, samples, told, trajectory=chains.x, x0_hat=chains.x0_hat, t=chains.t)
    else:
        export.save_samples(out, samples, told)


def _numbers(args: argparse.Namespace, default: int) -> Sequence[int]:
    """Which samples are drawn. UserError: -n and --samples, or no such numbers."""
    if args.samples is None:
        return range(default if args.count is None else whole(args.count, "-n", 1, MOST))
    if args.count is not None:
        raise UserError("-n and --samples are two ways to say which samples; leave one out")
    found: list[int] = []
    for part in args.samples.split(","):
        first, dash, last = part.partition("-")
        low = whole(first, "--samples", 0, MOST - 1)
        found += range(low, (whole(last, "--samples", low, MOST - 1) if dash else low) + 1)
    return tuple(dict.fromkeys(found))


def _document(args: argparse.Namespace, base: Document) -> tuple[Document, Sequence[int]]:
    """What is to be drawn: `base` with what the flags say, and the numbers of the samples."""
    document = replace(base, schedule=SCHEDULE.chosen(args, args.schedule, base.schedule))
    sampler = SAMPLER.chosen(args, args.sampler, document.sampler)
    sampler.times(document.schedule.T)  # too many steps, asked for by name, are refused and not cut down
    numbers = _numbers(args, document.sampling.count)
    seed = document.sampling.seed if args.seed is None else seed_of(args.seed)
    document = replace(
        document,
        sampler=sampler,
        sampling=replace(document.sampling, count=min(max(numbers) + 1, SHOWN), seed=seed),
    )
    return document, numbers
