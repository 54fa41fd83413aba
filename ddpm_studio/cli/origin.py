"""The flags that say where a chain begins: in noise, or in a picture."""

import argparse
import sys
from pathlib import Path

from ddpm_studio.cli.flags import whole
from ddpm_studio.cli.opened import located
from ddpm_studio.errors import UserError
from ddpm_studio.origin import Encoded, FromPicture, Origin, Repair


def add_origin_flags(parser: argparse.ArgumentParser) -> None:
    """--from and what belongs to it."""
    group = parser.add_argument_group("where it begins")
    group.add_argument(
        "--from",
        dest="picture",
        metavar="PICTURE",
        help="a shipped photograph, a data-set picture as in fashion:7, or a file; noised to --from-t, then denoised",
    )
    group.add_argument("--from-t", metavar="T", help="t that the picture is noised to (default half of the schedule's)")
    group.add_argument(
        "--encode", action="store_true", help="walk DDIM backwards from the picture to x_T instead of noising it"
    )
    group.add_argument(
        "--mask", metavar="MASK", help="repair the picture where this one is white, and keep the rest (RePaint)"
    )
    group.add_argument("--resamplings", metavar="N", help="of a repair: how often each step is taken (default 5)")


def origin_of(args: argparse.Namespace, current: Origin, T: int) -> Origin:
    """Where the flags say that the chain begins; `current` if they say nothing.

    Args:
        args: what was typed.
        current: the document's.
        T: of the schedule.

    Raises:
        UserError: flags that do not go together, a t outside 1..T, or no such file.
    """
    asked = [flag for flag, given in _given(args).items() if given]
    if args.picture is None:
        if asked:
            raise UserError(f"{asked[0]} belongs to a picture; say which with --from")
        return current
    if args.mask is not None:
        _refuse(asked, {"--mask", "--resamplings"}, "a repair begins in pure noise")
        resamplings = (
            {} if args.resamplings is None else {"resamplings": whole(args.resamplings, "--resamplings", 1, 50)}
        )
        return Repair(picture=picture_of(args.picture), mask=_mask_of(args.mask), **resamplings)
    if args.encode:
        _refuse(asked, {"--encode"}, "an encoded picture begins at the sampler's first t")
        return Encoded(picture=picture_of(args.picture))
    _refuse(asked, {"--from-t"}, "nothing is repaired without --mask")
    return FromPicture(picture=picture_of(args.picture), t=begin_of(args.from_t, "--from-t", T))


def begin_of(text: str | None, flag: str, T: int) -> int:
    """The timestep in `text`, in 1..T; half of T where it is None."""
    return max(T // 2, 1) if text is None else whole(text, flag, 1, T)


def picture_of(ref: str) -> str:
    """A name as it is, a path made absolute. UserError: the picture cannot be read."""
    from ddpm_studio.data import open_source  # noqa: PLC0415 - Pillow, not needed for --help

    open_source(ref)
    return located(ref, ())


def _mask_of(path: str) -> str:
    from ddpm_studio.data import open_picture  # noqa: PLC0415 - as above

    open_picture(Path(path).expanduser())
    return located(path, ())


def tell_fitting(origin: Origin, shape: tuple[int, ...]) -> None:
    """Says on the standard error stream what is done to each picture, so that it fits the denoiser."""
    from ddpm_studio.origin.canvas import fitted  # noqa: PLC0415 - Pillow, not needed for --help

    for ref in origin.references:
        if told := fitted(ref, shape).told:
            print(f"{ref}: {told}", file=sys.stderr)


def _given(args: argparse.Namespace) -> dict[str, bool]:
    return {
        "--from-t": args.from_t is not None,
        "--encode": args.encode,
        "--mask": args.mask is not None,
        "--resamplings": args.resamplings is not None,
    }


def _refuse(asked: list[str], fitting: set[str], reason: str) -> None:
    for flag in asked:
        if flag not in fitting:
            raise UserError(f"{reason}; leave {flag} out")
