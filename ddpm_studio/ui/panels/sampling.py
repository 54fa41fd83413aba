"""The sampling panel: the reverse chain, one step at a time, forwards and backwards."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ddpm_studio.document import Document, provenance
from ddpm_studio.export import Provenance
from ddpm_studio.neighbours import Neighbours
from ddpm_studio.ui.place import Place
from ddpm_studio.ui.sampling.chain_player import ChainPlayer
from ddpm_studio.ui.sampling.columns import SamplingColumns
from ddpm_studio.ui.sampling.controls import SamplingControls
from ddpm_studio.ui.sampling.denoiser_choice import DenoiserChoice
from ddpm_studio.ui.sampling.export import Walked
from ddpm_studio.ui.sampling.export_button import SamplingExportButton
from ddpm_studio.ui.sampling.inspector import SamplingInspector
from ddpm_studio.ui.sampling.model import Model, Source
from ddpm_studio.ui.sampling.reverse_chain import ReverseChain
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.sampling.sample_order import SampleOrder
from ddpm_studio.ui.sampling.views import SamplingViews
from ddpm_studio.ui.sampling.walked_chain import told_of, walked_of
from ddpm_studio.ui.sampling.walked_tree import grown_from
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.turning import turn
from ddpm_studio.ui.widgets.still_label import StillLabel

ROOMY = 860  # logical pixels: the panel's width that leaves room to inspect


class SamplingPanel(QWidget):
    """The reverse chain of an exact denoiser or a network: where it is, what it guesses, which pictures are near."""

    title = "Sampling"
    keys_help = (  # the player tells its own
        ("select another sample", "Ctrl+←, Ctrl+→, ↑, ↓"),
        ("mark it, or not", "M"),
        ("algorithm: one line back, forward", "[, ]"),
    )

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._selected = 0
        self._begun: tuple[object, ...] = ()  # what the chain that is walked was made of
        self._compares = False  # somebody has asked which pictures are near
        self._chain = ReverseChain(self)
        self._choice = DenoiserChoice(session, self)
        self._player = ChainPlayer(session, self._chain, self)  # made first: the panel's first control by keyboard
        self._controls = SamplingControls(session, self)
        self._views = SamplingViews(self._provenance, self)
        self._inspector = SamplingInspector(session, self._chain, self._provenance, self)
        self._order = SampleOrder(lambda: self._chain.trail.path, self._compared, lambda: self._selected, self)
        self._status = StillLabel(parent=self)
        self._export = SamplingExportButton(self._walked, self)
        self._lay_out()
        self._connect()
        self.setMinimumSize(400, 240)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocusProxy(self._player.slider)  # a click anywhere, and the keys are the player's
        self._on_turned()
        self._on_settled(session.settled_document)
        if session.placed_at is not None:  # before this panel was there
            self._on_placed(session.placed_at)

    def close_jobs(self) -> None:
        """Ends what runs in the background."""
        self._player.pause()
        self._chain.close()
        self._choice.close()
        self._order.close_jobs()
        self._inspector.close_jobs()
        self._controls.close_jobs()
        self._export.close_jobs()

    @property
    def at_rest(self) -> bool:
        """Whether what was asked for is shown."""
        return self._chain.position == self._chain.wanted

    def show_model(self, model: Model) -> None:
        """What the denoiser is, and how long its chain."""
        self._controls.show_model(model)
        self._inspector.show_model(model)
        self._player.show_chain()

    def show_frame(self, frame: Frame) -> None:
        """One state of the chain."""
        self._player.show_position(frame.index)
        self._views.show_frame(frame)
        self._inspector.show_sampler(self._chain.trail.sampler_at(frame.index))
        self._inspector.show_sample(frame, self._selected)

    def show_sample(self, sample: int) -> None:
        """Another sample closely."""
        self._selected = sample
        self._views.select(sample)
        if self._chain.frame is not None:
            self._inspector.show_sample(self._chain.frame, sample)
        self.show_progress()

    def show_progress(self) -> None:
        """How far the chain has been walked, and how undecided it was on the way."""
        front, last = self._chain.trail.front, self._chain.trail.course.end
        seconds = self._chain.seconds_left
        left = f", {seconds:.0f} s left" if seconds >= 1.5 else ""
        told = "finished" if front == last else f"walked to step {front} of {last}{left}"
        self._status.set_text(told if front >= 0 else _reading(self._source()))
        self._inspector.show_walk(self._chain.trail, self._selected)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._player.handle_key(event):
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is too little room, the pictures are more important than the numbers."""
        self._inspector.setVisible(self.width() >= ROOMY)
        super().resizeEvent(event)

    def _provenance(self) -> Provenance:
        document = self._chain.document or self._session.document
        t = self._session.t if self._chain.frame is None else self._chain.frame.t
        return provenance(document, t=t, sample=self._selected, **told_of(self._chain))

    def _compared(self) -> Sequence[Neighbours | None]:
        """The pictures near every step taken, or nothing while they are looked for: once asked for, at every step."""
        self._compares = True
        self._chain.compare()
        neighbours = self._chain.trail.neighbours
        return () if None in neighbours else neighbours

    def _on_turned(self) -> None:
        """Only what is to be seen is looked for."""
        self._chain.compare(self._compares or self._inspector.currentWidget() is self._inspector.data)

    def _source(self) -> Source:
        return Source.of(self._session.settled_document, self._session.live)

    def _walked(self) -> Walked | None:
        return walked_of(self._chain, self._selected, self._order.marks)

    def _on_settled(self, document: Document) -> None:
        """Begins again with what has been chosen; another picture in the noising panel is no reason to."""
        made_of = grown_from(document, self._source())
        if self._begun == made_of:
            self._chain.contrast_with(document.second)
            return
        self._begun = made_of
        self._player.break_off()
        self._chain.restart(document, self._session.live)
        self._order.reset()
        self._player.show_chain()
        self.show_sample(min(self._selected, self._chain.count - 1))
        self._inspector.tree.show_tree()

    def _on_view_asked(self, panel: str, view: str) -> None:
        turn(self._inspector, "sampling", panel, view)

    def _on_play_asked(self, panel: str) -> None:
        if panel == "sampling":
            self._player.toggle()

    def _on_placed(self, place: Place) -> None:
        """Walks to where an export was made that has been opened, and selects the sample that was looked at."""
        course = self._chain.trail.course
        self.show_sample(min(max(place.sample, 0), self._chain.count - 1))
        self._player.walk_to(course.at(place.t / course.T))
        self._on_view_asked("sampling", place.view)

    def _on_walk_asked(self) -> None:
        self._player.walk_to(self._player.end)

    def _on_reading(self, source: Source) -> None:
        self._status.set_text(_reading(source))

    def _on_read(self, model: Model) -> None:
        """Another denoiser, which the chain need not read again; the chain begins again in any case."""
        self._chain.model, self._begun = model, ()

    def _on_renewed(self, *_what: object) -> None:
        """Another denoiser, or newer weights: begins again, if it is those that draw."""
        self._on_settled(self._session.settled_document)

    def _on_failed(self, text: str) -> None:
        """What was asked for cannot be: the panel shows what there is."""
        self._player.give_up()
        self._controls.show_document(self._session.document)
        self.show_progress()
        if not self._chain.trail.taken:
            self._status.set_text("no chain")
            self._controls.note.show_nothing()
        self._session.reported.emit(text)

    def _lay_out(self) -> None:
        foot = self._status, self._order, self._export
        columns = SamplingColumns(self._controls, self._views, foot, self._player, self._inspector, self)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 6, 6, 6)
        row.addWidget(columns)

    def _connect(self) -> None:
        session, chain = self._session, self._chain
        session.settled.connect(self._on_settled)
        session.placed.connect(self._on_placed)
        session.live_changed.connect(self._on_renewed)
        session.view_asked.connect(self._on_view_asked)
        session.play_asked.connect(self._on_play_asked)
        chain.opened.connect(self.show_model)
        chain.advanced.connect(self.show_progress)
        chain.advanced.connect(self._export.show_walked)
        self._export.walk_asked.connect(self._on_walk_asked)
        chain.shown.connect(self.show_frame)
        chain.shown.connect(self._player.follow)  # once that has been drawn
        chain.shown.connect(self._export.show_walked)
        chain.failed.connect(self._on_failed)
        self._choice.begun.connect(self._on_reading)
        self._choice.read.connect(self._on_read)
        self._choice.made.connect(self._on_renewed)
        self._choice.failed.connect(self._on_failed)
        self._controls.dataset_asked.connect(self._choice.of_dataset)
        self._controls.denoiser_asked.connect(self._choice.of_denoiser)
        self._views.picked.connect(self.show_sample)
        self._order.ordered.connect(self._views.show_order)
        self._order.marked.connect(self._views.show_marks)
        self._order.refused.connect(session.reported)
        self._inspector.asked.connect(session.set_t)
        self._inspector.stepped.connect(self._player.step)
        self._inspector.currentChanged.connect(self._on_turned)
        for shown in (self._views, self._inspector, self._export):
            shown.refused.connect(session.reported)
            shown.saved.connect(session.noticed)
        for grid in self._views.grids:
            grid.installEventFilter(self._player)  # Ctrl with an arrow selects there
            grid.addAction(self._order.one)


def _reading(source: Source) -> str:
    return f"reading {Path(source.dataset or source.denoiser).name} …"
