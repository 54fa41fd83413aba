"""Two settings under the same noise: the chain that is shown (A), another one (B), and what differs."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ddpm_studio.contrast import Look, Meeting, contrast, differences
from ddpm_studio.errors import UserError
from ddpm_studio.export import Provenance
from ddpm_studio.ui.plots.band_plot import BandPlot
from ddpm_studio.ui.plots.plot_export import offer_export
from ddpm_studio.ui.sampling.model import Model
from ddpm_studio.ui.sampling.pair_grids import PairGrids
from ddpm_studio.ui.sampling.reverse_chain import ReverseChain
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.sampling.second_chain import Pair, SecondChain, meetings_of
from ddpm_studio.ui.sampling.second_controls import SETTINGS, SecondControls
from ddpm_studio.ui.sampling.trail import Trail
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets.saving import ask_target
from ddpm_studio.ui.widgets.scroll_column import ScrollColumn


class CompareView(ScrollColumn):
    """A page of the inspector. B is walked from where A began and with A's noise, once that is asked for."""

    asked = Signal(int)
    saved = Signal(str)
    refused = Signal(str)

    def __init__(
        self, session: Session, chain: ReverseChain, provenance: Callable[[], Provenance], parent: QWidget | None = None
    ) -> None:
        page = QWidget()
        super().__init__(page, parent)
        self._session, self._chain, self._provenance = session, chain, provenance
        self._shown: tuple[Frame, int] | None = None
        self._second = SecondChain(self)
        self.controls = SecondControls(session, self)
        self.start = QPushButton("Compare", self)
        self.start.setToolTip("walk B from the noise that A began with, with the same draws at the same t")
        self.export = QPushButton("Export…", self)
        self.export.setToolTip("A, B and their difference side by side as a picture, or as numbers")
        self.export.setEnabled(False)
        self.grids = PairGrids(provenance, self)
        self.told = QLabel(self)
        self.told.setWordWrap(True)
        self.plot = BandPlot("RMS of A − B", "root mean square difference of A and B at the same t/T", "noise")
        self._lay_out(page)
        self._connect()

    def close_jobs(self) -> None:
        """Ends what runs in the background."""
        self._second.close()

    def show_model(self, model: Model) -> None:
        """How long the chain is."""
        self.plot.show_end(model.denoiser.schedule.T)

    def show_frame(self, frame: Frame, sample: int) -> None:
        """A at this state, and B at the one nearest to it."""
        self._shown = (frame, sample)
        self.plot.show_t(frame.t)
        self._check()
        self._draw()

    def show_walk(self, _trail: Trail, sample: int) -> None:
        """Another sample may have been selected."""
        if self._shown is not None:
            self._shown = (self._shown[0], sample)
        self._draw_plot()

    def show_pair(self) -> None:
        """What is known of A and B."""
        self._check()
        self._draw()
        self._draw_plot()

    def showEvent(self, event: QShowEvent) -> None:
        """What can be chosen is looked up anew."""
        self.controls.show_document()
        self.show_pair()
        super().showEvent(event)

    def compare(self) -> None:
        """Walks B."""
        path, model, pair = self._chain.trail.path, self._chain.model, self._pair()
        if path is None or model is None or self._chain.document is None or not len(path):
            self.refused.emit("there is nothing to compare with yet: A has not been walked")
            return
        T, other = model.denoiser.schedule.T, self.controls.other
        meetings: Callable[[], Iterator[Model | Meeting]]
        if other == SETTINGS:
            second = self._session.settled_document.contrasted
            document = replace(self._chain.document, second=second)
            meetings = partial(meetings_of, path, model, document, self._session.live)
        else:
            way = self._chain.path(other)
            if way is None or not len(way):
                self.refused.emit("that path has not been walked: look at it first, and press End")
                return
            meetings = partial(contrast, path, T, way.walk(), T)
        if pair is not None:
            self.told.setText("walking B …")
            self._second.walk(pair, meetings)

    def _pair(self) -> Pair | None:
        """What a comparison would be of now."""
        path, model, other = self._chain.trail.path, self._chain.model, self.controls.other
        if path is None or model is None:
            return None
        if other == SETTINGS:
            return Pair(path.route, model, self._session.settled_document.contrasted)
        way = self._chain.path(other)
        return None if way is None else Pair(path.route, model, way.route)

    def _check(self) -> None:
        """Forgets a B that belongs to another A, or is not what is asked for any more."""
        known, pair = self._second.pair, self._pair()
        if known is not None and known != pair:
            same_a = pair is not None and (known.route, known.model) == (pair.route, pair.model)
            self._second.forget()
            self.told.setText(f"{'B' if same_a else 'A'} has changed: compare again.")
            self._draw_plot()

    def _draw(self) -> None:
        if self._shown is None or self._chain.model is None:
            return
        frame, sample = self._shown
        T = self._chain.model.denoiser.schedule.T
        share = frame.t / T
        found, both = self._second.at(share), self._second.has_reached(share)
        a = self._picture(Look(frame.x, frame.x if frame.final else frame.step.x0))
        alike = found is not None and found[1].x.shape == frame.x.shape
        b = (self._picture(found[1]), found[0] * T) if found is not None and alike else None
        self.grids.show_pictures(a, frame.t, b, sample, met=both)
        self.export.setEnabled(self.grids.pair is not None)
        if self.grids.pair is not None:
            far = differences(*self.grids.pair)["rms"]
            self.told.setText(f"RMS of A − B here: sample {sample} {far[sample]:.3f}, median {np.median(far):.3f}")

    def _picture(self, look: Look) -> NDArray[np.float32]:
        """What has been chosen to be compared, (B, C, H, W)."""
        picture: NDArray[np.float32] = (look.x if self.controls.of_noisy else look.x0).numpy()
        return picture

    def _draw_plot(self) -> None:
        shares, rows = self._second.far(of_noisy=self.controls.of_noisy)
        self.plot.setVisible(bool(shares))
        if shares and self._chain.model is not None and self._shown is not None:
            T = self._chain.model.denoiser.schedule.T
            self.plot.show_rows([share * T for share in shares], rows, min(self._shown[1], rows.shape[1] - 1))

    def _on_changed(self, _second: object = None) -> None:
        if self.isVisible():
            self.show_pair()

    def _on_failed(self, text: str) -> None:
        self.told.clear()
        self.show_pair()
        self.refused.emit(text)

    def _on_export(self) -> None:
        path = ask_target(self, "Export the comparison", "a-and-b", ".png", ".npz")
        if path is None:
            return
        try:
            self.grids.save(path, {**self._provenance(), **self._second.told})
        except UserError as error:
            self.refused.emit(str(error))
        else:
            self.saved.emit(f"Saved {path}")

    def _lay_out(self, page: QWidget) -> None:
        column = QVBoxLayout(page)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        column.addWidget(self.controls)
        buttons = QHBoxLayout()
        buttons.addWidget(self.start, 1)
        buttons.addWidget(self.export)
        column.addLayout(buttons)
        column.addWidget(self.grids, 3)
        column.addWidget(self.told)
        column.addWidget(self.plot, 2)
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # what is left of the height
        self.plot.hide()

    def _connect(self) -> None:
        self._session.settled.connect(self._on_changed)
        self.controls.turned.connect(self._on_changed)
        self.controls.refused.connect(self.refused)
        self._second.advanced.connect(self._on_changed)
        self._second.failed.connect(self._on_failed)
        self.start.clicked.connect(self.compare)
        self.export.clicked.connect(self._on_export)
        self.plot.picked.connect(self.asked)
        offer_export([self.plot], self._provenance, self.saved, self.refused)
        self.grids.saved.connect(self.saved)
        self.grids.refused.connect(self.refused)
