"""How far a long run is, on stderr: one line that is rewritten on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds before anything is said."""
TERMINAL, ELSEWHERE = 0.1, 10.0
"""Seconds between two reports."""
CLEAR = "\r\x1b[K"


def watched(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """The items themselves; how many of `total` have come, and the time left, is told on stderr meanwhile."""
    stream = sys.stderr
    terminal = stream.isatty()
    start = time.monotonic()
    due, said = start + PATIENCE, False
    try:
        for count, item in enumerate(items, 1):
            yield item
            now = time.monotonic()
            if now >= due:
                _say(stream, terminal, f"{what} {count}/{total}, {_left(now - start, count, total)}")
                due, said = now + (TERMINAL if terminal else ELSEWHERE), True
    finally:
        if said and terminal:
            _write(stream, CLEAR)


def _say(stream: TextIO, terminal: bool, text: str) -> None:
    _write(stream, CLEAR + text if terminal else text + "\n")


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()


def _left(elapsed: float, count: int, total: int) -> str:
    seconds = round(elapsed / count * (total - count))
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes} min {seconds:02d} s left" if minutes else f"{seconds} s left"
