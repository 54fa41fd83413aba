"""The command line: `ddpm-studio COMMAND …`, one command a file, on the same core as the window."""

import os
import sys
from collections.abc import Sequence

from ddpm_studio.cli.guard import guarded


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code: 0, 1 after a bug (logged), 2 after bad input, 130 after Ctrl+C."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch loads: idle threads sleep
    return guarded(lambda: _run(list(sys.argv[1:] if argv is None else argv)))


def gui() -> int:
    """The windowed program, for desktops: `ddpm-studio gui` with what is on the command line."""
    return main(["gui", *sys.argv[1:]])


def _run(argv: list[str]) -> int | None:
    from ddpm_studio.cli import commands  # noqa: PLC0415 - NumPy is slow enough to be interrupted in, which is guarded

    return commands.run(argv)
