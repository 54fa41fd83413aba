"""Which commands there are, and how a command line becomes one of them.

Nothing here imports torch, Pillow or Qt before a command runs, so that `--help` is there at once.
"""

from difflib import get_close_matches
from pathlib import Path

from ddpm_studio import __version__
from ddpm_studio.cli import (
    compare,
    doctor,
    evaluate,
    export,
    fan,
    info,
    interpolate,
    noise,
    sample,
    schedule,
    train,
    window,
)
from ddpm_studio.cli.flags import SCHEDULE, Parser
from ddpm_studio.errors import UserError

COMMANDS = {
    "gui": window.add_gui,
    "schedule": schedule.add,
    "noise": noise.add,
    "sample": sample.add,
    "interpolate": interpolate.add,
    "fan": fan.add,
    "compare": compare.add,
    "train": train.add,
    "evaluate": evaluate.add,
    "export": export.add,
    "info": info.add,
    "doctor": doctor.add,
    "screenshots": window.add_screenshots,
}

EXAMPLES = """\
examples:
  ddpm-studio                                           open the window
  ddpm-studio schedule cosine --T 100                   print a schedule's tables
  ddpm-studio noise chelsea --t 0,100,300,999 --out drowned.png
  ddpm-studio sample --exact pixel-faces --steps 50 -n 16 --out faces.gif
  ddpm-studio train --dataset fashion --network tiny --target v
  ddpm-studio info faces.gif                            what made this file
"""


def run(argv: list[str]) -> int | None:
    """Runs the command; its exit code, None if all went well. UserError: it is none, or it refuses its input."""
    try:
        args, unread = make_parser().parse_known_args(_with_command(argv))
    except SystemExit as end:  # --help and --version have printed and are done
        return int(end.code or 0)
    if unread:
        raise UserError(_unread(unread[0], args.command, vars(args).get("kind", "")))
    result: int | None = args.run(args)
    return result


def make_parser() -> Parser:
    """The parser of all commands."""
    parser = Parser(
        prog="ddpm-studio",
        description="See a denoising diffusion probabilistic model: its schedule, its noise, its way back.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"ddpm-studio {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, title="commands")
    for name, add in COMMANDS.items():
        add(commands, name)
    return parser


def _with_command(argv: list[str]) -> list[str]:
    """`ddpm-studio` and `ddpm-studio FILE` open the window."""
    if not argv:
        return ["gui"]
    if argv[0].startswith("-") or argv[0] in COMMANDS:
        return argv
    if not Path(argv[0]).exists():
        near = get_close_matches(argv[0], COMMANDS, 1)
        hint = f"did you mean {near[0]}?" if near else f"commands are {', '.join(COMMANDS)}"
        raise UserError(f"{argv[0]!r} is neither a command nor a file; {hint}")
    return ["gui", *argv]


def _unread(word: str, command: str, kind: str) -> str:
    """What to say of a word that the command does not know."""
    what = "unknown flag" if word.startswith("-") else "one word too many:"
    if kind in SCHEDULE.kinds:
        return f"{what} {word}; {SCHEDULE.flags_of(SCHEDULE.kinds[kind])}; see ddpm-studio {command} --help"
    return f"{what} {word}; see ddpm-studio {command} --help"
