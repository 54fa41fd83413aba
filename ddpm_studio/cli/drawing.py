"""What becomes of samples on the command line: which file, which moments and quantity of the chain, which layout."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ddpm_studio.cli.chains import Chains
from ddpm_studio.cli.look import (
    FILM,
    FLAGS,
    STEPS,
    STRIP,
    Look,
    add_look_flags,
    draw_recording,
    look_of,
    refuse_flags,
)
from ddpm_studio.cli.plane import draw_points
from ddpm_studio.errors import UserError
from ddpm_studio.files import expect_writable

if TYPE_CHECKING:
    from ddpm_studio.export import Kind, Quantity


QUANTITY_HELP = (
    "x_t (default), x0_hat (the guess of the clean picture), eps_hat (the noise), painted on\n"
    "[-1, 1], [-1, 1] and [-3, 3] and clipped outside, or side-by-side"
)


@dataclass(frozen=True)
class Drawing:
    """What the flags say of what is written; `kind` is None for a folder with a PNG for each sample."""

    out: Path
    kind: "Kind | None"
    look: Look
    quantity: "Quantity | None"
    trajectory: bool
    pixels_only: bool

    @property
    def has_way(self) -> bool:
        """Whether more than the end of the chain is asked for."""
        return self.trajectory or self.look.asks_for_way or self.quantity is not None

    @property
    def with_eps(self) -> bool:
        """Whether ε̂ is drawn, or kept as numbers."""
        from ddpm_studio.export import Kind, Quantity  # noqa: PLC0415 - Pillow, not needed for --help

        if self.kind is Kind.ARRAYS:
            return self.has_way
        return self.quantity is not None and Quantity.EPS_HAT in self.quantity.panes

    def in_bulk(self, count: int, batch: int) -> bool:
        """Whether the samples are kept on the disk batch by batch and never held at once."""
        from ddpm_studio.export import Kind  # noqa: PLC0415 - as above

        arrays = self.kind is Kind.ARRAYS and not self.has_way
        return self.kind is None or (arrays and (count > batch or self.pixels_only))

    def states(self, stops: Sequence[int]) -> list[int]:
        """Which states of a chain are kept."""
        from ddpm_studio.export import Kind  # noqa: PLC0415 - as above

        if not self.has_way and self.kind is not Kind.ANIMATION:
            return [len(stops) - 1]
        limits: dict[Kind | None, int] = {Kind.ANIMATION: FILM, Kind.PICTURE: STRIP}
        return self.look.states(len(stops), limits.get(self.kind, len(stops)))

    def write(self, chains: Chains, told: dict[str, object]) -> None:
        """The file. UserError: it cannot be written."""
        from ddpm_studio.export import Kind, Quantity, Recording, save_samples  # noqa: PLC0415 - as above

        samples, t = chains.x[-1], chains.t.tolist()
        told = told | {"t": t if len(t) > 1 and self.kind is not Kind.ARRAYS else 0}
        if self.kind is Kind.ARRAYS:
            if len(t) > 1:
                way = {"trajectory": chains.x, "x0_hat": chains.x0_hat, "eps_hat": chains.eps_hat}
                save_samples(self.out, samples, told, **way, t=chains.t)
            else:
                save_samples(self.out, samples, told)
        elif samples.ndim == 2:
            draw_points(self.out, chains.x, self.look, told)
        else:
            quantity = self.quantity or Quantity.X_T
            told = told if quantity is Quantity.X_T else told | {"drawn": quantity.value}
            draw_recording(self.out, Recording.of(chains.moments(), quantity), self.look, told)


def add_drawing_flags(parser: argparse.ArgumentParser) -> None:
    """The flags behind a `Drawing`."""
    parser.add_argument("--trajectory", action="store_true", help="keep the way, not only its end")
    parser.add_argument("--quantity", metavar="NAME", help=f"what is drawn: {QUANTITY_HELP}")
    parser.add_argument("--uint8", action="store_true", help="NPZ: arr_0 alone, a fifth of the size")
    parser.add_argument(
        "--out",
        metavar="FILE",
        required=True,
        help="a file ending in .png, .gif, .webp, .apng, .mp4 or .npz; or a folder/",
    )
    add_look_flags(parser)


def drawing_of(args: argparse.Namespace) -> Drawing:
    """What the flags say.

    Raises:
        UserError: they do not fit each other or the file, or it cannot be written.
    """
    from ddpm_studio.export import SUFFIXES, Kind, kind_of  # noqa: PLC0415 - Pillow, not needed for --help

    out = Path(args.out)
    is_folder = args.out.endswith(("/", os.sep)) or (out.is_dir() and out.suffix.lower() not in SUFFIXES)
    kind = None if is_folder else kind_of(out)
    what = f"a folder of pictures ({out})" if kind is None else f"{kind.value} ({out.name})"
    if kind is None:
        refuse_flags(args, (*FLAGS, *STEPS), what)
    look = Look() if kind is None else look_of(args, out)
    quantity = quantity_of(args.quantity)
    drawing = Drawing(out, kind, look, quantity, args.trajectory, args.uint8)
    if kind in (None, Kind.ARRAYS) and quantity is not None:
        raise UserError(f"--quantity means nothing to {what}; an .npz with --trajectory holds all of them")
    if kind is None and args.trajectory:
        raise UserError(f"--trajectory means nothing to {what}; leave it out")
    if args.uint8 and (kind is not Kind.ARRAYS or drawing.has_way):
        raise UserError("--uint8 is for an .npz of samples without their way; leave it out")
    expect_writable(out / "each" if is_folder and out.is_dir() else out)
    return drawing


def quantity_of(text: str | None) -> "Quantity | None":
    """The quantity of this name. UserError: there is none, and all are named."""
    from ddpm_studio.export import Quantity  # noqa: PLC0415 - as above

    if text is None:
        return None
    try:
        return Quantity(text)
    except ValueError as error:
        raise UserError(f"--quantity must be one of {', '.join(Quantity)}, but is {text!r}") from error
