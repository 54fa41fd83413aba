"""The measurements of the likelihood panel: which run, what they have found so far, and how long they still take."""

from functools import partial
from math import inf
from time import monotonic

from PySide6.QtCore import QObject, Signal

from ddpm_studio.document import Document
from ddpm_studio.likelihood import (
    Bound,
    ErrorCurve,
    Level,
    ReverseVariance,
    bound,
    interpolation_error,
    learned_bound,
)
from ddpm_studio.schedule import Schedule
from ddpm_studio.subject import Subject
from ddpm_studio.ui.job import Outcome
from ddpm_studio.ui.live import LiveNetwork
from ddpm_studio.ui.theory.jobs import Jobs, Kind
from ddpm_studio.ui.theory.work import (
    Opened,
    Planned,
    climbing,
    coded,
    curve,
    estimates,
    every_level,
    gap_and_memory,
)

FEWEST = 4
"""Levels that make a curve."""
ENOUGH = 17
"""Levels, evenly filled in, that show what the whole curve will be."""
AT_ONCE = 10.0
"""Seconds that are measured without being asked for: a curve then waits, if it is not nearly done."""
ESTIMATE_SECONDS = 10.0
"""What an estimate of the bound takes, about."""


class Measurements(QObject):
    """What is known of one denoiser at a time, and what is being found out."""

    opened = Signal(object)  # Subject
    advanced = Signal()  # the curve has grown, or something has begun, paused or ended
    found = Signal(object)  # a value of any job but the curve's
    failed = Signal(str)  # one line

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.subject: Subject | None = None
        self.seconds = 0.0  # of one level
        self.levels = 0  # of the curve, or of the schedule where all are measured
        self.whole = False  # every t of `measured_under` is being, or has been, measured
        self.measured_under: Schedule | None = None
        self.has_learned = False  # whether the denoiser says its own σ²
        self._levels: list[Level] = []
        self._curve: ErrorCurve | None = None
        self._jobs = Jobs(self)
        self._jobs.reported.connect(self._on_reported)
        self._jobs.ended.connect(self._on_ended)
        self._begun = 0.0
        self._before = 0  # levels there were then
        self._allowed = inf  # seconds after which the curve pauses by itself
        self.waits = False  # whether the curve goes on by itself once the estimate has ended

    @property
    def running(self) -> bool:
        """Whether a curve is being measured."""
        return Kind.CURVE in self._jobs and self._begun > 0.0

    @property
    def at_rest(self) -> bool:
        """Whether nothing is being measured now; a curve that waits to be gone on with is at rest."""
        return not self.running and self.levels > 0 and not any(map(self.is_at, set(Kind) - {Kind.CURVE}))

    @property
    def unfinished(self) -> bool:
        """Whether a curve can be gone on with."""
        return self.is_at(Kind.CURVE)

    @property
    def done(self) -> int:
        """Levels measured."""
        return len(self._levels)

    @property
    def seconds_left(self) -> float:
        """Of the curve, by the pace so far."""
        return self.seconds * (self.levels - self.done)

    def is_at(self, kind: Kind) -> bool:
        """Whether such a measurement has begun and not ended."""
        return kind in self._jobs

    def curve(self) -> ErrorCurve | None:
        """From the levels there are; None where there are too few."""
        if self._curve is None and len(self._levels) >= FEWEST and self.subject is not None:
            falling = self.subject.optimal and not self.whole  # every t measured is shown as it was measured
            self._curve = ErrorCurve.of(self._levels, self.subject.probe.x0, falling=falling)
        return self._curve

    def bound(self, schedule: Schedule, sigma: ReverseVariance | None) -> Bound | None:
        """The bound of `schedule`; None while too little has been measured.

        Without a `sigma` that of the network's own schedule and learned σ², once every t has been measured.
        """
        if sigma is not None:
            found = self.curve()
            return None if found is None else bound(schedule, found, sigma)
        if not (self.whole and self.has_learned and self.done == self.levels and self.subject is not None):
            return None
        return learned_bound(self.subject.denoiser.schedule, self._levels, self.subject.probe.x0)

    def off(self, schedule: Schedule, sigma: ReverseVariance) -> float | None:
        """How far `bound` may be off for lying between noise levels; None: every t of `schedule` has been measured."""
        found, every = self.curve(), self.whole and not self.running and schedule == self.measured_under
        return None if found is None or every else interpolation_error(schedule, found, sigma)

    def own(self, schedule: Schedule) -> Schedule:
        """That which samples are drawn by: a network's own, `schedule` with an exact denoiser."""
        return schedule if self.subject is None or self.subject.exact else self.subject.denoiser.schedule

    def open(self, document: Document, live: LiveNetwork | None, trained: bool) -> None:
        """Reads another denoiser and says what a level costs; goes on by itself where the curve takes a moment."""
        self.stop()
        self.subject, self._levels, self._curve, self.whole, self.has_learned = None, [], None, False, False
        self.levels = 0
        self._jobs.start(Kind.CURVE, partial(curve, document, live, trained), steps=3)

    def play(self, seconds: float = inf) -> None:
        """Goes on with the curve, for so long at most if it is far from its end by then."""
        if self.unfinished:
            self.waits = False
            self._begun, self._before, self._allowed = monotonic(), self.done, seconds
            self._jobs.play(Kind.CURVE)
            self.advanced.emit()

    def pause(self) -> None:
        """Measures no further level for now."""
        self._jobs.pause(Kind.CURVE)
        self.waits, self._begun = False, 0.0
        self.advanced.emit()

    def measure_all(self, schedule: Schedule) -> None:
        """Measures every t: of `schedule` with an exact denoiser, of its own with a network."""
        if self.subject is None:
            return
        subject = self.subject.under(schedule)
        self.whole, self.waits, self.measured_under, self._levels = True, False, subject.denoiser.schedule, []
        self.levels, self._begun, self._before, self._allowed = self.measured_under.T, monotonic(), 0, inf
        self._jobs.start(Kind.CURVE, partial(every_level, subject))
        self.advanced.emit()

    def send(self, schedule: Schedule, picture: int) -> None:
        """Sends a sample progressively; reports a Message, then the receiver's guesses."""
        if self.subject is not None:
            self._jobs.start(Kind.CODE, partial(coded, self.subject.under(schedule), picture, 0))

    def measure_gap(self, schedule: Schedule) -> None:
        """Errors against their baselines, then chains among the training samples."""
        if self.subject is not None:
            self._jobs.start(Kind.GAP, partial(gap_and_memory, self.subject.under(schedule)))
            self.advanced.emit()

    def estimate(self, schedule: Schedule, sigma: ReverseVariance) -> None:
        """An unbiased estimate of the bound from a few t's, which are drawn by what is known of the curve.

        A curve that is being measured makes way for it and goes on by itself afterwards.
        """
        if self.subject is not None:
            waits = self.waits or self.running
            self.pause()
            self.waits = waits
            work = partial(estimates, self.subject.under(schedule), sigma, ESTIMATE_SECONDS, self.curve())
            self._jobs.start(Kind.ESTIMATE, work)
            self.advanced.emit()

    def climb(self, schedule: Schedule, T: int, variance: float, chains: int) -> None:
        """Jensen's step for Gaussian data."""
        self._jobs.start(Kind.JENSEN, partial(climbing, schedule, T, variance, ReverseVariance.BETA, chains))

    def end(self, kind: Kind) -> None:
        """Ends one measurement: what it has said stays."""
        self._jobs.end(kind)

    def stop(self) -> None:
        """Ends whatever is being measured of the denoiser; what has been found stays."""
        self._jobs.retire(Kind.CURVE, Kind.CODE, Kind.GAP, Kind.ESTIMATE)
        self.waits, self._begun = False, 0.0
        self.advanced.emit()

    def close(self) -> None:
        """Waits for all."""
        self._jobs.close()

    def _pace(self) -> float:
        """Seconds a level, as measured since the curve was gone on with; the first guess until that is known."""
        new = self.done - self._before
        return (monotonic() - self._begun) / new if self._begun > 0.0 and new > 5 else self.seconds

    def _on_reported(self, kind: Kind, values: list[object]) -> None:
        if kind is Kind.CURVE:
            self._on_levels(values)
        else:
            for value in values:
                self.found.emit(value)

    def _on_ended(self, kind: Kind, outcome: Outcome, text: str) -> None:
        if kind is Kind.CURVE:
            self.waits, self._begun = False, 0.0
        elif kind is Kind.ESTIMATE and self.waits:
            self.play(self._allowed)
        self.advanced.emit()
        if outcome is Outcome.FAILED:
            self.failed.emit(text)

    def _on_levels(self, values: list[object]) -> None:
        for value in values:
            if isinstance(value, Opened):
                self.subject, self.seconds = value.subject, value.seconds
                self.measured_under = value.subject.denoiser.schedule
                self.opened.emit(value.subject)
            elif isinstance(value, Planned):
                self.levels = value.levels
                if not self._levels and self.seconds * min(ENOUGH, self.levels) <= AT_ONCE:
                    self.play(AT_ONCE)
            elif isinstance(value, Level):
                self._levels.append(value)
                self.has_learned = value.learned is not None
        self._curve = None
        self.seconds = self._pace()
        late = self.running and monotonic() - self._begun > self._allowed
        if late and self.done >= ENOUGH and self.seconds_left > self._allowed / 2:
            self.pause()
        else:
            self.advanced.emit()
