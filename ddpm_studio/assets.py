"""Finds what ships with the application, in a checkout and in an installed wheel alike."""

from functools import cache
from pathlib import Path

from ddpm_studio.errors import UserError

_PACKAGE = Path(__file__).resolve().parent
ROOTS = (_PACKAGE / "assets", _PACKAGE.parent / "assets")  # in a wheel; in a checkout, beside the package

SHIPPED = "checkpoint:"
"""Before the name of a checkpoint in assets/checkpoints/."""


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


def checkpoint_path(ref: str) -> Path:
    """The path that `Document.denoiser` means: a shipped one, or as it stands. UserError: none of that name ships."""
    name = ref.removeprefix(SHIPPED)
    return asset("checkpoints", f"{name}.safetensors") if name != ref else Path(ref).expanduser()
