"""Which timesteps are visited when a sampler takes fewer steps than the schedule has."""

from collections.abc import Callable
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.errors import UserError

Times = NDArray[np.int64]


class Spacing(StrEnum):
    """Which timesteps a sampler visits when it takes fewer than T steps."""

    LINSPACE = "linspace"
    LEADING = "leading"
    TRAILING = "trailing"
    QUADRATIC = "quadratic"


def timesteps(T: int, steps: int, spacing: Spacing) -> Times:
    """`steps` distinct timesteps in 1..T, falling.

    linspace: both 1 and T. leading: multiples of ⌊T/steps⌋ from 1 up, so T is left out unless steps = T.
    trailing: from T down, so 1 may be left out (Lin et al. 2023, Table 2). quadratic: dense near 1, reaches T.

    Raises:
        UserError: steps is not in 1..T.
    """
    if not 1 <= steps <= T:
        raise UserError(f"a sampler takes between 1 and T = {T} steps, not {steps}; lower steps")
    return _SPACINGS[spacing](T, steps)[::-1].copy()


def _leading(T: int, steps: int) -> Times:
    return 1 + np.arange(steps) * (T // steps)


def _trailing(T: int, steps: int) -> Times:
    return np.round(np.arange(T, 0, -T / steps)[:steps]).astype(np.int64)[::-1]


def _linspace(T: int, steps: int) -> Times:
    return np.array([T]) if steps == 1 else 1 + np.round(np.linspace(0, T - 1, steps)).astype(np.int64)


def _quadratic(T: int, steps: int) -> Times:
    """Squares of evenly spaced numbers, moved up just enough to be distinct."""
    if steps == 1:
        return np.array([T])
    order = np.arange(steps)
    t = 1 + np.round((T - 1) * (order / (steps - 1)) ** 2).astype(np.int64)
    return np.maximum.accumulate(t - order) + order


_SPACINGS: dict[Spacing, Callable[[int, int], Times]] = {
    Spacing.LINSPACE: _linspace,
    Spacing.LEADING: _leading,
    Spacing.TRAILING: _trailing,
    Spacing.QUADRATIC: _quadratic,
}
