"""`ddpm-studio sample`: pictures out of noise."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ddpm_studio.branch import TRUNK
from ddpm_studio.cli.chains import stops_of, walk_of, walked
from ddpm_studio.cli.denoisers import add_denoiser_flags, denoiser_of, opened, settled, told_of
from ddpm_studio.cli.drawing import add_drawing_flags, drawing_of
from ddpm_studio.cli.flags import SAMPLER, SCHEDULE, Subcommands, seed_of, whole
from ddpm_studio.cli.many import draw_many
from ddpm_studio.cli.opened import located
from ddpm_studio.cli.origin import add_origin_flags, origin_of, tell_fitting
from ddpm_studio.cli.plane import COUNT
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError

if TYPE_CHECKING:
    from ddpm_studio.checkpoint import AnyCheckpoint

EXAMPLES = """\
examples:
  ddpm-studio sample --exact pixel-faces --steps 50 -n 16 --out faces.png
  ddpm-studio sample --exact fashion --sampler ddim --eta 0.5 --steps 100 --out fashion.gif
  ddpm-studio sample --exact ~/pictures --schedule cosine -n 4 --trajectory --out strip.png
  ddpm-studio sample --checkpoint runs/mine --sampler ddim --steps 50 -n 64 --out faces.png
  ddpm-studio sample --exact swiss-roll --out points.npz
  ddpm-studio sample --checkpoint pixel-faces --from me.jpg --from-t 400 --out variations.png
  ddpm-studio sample --checkpoint pixel-faces --from me.png --mask hole.png --out repaired.png
  ddpm-studio sample --checkpoint runs/mine --every 5 --quantity side-by-side --out faces.mp4
  ddpm-studio sample --checkpoint runs/mine -n 5000 --batch 64 --uint8 --out samples.npz
  ddpm-studio sample mine.ddpm.json --seed 7 --trajectory --out again.npz
  ddpm-studio sample fan.png --out children.gif     a document that looks at a branch draws that branch
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
        "NCHW), with --trajectory also trajectory, x0_hat, eps_hat and t; a folder (name/) gets a PNG for each.\n"
        "More than a batch into an NPZ or a folder is kept batch by batch: broken off, the same command goes on.\n"
        "A document that looks at a branch draws that branch, along its whole way from noise; --trunk draws its trunk.",
        epilog=EXAMPLES,
    )
    parser.add_argument("document", nargs="?", metavar="DOCUMENT", help="a document or an export; flags override it")
    parser.add_argument("--trunk", action="store_true", help="draw a document's own chain, not the branch it looks at")
    parser.add_argument("-n", dest="count", metavar="N", help="how many pictures (default 16) or points (default 1000)")
    parser.add_argument("--samples", metavar="I,…", help="only the samples of these numbers, as in 0,3,7-9")
    parser.add_argument("--seed", metavar="N", help="which noise (default 0)")
    parser.add_argument(
        "--batch", metavar="N", default="64", help="pictures drawn at once; changes none but for rounding (default 64)"
    )
    add_denoiser_flags(parser, points=True)
    add_origin_flags(parser)
    add_drawing_flags(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    base, checkpoint = opened(args)
    document, numbers = _document(args, base)
    batch, drawing = whole(args.batch, "--batch", 1, MOST), drawing_of(args)

    from ddpm_studio import data  # noqa: PLC0415 - Pillow, not needed for --help

    document = replace(document, dataset=located(document.dataset, data.DATASETS))
    denoiser = denoiser_of(args, document, checkpoint)
    tell_fitting(document.origin, denoiser.shape)
    if len(denoiser.shape) == 1 and args.count is None and args.samples is None:
        numbers = range(COUNT)
    told = _told(args, document, numbers, checkpoint)
    walk, stops = walk_of(denoiser, document), stops_of(document)
    if drawing.in_bulk(len(numbers), batch):
        if args.samples is not None:
            raise UserError("--samples is for what fits into one batch; take -n, or a larger --batch")
        draw_many(walk, len(stops) - 1, len(numbers), batch, drawing.out, told, pixels_only=drawing.pixels_only)
    else:
        kept = drawing.states(stops)
        drawing.write(walked(walk, numbers, denoiser.shape, stops, kept, batch=batch, with_eps=drawing.with_eps), told)


def _told(
    args: argparse.Namespace, document: Document, numbers: Sequence[int], checkpoint: "AnyCheckpoint | None"
) -> dict[str, object]:
    """The provenance."""
    more = {} if args.samples is None else {"numbers": list(numbers)}
    seed = document.sampling.seed
    return told_of(args, document, checkpoint, "sample", samples=len(numbers), seed=seed, t=0, **more)


def _numbers(args: argparse.Namespace, default: int, most: int = MOST) -> Sequence[int]:
    """Which samples are drawn, of at most so many. UserError: -n and --samples, or no such numbers."""
    if args.samples is None:
        return range(default if args.count is None else whole(args.count, "-n", 1, most))
    if args.count is not None:
        raise UserError("-n and --samples are two ways to say which samples; leave one out")
    found: list[int] = []
    for part in args.samples.split(","):
        first, dash, last = part.partition("-")
        low = whole(first, "--samples", 0, most - 1)
        found += range(low, (whole(last, "--samples", low, most - 1) if dash else low) + 1)
    return tuple(dict.fromkeys(found))


def _document(args: argparse.Namespace, base: Document) -> tuple[Document, Sequence[int]]:
    """What is to be drawn: `base` with what the flags say, and the numbers of the samples."""
    if base.branch != TRUNK:
        if not args.trunk:
            return _on_branch(args, base)
        base = replace(base, branch=TRUNK)
    document = settled(args, base)
    numbers = _numbers(args, document.sampling.count)
    document = replace(
        document,
        sampling=replace(document.sampling, count=min(max(numbers) + 1, SHOWN)),
        origin=origin_of(args, base.origin, document.schedule.T),
    )
    return document, numbers


def _on_branch(args: argparse.Namespace, base: Document) -> tuple[Document, Sequence[int]]:
    """The branch that `base` looks at, with other noise or under another schedule if the flags say so.

    Raises:
        UserError: flags of the trunk, or numbers that the branch has no samples for.
    """
    if SAMPLER.is_asked_for(args) or args.picture is not None:
        raise UserError("the document looks at a branch, which has a sampler and a start of its own; see --trunk")
    count = len(base.branches[base.branch].samples)
    seed = base.sampling.seed if args.seed is None else seed_of(args.seed)
    schedule = SCHEDULE.chosen(args, args.schedule, base.schedule)
    return replace(base, schedule=schedule, sampling=replace(base.sampling, seed=seed)), _numbers(args, count, count)
