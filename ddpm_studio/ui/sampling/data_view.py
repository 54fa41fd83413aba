"""Which data pictures the selected sample is drawn to: the nearest ones, what that means, and how it came to be."""

from collections.abc import Callable
from itertools import takewhile
from math import log2

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from ddpm_studio.export import Provenance
from ddpm_studio.ui.plots.entropy_plot import EntropyPlot
from ddpm_studio.ui.plots.plot_export import offer_export
from ddpm_studio.ui.sampling.model import Model
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.sampling.trail import Trail
from ddpm_studio.ui.widgets.neighbours_view import NeighboursView
from ddpm_studio.ui.widgets.picture_menu import offer_picture

CHOSEN = 0.99  # p(i | x_t) from which on we say that the sample has become picture i


class DataView(QWidget):
    """A view of the inspector; asks for another t when the entropy's plot is clicked."""

    asked = Signal(int)
    saved = Signal(str)
    refused = Signal(str)

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: Model | None = None
        self.neighbours = NeighboursView(self)
        offer_picture(self.neighbours, "neighbours", provenance, self.saved, self.refused)
        self.verdict = QLabel(self)
        self.verdict.setWordWrap(True)
        self.entropy = EntropyPlot(self)
        self.entropy.picked.connect(self.asked)
        offer_export([self.entropy], provenance, self.saved, self.refused)
        self.nothing = QLabel("The pictures that this network was trained on are not to be had.", self)
        self.nothing.setWordWrap(True)
        self.nothing.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(3)
        for widget, stretch in ((self.neighbours, 3), (self.verdict, 0), (self.entropy, 5), (self.nothing, 0)):
            column.addWidget(widget, stretch)

    def show_model(self, model: Model) -> None:
        """Another data set or schedule: the scales of the entropy."""
        self._model = model
        if model.data is not None:
            self.entropy.show_axes(model.denoiser.schedule.T, len(model.data.train))
        self.entropy.show_of_whom("" if model.network is None else "exact ")
        for widget in (self.neighbours, self.verdict, self.entropy):
            widget.setVisible(model.data is not None)
        self.nothing.setVisible(model.data is None)

    def show_frame(self, frame: Frame, sample: int) -> None:
        """The neighbours of one sample of the frame."""
        self.entropy.show_t(frame.t)
        model, seen = self._model, frame.neighbours
        if model is None or model.data is None or seen is None:
            return
        train = model.data.train
        nearest, weights = seen.nearest[sample], seen.weights[sample]
        self.neighbours.show_neighbours(train[nearest], nearest.tolist(), weights.tolist())
        self.verdict.setToolTip("" if model.network is None else _LIKENESS_TIP)
        self.verdict.setText(
            _verdict(float(seen.entropy[sample]), len(train), int(nearest[0]), float(weights[0]))
            if model.network is None
            else _likeness(float(seen.distance[sample]), model.unseen)
        )

    def show_walk(self, trail: Trail, sample: int) -> None:
        """The entropy at every step so far that has been compared with the data."""
        entropy = [near.entropy for near in takewhile(lambda near: near is not None, trail.neighbours) if near]
        if entropy:
            self.entropy.show_entropy(trail.course.times[: len(entropy)], np.stack(entropy), sample)


_LIKENESS_TIP = """These are the training pictures that the sample most probably comes from.
RMS: root mean square of the difference of all values, on [−1, 1]
Far below what new pictures differ by, the network has copied a training picture;
about as much, it has made another one. The bars and the entropy are those of the exact
denoiser at the same xₜ: always sure of one picture at the end, also of one that is not alike."""


def _verdict(entropy: float, pictures: int, nearest: int, weight: float) -> str:
    """What the entropy means, in a student's words."""
    bits = f"entropy {entropy:.2f} of {log2(pictures):.2f} bits"
    if weight >= CHOSEN:
        return f"{bits}: it has become picture {nearest} of the data set"
    among = float(f"{2**entropy:.2g}")  # two digits are enough to imagine it
    return (
        f"{bits}: undecided, as among {among:,.0f} pictures"
        if among >= 10
        else f"{bits}: torn between {among:g} pictures"
    )


def _likeness(distance: float, unseen: float | None) -> str:
    """How near a network's guess is to what it was trained on, beside how near new pictures are."""
    told = f"the guess differs by {distance:.2f} RMS from the most alike of these"
    return told if unseen is None else f"{told}; unseen pictures do by {unseen:.2f}"
