"""Points on the command line: what they are trained with if nothing else is said, and how samples are drawn."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.cli.look import FILM, STRIP, Look, draw_film, moments
from ddpm_studio.cli.opened import provenance_of
from ddpm_studio.document import Document
from ddpm_studio.networks import Mlp

if TYPE_CHECKING:
    from ddpm_studio.data import Data

COUNT = 1000
"""Points that are drawn where no number is given: a picture needs many of them."""


def names_points(ref: str) -> bool:
    """Whether `ref` are points, and not something that was made of points and so has a document."""
    from ddpm_studio.data import is_points  # noqa: PLC0415 - Pillow, not needed for --help

    return is_points(ref) and (Path(ref).suffix.lower() != ".npz" or provenance_of(Path(ref)) is None)


def tell_left_out(data: "Data") -> None:
    """Says on stderr what was kept of a file with too many points."""
    from ddpm_studio.data import PointData  # noqa: PLC0415 - Pillow, not needed for --help

    if isinstance(data, PointData) and data.left_out:
        print(f"ddpm-studio: {data.note}", file=sys.stderr, flush=True)


def on_data(document: Document, dataset: str) -> Document:
    """`document` on another data set. Where that has points and the network is for pictures, as the plane trains."""
    from ddpm_studio.data import is_points, load  # noqa: PLC0415 - Pillow, not needed for --help

    if isinstance(document.network, Mlp) or not is_points(dataset):
        return replace(document, dataset=dataset)
    plane = replace(document.plane, dataset=dataset)
    return replace(document, plane=plane).of_plane.fitting(load(dataset))


def draw_points(out: Path, trajectory: NDArray[np.float32], look: Look, told: dict[str, object]) -> None:
    """A trajectory (F, N, 2): an animation plays it, a PNG shows its moments side by side, or its only one."""
    from ddpm_studio import export  # noqa: PLC0415 - Pillow, not needed for --help
    from ddpm_studio.export.scatter import ScatterFilm, scatter  # noqa: PLC0415 - as above

    if export.kind_of(out) is export.Kind.ANIMATION:
        draw_film(out, ScatterFilm(trajectory[moments(len(trajectory), look.frames or FILM)]), look, told)
    else:
        shown = trajectory[moments(len(trajectory), look.frames or STRIP)]
        export.save_picture(out, export.strip(np.stack([scatter(points) for points in shown])), told)
