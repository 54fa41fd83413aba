"""`ddpm-studio export`: samples kept as numbers, drawn; a network, to share; the document out of any export."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ddpm_studio import document
from ddpm_studio.cli.drawing import QUANTITY_HELP, quantity_of
from ddpm_studio.cli.flags import Subcommands
from ddpm_studio.cli.look import FILM, STRIP, Look, add_look_flags, draw_recording, draw_samples, look_of
from ddpm_studio.cli.opened import document_in, network, provenance_of
from ddpm_studio.cli.weights import add_weights_flags, weights_of
from ddpm_studio.errors import UserError

if TYPE_CHECKING:
    from ddpm_studio.export import Moment, Quantity

EXAMPLES = """\
examples:
  ddpm-studio export faces.npz --out faces.png                 the samples as a grid
  ddpm-studio export faces.npz --trajectory --out strip.png    a film strip of each sample
  ddpm-studio export faces.npz --out faces.gif --fps 30 --columns 8
  ddpm-studio export faces.npz --quantity side-by-side --log 40 --out chain.mp4
  ddpm-studio export runs/mine --out mine.safetensors          a run's averaged weights in half precision, to share
  ddpm-studio export faces.gif --out faces.ddpm.json           the document that made it
  ddpm-studio export --checkpoint runs/mine --format diffusers --out mine    a folder for DDPMPipeline
"""


def add(commands: Subcommands, name: str) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        name,
        help="turn an export into another format",
        description="Draws the samples or the trajectory in an .npz as PNG, GIF, WebP, APNG or MP4, with provenance;\n"
        f"or takes the document out of any export (--out NAME{document.SUFFIX}); or writes a trained\n"
        "network in another library's format (--checkpoint, --format).",
        epilog=EXAMPLES,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a file that the window or another command has written")
    parser.add_argument(
        "--checkpoint", type=network, metavar="FILE|RUN|NAME", help="a trained network, to write with --format"
    )
    parser.add_argument("--format", metavar="NAME", help="diffusers: a folder that DDPMPipeline.from_pretrained runs")
    add_weights_flags(parser)
    parser.add_argument(
        "--out",
        metavar="FILE",
        required=True,
        help=f".png, .gif, .webp, .apng, .mp4, .safetensors, {document.SUFFIX}; or a new folder",
    )
    parser.add_argument("--trajectory", action="store_true", help="PNG: a film strip of each sample, not its end alone")
    parser.add_argument("--quantity", metavar="NAME", help=f"of a trajectory: {QUANTITY_HELP}")
    add_look_flags(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    out = Path(args.out)
    if args.checkpoint is not None or args.format is not None:
        _write_network(args, out)
        return
    if args.file is None:
        raise UserError("say what to export: a FILE, or --checkpoint with --format; see --help")
    file = Path(args.file)
    if out.name.endswith(document.SUFFIX):
        document.save(document_in(file), out)
        return
    if out.suffix.lower() == ".safetensors":
        _slim(file, out)
        return

    from ddpm_studio import export  # noqa: PLC0415 - Pillow, not needed for --help

    look = look_of(args, out)
    kind = export.kind_of(out)
    if file.suffix.lower() != ".npz" or kind is export.Kind.ARRAYS:
        raise UserError(
            f"only an .npz can be drawn anew, as a picture or an animation; any other export gives its document, "
            f"--out NAME{document.SUFFIX}"
        )
    quantity, told = quantity_of(args.quantity), provenance_of(file) or {}
    if args.trajectory or look.asks_for_way or quantity is not None or kind is export.Kind.ANIMATION:
        _draw_way(file, out, look, quantity or export.Quantity.X_T, told)
    else:
        draw_samples(out, _array(file, "samples"), look, told | {"drawn": "samples"})


def _write_network(args: argparse.Namespace, out: Path) -> None:
    from ddpm_studio.interop import FORMATS  # noqa: PLC0415 - torch, not needed for --help
    from ddpm_studio.run import checkpoint_named  # noqa: PLC0415 - torch

    ref = args.checkpoint or args.file
    if ref is None or args.format not in FORMATS:
        raise UserError(f"a network is exported by --checkpoint FILE and --format, one of {', '.join(FORMATS)}")
    FORMATS[args.format].save(checkpoint_named(ref), out, weights_of(args))


def _slim(file: Path, out: Path) -> None:
    from ddpm_studio.checkpoint import slim  # noqa: PLC0415 - torch, not needed for --help
    from ddpm_studio.run import checkpoint_in  # noqa: PLC0415 - torch

    slim(checkpoint_in(file).path, out)


def _draw_way(file: Path, out: Path, look: Look, quantity: "Quantity", told: dict[str, object]) -> None:
    from ddpm_studio import export  # noqa: PLC0415 - as above

    drawn = "trajectory" if quantity is export.Quantity.X_T else quantity.value
    moments = _moments(file, quantity, look, FILM if export.kind_of(out) is export.Kind.ANIMATION else STRIP)
    recording = export.Recording.of(moments, quantity)
    draw_recording(out, recording, look, told | {"drawn": drawn})


def _moments(file: Path, quantity: "Quantity", look: Look, limit: int) -> "Iterator[Moment]":
    """Those states of the trajectory that are drawn; what is not drawn of them is x_t again."""
    from ddpm_studio.export import Moment, Quantity  # noqa: PLC0415 - as above

    x = _array(file, "trajectory")
    guesses = (Quantity.X0_HAT, Quantity.EPS_HAT)
    x0_hat, eps_hat = (_array(file, each.value) if each in quantity.panes else x for each in guesses)
    if not len(x) == len(x0_hat) == len(eps_hat):
        raise UserError(f"{file}: trajectory, x0_hat and eps_hat are not of the same moments")
    for i in look.states(len(x), limit):
        yield Moment(i, x[i], x0_hat[i], eps_hat[i])


def _array(file: Path, key: str) -> NDArray[np.float32]:
    """Pictures (N, C, H, W), or a trajectory of them (F, N, C, H, W), all finite."""
    from ddpm_studio.data.npz import open_npz, read_array  # noqa: PLC0415 - Pillow

    with open_npz(file) as archive:
        if key == "trajectory" and key not in archive and "t" in archive:  # one picture at several t
            return _array(file, "samples")[:, None]
        if key not in archive:
            hint = "" if key == "samples" else "; sample it again with --trajectory"
            raise UserError(f"{file} holds {', '.join(archive.files) or 'nothing'} and no {key}{hint}")
        array = read_array(archive, key, file)
    dimensions = 4 if key == "samples" else 5
    if array.ndim != dimensions or array.shape[-3] not in (1, 3) or array.dtype.kind != "f" or not array.size:
        raise UserError(
            f"{file}: {key} is {array.dtype} of shape {array.shape}, not pictures as this program writes them"
        )
    if not np.isfinite(array).all():
        raise UserError(f"{file}: {key} contains NaN or infinite values")
    return array.astype(np.float32, copy=False)
