"""Two settings under the same noise: the chain that is shown (A), another one (B), and what differs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFormLayout, QFrame, QGridLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ddpm_studio.branch import TRUNK
from ddpm_studio.contrast import Look, Meeting, States, contrast
from ddpm_studio.data import to_bytes
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.export import Provenance
from ddpm_studio.route import Route
from ddpm_studio.sample import sample
from ddpm_studio.sampler import SAMPLERS, Sampler
from ddpm_studio.tree import Path
from ddpm_studio.ui.band_plot import BandPlot
from ddpm_studio.ui.combo import Combo
from ddpm_studio.ui.denoiser_source import DenoiserSource
from ddpm_studio.ui.image_view import ImageGrid
from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.kind_form import KindForm
from ddpm_studio.ui.model import Model, Source, opened
from ddpm_studio.ui.plot_export import ask_and_save
from ddpm_studio.ui.reverse_chain import ReverseChain
from ddpm_studio.ui.reverse_walk import Frame
from ddpm_studio.ui.sampling_controls import NAMES
from ddpm_studio.ui.session import Session

SETTINGS = -2  # in the list of what B is: no path of the tree
REACH = 1.0  # |A − B| is painted on [0, 1]


@dataclass(frozen=True, eq=False)
class _Root:
    """What a comparison is of: another chain A makes it old."""

    route: Route
    model: Model


class CompareView(QScrollArea):
    """A page of the inspector. B is walked in a job of its own, from A's first state and with A's noise."""

    asked = Signal(int)
    saved = Signal(str)
    refused = Signal(str)

    def __init__(
        self, session: Session, chain: ReverseChain, provenance: Callable[[], Provenance], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._chain, self._provenance = session, chain, provenance
        self._shown: tuple[Frame, int] | None = None
        self._root: _Root | None = None
        self._states, self._meetings = States(), list[Meeting]()
        self._job: Job | None = None
        self._made = False  # B has been given a first value
        self.what = Combo(self)
        self.what.setAccessibleName("what A is compared with")
        self.denoiser = DenoiserSource(self)
        self.sampler = KindForm(SAMPLERS, "sampler of B", kept=("steps", "spacing", "clip"), titles=NAMES)
        self.of = Combo(self)
        self.of.addItem("guess of x₀", False)
        self.of.addItem("xₜ", True)
        self.of.setAccessibleName("what is compared of both")
        self._sampler: Sampler = next(iter(SAMPLERS.values()))()
        self._ref = ""
        self.start = QPushButton("Compare", self)
        self.start.setToolTip("walk B from the noise that A began with, with the same draws at the same t")
        self.first = ImageGrid("A", "the chain that is shown, on [−1, 1]", provenance=provenance)
        self.second = ImageGrid("B", "the other one, on [−1, 1]", provenance=provenance)
        self.apart = ImageGrid(
            "|A − B| on [0, 1]",
            "how far apart they are: black is 0, white is 1 or more",
            provenance=provenance,
            span=(0.0, REACH),
        )
        self.told = QLabel(self)
        self.told.setWordWrap(True)
        self.plot = BandPlot("RMS of A − B", "root mean square difference of A and B at the same t/T", "noise")
        self._lay_out()
        self._connect()

    def close_jobs(self) -> None:
        """Ends what runs in the background."""
        for job in self.findChildren(Job):
            job.close()

    def show_model(self, model: Model) -> None:
        """How long the chain is."""
        self.plot.show_end(model.denoiser.schedule.T)

    def show_frame(self, frame: Frame, sample: int) -> None:
        """A at this state, and B at the one nearest to it."""
        self._shown = (frame, sample)
        self.plot.show_t(frame.t)
        if self._root is not None and not self._fresh():
            self._forget("A has changed: compare again.")
        self._draw()

    def show_walk(self, _times: Sequence[int], _neighbours: object, _sizes: object, sample: int) -> None:
        """Another sample may have been selected."""
        if self._shown is not None:
            self._shown = (self._shown[0], sample)
        self._draw_plot()

    def showEvent(self, event: QShowEvent) -> None:
        """At first B is A with another sampler; what there is to compare with is looked up anew."""
        document = self._session.settled_document
        if not self._made:
            self._made = True
            a = document.sampler
            other = next(cls for kind, cls in SAMPLERS.items() if kind != a.kind)
            self._sampler = other(steps=a.steps, spacing=a.spacing, clip=a.clip)
            self._ref = document.denoiser
        self.sampler.set_value(self._sampler)
        self.denoiser.show_denoiser(self._ref, self._session.live)
        self._list_paths()
        super().showEvent(event)

    def compare(self) -> None:
        """Walks B."""
        path, model, document = self._chain.trajectory, self._chain.model, self._chain.document
        if path is None or model is None or document is None or not len(path):
            self.refused.emit("there is nothing to compare with yet: A has not been walked")
            return
        self._forget("")
        T, other = model.denoiser.schedule.T, self.what.currentData()
        if other == SETTINGS:
            source = Source.of(_with_denoiser(self._session, self._ref), self._session.live)
            meetings = partial(_walked, path, model, source, self._sampler)
        else:
            second = self._chain.path(other)
            if second is None or not len(second):
                self.refused.emit("that path has not been walked: look at it first, and press End")
                return
            meetings = partial(contrast, path, T, second.walk(), T)
        self._root = _Root(path.route, model)
        self._job = Job(meetings, self)
        self._job.reported.connect(self._on_met)
        self._job.ended.connect(self._on_ended)
        self._job.play()

    def _fresh(self) -> bool:
        root, path = self._root, self._chain.trajectory
        return root is not None and path is not None and root.route == path.route and root.model is self._chain.model

    def _forget(self, text: str) -> None:
        if self._job is not None:
            self._job.retire()
            self._job = None
        self._root, self._states, self._meetings = None, States(), []
        self.told.setText(text)

    def _on_met(self, meetings: list[Meeting]) -> None:
        for meeting in meetings:
            self._states.append(meeting.share, meeting.look)
        self._meetings += meetings
        self._draw()
        self._draw_plot()

    def _on_ended(self, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FAILED:
            self._forget("")
            self.refused.emit(text)

    def _draw(self) -> None:
        if self._shown is None or self._chain.model is None:
            return
        frame, sample = self._shown
        T = self._chain.model.denoiser.schedule.T
        found = self._states.at(frame.t / T) if self._fresh() else None
        for grid in (self.second, self.apart):
            grid.setVisible(found is not None)
        own = self._picture(Look(frame.x, frame.x if frame.final else frame.step.x0))
        self.first.set_caption(f"A, t = {frame.t}")
        self.first.show_pictures(to_bytes(own), own)
        if found is None or found[1].x.shape != frame.x.shape:
            return
        other = self._picture(found[1])
        apart = np.abs(own - other)
        self.second.set_caption(f"B, t = {found[0] * T:.0f}")
        self.second.show_pictures(to_bytes(other), other)
        self.apart.show_pictures(to_bytes(2.0 * apart / REACH - 1.0), apart)
        for grid in (self.first, self.second, self.apart):
            grid.select(sample)
        far = np.sqrt(np.square(apart).reshape(len(apart), -1).mean(1))
        self.told.setText(f"RMS of A − B here: sample {sample} {far[sample]:.3f}, median {np.median(far):.3f}")

    def _picture(self, look: Look) -> NDArray[np.float32]:
        """What has been chosen to be compared, (B, C, H, W)."""
        picture: NDArray[np.float32] = (look.x if self.of.currentData() else look.x0).numpy()
        return picture

    def _draw_plot(self) -> None:
        known = [(meeting.share, meeting.far) for meeting in self._meetings if meeting.far is not None]
        self.plot.setVisible(bool(known))
        if known and self._chain.model is not None and self._shown is not None:
            T = self._chain.model.denoiser.schedule.T
            place = 0 if self.of.currentData() else 1
            rows = np.stack([far[place] for _, far in known]).astype(np.float64)
            self.plot.show_rows([share * T for share, _ in known], rows, min(self._shown[1], rows.shape[1] - 1))

    def _list_paths(self) -> None:
        document, chosen = self._session.settled_document, self.what.currentData()
        self.what.clear()
        self.what.addItem("other settings", SETTINGS)
        if document.branches:
            self.what.addItem("path: trunk", TRUNK)
        for place, branch in enumerate(document.branches):
            self.what.addItem(f"path: {branch.name or f'branch {place + 1}'}", place)
        self.what.setCurrentIndex(max(self.what.findData(chosen), 0))
        self._on_what(0)

    def _on_what(self, _index: int) -> None:
        for widget in (self.denoiser, self.sampler):
            self._form.setRowVisible(widget, self.what.currentData() == SETTINGS)

    def _on_of(self, _index: int) -> None:
        self._draw()
        self._draw_plot()

    def _on_sampler(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self.sampler.set_value(sampler)

    def _on_denoiser(self, ref: str) -> None:
        self._ref = ref
        self.denoiser.show_denoiser(ref, self._session.live)

    def _on_export_asked(self, suffix: str) -> None:
        ask_and_save(self.plot, suffix, self._provenance, self.saved, self.refused)

    def _lay_out(self) -> None:
        page = QWidget()
        self._form = QFormLayout()
        self._form.addRow("B is", self.what)
        self._form.addRow("denoiser", self.denoiser)
        self._form.addRow(self.sampler)
        self._form.addRow("of both", self.of)
        grids = QGridLayout()
        grids.setSpacing(3)
        for place, grid in enumerate((self.first, self.second, self.apart)):
            grid.setMinimumHeight(110)
            grids.addWidget(grid, 0, place)
            grids.setColumnStretch(place, 1)
        column = QVBoxLayout(page)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        column.addLayout(self._form)
        column.addWidget(self.start)
        column.addLayout(grids, 3)
        column.addWidget(self.told)
        column.addWidget(self.plot, 2)
        self.plot.hide()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(page)

    def _connect(self) -> None:
        self.what.activated.connect(self._on_what)
        self.of.activated.connect(self._on_of)
        self.start.clicked.connect(self.compare)
        self.denoiser.asked.connect(self._on_denoiser)
        self.sampler.edited.connect(self._on_sampler)
        self.sampler.refused.connect(self.refused)
        self.plot.asked.connect(self.asked)
        self.plot.export_asked.connect(self._on_export_asked)
        for grid in (self.first, self.second, self.apart):
            grid.saved.connect(self.saved)
            grid.refused.connect(self.refused)


def _with_denoiser(session: Session, ref: str) -> Document:
    return replace(session.settled_document, denoiser=ref)


def _walked(path: Path, model: Model, source: Source, sampler: Sampler) -> Iterator[Meeting]:
    """B's chain, from A's first state at the same t/T and with A's noise. Raises what `opened` and `sample` do."""
    schedule, leg = model.denoiser.schedule, path.route.legs[-1]
    second = (model if source == model.source else next(opened(source, schedule))).under(schedule)
    T, x = second.denoiser.schedule.T, path.state(0)
    if second.denoiser.shape != tuple(x.shape[1:]):
        shapes = ["×".join(map(str, shape)) for shape in (second.denoiser.shape, x.shape[1:])]
        raise UserError(f"B makes samples of {shapes[0]} values and A of {shapes[1]}: they cannot be compared")
    start = max(round(path.times[0] / schedule.T * T), 1)
    steps = sample(second.denoiser, sampler, seed=leg.seed, samples=leg.samples, x=x, start=start)
    yield from contrast(path, schedule.T, steps, T)
