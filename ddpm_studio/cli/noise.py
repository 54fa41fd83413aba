"""`ddpm-studio noise`: a picture at several t, in closed form, all with the same ε."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from ddpm_studio.assets import photographs
from ddpm_studio.cli.flags import SCHEDULE, Subcommands, seed_of, whole
from ddpm_studio.cli.look import Enlarged, add_film_flags, draw_film, draw_trajectory, expect_room, look_of
from ddpm_studio.cli.opened import located
from ddpm_studio.document import SUFFIX, Document, Noising, load, provenance
from ddpm_studio.errors import UserError
from ddpm_studio.files import expect_writable

EXAMPLES = """\
examples:
  ddpm-studio noise chelsea --out strip.png
  ddpm-studio noise my.jpg --t 0,100,250,500,1000 --size 128 --schedule cosine --out strip.png
  ddpm-studio noise fashion:7 --t 0:1000:10 --fps 25 --out drowning.gif
  ddpm-studio noise mine.ddpm.json --out strip.webp
"""


def add(commands: Subcommands, name: str) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        name,
        help="drown a picture in noise",
        description="Writes x_t = √ᾱ_t x_0 + √(1−ᾱ_t) ε for several t with one fixed ε:\n"
        "PNG is a film strip, GIF, WebP, APNG and MP4 play it, NPZ holds the numbers (samples, and t).",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "picture", metavar="PICTURE", help=f"a shipped photograph, fashion:7, a picture file, or a document (*{SUFFIX})"
    )
    parser.add_argument(
        "--t", metavar="T,T,…", help="timesteps from 0 to T, or from:to:by (default 0, T/10, T/4, T/2, T)"
    )
    parser.add_argument("--seed", metavar="N", help="which noise ε (default 0)")
    parser.add_argument("--size", metavar="N", help="cut the picture to a square of N pixels; default its own size")
    parser.add_argument("--grey", action=argparse.BooleanOptionalAction, help="in grey")
    parser.add_argument(
        "--out", metavar="FILE", required=True, help="a file ending in .png, .gif, .webp, .apng, .mp4 or .npz"
    )
    SCHEDULE.add_flags(parser)
    add_film_flags(parser)
    parser.set_defaults(run=_run)


def timesteps(text: str | None, T: int) -> tuple[int, ...]:
    """The t's that `--t` asks for: `0,10,1000`, `0:1000:10` (both ends included where they are hit), or the default.

    Raises:
        UserError: not a whole number, or outside 0..T.
    """
    if text is None:
        return tuple(dict.fromkeys((0, T // 10, T // 4, T // 2, T)))
    parts = [part for part in text.split(",") if part.strip()]
    if not parts:
        raise UserError("--t needs at least one timestep, as in --t 0,100,1000")
    return tuple(t for part in parts for t in _range(part, T))


def _range(text: str, T: int) -> range:
    first, *rest = text.split(":")
    if len(rest) > 2:
        raise UserError(f"--t: {text!r} is not from:to:by")
    low = whole(first, "--t", 0, T)
    high = whole(rest[0], "--t", low, T) if rest else low
    return range(low, high + 1, whole(rest[1], "--t: the step", 1, T) if len(rest) == 2 else 1)


def _run(args: argparse.Namespace) -> None:
    document = _document(args)
    ts = timesteps(args.t, document.schedule.T)
    size = None if args.size is None else whole(args.size, "--size", 1, 4096)
    out = Path(args.out)
    look = replace(look_of(args, out), frames=len(ts))
    expect_writable(out)

    from ddpm_studio import data, export, forward  # noqa: PLC0415 - torch and Pillow, not needed for --help

    kind, schedule, seed = export.kind_of(out), document.schedule, document.noising.seed
    x0 = forward.clean(data.open_source(document.noising.picture, size, document.noising.grey))
    told = provenance(document, command="noise", t=list(ts), size=size, seed=seed)
    if kind is export.Kind.ANIMATION:
        film = forward.NoisingFilm(schedule, x0, forward.fixed_noise(x0, seed), ts)
        draw_film(out, Enlarged(film, look.scale), look, told)
        return
    expect_room(2 * len(ts) * x0.numel(), f"{len(ts)} pictures")
    x = forward.noised(schedule, x0, ts, seed).numpy()
    if kind is export.Kind.ARRAYS:
        export.save_samples(out, x, told, t=np.array(ts))
    else:
        draw_trajectory(out, x[:, None], look, told)


def _document(args: argparse.Namespace) -> Document:
    """The default document about this picture, or the file's, with what the flags say."""
    if args.picture.endswith(SUFFIX):
        base = load(Path(args.picture))
    else:
        base = Document(noising=Noising(picture=located(args.picture, photographs())))
    document = replace(base, schedule=SCHEDULE.chosen(args, args.schedule, base.schedule))
    seed = document.noising.seed if args.seed is None else seed_of(args.seed)
    grey = document.noising.grey if args.grey is None else args.grey
    return replace(document, noising=replace(document.noising, seed=seed, grey=grey))
