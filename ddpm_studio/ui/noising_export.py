"""The noising panel's Export button: picture, film strip, animation or numbers, written in a thread."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget
from torch import Tensor

from ddpm_studio.data.pictures import to_bytes
from ddpm_studio.document import Document, provenance
from ddpm_studio.export import save_animation, save_picture, save_samples, strip
from ddpm_studio.forward import NoisingFilm, evenly
from ddpm_studio.process import q_sample
from ddpm_studio.ui.film_strip import FRAMES
from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.saving import ask_target

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


class ExportButton(QToolButton):
    """Asks where, then writes what `shown()` gives at that moment."""

    saved = Signal(str)
    refused = Signal(str)

    def __init__(self, shown: Callable[[], Shown | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = shown
        self.setText("Export")
        self.setToolTip("xₜ, the film strip, an animation or the numbers, each with what it takes to make it again")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        for text, name, suffixes, write in _EXPORTS:
            menu.addAction(text).triggered.connect(partial(self._on_asked, text, name, suffixes, write))
        self.setMenu(menu)

    def close_jobs(self) -> None:
        """Waits for what is being written."""
        for job in self.findChildren(Job):
            job.close()

    def _on_asked(self, title: str, name: str, suffixes: tuple[str, ...], write: "Write") -> None:
        shown = self._shown()
        path = None if shown is None else ask_target(self, title.rstrip("…"), name, *suffixes)
        if shown is None or path is None:
            return
        job = Job(partial(_once, write, path, shown), self)
        job.ended.connect(partial(self._on_ended, job, path))
        job.play()

    def _on_ended(self, job: Job, path: Path, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FAILED:
            self.refused.emit(text)
        else:
            self.saved.emit(f"Saved {path}")
        job.deleteLater()


def _once(write: "Write", path: Path, shown: Shown) -> Iterator[Path]:
    write(path, shown)
    yield path


def _write_picture(path: Path, shown: Shown) -> None:
    save_picture(path, to_bytes(shown.at(shown.t).numpy())[0], provenance(shown.document, t=shown.t))


def _write_strip(path: Path, shown: Shown) -> None:
    ts = evenly(shown.document.schedule.T, FRAMES)
    save_picture(path, strip(to_bytes(shown.at(*ts).numpy())), provenance(shown.document, t=list(ts)))


def _write_film(path: Path, shown: Shown) -> None:
    ts = evenly(shown.document.schedule.T, FILM_FRAMES)
    film = NoisingFilm(shown.document.schedule, shown.x0, shown.eps, ts)
    save_animation(path, film, FPS, provenance(shown.document, t=list(ts)))


def _write_numbers(path: Path, shown: Shown) -> None:
    """x_t at the cursor as `samples`, and at the film strip's t as `trajectory`."""
    ts = evenly(shown.document.schedule.T, FRAMES)
    now, each = shown.at(shown.t).numpy(), shown.at(*ts).numpy()[:, None]
    told = provenance(shown.document, t=shown.t, trajectory_t=list(ts))
    save_samples(path, now, told, trajectory=each, t=np.array(ts))


Write = Callable[[Path, Shown], None]

_EXPORTS: tuple[tuple[str, str, tuple[str, ...], Write], ...] = (
    ("Picture at this t…", "noised", (".png",), _write_picture),
    ("Film strip…", "film-strip", (".png",), _write_strip),
    ("Animation…", "noising", (".gif", ".webp"), _write_film),
    ("Numbers…", "noised", (".npz",), _write_numbers),
)
