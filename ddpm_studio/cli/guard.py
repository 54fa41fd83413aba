"""What the user sees when something ends badly: one line on stderr and an exit code, never a traceback."""

import io
import os
import sys
from collections.abc import Callable

from ddpm_studio import log
from ddpm_studio.errors import UserError

OK, UNEXPECTED, BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141
"""Exit codes; the last two are 128 + SIGINT and 128 + SIGPIPE, as a shell has them."""


def guarded(work: Callable[[], int | None]) -> int:
    """Does the work and gives the exit code: what it returns, or what its exception means."""
    try:
        _spell_out()
        code = work() or OK
        _flush()
    except BrokenPipeError:
        return _hang_up()
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except (UserError, OSError) as error:
        return _complain(_said(error), BAD_INPUT)
    except Exception as error:
        return _unexpected(error)
    return code


def _unexpected(error: Exception) -> int:
    if isinstance(error, MemoryError) or "allocate memory" in str(error):  # the second is torch's RuntimeError
        return _complain("this does not fit into memory; ask for fewer or smaller pictures", BAD_INPUT)
    path = log.record(error)
    return _complain(f"unexpected {type(error).__name__}: {error}; the details are in {path}", UNEXPECTED)


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror or error}"
    return str(error)


def _complain(text: str, code: int) -> int:
    print("ddpm-studio:", " ".join(text.split()), file=sys.stderr)
    return code


def _spell_out() -> None:
    """Where the terminal has no ᾱ a question mark takes its place."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _flush() -> None:
    if sys.stdout is not None:  # a windowed program on Windows has none
        sys.stdout.flush()


def _hang_up() -> int:
    """The reader of stdout has gone: nothing more is written, not even by the interpreter's last flush."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE
