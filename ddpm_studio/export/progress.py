"""How far an export is."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """So much of so much is done."""

    done: int
    total: int
    what: str = ""

    @property
    def percent(self) -> int:
        """0..100."""
        return 100 * self.done // max(self.total, 1)


def counted(done: Iterator[int], total: int, what: str) -> Iterator[Progress]:
    """Each count as progress towards `total`."""
    for count in done:
        yield Progress(count, total, what)
