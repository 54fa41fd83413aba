"""`ddpm-studio doctor`: what a file is, what it holds, what is missing, what to do."""

import argparse
import json
from pathlib import Path

from ddpm_studio.cli.flags import Subcommands
from ddpm_studio.cli.guard import BAD_INPUT, OK

EXAMPLES = """\
examples:
  ddpm-studio doctor mine.safetensors
  ddpm-studio doctor ~/models/ddpm-cifar10-32          a diffusers folder
  ddpm-studio doctor model000100.pt --json
"""


def add(commands: Subcommands, name: str) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        name,
        help="what a checkpoint or any file is, and whether it can be opened",
        description="Says what a file or folder is, what it holds, what is missing and what to do.\n"
        "Nothing in it is run. The exit code is 0 if it can be opened, 2 if not.",
        epilog=EXAMPLES,
    )
    parser.add_argument("file", metavar="FILE|DIR", help="a checkpoint, a run, a diffusers folder, or anything else")
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from ddpm_studio.doctor import examine  # noqa: PLC0415 - torch, not needed for --help

    found = examine(Path(args.file))
    if args.json:
        print(json.dumps(found.to_json(), indent=2, ensure_ascii=False))
    else:
        print(*found.lines(), sep="\n")
    return OK if found.usable else BAD_INPUT
