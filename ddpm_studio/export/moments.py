"""Which states of a chain are shown: all, every k-th, n evenly spaced, or n that grow dense towards the end."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import numpy as np

from ddpm_studio.params import Parameters, Range


class Which(StrEnum):
    """How the states are chosen."""

    ALL = "all"
    EVERY = "every"
    EVENLY = "evenly"
    LOG = "log"


@dataclass(frozen=True)
class Moments(Parameters):
    """A choice among the states of a chain; the last state is always among them."""

    which: Annotated[Which, "all steps; every k-th; n evenly spaced; n dense towards the end, evenly in log t"] = (
        Which.EVENLY
    )
    count: Annotated[int, Range(1, 4000), "k, or n"] = 100

    def of(self, states: int) -> tuple[int, ...]:
        """The chosen among the states 0..states − 1 of a chain (0 is the noise), rising; `states` is at least 1."""
        last = states - 1
        match self.which:
            case Which.ALL:
                chosen = range(states)
            case Which.EVERY:
                chosen = range(last % self.count, states, self.count)
            case Which.EVENLY:
                return _rising(np.linspace(last, 0, min(self.count, states)))
            case Which.LOG:
                return _rising(last - _logarithmic(last, min(self.count, states)))
        return tuple(chosen)


def _logarithmic(last: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """`count` distinct distances from the end, 0..last, evenly spaced in their logarithm but for 0."""
    if count < 2:
        return np.zeros(1)
    distances = np.geomspace(1, last, count - 1) if count > 2 else np.array([float(last)])
    order = np.arange(count - 1)
    whole = np.maximum.accumulate(np.round(distances) - order) + order  # moved up just enough to be distinct
    return np.append(0, np.minimum(whole, last - order[::-1]))


def _rising(states: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[int, ...]:
    return tuple(sorted({int(state) for state in np.round(states)}))
