"""The metrics of a run as columns to plot; each new line costs the same however many there are."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.ui.training.work import Line

Column = NDArray[np.float64]

COLUMNS = ("loss", "rate", "gradient_norm", "steps_per_second")
SMOOTHING = 0.96
"""What of the mean of the older lines' losses is kept at each line."""


class Metrics:
    """What metrics.jsonl holds: numbers by step, and the errors per noise level by step."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self._columns = {name: _Growing() for name in ("step", *COLUMNS, "smooth")}
        self._mean = self._weight = 0.0
        self.newest: Line = {}
        self.levels: dict[int, Line] = {}
        self.add(lines)

    def add(self, lines: Iterable[Line]) -> None:
        """Takes further lines; what is in none of the columns is left out."""
        for line in lines:
            step = line.get("step")
            if isinstance(step, int) and isinstance(line.get("levels"), Sequence):
                self.levels[step] = line
            elif isinstance(step, int) and "loss" in line:
                self._add(line)

    @property
    def steps(self) -> Column:
        """The steps of the lines, (N,)."""
        return self._columns["step"].values

    def column(self, name: str) -> Column:
        """One of COLUMNS, or `smooth`, the smoothed loss: (N,), NaN where a line does not tell it."""
        return self._columns[name].values

    def levels_at(self, step: int) -> Line | None:
        """The newest errors per noise level that are not of a later step."""
        before = [known for known in self.levels if known <= step]
        return self.levels[max(before)] if before else None

    def _add(self, line: Line) -> None:
        self.newest = line
        for name in ("step", *COLUMNS):
            self._columns[name].append(_number(line.get(name)))
        loss = _number(line["loss"])
        if isfinite(loss):
            self._mean = SMOOTHING * self._mean + (1.0 - SMOOTHING) * loss
            self._weight = SMOOTHING * self._weight + (1.0 - SMOOTHING)
        self._columns["smooth"].append(self._mean / self._weight if self._weight else float("nan"))


def level_columns(line: Line) -> dict[str, Column] | None:
    """The errors of one line by rising log SNR: log_snr, error, wiener and optimum; None if the line is not whole."""
    rows = line.get("levels")
    if not isinstance(rows, Sequence) or not all(isinstance(row, Mapping) for row in rows):
        return None
    names = ("log_snr", "error", "wiener", "optimum")
    columns = {name: np.array([_number(row.get(name)) for row in rows]) for name in names}
    order = np.argsort(columns["log_snr"])
    return {name: column[order] for name, column in columns.items()}


class _Growing:
    """Numbers in a row, in an array that is made anew only when it is full."""

    def __init__(self) -> None:
        self._room: Column = np.zeros(64)
        self._count = 0

    def append(self, value: float) -> None:
        """Adds one; what `values` gave before stays as it was."""
        if self._count == len(self._room):
            self._room = np.concatenate([self._room, np.zeros(self._count)])
        self._room[self._count] = value
        self._count += 1

    @property
    def values(self) -> Column:
        """All of them."""
        return self._room[: self._count]


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
