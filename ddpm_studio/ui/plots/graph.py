"""What a plot over t shows: its quantities, the names of their colours, and the range of its axis. No widget here."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.schedule import Schedule, Space, Table

Times = NDArray[np.int64]
Span = tuple[float, float]

_FIRST, _END = 8, 32  # timesteps at either end of which none is left out, and pixels


@dataclass(frozen=True)
class Quantity:
    """One curve: its symbol, the name of its colour in `theme.Colours`, its table, (T+1,), and its first t."""

    symbol: str
    colour: str
    of: Callable[[Schedule], Table]
    first: int = 0


@dataclass(frozen=True)
class Graph:
    """One plot. `span` widens the range of the data, in the axis' own unit (log10 if `log`), to that of the axis."""

    name: str
    tip: str
    quantities: tuple[Quantity, ...]
    span: Callable[[float, float], Span]
    caption: str = ""
    unit: str = ""
    log: bool = False
    guide: float | None = None

    def heights(self, quantity: Quantity, schedule: Schedule, times: Times) -> tuple[Times, Table]:
        """The times at which the quantity can be drawn, and how high, in the axis' unit; ∞ and, if `log`, 0 cannot."""
        times = times[np.searchsorted(times, quantity.first) :]
        values = quantity.of(schedule)[times]
        if self.log:
            with np.errstate(divide="ignore"):
                values = np.log10(values)
        finite = np.isfinite(values)
        return (times, values) if finite.all() else (times[finite], values[finite])


@lru_cache(maxsize=64)
def spread(T: int, low: float, high: float, pixels: int) -> Times:
    """The timesteps a curve over [low, high] is drawn through when that is so many pixels wide; rising.

    Schedules bend sharply at their ends only: every pixel is taken there and every fourth in between, which halves the
    time a line takes to paint. One step more is taken on either side, so that a curve leaves the picture.
    """
    first, last = max(floor(low), 0), min(ceil(high), T)
    pixel, few = (last - first) / pixels, min(_FIRST, last - first)
    parts = (
        np.arange(first, first + few + 1),
        np.arange(first, min(first + _END * pixel, last), max(pixel, 1.0)),
        np.arange(first, last, max(4.0 * pixel, 1.0)),
        np.arange(last, max(last - _END * pixel, first), -max(pixel, 1.0)),
        np.arange(last - few, last + 1),
    )
    return np.unique(np.concatenate(parts).round().astype(np.int64))


def fixed(low: float, high: float) -> Callable[[float, float], Span]:
    """The same range whatever the data."""
    return lambda _low, _high: (low, high)


def at_least(low: float, high: float, step: float, limit: float) -> Callable[[float, float], Span]:
    """A usual range, widened in steps where the data leave it, but not beyond ±limit."""

    def span(least: float, most: float) -> Span:
        bottom = min(low, step * floor(max(least, -limit) / step))
        return bottom, max(high, step * ceil(min(most, limit) / step))

    return span


def decades(low: float, high: float) -> Span:
    """Whole decades around log10 values."""
    return float(floor(low + 1e-9)), float(max(ceil(high - 1e-9), floor(low) + 1))


def roomy_decades(low: float, high: float) -> Span:
    """Whole decades with room to drag in, up to 1."""
    return floor(low - 0.3), min(ceil(high + 0.3), 0.05)


def from_zero(_low: float, high: float) -> Span:
    """From 0 to a round number that leaves a fifth of room, at most 1."""
    decade = 10.0 ** floor(log10(high))
    top = next(decade * step for step in (1.25, 2.0, 2.5, 4.0, 5.0, 8.0, 12.5) if decade * step >= 1.2 * high)
    return -0.06 * min(top, 1.05), min(top, 1.05)


BETA = Quantity("β", "beta", lambda s: s.beta, first=1)
ALPHA_BAR = Quantity("ᾱ", "alpha_bar", lambda s: s.alpha_bar)
LOG_SNR = Quantity("log SNR", "snr", lambda s: s.log_snr)

_SHARE = fixed(-0.06, 1.03)

PLOTS = (
    Graph(
        "alpha_bar",
        "ᾱ_t: the share of the clean picture's variance that is left at t",
        (ALPHA_BAR,),
        _SHARE,
        "signal left",
    ),
    Graph(
        "factors",
        "x_t = √ᾱ_t·x_0 + √(1−ᾱ_t)·ε: the factors of picture and noise",
        (
            Quantity("√ᾱ", "signal", lambda s: s.sqrt_alpha_bar),
            Quantity("√(1−ᾱ)", "noise", lambda s: s.sqrt_one_minus_alpha_bar),
        ),
        _SHARE,
    ),
    Graph(
        "snr",
        "SNR_t = ᾱ_t/(1−ᾱ_t) in decibels: at 0 dB there is as much picture as noise",
        (Quantity("SNR", "snr", lambda s: s.snr_db),),
        at_least(-60.0, 60.0, 20.0, 300.0),
        unit="dB",
        guide=0.0,
    ),
    Graph(
        "posterior_variance",
        "The variance of the noise that step t adds, β_t, and of q(x_t−1 | x_t, x_0), β̃_t",
        (Quantity("β̃", "posterior", lambda s: s.posterior_variance), BETA),
        decades,
        "of one step",
        log=True,
    ),
    Graph(
        "loss_weight",
        "λ_t: the weight of the error of ε at t in the bound, for either choice of σ²; 1 is the simple loss",
        (
            Quantity("λ(σ²=β̃)", "weight", lambda s: s.loss_weight(s.posterior_variance)),
            Quantity("λ(σ²=β)", "beta", lambda s: s.loss_weight(s.beta)),
        ),
        decades,
        log=True,
    ),
)
"""The five plots beside the editor."""

_BETA_TIP = "β_t: the variance of the noise that step t adds"
_LOG_SNR_TIP = "log SNR_t: the natural logarithm of ᾱ_t/(1−ᾱ_t)"

EDITED = {
    (Space.BETA, False): Graph("beta", _BETA_TIP, (BETA,), from_zero),
    (Space.BETA, True): Graph("beta", _BETA_TIP, (BETA,), roomy_decades, log=True),
    (Space.ALPHA_BAR, False): Graph("alpha_bar", PLOTS[0].tip, (ALPHA_BAR,), _SHARE),
    (Space.ALPHA_BAR, True): Graph("alpha_bar", PLOTS[0].tip, (ALPHA_BAR,), at_least(-5.0, 0.1, 1.0, 12.0), log=True),
    (Space.LOG_SNR, False): Graph("log_snr", _LOG_SNR_TIP, (LOG_SNR,), at_least(-12.0, 12.0, 2.0, 31.0), guide=0.0),
}
"""What the editor shows, by the quantity that is grabbed and whether its axis is logarithmic."""
