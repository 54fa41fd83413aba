"""What a command without a document denoises with: `--exact` or `--checkpoint`, and the document that follows."""

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from ddpm_studio.branch import TRUNK
from ddpm_studio.cli.flags import SAMPLER, SCHEDULE
from ddpm_studio.cli.sample import base_of, checkpoint_of
from ddpm_studio.cli.weights import add_weights_flags
from ddpm_studio.document import EXACT, Document

if TYPE_CHECKING:
    from ddpm_studio.checkpoint import AnyCheckpoint


def add_denoiser_flags(parser: argparse.ArgumentParser) -> None:
    """Which denoiser, where it runs, and the sampler and the schedule it walks under."""
    parser.add_argument("--exact", metavar="DATASET", help="denoise with the exact denoiser of a data set")
    parser.add_argument("--checkpoint", metavar="FILE|RUN", help="denoise with a trained network")
    add_weights_flags(parser)
    parser.add_argument("--device", metavar="D", default="cpu", help="of a network: auto, cpu, cuda, mps (default cpu)")
    SAMPLER.add_flags(parser)
    SCHEDULE.add_flags(parser)
    parser.set_defaults(document=None)


def opened(args: argparse.Namespace) -> "tuple[Document, AnyCheckpoint | None]":
    """The document to begin with, without branches, and the checkpoint; None for an exact denoiser.

    Raises:
        UserError: no denoiser is named, or two are; the checkpoint cannot be read, or a schedule is named beside it.
    """
    base = base_of(args)
    if base.denoiser == EXACT:
        return base, None
    checkpoint = checkpoint_of(args, base.denoiser)
    own = replace(checkpoint.header.document, branches=(), branch=TRUNK, denoiser=base.denoiser)
    return checkpoint.header.taken_over(own), checkpoint
