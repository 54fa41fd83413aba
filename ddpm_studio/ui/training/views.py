"""What the training panel shows of a run: numbers, plots, errors per noise level, previews, and what happened."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from ddpm_studio.export import Provenance
from ddpm_studio.record import Saved
from ddpm_studio.ui.plots.plot_export import offer_export
from ddpm_studio.ui.training.metrics import Metrics
from ddpm_studio.ui.training.numbers import TrainingNumbers
from ddpm_studio.ui.training.plots import LevelPlot, StepPlots
from ddpm_studio.ui.training.preview_film import PreviewFilm
from ddpm_studio.ui.training.run import TrainingRun
from ddpm_studio.ui.training.work import Begun, Line

WIDE = 750  # logical pixels: the width that leaves room for the small plots
ROOMY, LOG = 560, 76  # heights: the one that leaves room for the log, and the log's
REDRAW = 250  # milliseconds between the drawing of one plot and that of the next: the run needs Python more


class TrainingViews(QWidget):
    """Draws what it is given; new numbers are drawn one plot at a time, so that none delays the window.

    Args:
        provenance: what a picture or a plot saved from here carries.
    """

    saved = Signal(str)
    refused = Signal(str)

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.metrics = Metrics()
        self.numbers, self.plots, self.levels = TrainingNumbers(self), StepPlots(self), LevelPlot(self)
        self.film = PreviewFilm(provenance, self)
        self.log = QPlainTextEdit(self, readOnly=True, maximumBlockCount=500)
        self._redraw = QTimer(self, singleShot=True, interval=REDRAW)
        self._lay_out()
        self._redraw.timeout.connect(self._on_redraw)
        self.film.moved.connect(self._on_film_moved)
        self.film.refused.connect(self.refused)
        self.film.saved.connect(self.saved)
        offer_export((*self.plots.plots, self.levels.plot), provenance, self.saved, self.refused)

    def follow(self, run: TrainingRun) -> None:
        """Shows what it tells of itself from now on."""
        run.begun.connect(self._on_begun)
        run.logged.connect(self._on_logged)
        run.saved.connect(self._on_saved)
        run.working.connect(self.numbers.show_working)

    def show_run(self, metrics: Metrics, previews: Sequence[Path], step: int, steps: int) -> None:
        """A run at `step` of `steps`, with all that it has told."""
        self.metrics = metrics
        self.numbers.show_begin(step, steps)
        if metrics.newest:
            self.numbers.show_line(metrics.newest)
        self.film.show_previews(previews)
        self.show_plots()

    def show_preview(self, preview: Path, text: str) -> None:
        """Samples and errors per noise level, just made, and what they mean."""
        self.numbers.show_working(None)
        self.film.add(preview)
        self.levels.show_levels(self.metrics, self.film.step)
        self.tell(text)

    def show_plots(self) -> None:
        """Draws all that has been told so far."""
        self.plots.show_metrics(self.metrics)
        self.levels.show_levels(self.metrics, self.film.step)

    def show_others(self, others: Sequence[tuple[str, Metrics]]) -> None:
        """Other runs' losses, by their names, to compare with."""
        self.plots.show_others(others)

    def show_room(self, width: int, height: int) -> None:
        """Where there is too little room, the plots are more important than the log, the loss than the small plots."""
        self.log.setVisible(height >= ROOMY)
        self.plots.show_room(height // 2 if width >= WIDE else 0)

    def tell(self, text: str) -> None:
        """One line more of what happened."""
        self.log.appendPlainText(text)

    def close_jobs(self) -> None:
        """Draws no more."""
        self._redraw.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._redraw.start()  # what was told while nobody looked

    def _on_begun(self, begun: Begun) -> None:
        run = begun.known.run
        self.tell(f"{run.folder}: from step {begun.known.step:,} to {run.document.training.steps:,} on {begun.device}")
        for note in begun.notes:
            self.tell(note)

    def _on_logged(self, lines: list[Line]) -> None:
        self.metrics.add(lines)
        if self.metrics.newest:
            self.numbers.show_line(self.metrics.newest)
        self.plots.expect(self.metrics)
        if not self._redraw.isActive():
            self._redraw.start()

    def _on_saved(self, saved: Saved) -> None:
        self.tell(f"step {saved.step:,} saved in {1000 * saved.seconds:.0f} ms")

    def _on_redraw(self) -> None:
        if self.isVisible() and self.plots.show_next():
            self._redraw.start()

    def _on_film_moved(self, step: int) -> None:
        self.levels.show_levels(self.metrics, step)

    def _lay_out(self) -> None:
        places = QGridLayout()
        places.setContentsMargins(0, 0, 0, 0)
        places.setSpacing(6)
        places.addWidget(self.plots, 0, 0, 2, 1)
        places.addWidget(self.levels, 0, 1)
        places.addWidget(self.film, 1, 1)
        for index in (0, 1):
            places.setColumnStretch(index, 1)
            places.setRowStretch(index, 1)
        self.log.setMaximumHeight(LOG)
        self.log.setAccessibleName("what happened in the run")
        self.log.setFrameShape(QFrame.Shape.NoFrame)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.numbers)
        column.addLayout(places, 1)
        column.addWidget(self.log)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
