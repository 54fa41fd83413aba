"""`ddpm-studio gui` opens the window; `ddpm-studio screenshots` has it draw itself into files."""

import argparse
from pathlib import Path

from ddpm_studio.cli.flags import Subcommands
from ddpm_studio.errors import UserError


def add_gui(commands: Subcommands, name: str) -> None:
    """Declares the command."""
    parser = commands.add_parser(name, help="open the window", description="Opens the window.")
    parser.add_argument(
        "file", nargs="?", metavar="FILE", help="a document, an export, a checkpoint, data, a schedule, a picture"
    )
    parser.set_defaults(run=_gui)


def add_screenshots(commands: Subcommands, name: str) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        name,
        help="draw the window into PNG files, no display needed",
        description="Draws every workspace, light and dark, into PNG files. Needs no display.",
    )
    parser.add_argument("folder", metavar="DIR", help="where the files go; made if it is not there")
    parser.set_defaults(run=_screenshots)


def _gui(args: argparse.Namespace) -> int | None:
    from ddpm_studio.ui import app  # noqa: PLC0415 - Qt is slow to import, and other commands do without

    file = None if args.file is None else Path(args.file)
    if file is not None and not file.exists():
        raise UserError(f"there is no file {file}")
    return app.run(file)


def _screenshots(args: argparse.Namespace) -> None:
    from ddpm_studio.ui import app  # noqa: PLC0415

    for path in app.screenshots(Path(args.folder)):
        print(path)
