"""`ddpm-studio interpolate`: pictures between two pictures."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from ddpm_studio.branch import TRUNK
from ddpm_studio.cli.chains import walk_of, walked
from ddpm_studio.cli.denoisers import add_end_flags, denoiser_of, opened, settled, told_of
from ddpm_studio.cli.flags import Subcommands, whole
from ddpm_studio.cli.origin import begin_of, picture_of, tell_fitting
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.files import expect_writable
from ddpm_studio.origin import Between

EXAMPLES = """\
examples:
  ddpm-studio interpolate pixel-faces:0 pixel-faces:5 --checkpoint pixel-faces --t 500 --out between.png
  ddpm-studio interpolate A.png B.png --exact fashion --t 300 -n 5 --own-noise --out between.png
"""

MOST = 64


def add(commands: Subcommands, name: str) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        name,
        help="draw pictures between two pictures",
        description="Noises both pictures to t with the same noise, mixes them there, and denoises each mixture with\n"
        "the same noise again (Ho et al. 2020, Fig. 8). The PNG is a strip: A, the pictures between, B.",
        epilog=EXAMPLES,
    )
    parser.add_argument("a", metavar="A", help="a shipped photograph, a data-set picture as in fashion:7, or a file")
    parser.add_argument("b", metavar="B", help="another")
    parser.add_argument("--t", metavar="T", help="t that both are noised to (default half of the schedule's)")
    parser.add_argument("-n", dest="count", metavar="N", default="9", help="pictures between, A's and B's own included")
    parser.add_argument("--own-noise", action="store_true", help="another ε for each picture, mixed to variance 1")
    add_end_flags(parser, ".png")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    base, checkpoint = opened(args)
    document, out = _document(args, base), Path(args.out)
    expect_writable(out)

    from ddpm_studio import export  # noqa: PLC0415 - torch and Pillow, not needed for --help

    if export.kind_of(out) is not export.Kind.PICTURE:
        raise UserError(f"interpolate writes a PNG, not {out.name}")
    denoiser, count = denoiser_of(args, document, checkpoint), document.sampling.count
    tell_fitting(document.origin, denoiser.shape)
    kept = [len(document.stops) - 1]
    chains = walked(walk_of(denoiser, document), range(count), denoiser.shape, document.stops, kept, batch=count)

    from ddpm_studio.data import to_bytes  # noqa: PLC0415
    from ddpm_studio.origin.canvas import fitted  # noqa: PLC0415 - as above

    a, b = (fitted(ref, denoiser.shape).picture for ref in document.origin.references)
    strip = export.strip(np.stack([a, *to_bytes(chains.x[-1]), b]))
    export.save_picture(out, strip, told_of(args, document, checkpoint, "interpolate", t=0, sample=0))


def _document(args: argparse.Namespace, base: Document) -> Document:
    document = settled(args, base)
    origin = Between(
        picture=picture_of(args.a),
        other=picture_of(args.b),
        t=begin_of(args.t, "--t", document.schedule.T),
        own_noise=args.own_noise,
    )
    sampling = replace(document.sampling, count=whole(args.count, "-n", 2, MOST))
    return replace(document, sampling=sampling, origin=origin, branches=(), branch=TRUNK)
