"""How far a long run is, on stderr: one line that is rewritten on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from ddpm_studio.units import spelt

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds before anything is said."""
TERMINAL, ELSEWHERE = 0.1, 10.0
"""Seconds between two reports."""
CLEAR = "\r\x1b[K"


def watched(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The items themselves; how many of `total` have come, and the time left, is told meanwhile."""
    with _told(total, what) as told:
        for count, item in enumerate(items, 1):
            yield item
            told.reached(count)


class Told:
    """A count that goes up from `before`, and what has been said of it."""

    def __init__(self, total: int, what: str, before: int = 0) -> None:
        self._total, self._what, self._before = total, what, before
        self._stream = sys.stderr
        self._terminal = self._stream.isatty()
        self._start = time.monotonic()
        self._due = self._start + PATIENCE

    def reached(self, count: int, more: str = "", part: float = 0.0) -> None:
        """`count` of the total, and `part` of what comes next, for the time left; `more` is said of them.

        Says nothing where something was said a moment ago.
        """
        now = time.monotonic()
        if now >= self._due:
            self._due = now + (TERMINAL if self._terminal else ELSEWHERE)
            done = count + part
            left = spelt((now - self._start) / (done - self._before or 1.0) * (self._total - done))
            text = f"{self._what} {count}/{self._total}{more}, {left} left"
            self._write(CLEAR + text if self._terminal else text + "\n")

    def end(self) -> None:
        """Leaves a terminal's line empty."""
        if self._terminal and self._due > self._start + PATIENCE:
            self._write(CLEAR)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


@contextmanager
def _told(total: int, what: str) -> Iterator[Told]:
    told = Told(total, what)
    try:
        yield told
    finally:
        told.end()
