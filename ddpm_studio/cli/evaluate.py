"""`ddpm-studio evaluate`: how well a denoiser does, level by level, and what its bound on −log p(x_0) is."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ddpm_studio.cli.flags import SCHEDULE, Subcommands, seed_of, whole
from ddpm_studio.cli.opened import network
from ddpm_studio.cli.report import SUFFIXES, Report
from ddpm_studio.cli.weights import add_weights_flags, weights_of
from ddpm_studio.document import EXACT, Document
from ddpm_studio.errors import UserError
from ddpm_studio.files import expect_writable

if TYPE_CHECKING:
    from ddpm_studio.subject import Subject

EXAMPLES = """\
examples:
  ddpm-studio evaluate --checkpoint runs/mine --bound
  ddpm-studio evaluate --checkpoint pixel-faces --bound --seconds 10
  ddpm-studio evaluate --exact pixel-faces --schedule cosine --bound --out bound.json
  ddpm-studio evaluate --checkpoint mine.safetensors --rate-distortion --out rate.csv
  ddpm-studio evaluate --checkpoint mine.safetensors --loss-per-level --out levels.png
"""

SIGMAS = ("beta", "beta-tilde", "optimum", "learned", "sampler")
WHAT = ("bound", "rate_distortion", "loss_per_level")


def add(commands: Subcommands, name: str) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        name,
        help="the bound of a network in bits per dimension, and its error at each noise level",
        description="On held-out samples: the variational bound term by term, the rate and distortion of progressive\n"
        "coding, and the error of ε̂ at 24 noise levels beside those of the Wiener filter (the best linear\n"
        "guess) and of the exact optimum of the training set. ε̂ = 0 has the error 1.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--checkpoint", type=network, metavar="FILE|RUN|NAME", help="a trained network")
    parser.add_argument("--exact", metavar="D", help="the exact denoiser of a data set")
    parser.add_argument("--bound", action="store_true", help="L_T, every L_{t−1}, L_0 and their sum, in bits/dim")
    parser.add_argument("--rate-distortion", action="store_true", help="bits sent against RMSE on 0..255, at every t")
    parser.add_argument("--loss-per-level", action="store_true", help="the error at each noise level")
    parser.add_argument("--sigma", default="beta", metavar="KIND", help=f"σ² of the bound: {', '.join(SIGMAS)}")
    parser.add_argument(
        "--seconds", metavar="S", help="estimate the bound from fewer t's in about so long, with an error bar"
    )
    parser.add_argument(
        "--dataset", "--data", metavar="D", help="measure on other samples than those it was trained on"
    )
    parser.add_argument("--training", action="store_true", help="measure on training samples, not on held-out ones")
    add_weights_flags(parser)
    parser.add_argument("-n", dest="count", metavar="N", help="held-out samples (default 64 pictures, 500 points)")
    parser.add_argument("--seed", metavar="S", default="0", help="of the noise they are hidden in (default 0)")
    parser.add_argument("--device", metavar="D", default="cpu", help="auto, cpu, cuda, mps (default cpu)")
    parser.add_argument("--out", metavar="FILE", help=f"a file ending in {' or '.join(SUFFIXES)} (default: a table)")
    SCHEDULE.add_flags(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    asked = [what for what in WHAT if getattr(args, what)]
    out = None if args.out is None else Path(args.out)
    _refuse(args, asked, out)
    count = None if args.count is None else whole(args.count, "-n", 1, 100_000)
    seed, seconds = seed_of(args.seed), None if args.seconds is None else whole(args.seconds, "--seconds", 1, 86_400)

    from ddpm_studio.cli import measurements  # noqa: PLC0415 - torch, not needed for --help

    subject = _subject(args, count)
    subject = subject.on_training() if args.training else subject
    reports: Mapping[str, Callable[[], Report]] = {
        "bound": lambda: measurements.bound_of(subject, args.sigma, seed, seconds),
        "rate_distortion": lambda: measurements.rate_of(subject, args.sigma, seed),
        "loss_per_level": lambda: measurements.levels_of(subject),
    }
    made = [reports[what]() for what in asked]
    if out is None:
        print("\n\n".join(report.table for report in made))
    else:
        Report.write(made, out, subject.told | {"seed": seed})


def _refuse(args: argparse.Namespace, asked: list[str], out: Path | None) -> None:
    """Raises a UserError for what does not go together, before anything is read."""
    if not asked:
        raise UserError("say what to measure: --bound, --rate-distortion or --loss-per-level; see --help")
    if (args.checkpoint is None) == (args.exact is None):
        raise UserError("say whose: --checkpoint FILE or --exact DATASET, one of the two")
    if args.sigma not in SIGMAS:
        raise UserError(f"--sigma is one of {', '.join(SIGMAS)}, not {args.sigma!r}")
    if args.checkpoint is not None and SCHEDULE.is_asked_for(args):
        raise UserError("a trained network belongs to its schedule; leave the schedule's flags out, or take --exact")
    if args.seconds is not None and (args.sigma == "learned" or "bound" not in asked):
        raise UserError("--seconds goes with --bound, and not with --sigma learned, which is measured at every t")
    if out is not None:
        if out.suffix.lower() not in SUFFIXES:
            raise UserError(f"{out.name} must end in {' or '.join(SUFFIXES)}")
        if len(asked) > 1 and out.suffix.lower() != ".json":
            raise UserError(f"{out.name} holds one result, and {len(asked)} are asked for; write a .json")
        expect_writable(out)


def _subject(args: argparse.Namespace, count: int | None) -> "Subject":
    from ddpm_studio.device import chosen  # noqa: PLC0415 - torch, not needed for --help
    from ddpm_studio.subject import Subject  # noqa: PLC0415 - torch

    if args.checkpoint is not None:
        group, device = weights_of(args), chosen(args.device)
        return Subject.of_checkpoint(args.checkpoint, dataset=args.dataset, group=group, device=device, count=count)
    default = Document(dataset=args.exact, denoiser=EXACT)
    schedule = SCHEDULE.chosen(args, args.schedule, default.schedule)
    return Subject.of_exact(args.exact, schedule, dataset=args.dataset, count=count)
