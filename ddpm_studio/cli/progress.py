"""How far a long run is, on stderr: one line that is rewritten on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds before anything is said."""
TERMINAL, ELSEWHERE = 0.1, 10.0
"""Seconds between two reports."""
CLEAR = "\r\x1b[K"


class Report:
    """Says how many of `total` have been done, and the time left, if it is due; `done` were done before it began."""

    def __init__(self, total: int, what: str, done: int = 0) -> None:
        self._stream = sys.stderr
        self._terminal = self._stream.isatty()
        self._total, self._what, self._before = total, what, done
        self._start = time.monotonic()
        self._due, self._said = self._start + PATIENCE, False

    def tell(self, count: int, more: str = "") -> None:
        """`count` have been done; `more` is said of them."""
        now = time.monotonic()
        if now < self._due:
            return
        text = f"{self._what} {count}/{self._total}{more}, {self._left(now - self._start, count)}"
        self._write(CLEAR + text if self._terminal else text + "\n")
        self._due, self._said = now + (TERMINAL if self._terminal else ELSEWHERE), True

    def clear(self) -> None:
        """Takes the line off a terminal."""
        if self._said and self._terminal:
            self._write(CLEAR)

    def _left(self, elapsed: float, count: int) -> str:
        seconds = round(elapsed / max(count - self._before, 1) * (self._total - count))
        minutes, seconds = divmod(seconds, 60)
        return f"{minutes} min {seconds:02d} s left" if minutes else f"{seconds} s left"

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def watched(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The items themselves; how many of `total` have come, and the time left, is told on stderr meanwhile."""
    report = Report(total, what)
    try:
        for count, item in enumerate(items, 1):
            yield item
            report.tell(count)
    finally:
        report.clear()
