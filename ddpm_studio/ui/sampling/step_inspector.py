"""The column beside the samples: views of the selected one, each on a page of its own."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabWidget, QWidget

from ddpm_studio.export import Provenance
from ddpm_studio.sampler import Sampler
from ddpm_studio.ui.sampling.algorithm_view import AlgorithmView
from ddpm_studio.ui.sampling.data_view import DataView
from ddpm_studio.ui.sampling.model import Model
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.sampling.step_view import StepView
from ddpm_studio.ui.sampling.traces import Traces
from ddpm_studio.ui.sampling.trail import Trail
from ddpm_studio.ui.widgets.snug_tabs import make_snug


@runtime_checkable
class ShowsFrame(Protocol):
    """A view: called with what is on the screen, while the view is to be seen."""

    def show_frame(self, frame: Frame, sample: int) -> None:
        """One sample of one state of the chain."""


@runtime_checkable
class ShowsModel(Protocol):
    """A view that wants to know of another denoiser, data set or schedule."""

    def show_model(self, model: Model) -> None:
        """What the chain is walked with from now on."""


@runtime_checkable
class ShowsWalk(Protocol):
    """A view of the whole walk: called as it grows, while the view is to be seen."""

    def show_walk(self, trail: Trail, sample: int) -> None:
        """What is known of the steps taken so far."""


class StepInspector(QTabWidget):
    """Draws the page that is to be seen, and the others when they are turned to.

    Args:
        provenance: what a picture saved from a context menu carries.
    """

    asked = Signal(int)  # a t to look at
    stepped = Signal(int)  # the state so many steps further
    saved = Signal(str)
    refused = Signal(str)

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: Model | None = None
        self._frame: tuple[Frame, int] | None = None
        self._frames: dict[QWidget, ShowsFrame] = {}  # asked at every frame, when a protocol is slow to ask for
        self._walks: dict[QWidget, ShowsWalk] = {}
        self._walk: tuple[Trail, int] | None = None
        self.step = StepView(provenance)
        self.traces = Traces(provenance)
        self.algorithm = AlgorithmView()
        self.data = DataView(provenance)
        self.setDocumentMode(True)
        self.setUsesScrollButtons(True)
        make_snug(self)
        self.setAccessibleName("the selected sample")
        self.add_view("Step", self.step)
        self.add_view("Traces", self.traces)
        self.add_view("Algorithm", self.algorithm)
        self.add_view("Data", self.data)
        self.algorithm.stepped.connect(self.stepped)
        for asking in (self.traces, self.data):
            asking.asked.connect(self.asked)
        for view in (self.step, self.traces, self.data):
            view.saved.connect(self.saved)
            view.refused.connect(self.refused)
        self.currentChanged.connect(self._on_turned)

    def add_view(self, title: str, widget: QWidget) -> None:
        """Adds a page. If the widget has `show_frame`, `show_model` or `show_walk`, they are called: see above."""
        if isinstance(widget, ShowsFrame):
            self._frames[widget] = widget
        if isinstance(widget, ShowsWalk):
            self._walks[widget] = widget
        self.addTab(widget, title)
        if isinstance(widget, ShowsModel) and self._model is not None:
            widget.show_model(self._model)

    def show_view(self, widget: QWidget) -> None:
        """Turns to the page of a view."""
        self.setCurrentWidget(widget)

    def show_model(self, model: Model) -> None:
        """Another denoiser, data set or schedule: what was shown of the one before is not shown with it."""
        self._model, self._frame, self._walk = model, None, None
        views: list[object] = [self.widget(index) for index in range(self.count())]
        for view in views:
            if isinstance(view, ShowsModel):
                view.show_model(model)

    def show_sampler(self, sampler: Sampler) -> None:
        """Which sampler makes the step that is shown next."""
        self.algorithm.show_sampler(sampler)

    def show_sample(self, frame: Frame, sample: int) -> None:
        """One sample of the frame."""
        self._frame = (frame, sample)
        if (view := self._frames.get(self.currentWidget())) is not None:
            view.show_frame(frame, sample)

    def show_walk(self, trail: Trail, sample: int) -> None:
        """What is known of every step taken so far."""
        self._walk = (trail, sample)
        if (view := self._walks.get(self.currentWidget())) is not None:
            view.show_walk(*self._walk)

    def _on_turned(self, _index: int) -> None:
        if self._walk is not None:
            self.show_walk(*self._walk)
        if self._frame is not None:
            self.show_sample(*self._frame)
