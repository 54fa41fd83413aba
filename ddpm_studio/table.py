"""A table ᾱ_0..ᾱ_T that came from elsewhere: what keeps it from being a schedule, and a schedule close to it."""

import numpy as np

from ddpm_studio.curve import traced
from ddpm_studio.errors import UserError
from ddpm_studio.lint import Finding, Fix, Severity
from ddpm_studio.schedule import Drawn, Space, Table

SMALLEST_BETA = 1e-6
"""What `falling` makes of a β that was 0 or negative: the least β a schedule's own fields allow."""


def lint_alpha_bar(alpha_bar: Table) -> tuple[Finding, ...]:
    """What keeps ᾱ_0..ᾱ_T from being a schedule, shape (T+1,): every finding is an error.

    The fix, where there is one, is a drawn schedule along `falling(alpha_bar)`.
    """
    lost = ~np.isfinite(alpha_bar)
    if lost.any():
        t = int(np.argmax(lost))
        return (Finding(Severity.ERROR, f"ᾱ_{t} is {alpha_bar[t]}, which is not a number ᾱ can be"),)
    texts = [text for text in (_outside(alpha_bar), _rising(alpha_bar)) if text]
    fix = _fallen(alpha_bar) if texts else None
    return tuple(Finding(Severity.ERROR, text, fix) for text in texts)


def falling(alpha_bar: Table) -> Table:
    """The largest table up to ᾱ_0..ᾱ_T that starts at 1 and falls by at least `SMALLEST_BETA` a step.

    Values are kept above e^−30, the least a drawn log SNR knows, so that the result is a legal schedule. Shape (T+1,).
    """
    slope = -np.log1p(-SMALLEST_BETA) * np.arange(len(alpha_bar))
    logs = np.log(np.clip(alpha_bar, np.exp(-30.0), 1.0))
    logs[0] = 0.0
    lowest = -29.0 - slope  # falls too: the larger of two falling tables falls
    table: Table = np.exp(np.maximum(np.minimum.accumulate(logs + slope) - slope, lowest))
    return table


def _outside(alpha_bar: Table) -> str | None:
    wrong = (alpha_bar < 0.0) | (alpha_bar > 1.0)
    if not wrong.any():
        return None
    t = int(np.argmax(wrong))
    return f"ᾱ_{t} = {alpha_bar[t]:.6g}: ᾱ is a share of the clean picture's variance and lies between 0 and 1"


def _rising(alpha_bar: Table) -> str | None:
    rises = np.flatnonzero(np.diff(alpha_bar) >= 0.0) + 1
    if not rises.size:
        return None
    t = int(rises[0])
    return (
        f"ᾱ does not fall at {rises.size} of {len(alpha_bar) - 1} steps, first from ᾱ_{t - 1} = {alpha_bar[t - 1]:.6g}"
        f" to ᾱ_{t} = {alpha_bar[t]:.6g}: noise is only ever added, so ᾱ must fall at every step"
    )


def _fallen(alpha_bar: Table) -> Fix | None:
    """A drawn schedule along `falling(alpha_bar)`, if T is one that a schedule may have."""
    table = falling(alpha_bar)[1:]
    if len(table) < 2:
        return None
    log_snr = np.log(table) - np.log1p(-table)
    knots = traced(np.linspace(0.0, 1.0, len(table)), log_snr, knots=12)
    try:
        return Fix("Let ᾱ fall", Drawn(T=len(table), space=Space.LOG_SNR, knots=knots))
    except UserError:
        return None
