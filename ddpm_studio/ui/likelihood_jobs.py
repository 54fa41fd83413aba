"""The measurements of the likelihood panel: which run, what they have found so far, and how long they still take."""

from collections.abc import Callable, Iterator
from functools import partial
from time import monotonic

from PySide6.QtCore import QObject, Signal

from ddpm_studio.document import Document
from ddpm_studio.error_curve import ErrorCurve, Level
from ddpm_studio.likelihood import Sigma
from ddpm_studio.schedule import Schedule
from ddpm_studio.subject import Subject
from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.likelihood_work import Opened, climbing, coded, curve, every_level, gaps, remembered
from ddpm_studio.ui.live import LiveNetwork

FEWEST = 4
"""Levels that make a curve."""
AT_ONCE = 90.0
"""Seconds that a curve may take to be measured without being asked for."""
CURVE, CODE, GAP, MEMORY, JENSEN = "curve", "code", "gap", "memory", "jensen"


class Measurements(QObject):
    """One job of each kind at a time; a newer one replaces an older one."""

    opened = Signal(object)  # Subject
    advanced = Signal()  # the curve has grown, or has paused or ended
    found = Signal(str, object)  # which kind, and a value of it
    failed = Signal(str)  # one line

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.subject: Subject | None = None
        self.seconds = 0.0  # of one level
        self.levels = 0  # of the curve, or of the schedule where all are measured
        self.whole = False  # every t of `measured_under` is being, or has been, measured
        self.measured_under: Schedule | None = None
        self._levels: list[Level] = []
        self._curve: ErrorCurve | None = None
        self._jobs: dict[str, Job] = {}
        self._begun = 0.0
        self._before = 0  # levels there were then

    @property
    def running(self) -> bool:
        """Whether a curve is being measured."""
        return CURVE in self._jobs and self._begun > 0.0

    @property
    def unfinished(self) -> bool:
        """Whether a curve can be gone on with."""
        return CURVE in self._jobs

    @property
    def done(self) -> int:
        """Levels measured."""
        return len(self._levels)

    @property
    def seconds_left(self) -> float:
        """Of the curve, by the pace so far."""
        return self.seconds * (self.levels - self.done)

    def curve(self) -> ErrorCurve | None:
        """From the levels there are; None where there are too few."""
        if self._curve is None and len(self._levels) >= FEWEST and self.subject is not None:
            self._curve = ErrorCurve.of(self._levels, self.subject.probe.x0)
        return self._curve

    def open(self, document: Document, live: LiveNetwork | None, trained: bool) -> None:
        """Reads another denoiser and says what a level costs; goes on by itself where the curve takes a moment."""
        self.stop()
        self.subject, self._levels, self._curve, self.whole = None, [], None, False
        self._start(CURVE, partial(curve, document, live, trained), steps=2)

    def play(self) -> None:
        """Goes on with the curve."""
        if CURVE in self._jobs:
            self._begun, self._before = monotonic(), self.done
            self._jobs[CURVE].play()
            self.advanced.emit()

    def pause(self) -> None:
        """Measures no further level for now."""
        if CURVE in self._jobs:
            self._jobs[CURVE].pause()
        self._begun = 0.0
        self.advanced.emit()

    def measure_all(self, schedule: Schedule) -> None:
        """Measures every t: of `schedule` with an exact denoiser, of its own with a network."""
        if self.subject is None:
            return
        subject = self.subject.under(schedule)
        self.whole, self.measured_under, self._levels = True, subject.denoiser.schedule, []
        self.levels, self._begun, self._before = self.measured_under.T, monotonic(), 0
        self._start(CURVE, partial(every_level, subject))
        self.advanced.emit()

    def send(self, schedule: Schedule, picture: int) -> None:
        """Sends a sample progressively; reports a Message, then the receiver's guesses."""
        if self.subject is not None:
            self._start(CODE, partial(coded, self.subject.under(schedule), picture, 0))

    def measure_gap(self, schedule: Schedule) -> None:
        """Errors against their baselines, and chains among the training samples, one after the other."""
        if self.subject is not None:
            self._start(GAP, partial(gaps, self.subject.under(schedule)))
            self._start(MEMORY, partial(remembered, self.subject.under(schedule)))

    def climb(self, schedule: Schedule, T: int, variance: float, chains: int) -> None:
        """Jensen's step for Gaussian data."""
        self._start(JENSEN, partial(climbing, schedule, T, variance, Sigma.BETA, chains))

    def stop(self) -> None:
        """Ends whatever is being measured of the denoiser; what has been found stays."""
        for kind in (CURVE, CODE, GAP, MEMORY):
            if kind in self._jobs:
                self._jobs.pop(kind).retire()
        self._begun = 0.0
        self.advanced.emit()

    def close(self) -> None:
        """Waits for all."""
        for job in self.findChildren(Job):
            job.close()

    def _start(self, kind: str, make: Callable[[], Iterator[object]], steps: int = 0) -> None:
        if kind in self._jobs:
            self._jobs.pop(kind).retire()
        job = self._jobs[kind] = Job(make, self)
        job.reported.connect({CURVE: self._on_levels}.get(kind) or self._told(kind, job))
        job.ended.connect(self._ended(kind, job))
        if steps:
            job.step(steps)
        else:
            job.play()

    def _pace(self) -> float:
        """Seconds a level, as measured since the curve was gone on with; the first guess until that is known."""
        new = self.done - self._before
        return (monotonic() - self._begun) / new if self._begun > 0.0 and new > 5 else self.seconds

    def _told(self, kind: str, job: Job) -> Callable[[list[object]], None]:
        def told(values: list[object]) -> None:
            if self._jobs.get(kind) is job:
                for value in values:
                    self.found.emit(kind, value)

        return told

    def _ended(self, kind: str, job: Job) -> Callable[[Outcome, str], None]:
        def ended(outcome: Outcome, text: str) -> None:
            if self._jobs.get(kind) is job:
                del self._jobs[kind]
                if kind == CURVE:
                    self._begun = 0.0
                    self.advanced.emit()
                if outcome is Outcome.FAILED:
                    self.failed.emit(text)
            job.deleteLater()

        return ended

    def _on_levels(self, values: list[object]) -> None:
        for value in values:
            if isinstance(value, Opened):
                self.subject, self.seconds, self.levels = value.subject, value.seconds, value.levels
                self.measured_under = value.subject.denoiser.schedule
                self.opened.emit(value.subject)
                if self.seconds * self.levels <= AT_ONCE:
                    self.play()
            elif isinstance(value, Level):
                self._levels.append(value)
        self._curve = None
        self.seconds = self._pace()
        self.advanced.emit()
