"""A column of β's that came from elsewhere, and the schedule along it."""

import numpy as np

from ddpm_studio.errors import UserError
from ddpm_studio.schedule import LIMITS, Drawn, Schedule, Space, Table


def numbers(values: object, where: str) -> Table:
    """`values` as a column of numbers. UserError: they are none, or too few or too many for a schedule."""
    try:
        table = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(f"{where} must be numbers") from error
    if table.ndim != 1 or not 2 <= len(table) <= 4001:
        raise UserError(f"{where} must be one column of 2 to 4000 numbers (and t = 0), but has shape {table.shape}")
    return table


def drawn(beta: Table, where: str, *, zero_terminal_snr: bool = False) -> Drawn:
    """The schedule with a knot at every t, so with these β_1..β_T to the last bit or two.

    Raises:
        UserError: a β that is no number or out of range; the message names its t.
    """
    low, high = LIMITS[Space.BETA]
    wrong = np.flatnonzero(~((beta >= low) & (beta <= high)))  # also finds NaN
    if wrong.size:
        t = int(wrong[0]) + 1
        raise UserError(f"{where}: β_{t} = {beta[t - 1]:.6g}; β must be between {low:g} and {high:g} at every t")
    u = np.arange(len(beta)) / max(len(beta) - 1, 1)
    knots = tuple(zip(u.tolist(), beta.tolist(), strict=True))
    return Drawn(T=len(beta), zero_terminal_snr=zero_terminal_snr, knots=knots)


def is_along(schedule: Schedule, beta: Table) -> bool:
    """Whether the schedule has these β_1..β_T, up to how a file rounds them."""
    return len(beta) == schedule.T and bool(np.allclose(schedule.beta[1:], beta, rtol=1e-9, atol=1e-12))
