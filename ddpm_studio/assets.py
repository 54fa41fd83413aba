"""Finds what ships with the application, in a checkout and in an installed wheel alike."""

from functools import cache
from pathlib import Path

from ddpm_studio.errors import UserError

_PACKAGE = Path(__file__).resolve().parent
ROOTS = (_PACKAGE / "assets", _PACKAGE.parent / "assets")  # in a wheel; in a checkout, beside the package


def asset(*parts: str) -> Path:
    """The path of a shipped file or folder: `asset("images", "chelsea.png")`.

    Raises:
        UserError: it is not there, so the installation is damaged.
    """
    for root in ROOTS:
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise UserError(f"the shipped file assets/{'/'.join(parts)} is missing; install DDPM Studio again")


OF_POINTS = ("swiss-roll",)
"""The shipped checkpoints whose networks are for points; the others' are for pictures."""


@cache
def photographs() -> tuple[str, ...]:
    """Names of the shipped photographs, sorted; `asset("images", name + ".png")` is the file."""
    return tuple(sorted(path.stem for path in asset("images").glob("*.png")))


def checkpoints() -> tuple[str, ...]:
    """Names of the shipped trained networks, sorted; `asset("checkpoints", name + ".safetensors")` is the file."""
    return tuple(sorted({path.stem for root in ROOTS for path in root.glob("checkpoints/*.safetensors")}))
