"""An upright logarithmic axis whose numbers have room."""

from collections.abc import Sequence
from math import ceil, floor, log, log10

import numpy as np
import pyqtgraph as pg

APART = 16.0  # pixels between two numbers, at least
FINE = 40.0  # pixels a decade above which all of its ticks are drawn
_DIGITS = ((1,), (1, 2, 5), tuple(range(1, 10)))
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

Levels = list[tuple[float, list[float]]]


class LogAxis(pg.AxisItem):
    """Positions are log10 of what is written. Numbers stand at every n-th decade, at 1 2 5 10, or at every digit.

    Where a range is so narrow that none of them is in it, they are evenly spaced in what is written.
    """

    def tickValues(self, low: float, high: float, size: float) -> Levels:
        """The ticks with a number, and those without."""
        decade = size / max(high - low, 1e-9)  # pixels
        numbered = _numbered(low, high, decade)
        if len(numbered) < 2 and high - low < 1.0:
            numbered = _even(low, high, size)
        others = _at_digits(low, high, _DIGITS[-1]) if decade >= FINE else []
        return [(1.0, numbered), (0.1, [place for place in others if place not in numbered])]

    def tickStrings(self, values: Sequence[float], _scale: float, spacing: float) -> list[str]:
        """What is written at the ticks of a level."""
        return [written(value) if spacing == 1.0 else "" for value in values]


def written(place: float) -> str:
    """10^place as a person writes it: 0.002, 1, 500, 10⁵, 2·10⁻⁶."""
    exponent = floor(place + 1e-9)
    if -4 <= exponent <= 3:
        return f"{10.0**place:.4g}"
    digits = f"{10.0 ** (place - exponent):.3g}"
    return ("" if digits == "1" else f"{digits}·") + f"10{str(exponent).translate(_RAISED)}"


def _numbered(low: float, high: float, decade: float) -> list[float]:
    if decade < APART:
        step = next(n for n in (2, 5, 10, 20, 50, 100, 1000) if n * decade >= APART or n == 1000)
        return [float(place) for place in range(step * ceil(low / step), floor(high) + 1, step)]
    gaps = (1.0, log10(2.0), log10(10.0 / 9.0))  # the least between two numbers, in decades
    finest = max(i for i, gap in enumerate(gaps) if gap * decade >= APART)
    return _at_digits(low, high, _DIGITS[finest])


def _at_digits(low: float, high: float, digits: Sequence[int]) -> list[float]:
    places = [decade + log10(digit) for decade in range(floor(low), ceil(high) + 1) for digit in digits]
    return [place for place in places if low <= place <= high]


def _even(low: float, high: float, size: float) -> list[float]:
    first, last = 10.0**low, 10.0**high
    slope = 10.0**high * (high - low) * log(10.0) / size  # of what is written, a pixel, where they are closest
    least = max(APART * slope, (last - first) / 4.0)
    unit = 10.0 ** floor(log10(least))
    step = next(unit * n for n in (1.0, 2.0, 5.0, 10.0) if unit * n >= least)
    return [log10(value) for value in np.arange(ceil(first / step), floor(last / step) + 1) * step]
