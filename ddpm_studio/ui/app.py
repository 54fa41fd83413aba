"""Opens the window. Qt is imported only once it is clear that there is a screen and that Qt's libraries are there."""

import os
from importlib import import_module
from pathlib import Path
from types import ModuleType

from ddpm_studio.errors import UserError
from ddpm_studio.ui.display import require_display


def run(target: Path | None = None) -> int:
    """Shows the window, opens `target` in it (see `opening.read`), and returns its exit code.

    Raises:
        UserError: no display, or a system library that Qt needs is missing.
    """
    require_display()
    code: int = _qt_module("ddpm_studio.ui.application").run(target)
    return code


def screenshots(folder: Path) -> list[Path]:
    """Draws every workspace, light and dark, 1600 × 1000, into PNG files in `folder`, which is made; needs no display.

    Raises:
        UserError: the folder cannot be written, or a system library that Qt needs is missing.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    paths: list[Path] = _qt_module("ddpm_studio.ui.window.screenshots").take(folder)
    return paths


def _qt_module(name: str) -> ModuleType:
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch loads: its idle threads leave us the cores
    try:
        return import_module(name)
    except ImportError as error:
        if ".so" not in str(error):
            raise
        remedy = "install it; README.md names the packages that Qt needs"
        raise UserError(f"Qt cannot be loaded: {error}; {remedy}") from error
