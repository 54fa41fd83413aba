"""Thousands of samples into one file, while the window is used for other things: progress, time left, pause, go on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Annotated

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ddpm_studio.bulk import Made, generate
from ddpm_studio.bulk_store import store_for
from ddpm_studio.document import provenance
from ddpm_studio.origin.start import reverse
from ddpm_studio.params import Parameters, Range
from ddpm_studio.sample import Step
from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.sampling.export import Walked
from ddpm_studio.ui.widgets.form import Form
from ddpm_studio.ui.widgets.saving import ask_target
from ddpm_studio.units import spelt

WIDTH = 380  # logical pixels
IDLE = "Drawn as the panel draws, while you go on. What was stopped goes on if the same is asked for again."


@dataclass(frozen=True)
class Many(Parameters):
    """What is asked for."""

    count: Annotated[int, Range(1, 1_000_000), "how many samples; the first are those that the panel shows"] = 5000
    batch: Annotated[int, Range(1, 4096), "samples drawn at once; halved where that does not fit into memory"] = 64
    uint8: Annotated[bool, "arr_0 alone, all that FID tools read and a fifth of the size; off, the floats too"] = True


class BulkDialog(QDialog):
    """Draws with what the panel draws with. What has been made is on the disk: the same order goes on where it stopped.

    Args:
        snapshot: the panel's chain, for its document and its denoiser; None where there is none yet.
    """

    saved = Signal(str)
    refused = Signal(str)

    def __init__(self, snapshot: Callable[[], Walked | None], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.setWindowTitle("Generate many samples")
        self._snapshot = snapshot
        self._job: Job | None = None
        self._out = Path()
        self._made: Made | None = None
        self._batch = 1  # drawn at once
        self._pace = _Pace()
        self._paused = False
        self.form = Form(Many, self)
        self._told = QLabel("", self, wordWrap=True)
        self._bar = QProgressBar(self)
        self._archive, self._folder = QPushButton("Into an NPZ…", self), QPushButton("Into a folder of PNGs…", self)
        self._pause, self._stop = QPushButton("Pause", self), QPushButton("Stop", self)
        self._lay_out()
        self.form.refused.connect(self.refused)
        self._archive.clicked.connect(self._on_archive)
        self._folder.clicked.connect(self._on_folder)
        self._pause.clicked.connect(self._on_pause)
        self._stop.clicked.connect(self._on_stop)
        self.show_made()

    @property
    def running(self) -> bool:
        """Whether samples are being drawn, or could be at once."""
        return self._job is not None

    def show_made(self) -> None:
        """How far it is, how long it will take, and what can be done now."""
        made, running = self._made, self.running
        for button, enabled in (
            (self._archive, not running),
            (self._folder, not running),
            (self._pause, running),
            (self._stop, running),
        ):
            button.setEnabled(enabled)
        self.form.setEnabled(not running)
        self._pause.setText("Go on" if self._paused else "Pause")
        self._bar.setRange(0, 1000)
        share = 0.0 if made is None else (made.pictures + made.under_way) / made.count
        self._bar.setValue(round(1000 * share))
        self._told.setText(self._sentence())

    def close_jobs(self) -> None:
        """Ends what runs; what has been made is kept."""
        if self._job is not None:
            self._job.close()

    def begin(self, out: Path) -> None:
        """Draws into `out`, or goes on with what is there."""
        walked = self._snapshot()
        many = self.form.value
        if walked is None or self._job is not None or not isinstance(many, Many):
            return
        self._out, self._made, self._paused, self._batch = out, None, False, many.batch
        self._pace = _Pace()
        self._job = job = Job(partial(_made, walked, many, out), self)
        job.reported.connect(self._on_reported)
        job.ended.connect(self._on_ended)
        job.play()
        self.show_made()

    def _sentence(self) -> str:
        made = self._made
        if made is None:
            return "beginning …" if self.running else IDLE
        if made.written is not None:
            return f"putting together {made.written:,} of {made.count:,}"
        text = f"{made.pictures:,} of {made.count:,} samples, {made.batch} at once"
        left = self._pace.left(made)
        return f"{text}, paused" if self._paused else f"{text}, {spelt(left)} left" if left is not None else text

    @Slot(object)
    def _on_reported(self, values: list[Made]) -> None:
        made = values[-1]
        if made.batch < self._batch:
            self.refused.emit(f"{self._batch} samples at once do not fit into memory; going on with {made.batch}")
            self._batch = made.batch
        self._made = made
        self._pace.reached(made)
        self.show_made()

    @Slot(object, str)
    def _on_ended(self, outcome: Outcome, text: str) -> None:
        assert self._job is not None
        self._job.deleteLater()
        self._job, made = None, self._made
        if outcome is Outcome.FINISHED:
            self.saved.emit(f"Saved {self._out}")
        elif outcome is Outcome.FAILED:
            self.refused.emit(text)
        self._made = None
        self.show_made()
        if outcome is Outcome.FINISHED:
            self._told.setText(f"{self._out.name} is there.")
        elif outcome is Outcome.FAILED:
            self._told.setText(text)
        elif made is not None and made.pictures:
            self._told.setText(f"{made.pictures:,} of {made.count:,} are kept; the same order goes on with them.")

    def _on_pause(self) -> None:
        assert self._job is not None
        self._paused = not self._paused
        if self._paused:
            self._job.pause()
        else:
            self._pace = _Pace()
            self._job.play()
        self.show_made()

    def _on_stop(self) -> None:
        if self._job is not None:
            self._job.stop()

    def _on_archive(self) -> None:
        path = None if self._snapshot() is None else ask_target(self, "Generate into", "samples", ".npz")
        if path is not None:
            self.begin(path)

    def _on_folder(self) -> None:
        text = QFileDialog.getExistingDirectory(self, "Generate into a folder that is empty, or was begun before")
        if text:
            self.begin(Path(text))

    def _lay_out(self) -> None:
        below, column = QHBoxLayout(), QVBoxLayout(self)
        for button in (self._pause, self._stop):
            below.addWidget(button)
        below.addStretch()
        for button in (self._folder, self._archive):
            below.addWidget(button)
        self._bar.setTextVisible(False)
        self._told.setMinimumHeight(2 * self.fontMetrics().height())
        self._told.setAlignment(Qt.AlignmentFlag.AlignTop)
        for part in (self.form, self._told, self._bar):
            column.addWidget(part)
        column.addLayout(below)
        self.setMinimumWidth(WIDTH)


class _Pace:
    """How fast samples come, from the first report on."""

    def __init__(self) -> None:
        self._begun: tuple[float, float] | None = None

    def reached(self, made: Made) -> None:
        """One more report."""
        if self._begun is None:
            self._begun = monotonic(), made.pictures + made.under_way

    def left(self, made: Made) -> float | None:
        """Seconds; None where it cannot be said yet."""
        if self._begun is None:
            return None
        done = made.pictures + made.under_way
        gained, passed = done - self._begun[1], monotonic() - self._begun[0]
        return (made.count - done) * passed / gained if gained > 0 and passed > 1 else None


def _made(walked: Walked, many: Many, out: Path) -> Iterator[Made]:
    """In the job's thread. UserError: as `store_for` and `generate`."""
    document, denoiser = walked.document, walked.denoiser
    told = provenance(document, t=0, samples=many.count, **walked.network)
    store = store_for(out, told, pixels_only=many.uint8 and out.suffix.lower() == ".npz")

    def walk(numbers: Sequence[int]) -> Iterator[Step]:
        seed = document.sampling.seed
        return reverse(document.origin, denoiser, document.sampler, seed=seed, samples=numbers, count=many.count)

    yield from generate(walk, len(document.stops) - 1, many.count, many.batch, store)
