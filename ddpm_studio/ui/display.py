"""Is there a screen? Asked before Qt, which without one ends the program with a core dump instead of a line."""

import ctypes
import os
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

from ddpm_studio.errors import UserError

_REMEDY = "run headless with `ddpm-studio sample …`, or set QT_QPA_PLATFORM=offscreen"


def require_display() -> None:
    """Returns if Qt will find a screen.

    Raises:
        UserError: on Linux, no X server and no Wayland compositor answers, and no other platform of Qt's was asked for.
    """
    if not sys.platform.startswith("linux") or _other_platform_asked_for() or _wayland_answers():
        return
    display = os.environ.get("DISPLAY")
    if not display:
        raise UserError(f"no display: neither DISPLAY nor WAYLAND_DISPLAY names one that answers; {_REMEDY}")
    if not _x_answers():
        raise UserError(f"no display: the X server at DISPLAY={display} does not answer; {_REMEDY}")
    if missing := _missing_library():
        raise UserError(f"Qt cannot draw on this display: {missing}; install it: README.md names the packages Qt needs")


def _other_platform_asked_for() -> bool:
    asked = os.environ.get("QT_QPA_PLATFORM", "")
    names = [part.partition(":")[0] for part in asked.split(";")]
    return bool(asked) and not all(name == "xcb" or name.startswith("wayland") for name in names)


def _wayland_answers() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY")
    if not name:
        return False
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(Path(os.environ.get("XDG_RUNTIME_DIR", "/")) / name))
        except OSError:
            return False
    return True


def _x_answers() -> bool:
    """Whether the X server lets us in, by the library that Qt connects with; True if only Qt can tell."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    refused = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not refused


def _missing_library() -> str:
    """What the loader says if Qt's plugin for X lacks a library of the system's; empty if it loads."""
    package = find_spec("PySide6")
    plugin = Path((package and package.origin) or "") / "../Qt/plugins/platforms/libqxcb.so"
    try:
        ctypes.CDLL(os.path.normpath(plugin))
    except OSError as error:
        return str(error) if plugin.resolve().exists() else ""
    return ""
