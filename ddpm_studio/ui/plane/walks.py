"""Samplers side by side: each walks from the same x_T, or brings samples to hold against the data."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ddpm_studio.data import evenly
from ddpm_studio.denoiser import Denoiser
from ddpm_studio.levels import Probe
from ddpm_studio.plane.choices import Plane, Shown
from ddpm_studio.plane.walks import Walk, walks
from ddpm_studio.plane.world import World
from ddpm_studio.sampler import SAMPLERS, Sampler
from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.plane.view import PlaneView
from ddpm_studio.ui.widgets.combo import Combo

COUNT = 3
SHOWN = 1000
"""Points, evenly chosen, that samples are held against."""
WALK_TIP = "reverse trajectories of one sampler, or its samples above the data"


class Walker(QObject):
    """Walks in a thread; a newer question replaces an older one."""

    walked = Signal(object)  # Walk
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None
        self.walking = False

    def ask(self, guide: Denoiser, plane: Plane, sampler: Sampler, world: World) -> None:
        """One `walked` for each sampler of `plane.compared`."""
        self.stop()
        held_out = Probe.of(world.data, world.schedule, SHOWN).x0
        self._job = job = Job(partial(walks, guide, plane, sampler, held_out), self)
        job.reported.connect(self._on_reported)
        job.ended.connect(self._on_ended)
        self.walking = True
        job.play()

    def stop(self) -> None:
        """Walks no further."""
        if self._job is not None:
            self._job.retire()
        self._job, self.walking = None, False

    def close(self) -> None:
        """Stops and waits."""
        for job in self.findChildren(Job):
            job.close()

    def _on_reported(self, values: list[Walk]) -> None:
        for walk in values:
            self.walked.emit(walk)

    def _on_ended(self, outcome: Outcome, text: str) -> None:
        self.walking = False
        if outcome is Outcome.FAILED:
            self.failed.emit(text)


class SideBySide(QWidget):
    """Small planes in a row or a column, each with the sampler it shows."""

    chosen = Signal(int, str)  # another sampler's kind in a place

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views: list[PlaneView] = []
        self._kinds: list[Combo] = []
        self._notes: list[QLabel] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(4)
        for place in range(COUNT):
            self._grid.addWidget(self._made(place), 0, place)

    def show_kinds(self, kinds: Sequence[str]) -> None:
        """Which samplers they are."""
        for box, kind in zip(self._kinds, kinds, strict=False):
            box.setCurrentIndex(box.findData(kind))

    def show_world(self, world: World, plane: Plane, *, beside: bool) -> None:
        """The points that all of them lead to, and, of walks that begin in one place, that.

        `beside`: a training goes on, beside which only the first one walks.
        """
        for place, (view, note) in enumerate(zip(self.views, self._notes, strict=True)):
            view.show_data(world.data.x0(evenly(len(world.data.train), SHOWN)))
            view.show_paths(None)
            view.show_dots(None)
            view.show_posterior(None, (plane.x, plane.y) if plane.shown is Shown.WALKS else None)
            note.setText("at a pause" if beside and place > 0 else "…")

    def show_walk(self, walk: Walk, alpha_bar: float) -> None:
        """A sampler's trajectories and where they are now, or its samples."""
        if walk.place < COUNT:
            view, note = self.views[walk.place], self._notes[walk.place]
            if walk.distance is None:
                view.show_paths(walk.states, walk.at(alpha_bar))
                note.setText(f"{walk.sampler.evaluations(len(walk.times) - 1)} calls")
            else:
                view.show_dots(walk.states[-1])
                note.setText(f"E {max(walk.distance, 0.0):.4f}")

    def move_to(self, walk: Walk, alpha_bar: float) -> None:
        """The same at another noise level."""
        if walk.place < COUNT and walk.distance is None:
            self.views[walk.place].move_heads(walk.at(alpha_bar))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The views stay square while that is less than half of the height; the rest is for what stands below."""
        super().resizeEvent(event)
        side = (self.width() - (COUNT - 1) * self._grid.spacing()) // COUNT
        around = self.parentWidget()
        for view in self.views:
            view.setFixedHeight(max(min(side, (around.height() if around else side) // 2 - 40), 80))

    def _made(self, place: int) -> QWidget:
        cell = QWidget(self)
        view = PlaneView(f"walk-{place + 1}", WALK_TIP, cell, of_samples=True)
        kind, note = Combo(cell), QLabel(cell)
        kind.setAccessibleName(f"sampler {place + 1}")
        for name, cls in SAMPLERS.items():
            kind.addItem(name, name)
            kind.setItemData(kind.count() - 1, (cls.__doc__ or "").strip().splitlines()[0], 3)
        kind.activated.connect(lambda index: self.chosen.emit(place, kind.itemData(index)))
        note.setToolTip("network calls of a chain; or the energy distance of samples from held-out points, 0 at best")
        above, column = QHBoxLayout(), QVBoxLayout(cell)
        above.addWidget(kind, 1)
        above.addWidget(note)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(above)
        column.addWidget(view, 1)
        self.views.append(view)
        self._kinds.append(kind)
        self._notes.append(note)
        return cell
