import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QThread, Slot

from ddpm_studio.errors import UserError
from ddpm_studio.ui.job import Job, Outcome


class Window(QObject):
    """A receiver that remembers what it was sent, in which thread, and how often."""

    def __init__(self, job: Job, busy_ms: int = 0) -> None:
        super().__init__()
        self.lists: list[list[object]] = []
        self.endings: list[tuple[Outcome, str]] = []
        self.threads: set[QThread] = set()
        self.busy_ms = busy_ms
        job.reported.connect(self.on_reported)
        job.ended.connect(self.on_ended)

    @property
    def values(self) -> list[object]:
        return [value for values in self.lists for value in values]

    @Slot(object)
    def on_reported(self, values: list[object]) -> None:
        assert not self.endings, "a value came after the end"
        self.lists.append(values)
        self.threads.add(QThread.currentThread())
        QThread.msleep(self.busy_ms)  # a window that draws slowly

    @Slot(object, str)
    def on_ended(self, outcome: Outcome, text: str) -> None:
        self.endings.append((outcome, text))
        self.threads.add(QThread.currentThread())


@pytest.fixture
def job(qtbot):
    """Makes jobs, and fails the test that leaves the thread of one alive."""
    made = []

    def make(generator) -> Job:
        made.append(Job(generator))
        return made[-1]

    yield make
    for one in made:
        one.close()
        assert not one.running


class Endless:
    """0, 1, 2 … for ever; each takes `ms`; knows whether its `finally` ran, and in which thread."""

    def __init__(self, ms: int = 0) -> None:
        self.ms = ms
        self.closed_by: int | None = None
        self.pulled = 0

    def __call__(self) -> Iterator[int]:
        try:
            while True:
                QThread.msleep(self.ms)
                self.pulled += 1
                yield self.pulled - 1
        finally:
            self.closed_by = threading.get_ident()


def test_a_none_is_a_moment_to_pause_at_and_not_reported(qtbot, job):
    one = job(lambda: iter([None, "a", None, None, "b", None]))
    window = Window(one)
    one.step(3)
    qtbot.waitUntil(lambda: window.values == ["a"], timeout=5_000)
    one.play()
    qtbot.waitUntil(lambda: bool(window.endings), timeout=5_000)
    assert window.values == ["a", "b"]
    assert all(window.lists)


def test_all_values_arrive_in_order_in_the_thread_of_the_window_and_then_one_end(qtbot, job):
    running = job(lambda: range(1000))
    window = Window(running)
    with qtbot.waitSignal(running.ended, timeout=5000):
        running.play()
    assert window.values == list(range(1000))
    assert window.endings == [(Outcome.FINISHED, "")]
    assert window.threads == {QThread.currentThread()}
    assert running.outcome is Outcome.FINISHED
    assert not running.running


def test_nothing_is_pulled_before_it_is_asked_for(qtbot, job):
    source = Endless()
    waiting = job(source)
    with qtbot.waitSignal(waiting.ended, timeout=1000):
        waiting.stop()
    assert source.pulled == 0
    assert waiting.outcome is Outcome.STOPPED


class OutOfMemoryError(RuntimeError):
    """What torch raises, by name."""


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (UserError("lower T"), "lower T"),
        (RuntimeError("mat1 and mat2\nmore"), "this failed unexpectedly (RuntimeError: mat1 and mat2)"),
        (OutOfMemoryError("tried to allocate"), "there is not enough memory for this; make it smaller and try again"),
        (MemoryError(), "there is not enough memory for this; make it smaller and try again"),
        (KeyboardInterrupt(), "this failed unexpectedly (KeyboardInterrupt: )"),
    ],
)
@pytest.mark.parametrize("first", [0, 3])
def test_an_error_is_one_end_with_one_line_after_the_values_before_it(qtbot, job, error, text, first):
    def failing() -> Iterator[int]:
        yield from range(first)
        raise error

    doomed = job(failing)
    window = Window(doomed)
    with qtbot.waitSignal(doomed.ended, timeout=5000):
        doomed.play()
    doomed.play()
    doomed.step(3)
    doomed.stop()
    doomed.close()
    assert window.values == list(range(first))
    assert window.endings == [(Outcome.FAILED, text)]


def test_an_error_while_the_generator_is_made_is_an_end(qtbot, job):
    def broken() -> Iterator[int]:
        raise UserError("no such data set")

    doomed = job(broken)
    with qtbot.waitSignal(doomed.ended, timeout=5000) as ended:
        doomed.step()
    assert ended.args == [Outcome.FAILED, "no such data set"]


def test_an_error_in_finally_is_the_end_of_a_stopped_job(qtbot, job):
    def untidy() -> Iterator[int]:
        try:
            yield 1
        finally:
            raise RuntimeError("disk full")

    doomed = job(untidy)
    with qtbot.waitSignal(doomed.reported, timeout=5000):
        doomed.step()
    with qtbot.waitSignal(doomed.ended, timeout=5000) as ended:
        doomed.stop()
    assert ended.args == [Outcome.FAILED, "this failed unexpectedly (RuntimeError: disk full)"]


def test_stop_takes_less_than_100_ms_and_runs_finally_in_the_thread_of_the_job(qtbot, job):
    source = Endless(ms=5)
    playing = job(source)
    with qtbot.waitSignal(playing.reported, timeout=5000):
        playing.play()
    with qtbot.waitSignal(playing.ended, timeout=100) as ended:
        playing.stop()
    assert ended.args == [Outcome.STOPPED, ""]
    assert source.closed_by not in (None, threading.get_ident())


def test_stop_does_not_wait_for_the_next_value_of_a_slow_pace(qtbot, job):
    playing = job(Endless())
    with qtbot.waitSignal(playing.reported, timeout=5000):
        playing.play(per_second=0.1)
    with qtbot.waitSignal(playing.ended, timeout=100):
        playing.stop()


def test_steps_asked_for_while_stepping_add_up(qtbot, job):
    stepping = job(Endless(ms=1))
    window = Window(stepping)
    for _ in range(5):
        stepping.step(2)
    qtbot.waitUntil(lambda: len(window.values) == 10, timeout=5000)
    with qtbot.waitSignal(stepping.ended, timeout=1000):
        stepping.stop()
    assert window.values == list(range(10))


def test_a_pause_comes_within_one_value(qtbot, job):
    source = Endless(ms=4)  # five fit into a slice
    playing = job(source)
    with qtbot.waitSignal(playing.reported, timeout=5000):
        playing.play()
    playing.pause()
    before = source.pulled
    with qtbot.waitSignal(playing.ended, timeout=1000):
        playing.stop()
    assert source.pulled <= before + 1


def test_a_paused_job_goes_on_where_it_was(qtbot, job):
    playing = job(Endless(ms=1))
    window = Window(playing)
    for _ in range(3):
        with qtbot.waitSignal(playing.reported, timeout=5000):
            playing.play()
        playing.pause()
    playing.step()
    with qtbot.waitSignal(playing.reported, timeout=5000):
        playing.play()
    playing.close()
    assert window.values == list(range(len(window.values)))


def test_a_slow_window_gets_few_lists_and_every_value(qtbot, job):
    def quick() -> Iterator[int]:
        for i in range(200):
            QThread.msleep(1)
            yield i

    playing = job(quick)
    window = Window(playing, busy_ms=40)
    with qtbot.waitSignal(playing.ended, timeout=10000):
        playing.play()
    assert window.values == list(range(200))
    assert len(window.lists) < 20


def test_a_pace_is_kept(qtbot, job):
    paced = job(Endless())
    window = Window(paced)
    with qtbot.assertNotEmitted(paced.ended, wait=250):
        paced.play(per_second=100)
    assert 10 <= len(window.values) <= 27


def test_close_in_the_middle_ends_once_before_it_returns(qtbot, job):
    source = Endless(ms=1)
    playing = job(source)
    window = Window(playing)
    with qtbot.waitSignal(playing.reported, timeout=5000):
        playing.play()
    playing.close()
    assert not playing.running
    assert source.closed_by is not None
    assert window.endings == [(Outcome.STOPPED, "")]
    assert window.values == list(range(source.pulled))
    playing.close()
    assert len(window.endings) == 1


def test_ten_rapid_restarts_leave_one_job_and_no_thread(qtbot):
    owner = QObject()
    sources = [Endless(ms=1) for _ in range(10)]
    windows = []
    for source in sources:
        for old in owner.findChildren(Job):
            old.retire()
        current = Job(source, owner)
        windows.append(Window(current))
        current.play()
    with qtbot.waitSignal(current.reported, timeout=5000):
        pass
    qtbot.waitUntil(lambda: owner.findChildren(Job) == [current], timeout=5000)
    current.close()
    assert all(not window.lists and not window.endings for window in windows[:-1])
    assert all(source.closed_by is not None for source in sources if source.pulled)


def test_a_job_that_has_ended_can_be_retired(qtbot):
    owner = QObject()
    done = Job(lambda: (), owner)
    with qtbot.waitSignal(done.ended, timeout=5000):
        done.play()
    done.retire()
    qtbot.waitUntil(lambda: owner.findChildren(Job) == [], timeout=5000)
