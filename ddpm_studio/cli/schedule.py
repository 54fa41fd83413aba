"""`ddpm-studio schedule`: a noise schedule's tables, and what is wrong with it."""

import argparse
import sys
from pathlib import Path

from ddpm_studio import schedule_files
from ddpm_studio.cli.flags import SCHEDULE, Subcommands
from ddpm_studio.errors import UserError
from ddpm_studio.lint import lint
from ddpm_studio.schedule import SCHEDULES, Schedule

EXAMPLES = """\
examples:
  ddpm-studio schedule linear --T 20 --scaled
  ddpm-studio schedule cosine --s 0.01 --format csv --out cosine.csv
  ddpm-studio schedule linear --zero-terminal-snr --out scheduler_config.json
  ddpm-studio schedule drawn --space log_snr --knots 0:9,0.5:0,1:-9 --format json
  ddpm-studio schedule mine.ddpm.json --T 500
"""


def add(commands: Subcommands, name: str) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        name,
        help="print or write a noise schedule",
        description="Prints the tables of a noise schedule for t = 0..T, or writes them.\n"
        "What is wrong with it is told on stderr.",
        epilog=EXAMPLES,
    )
    parser.add_argument("kind", metavar="KIND", help=f"{', '.join(SCHEDULES)}; or a file that holds a schedule")
    parser.add_argument(
        "--format", metavar="NAME", help=f"{', '.join(schedule_files.FORMATS)}; default: what --out asks for, or table"
    )
    parser.add_argument("--out", metavar="FILE", help="write to a file instead of the terminal")
    SCHEDULE.add_flags(parser, choice=False)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    kind = None if _is_file(args.kind) else args.kind
    base: Schedule = SCHEDULE.named(kind)() if kind else schedule_files.read(Path(args.kind))
    schedule = SCHEDULE.chosen(args, kind, base)
    if args.out is not None:
        schedule_files.write(schedule, Path(args.out), args.format)
    elif args.format == "npz":
        raise UserError("an npz archive is nothing to print; say where it goes with --out FILE")
    else:
        sys.stdout.write(schedule_files.encoded(schedule, args.format or "table").decode())
    for finding in lint(schedule):
        print(f"ddpm-studio: {finding.severity}: {finding.text}", file=sys.stderr)


def _is_file(kind: str) -> bool:
    """A kind's name is never taken for a file."""
    return kind not in SCHEDULES and Path(kind).exists()
