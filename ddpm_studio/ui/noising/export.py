"""What the noising panel exports: a picture, the film strip, an animation, the numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ddpm_studio.data.pictures import to_bytes
from ddpm_studio.document import Document, provenance
from ddpm_studio.export import save_picture, save_samples, saving_animation, strip
from ddpm_studio.export.progress import Progress, counted
from ddpm_studio.forward import NoisingFilm, evenly
from ddpm_studio.process import q_sample
from ddpm_studio.ui.noising.film_strip import FRAMES
from ddpm_studio.ui.widgets.export_button import Export

FILM_FRAMES, FPS = 121, 24.0


@dataclass(frozen=True, eq=False)
class Shown:
    """What there is to export: x_0 and ε are (1, C, H, W)."""

    document: Document
    t: int
    x0: Tensor
    eps: Tensor

    def at(self, *ts: int) -> Tensor:
        """x_t at each t, (len(ts), C, H, W)."""
        return q_sample(self.document.schedule, self.x0, torch.tensor(ts), self.eps)


def _write_picture(path: Path, shown: Shown) -> Iterator[Progress]:
    save_picture(path, to_bytes(shown.at(shown.t).numpy())[0], provenance(shown.document, t=shown.t))
    yield Progress(1, 1)


def _write_strip(path: Path, shown: Shown) -> Iterator[Progress]:
    ts = evenly(shown.document.schedule.T, FRAMES)
    save_picture(path, strip(to_bytes(shown.at(*ts).numpy())), provenance(shown.document, t=list(ts)))
    yield Progress(1, 1)


def _write_film(path: Path, shown: Shown) -> Iterator[Progress]:
    ts = evenly(shown.document.schedule.T, FILM_FRAMES)
    film = NoisingFilm(shown.document.schedule, shown.x0, shown.eps, ts)
    yield from counted(saving_animation(path, film, FPS, provenance(shown.document, t=list(ts))), len(film), "frames")


def _write_numbers(path: Path, shown: Shown) -> Iterator[Progress]:
    """x_t at the cursor as `samples`, and at the film strip's t as `trajectory`."""
    ts = evenly(shown.document.schedule.T, FRAMES)
    now, each = shown.at(shown.t).numpy(), shown.at(*ts).numpy()[:, None]
    told = provenance(shown.document, t=shown.t, trajectory_t=list(ts))
    save_samples(path, now, told, trajectory=each, t=np.array(ts))
    yield Progress(1, 1)


EXPORTS = (
    Export("Picture at this t", "noised", (".png",), _write_picture),
    Export("Film strip", "film-strip", (".png",), _write_strip),
    Export("Animation", "noising", (".gif", ".webp", ".apng", ".mp4"), _write_film),
    Export("Numbers", "noised", (".npz",), _write_numbers),
)
