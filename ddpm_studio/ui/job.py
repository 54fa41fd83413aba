"""One generator in one thread: play, pause, step, stop; its values arrive in the window, never faster than it draws."""

import logging
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from time import monotonic

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, QTimer, Signal, Slot

from ddpm_studio.errors import UserError

SLICE = 0.02  # seconds between two returns to the worker's event loop; one value if that takes longer
SWITCH = 0.0002  # seconds after which a thread hands Python on: a worker gives it up and wants it back at each kernel
FRAME = 15  # ms the window is given to draw a report before it is sent the next

_log = logging.getLogger(__name__)


class Outcome(Enum):
    """How a job came to its end."""

    FINISHED = "finished"  # the generator has no more values
    STOPPED = "stopped"  # somebody asked it to stop
    FAILED = "failed"  # it raised; the text says what


class Job(QObject):
    """Pulls the values of `make()` in a thread of its own and hands them to the window.

    A job is born paused. Both signals are sent in the thread that made the job (the window's). `reported` carries a
    list of values, oldest first, and is not sent again before what it started has been drawn: a slow window gets longer
    lists, never a backlog. A None among the values is a moment to pause at, and not reported. `ended` is sent exactly
    once, after the last report, whatever happens in the generator.

    Args:
        make: called in the job's thread when the first value is asked for; an error in it is the job's failure.
        parent: owns the job; whoever owns jobs calls `close` on each before it goes.
    """

    reported = Signal(object)  # list of the values since the last report
    ended = Signal(object, str)  # Outcome; for FAILED one line that says why

    _play_asked = Signal(object)
    _step_asked = Signal(int)
    _pause_asked = Signal()
    _stop_asked = Signal()
    _drawn = Signal()

    def __init__(self, make: Callable[[], Iterable[object]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.outcome: Outcome | None = None
        self._worker = worker = _Worker(make)
        self._thread = QThread(self)
        self._acknowledge = QTimer(self, singleShot=True, interval=FRAME)
        self._acknowledge.timeout.connect(self._drawn)
        self._play_asked.connect(worker.play)
        self._step_asked.connect(worker.step)
        self._pause_asked.connect(worker.pause)
        self._stop_asked.connect(worker.stop)
        self._drawn.connect(worker.acknowledge)
        worker.reported.connect(self._on_reported)
        worker.ended.connect(self._on_ended)
        worker.moveToThread(self._thread)
        self._thread.start()

    def play(self, per_second: float | None = None) -> None:
        """Pulls on and on: as fast as it goes, or `per_second` values a second at most."""
        self._play_asked.emit(per_second)

    def step(self, count: int = 1) -> None:
        """Pulls `count` more values, then pauses; steps asked for while stepping add up."""
        self._step_asked.emit(count)

    def pause(self) -> None:
        """Pulls no further value once the one in work is done."""
        self._pause_asked.emit()

    def stop(self) -> None:
        """Ends the job once the value in work is done; the generator's `finally` runs."""
        self._stop_asked.emit()

    def retire(self) -> None:
        """Stops without waiting and says nothing more; the job deletes itself once its thread has ended."""
        self.stop()
        self.blockSignals(True)
        self._thread.finished.connect(self.deleteLater)
        if self._thread.isFinished():
            self.deleteLater()

    def close(self) -> None:
        """Stops and waits for the thread; its last report and `ended` are sent before this returns. May be repeated."""
        self.stop()
        self._thread.wait()
        QCoreApplication.sendPostedEvents(self, QEvent.Type.MetaCall)
        self._acknowledge.stop()

    @property
    def running(self) -> bool:
        """Whether its thread is alive."""
        return self._thread.isRunning()

    @Slot(object)
    def _on_reported(self, values: list[object]) -> None:
        self.reported.emit(values)
        self._acknowledge.start()

    @Slot(object, str)
    def _on_ended(self, outcome: Outcome, text: str) -> None:
        self.outcome = outcome
        self._thread.wait()  # it has left its event loop
        self.ended.emit(outcome, text)


class _Worker(QObject):
    """Lives in the job's thread. Its slots run between two values, so nothing needs a lock."""

    reported = Signal(object)
    ended = Signal(object, str)

    def __init__(self, make: Callable[[], Iterable[object]]) -> None:
        super().__init__()
        self._make = make
        self._values: Iterator[object] | None = None
        self._wanted = 0.0  # values still to be pulled; ∞ while playing
        self._period = 0.0  # seconds between two values; 0 is as fast as it goes
        self._due = 0.0  # when the next value is due
        self._pile: list[object] = []
        self._drawn = True
        self._over = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._tick)

    @Slot(object)
    def play(self, per_second: float | None) -> None:
        self._want(math.inf, 1.0 / per_second if per_second else 0.0)

    @Slot(int)
    def step(self, count: int) -> None:
        self._want(count + (0.0 if math.isinf(self._wanted) else self._wanted), 0.0)

    @Slot()
    def pause(self) -> None:
        self._wanted = 0.0

    @Slot()
    def stop(self) -> None:
        self._end(Outcome.STOPPED)

    @Slot()
    def acknowledge(self) -> None:
        self._drawn = True
        self._report()

    @Slot()
    def _tick(self) -> None:
        """Pulls for one slice; between two values it lets its own slots run, so a pause comes within one value."""
        now, until = monotonic(), monotonic() + SLICE
        while self._wanted > 0 and self._due <= now < until:
            self._pull()
            QCoreApplication.sendPostedEvents(self, QEvent.Type.MetaCall)
            now = monotonic()
            self._due = max(self._due + self._period, now - self._period)
        self._report()
        if self._wanted > 0:
            self._timer.start(max(0, math.ceil((self._due - now) * 1000)))

    def _want(self, count: float, period: float) -> None:
        if not self._over:
            self._wanted, self._period, self._due = count, period, monotonic()
            self._timer.start(0)

    def _pull(self) -> None:
        try:
            if self._values is None:
                _leave_room()
                self._values = iter(self._make())
            if (value := next(self._values)) is not None:
                self._pile.append(value)
            self._wanted -= 1
        except StopIteration:
            self._end(Outcome.FINISHED)
        except BaseException as error:  # whatever it is, the window must hear of it
            self._end(Outcome.FAILED, error)

    def _report(self) -> None:
        if self._pile and self._drawn:
            self._drawn = False
            pile, self._pile = self._pile, []
            self.reported.emit(pile)

    def _end(self, outcome: Outcome, error: BaseException | None = None) -> None:
        if self._over:
            return
        self._over, self._wanted = True, 0.0
        self._timer.stop()
        try:
            if self._values is not None and hasattr(self._values, "close"):
                self._values.close()
        except BaseException as late:  # raised by the generator's `finally`
            outcome, error = Outcome.FAILED, late
        self._values = None
        self._drawn = True
        self._report()
        self.ended.emit(outcome, "" if error is None else _explained(error))
        QThread.currentThread().quit()


def _explained(error: BaseException) -> str:
    """One line for the user; the log gets the rest, unless the mistake was the user's own."""
    if isinstance(error, UserError):
        return str(error)
    _log.error("a job failed", exc_info=error)
    if isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__ or "allocate memory" in str(error):
        return "there is not enough memory for this; make it smaller and try again"
    return f"this failed unexpectedly ({type(error).__name__}: {str(error).partition(chr(10))[0]})"


def _leave_room() -> None:
    """For the window: a core (torch counts its threads in each thread anew), and Python more often than usual."""
    sys.setswitchinterval(SWITCH)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(max(1, min(torch.get_num_threads(), (os.cpu_count() or 2) - 1)))
