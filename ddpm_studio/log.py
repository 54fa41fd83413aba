"""The log: a file that keeps the tracebacks the user is never shown."""

import logging
import os
import platform
import sys
import tempfile
from functools import cache
from logging.handlers import RotatingFileHandler
from pathlib import Path

from ddpm_studio import __version__

NAME = "ddpm-studio.log"
FULL = 1_000_000
"""Bytes after which a new file is begun; one old file is kept."""


@cache
def to_file() -> Path:
    """From now on what `ddpm_studio`'s loggers say goes into a file, which is made by the first word; its path."""
    path = _folder() / NAME
    handler = RotatingFileHandler(path, maxBytes=FULL, backupCount=1, encoding="utf-8", delay=True)
    system = f"DDPM Studio {__version__}, Python {platform.python_version()}, {platform.platform()}"
    handler.setFormatter(logging.Formatter(f"%(asctime)s %(levelname)s %(name)s ({system})\n%(message)s"))
    logging.getLogger("ddpm_studio").addHandler(handler)
    return path


def record(error: BaseException) -> Path:
    """Writes the traceback of an exception nobody expected; the file it is in."""
    path = to_file()
    logging.getLogger("ddpm_studio").error("unexpected %s", type(error).__name__, exc_info=error)
    return path


def _folder() -> Path:
    """The place this system has for a program's logs, or that for temporary files where it cannot be written."""
    home = Path.home()
    if sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "DDPM Studio"
    elif sys.platform == "darwin":
        folder = home / "Library" / "Logs" / "DDPM Studio"
    else:
        folder = Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state") / "ddpm-studio"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    return folder if writable else Path(tempfile.gettempdir())
