"""Which of a checkpoint's weights a command takes: `--ema`, `--ema 0.9999`, `--raw`."""

import argparse

from ddpm_studio.errors import UserError
from ddpm_studio.training import average_of


def add_weights_flags(parser: argparse.ArgumentParser) -> None:
    """The flags that `weights_of` reads."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--ema", nargs="?", const="", metavar="DECAY", help="its averaged weights (default), or a further average's"
    )
    which.add_argument("--raw", action="store_true", help="its weights as trained")


def weights_of(args: argparse.Namespace) -> str:
    """The group of the checkpoint's tensors that is asked for. UserError: the decay is no number."""
    if args.raw:
        return "weights"
    if not args.ema:
        return "ema"
    try:
        return average_of(float(args.ema))
    except ValueError as error:
        raise UserError(f"--ema takes the decay of an average, as in --ema 0.9999, not {args.ema!r}") from error
