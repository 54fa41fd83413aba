"""How samples and trajectories become pictures: the flags that say so, and the drawing by the file's suffix."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.cli.flags import whole
from ddpm_studio.cli.progress import watched
from ddpm_studio.errors import UserError

if TYPE_CHECKING:
    from ddpm_studio.data import Picture
    from ddpm_studio.export import Frames, Moments, Recording

STEPS = ("frames", "every", "log")
FLAGS = ("fps", "hold", "scale", "columns")
FILM, STRIP = 100, 10
"""Frames of an animation and of a film strip, unless a flag says otherwise."""
ALL = "all"

BUDGET = 4 * 2**30
"""Bytes that the pictures of one command may take."""


@dataclass(frozen=True)
class Look:
    """Layout of what is drawn; None leaves it to the drawing."""

    fps: int = 20
    columns: int | None = None
    scale: int | None = None
    frames: int | None = None
    chosen: "Moments | None" = None
    """Which states, if a flag says so."""
    hold: float | None = None

    @property
    def asks_for_way(self) -> bool:
        """Whether a flag chooses among the moments of a chain."""
        return self.frames is not None or self.chosen is not None

    def states(self, count: int, limit: int) -> list[int]:
        """Which of the states 0..count − 1 are drawn; at most `limit`, evenly spaced, if no flag says otherwise."""
        chosen = self.chosen
        return moments(count, self.frames or limit).tolist() if chosen is None else list(chosen.of(count))


def add_look_flags(parser: argparse.ArgumentParser) -> None:
    """The flags behind a `Look`."""
    group = add_film_flags(parser)
    group.add_argument("--columns", metavar="N", help="pictures in a row of the grid; default: nearly square")
    which = group.add_mutually_exclusive_group()
    which.add_argument(
        "--frames",
        metavar="N",
        help=f"so many moments, evenly spaced, or all (default {FILM} in an animation, {STRIP} in a film strip)",
    )
    which.add_argument("--every", metavar="K", help="every K-th step, the last included")
    which.add_argument("--log", metavar="N", help="so many moments, evenly spaced in log t: dense towards the end")


def add_film_flags(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Those flags that also make sense for one picture at chosen moments."""
    group = parser.add_argument_group("how it is drawn (PNG, GIF, WebP, APNG, MP4)")
    group.add_argument("--fps", metavar="N", help="animations: frames a second, 1 to 50 (default 20)")
    group.add_argument("--hold", metavar="S", help="animations: seconds the last frame stays, 0 to 60 (default 1.5)")
    group.add_argument("--scale", metavar="N", help="every pixel becomes N × N; default: at least 64 pixels a side")
    return group


def look_of(args: argparse.Namespace, out: Path) -> Look:
    """What the flags say of the file `out`.

    Raises:
        UserError: a number that cannot be, a flag that means nothing to such a file, or no such kind of file.
    """
    from ddpm_studio import export  # noqa: PLC0415 - Pillow, not needed for --help

    kind = export.kind_of(out)
    meaningless = {export.Kind.PICTURE: ("fps", "hold"), export.Kind.ANIMATION: (), export.Kind.ARRAYS: FLAGS}[kind]
    refuse_flags(args, meaningless, f"{kind.value} ({out.name})")
    every = vars(args).get("frames") == ALL
    return Look(
        fps=_number(args, "fps", 1, 50) or 20,
        columns=_number(args, "columns", 1, 10_000),
        scale=_number(args, "scale", 1, 64),
        frames=None if every else _number(args, "frames", 2, 10_000),
        chosen=_chosen(args),
        hold=_seconds(args),
    )


def refuse_flags(args: argparse.Namespace, names: tuple[str, ...], what: str) -> None:
    """UserError: one of these flags was given, and it means nothing to what is written."""
    for name in names:
        if vars(args).get(name) is not None:
            raise UserError(f"--{name} means nothing to {what}; leave it out")


def _chosen(args: argparse.Namespace) -> "Moments | None":
    from ddpm_studio.export import Moments, Which  # noqa: PLC0415 - as above

    if vars(args).get("frames") == ALL:
        return Moments(Which.ALL)
    if (every := _number(args, "every", 1, 4000)) is not None:
        return Moments(Which.EVERY, every)
    log = _number(args, "log", 2, 4000)
    return None if log is None else Moments(Which.LOG, log)


def _seconds(args: argparse.Namespace) -> float | None:
    text = vars(args).get("hold")
    if text is None:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise UserError(f"--hold: {text!r} is not a number") from error


def _number(args: argparse.Namespace, name: str, low: int, high: int) -> int | None:
    text = vars(args).get(name)
    return None if text is None else whole(text, f"--{name}", low, high)


def expect_room(numbers: int, what: str) -> None:
    """Refuses with a UserError what would not fit into memory as `numbers` floats."""
    if 4 * numbers > BUDGET:
        raise UserError(f"{what} take {4 * numbers / 1e9:.1f} GB of memory; ask for fewer")


def moments(count: int, limit: int) -> NDArray[np.int64]:
    """At most `limit` of 0..count − 1, evenly spaced, the last included, and the first if there is more than one."""
    return np.linspace(count - 1, 0, min(count, limit)).round().astype(np.int64)[::-1]


def draw_samples(out: Path, samples: NDArray[np.float32], look: Look, told: dict[str, object]) -> None:
    """A grid PNG of pictures (N, C, H, W)."""
    from ddpm_studio import data, export  # noqa: PLC0415 - see above

    export.save_picture(out, export.grid(data.to_bytes(samples), look.columns, scale=look.scale), told)


@dataclass(frozen=True, eq=False)
class Enlarged:
    """Frames (H, W, C) at a scale; by default, small ones are brought to a size at which they can be seen."""

    frames: "Frames"
    scale: int | None

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int, /) -> "Picture":
        from ddpm_studio import export  # noqa: PLC0415 - see above

        frame = self.frames[index]
        return export.enlarge(frame, self.scale or export.visible_scale(frame))


def draw_film(out: Path, frames: "Frames", look: Look, told: dict[str, object]) -> None:
    """An animation of the frames, one drawn at a time."""
    from ddpm_studio import export  # noqa: PLC0415 - see above

    hold = export.HOLD if look.hold is None else look.hold
    for _ in watched(export.saving_animation(out, frames, look.fps, told, hold), len(frames), "frames"):
        pass


def draw_recording(out: Path, recording: "Recording", look: Look, told: dict[str, object]) -> None:
    """A recording as it is: an animation plays its grids, a PNG has a row of moments for each sample."""
    from ddpm_studio import export  # noqa: PLC0415 - see above

    if export.kind_of(out) is export.Kind.ANIMATION:
        draw_film(out, recording.film(look.columns, look.scale), look, told)
    elif len(recording.t) == 1:
        export.save_picture(out, recording.film(look.columns, look.scale)[0], told)
    else:
        export.save_picture(out, recording.strip(look.scale), told)


def draw_trajectory(out: Path, trajectory: NDArray[np.float32], look: Look, told: dict[str, object]) -> None:
    """A trajectory (F, N, C, H, W): animations play the grid of its pictures, PNG has a row of moments for each."""
    from ddpm_studio import data, export  # noqa: PLC0415 - see above

    if export.kind_of(out) is export.Kind.ANIMATION:
        frames = trajectory[look.states(len(trajectory), FILM)]
        draw_film(out, export.Film(frames, look.columns, scale=look.scale), look, told)
    else:
        frames = trajectory[look.states(len(trajectory), STRIP)]
        rows = np.moveaxis(frames, 0, 1).reshape(-1, *frames.shape[2:])
        export.save_picture(out, export.grid(data.to_bytes(rows), len(frames), scale=look.scale), told)
