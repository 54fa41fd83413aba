"""What the commands that walk chains denoise with and how they walk: their flags, and the document that follows."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ddpm_studio.cli.flags import SAMPLER, SCHEDULE, seed_of
from ddpm_studio.cli.opened import document_in, located, network
from ddpm_studio.cli.plane import tell_left_out
from ddpm_studio.cli.progress import watched
from ddpm_studio.cli.weights import add_weights_flags, weights_of
from ddpm_studio.document import EXACT, Document, provenance
from ddpm_studio.errors import UserError
from ddpm_studio.sampler import wants_errors

if TYPE_CHECKING:
    from ddpm_studio.checkpoint import AnyCheckpoint
    from ddpm_studio.data import Data
    from ddpm_studio.denoiser import Denoiser


def add_denoiser_flags(parser: argparse.ArgumentParser, *, points: bool = False) -> None:
    """Which denoiser, where it runs, and the sampler and the schedule it walks under.

    Args:
        points: whether the command draws points, too.
    """
    sets, networks = "pixel-faces, fashion, a folder of pictures, .npz, IDX …", "fashion, pixel-faces"
    if points:
        sets, networks = f"{sets}; or of points: swiss-roll, rings, .csv …", f"{networks}, swiss-roll"
    parser.add_argument("--exact", metavar="DATASET", help=f"the exact denoiser of a data set: {sets}")
    parser.add_argument(
        "--checkpoint",
        type=network,
        metavar="FILE|RUN|NAME",
        help=f"a trained network, the latest of a run, or one that ships: {networks}",
    )
    add_weights_flags(parser)
    parser.add_argument("--device", metavar="D", default="cpu", help="of a network: auto, cpu, cuda, mps (default cpu)")
    SAMPLER.add_flags(parser)
    SCHEDULE.add_flags(parser)
    parser.set_defaults(document=None)


def add_end_flags(parser: argparse.ArgumentParser, suffixes: str) -> None:
    """Which noise, into which file, and the flags above: of a command that takes no document."""
    parser.add_argument("--seed", metavar="N", default="0", help="which noise (default 0)")
    parser.add_argument("--out", metavar="FILE", required=True, help=f"a file ending in {suffixes}")
    add_denoiser_flags(parser)


def opened(args: argparse.Namespace) -> "tuple[Document, AnyCheckpoint | None]":
    """The document to begin with, and the checkpoint; None for an exact denoiser.

    A checkpoint brings its own sampler where no document says another; how many samples, from which noise and where
    they begin is not its affair.

    Raises:
        UserError: no denoiser is named, or two are; the checkpoint cannot be read, or a schedule is named beside it.
    """
    base = _base_of(args)
    if base.denoiser == EXACT:
        return base, None
    checkpoint = checkpoint_of(args, base.denoiser)
    if args.document is None:
        base = replace(Document(), sampler=checkpoint.header.document.sampler, denoiser=base.denoiser)
    return checkpoint.header.taken_over(base), checkpoint


def settled(args: argparse.Namespace, base: Document) -> Document:
    """`base` with the schedule, the sampler and the seed of the flags. UserError: no such, or more steps than T."""
    schedule = SCHEDULE.chosen(args, args.schedule, base.schedule)
    sampler = SAMPLER.chosen(args, args.sampler, replace(base, schedule=schedule).sampler)
    sampler.times(schedule.T)  # too many steps, asked for by name, are refused and not cut down
    seed = base.sampling.seed if args.seed is None else seed_of(args.seed)
    return replace(base, schedule=schedule, sampler=sampler, sampling=replace(base.sampling, seed=seed))


def denoiser_of(args: argparse.Namespace, document: Document, checkpoint: "AnyCheckpoint | None") -> "Denoiser":
    """The checkpoint's, or the exact one of the document's data."""
    from ddpm_studio.data import load  # noqa: PLC0415 - torch and Pillow, not needed for --help
    from ddpm_studio.denoiser import Exact  # noqa: PLC0415
    from ddpm_studio.device import chosen  # noqa: PLC0415

    if checkpoint is None:
        data = load(document.dataset)
        tell_left_out(data)
        return _with_errors(Exact.of(document.schedule, data), document, data)
    denoiser = checkpoint.denoiser(weights_of(args), chosen(args.device))
    trained_on = checkpoint.header.document.dataset
    return _with_errors(denoiser, document, load(trained_on)) if wants_errors(document.sampler) else denoiser


def expect_pictures(denoiser: "Denoiser", command: str) -> None:
    """UserError: it makes points."""
    if len(denoiser.shape) != 3:
        raise UserError(f"{command} is for pictures, and this denoiser makes points")


def told_of(
    args: argparse.Namespace, document: Document, checkpoint: "AnyCheckpoint | None", command: str, **more: object
) -> dict[str, object]:
    """The provenance of what a command writes."""
    told = provenance(document, command=command, **more)
    if checkpoint is not None:
        told["checkpoint"] = checkpoint_told(args, checkpoint)
    return told


def checkpoint_told(args: argparse.Namespace, checkpoint: "AnyCheckpoint") -> dict[str, object]:
    """What a file says of a checkpoint that it was drawn with."""
    return {"file": checkpoint.path.name, "sha256": checkpoint.sha256, "weights": weights_of(args)}


def _with_errors(denoiser: "Denoiser", document: Document, data: "Data") -> "Denoiser":
    """The denoiser, measured first where the optimal σ² is asked for and it does not know its errors by itself."""
    if not wants_errors(document.sampler):
        return denoiser

    from ddpm_studio.likelihood import (  # noqa: PLC0415
        ErrorCurve,
        Measured,
        levels_of,
    )

    levels, probe = levels_of(denoiser, data)
    return Measured(denoiser, ErrorCurve.of(watched(levels, len(probe.times), "noise levels"), probe.x0))


def _base_of(args: argparse.Namespace) -> Document:
    """The document that is given, or the default one, and what it is to be sampled with."""
    if args.document is None and args.exact is None and args.checkpoint is None:
        raise UserError("say what to sample from: --exact pixel-faces, --checkpoint, or a document; see --help")
    if args.exact is not None and args.checkpoint is not None:
        raise UserError("--exact and --checkpoint are two ways to guess x_0; leave one out")
    base = Document() if args.document is None else document_in(Path(args.document))
    if args.exact is not None:
        from ddpm_studio.data import DATASETS  # noqa: PLC0415 - see above

        return replace(base, dataset=located(args.exact, DATASETS), denoiser=EXACT)
    return base if args.checkpoint is None else replace(base, denoiser=located(args.checkpoint, ()))


def checkpoint_of(args: argparse.Namespace, ref: str) -> "AnyCheckpoint":
    """The checkpoint that `ref` names. UserError: it cannot be read, or a schedule is asked for beside its own."""
    if SCHEDULE.is_asked_for(args):
        raise UserError("a trained network belongs to its schedule; leave the schedule's flags out, or sample --exact")

    from ddpm_studio.run import checkpoint_named  # noqa: PLC0415 - see above

    return checkpoint_named(ref)
