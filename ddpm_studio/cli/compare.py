"""`ddpm-studio compare`: two settings over the same noise, and what differs."""

import argparse
import json
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.cli.denoisers import (
    add_denoiser_flags,
    checkpoint_told,
    denoiser_of,
    expect_pictures,
    opened,
    settled,
    told_of,
)
from ddpm_studio.cli.flags import SECOND_SAMPLER, Subcommands, whole
from ddpm_studio.cli.look import (
    FILM,
    FLAGS,
    STEPS,
    Look,
    add_look_flags,
    draw_recording,
    expect_room,
    look_of,
    refuse_flags,
)
from ddpm_studio.cli.opened import located, network
from ddpm_studio.cli.origin import tell_fitting
from ddpm_studio.cli.progress import watched
from ddpm_studio.document import EXACT, Document
from ddpm_studio.errors import UserError
from ddpm_studio.files import expect_writable, write_text
from ddpm_studio.sampler import wants_errors
from ddpm_studio.second import SAME, Second

if TYPE_CHECKING:
    from ddpm_studio.checkpoint import AnyCheckpoint
    from ddpm_studio.denoiser import Denoiser
    from ddpm_studio.tree import Path as Walked

EXAMPLES = """\
examples:
  ddpm-studio compare --exact fashion --steps 250 --b-sampler ddim --b-steps 20 -n 8 --out faster.png
  ddpm-studio compare --checkpoint fashion --b-variance 1 --out sigma.gif
  ddpm-studio compare --checkpoint runs/new --b-checkpoint runs/old --out apart.npz
  ddpm-studio compare mine.ddpm.json --b-eta 0.5 --out apart.json    what it says of B, but for eta
"""
MOST = 64
JSON, ARRAYS = ".json", ".npz"


@dataclass(frozen=True, eq=False)
class Apart:
    """A and B at F moments of B, t falling to 0; N pictures."""

    t: NDArray[np.int64]  # (F,)
    rms: NDArray[np.float64]  # (2, F, N): of x_t, and of the guess of x_0
    kept: list[int]  # K of the moments, the last included
    a: NDArray[np.float32]  # (K, N, C, H, W), A's pictures there
    b: NDArray[np.float32]

    @cached_property
    def numbers(self) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
        """What differs in the end, and over t; all on the scale of [−1, 1]."""
        from ddpm_studio.contrast import differences  # noqa: PLC0415 - torch, not needed for --help

        over_t = {"t": self.t, "rms_x": self.rms[0], "rms_x0_hat": self.rms[1]}
        return {**differences(self.a[-1], self.b[-1]), **over_t}


def add(commands: Subcommands, name: str) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        name,
        help="walk two settings from the same noise and show what differs",
        description="Walks the chain (A), then another (B) from the same first state with the same draws at each t.\n"
        "What B is not told, it has from the document, else from A; of a sampler of another kind, steps, spacing\n"
        "and clipping. PNG is A | B | |A − B| side by side: A and B on [-1, 1], the difference from 0 (black) to 1\n"
        "(white); with --frames a film strip; GIF, WebP, APNG and MP4 play it. NPZ has a and b and the numbers that\n"
        "JSON has: rms and max of each sample, pixel_rms and pixel_max, and rms_x and rms_x0_hat over t.\n"
        "All of them open in the window, with both settings.",
        epilog=EXAMPLES,
    )
    parser.add_argument("document", nargs="?", metavar="DOCUMENT", help="a document or an export; flags override it")
    parser.add_argument("-n", dest="count", metavar="N", help=f"pictures, 1 to {MOST} (default 16)")
    parser.add_argument("--seed", metavar="N", help="which noise (default 0)")
    parser.add_argument(
        "--noisy", action="store_true", default=None, help="show x_t on the way, and not the guess of x_0"
    )
    parser.add_argument(
        "--out", metavar="FILE", required=True, help="a file ending in .png, .gif, .webp, .apng, .mp4, .npz or .json"
    )
    second = parser.add_argument_group("the denoiser of B")
    which = second.add_mutually_exclusive_group()
    which.add_argument(
        "--b-checkpoint", type=network, metavar="FILE|RUN|NAME", help="another trained network; default: A's denoiser"
    )
    which.add_argument("--b-exact", action="store_true", help="the exact denoiser of A's data set")
    SECOND_SAMPLER.add_flags(parser)
    add_denoiser_flags(parser)
    add_look_flags(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    base, checkpoint = opened(args)
    document, out = _document(args, base), Path(args.out)
    look = _look(args, out)
    expect_writable(out)
    a = denoiser_of(args, document, checkpoint)
    expect_pictures(a, "compare")
    tell_fitting(document.origin, a.shape)
    b_checkpoint = _second_checkpoint(document, checkpoint)
    b = _second_denoiser(args, document, b_checkpoint, a)

    from ddpm_studio.contrast import expect_alike  # noqa: PLC0415 - torch, not needed for --help

    expect_alike(a.shape, b.shape)
    limit = 1 if out.suffix.lower() in (".png", JSON, ARRAYS) else FILM
    found = _apart(document, _walked(document, a), b, look, limit, noisy=bool(args.noisy))
    told = told_of(args, document, checkpoint, "compare", t=0, sample=0)
    if b_checkpoint is not None and b_checkpoint is not checkpoint:
        told["b_checkpoint"] = checkpoint_told(args, b_checkpoint)
    _write(out, found, look, told)
    rms, most = found.numbers["rms"], found.numbers["max"]
    worst = int(rms.argmax())
    print(f"RMS of A − B on [−1, 1]: median {np.median(rms):.4f}, most {rms[worst]:.4f} (sample {worst})")
    print(f"the largest difference of a pixel: {most.max():.4f}")


def _document(args: argparse.Namespace, base: Document) -> Document:
    """What the flags say of A and of B. UserError: nothing is said of B."""
    document = settled(args, base)
    said = args.b_checkpoint is not None or args.b_exact or SECOND_SAMPLER.is_asked_for(args)
    if args.document is None and not said:
        raise UserError("say what B is: --b-sampler ddim, --b-steps 20, --b-eta 1, --b-checkpoint …; see --help")
    current = Second(document.sampler) if args.document is None else document.contrasted
    sampler = SECOND_SAMPLER.chosen(args, args.b_sampler, current.sampler)
    sampler.times(document.schedule.T)  # as A's
    denoiser = EXACT if args.b_exact else current.denoiser
    if args.b_checkpoint is not None:
        denoiser = located(args.b_checkpoint, ())
    count = document.sampling.count if args.count is None else whole(args.count, "-n", 1, MOST)
    sampling = replace(document.sampling, count=count)
    return replace(document, sampling=sampling, second=Second(sampler, denoiser))


def _look(args: argparse.Namespace, out: Path) -> Look:
    """How it is drawn. UserError: a flag that means nothing to such a file, or no such kind of file."""
    if out.suffix.lower() not in (JSON, ARRAYS):
        from ddpm_studio.export import kind_of  # noqa: PLC0415 - Pillow, not needed for --help

        kind_of(out, JSON)
        return look_of(args, out)
    refuse_flags(args, ("noisy", *FLAGS, *STEPS), f"numbers ({out.name})")
    return Look()


def _second_checkpoint(document: Document, checkpoint: "AnyCheckpoint | None") -> "AnyCheckpoint | None":
    """B's, where A's is `checkpoint`; None for the exact denoiser."""
    if document.contrasted.denoiser in (SAME, EXACT):
        return checkpoint if document.contrasted.denoiser == SAME else None
    from ddpm_studio.run import checkpoint_named  # noqa: PLC0415 - torch, not needed for --help

    return checkpoint_named(document.contrasted.denoiser)


def _second_denoiser(
    args: argparse.Namespace, document: Document, checkpoint: "AnyCheckpoint | None", a: "Denoiser"
) -> "Denoiser":
    """B's; its errors are measured first where its σ² asks for them."""
    second = document.contrasted
    if second.denoiser == SAME and not wants_errors(second.sampler):
        return a
    return denoiser_of(args, replace(document, sampler=second.sampler), checkpoint)


def _walked(document: Document, a: "Denoiser") -> "Walked":
    """A, to its end."""
    from ddpm_studio.branching import legs_along, route_of  # noqa: PLC0415 - torch, not needed for --help
    from ddpm_studio.origin.start import known_of  # noqa: PLC0415 - as above
    from ddpm_studio.tree import Tree  # noqa: PLC0415 - as above

    route, tree = route_of(document), Tree(a, known=known_of(document.origin, a))
    for leg, step in watched(legs_along(document, a), len(route.times) - 1, "reverse steps of A"):
        tree.append(leg, step)
    return tree.path(route)


def _apart(document: Document, path: "Walked", b: "Denoiser", look: Look, limit: int, *, noisy: bool) -> Apart:
    """Walks B beside A; the pictures of at most `limit` moments are kept if `look` does not say which."""
    from ddpm_studio.contrast import against, second_stops  # noqa: PLC0415 - torch, not needed for --help

    stops = second_stops(path, document, b.schedule.T)
    kept = look.states(len(stops), limit)
    count = len(path.route.legs[-1].samples)
    room = (2, len(kept), count, *b.shape)
    expect_room(prod(room), f"{len(kept)} moments of twice {count} pictures")
    pictures, rms = np.empty(room, np.float32), np.empty((2, len(stops), count))
    for state, meeting in enumerate(watched(against(path, document, b), len(stops), "states of B")):
        assert meeting.there is not None  # A has been walked to its end
        rms[:, state] = meeting.there.far(meeting.look)
        if state in kept:
            for which, seen in enumerate((meeting.there, meeting.look)):
                pictures[which, kept.index(state)] = (seen.x if noisy else seen.x0).cpu()
    t = np.rint(np.array(stops) / b.schedule.T * document.schedule.T).astype(np.int64)
    return Apart(t, rms, kept, *pictures)


def _write(out: Path, found: Apart, look: Look, told: dict[str, object]) -> None:
    """The file. UserError: it cannot be written."""
    from ddpm_studio import export  # noqa: PLC0415 - Pillow, not needed for --help
    from ddpm_studio.contrast import DRAWN, painted  # noqa: PLC0415 - torch, not needed for --help

    if out.suffix.lower() == JSON:
        numbers = {name: values.tolist() for name, values in found.numbers.items()}
        write_text(out, json.dumps(told | numbers, ensure_ascii=False, allow_nan=False) + "\n")
    elif export.kind_of(out) is export.Kind.ARRAYS:
        export.save_arrays(out, {"a": found.a[-1], "b": found.b[-1], **found.numbers}, told)
    else:
        panes = (np.stack(pane) for pane in zip(*map(painted, found.a, found.b), strict=True))
        recording = export.Recording(tuple(found.t[found.kept].tolist()), export.Quantity.X0_HAT, tuple(panes))
        draw_recording(out, recording, look, told | {"drawn": DRAWN})
