"""The schedule that is drawn: a curve through a few knots, in β, ᾱ or log SNR."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

import numpy as np

from ddpm_studio.curve import monotone_cubic, traced
from ddpm_studio.errors import UserError
from ddpm_studio.params import Knots
from ddpm_studio.schedule.base import FLOOR, Schedule, Table, table


class Space(StrEnum):
    """The quantity a drawn curve is a curve of."""

    BETA = "beta"
    ALPHA_BAR = "alpha_bar"
    LOG_SNR = "log_snr"


LIMITS = {Space.BETA: (1e-6, 1.0), Space.ALPHA_BAR: (0.0, 1.0), Space.LOG_SNR: (FLOOR, 15.0)}
"""The range of a knot's value, by space."""


@dataclass(frozen=True)
class Drawn(Schedule):
    """A monotone cubic through a few knots (u, value), u = (t − 1)/(T − 1), drawn in β, ᾱ or log SNR.

    Between two knots the curve stays between their values (Fritsch & Carlson 1980), so falling knots in ᾱ or
    log SNR give a legal schedule.
    """

    space: Annotated[Space, "the quantity the curve is drawn in"] = Space.BETA
    knots: Annotated[Knots, "points (u, value); u = 0 is t = 1, u = 1 is t = T"] = ((0.0, 1e-4), (1.0, 0.02))

    kind = "drawn"
    remedy = "let ᾱ and log SNR fall from knot to knot, and keep β between 0 and 1"

    @classmethod
    def tracing(cls, schedule: Schedule, space: Space, knots: int = 6) -> "Drawn":
        """A drawn curve close to `schedule`, through at most `knots` (≥ 2) of its points."""
        low, high = LIMITS[space]
        values = np.clip(curve_of(schedule, space), low, high)
        return cls(T=schedule.T, space=space, knots=traced(_u(schedule.T), values, knots, _tolerance(schedule, space)))

    def _betas(self) -> Table:
        self._check_knots()
        u, values = np.array(self.knots).T
        curve = monotone_cubic(u, values, _u(self.T))
        if self.space is Space.BETA:
            return curve
        alpha_bar = table(1.0, curve if self.space is Space.ALPHA_BAR else 1.0 / (1.0 + np.exp(-curve)))
        with np.errstate(divide="ignore", invalid="ignore"):
            return 1.0 - alpha_bar[1:] / alpha_bar[:-1]

    def _check_knots(self) -> None:
        u = [x for x, _ in self.knots]
        if len(u) < 2 or u[0] != 0.0 or u[-1] != 1.0 or any(b <= a for a, b in pairwise(u)):
            raise UserError("drawn schedule: knots must be at least two, with u rising from exactly 0 to exactly 1")
        low, high = LIMITS[self.space]
        for x, value in self.knots:
            if not low <= value <= high:
                allowed = f"{self.space} goes from {low:g} to {high:g}"
                raise UserError(f"drawn schedule: the knot at u = {x:g} is {value:g}; {allowed}")


def curve_of(schedule: Schedule, space: Space) -> Table:
    """The schedule's β, ᾱ or log SNR at t = 1..T, shape (T,)."""
    return {Space.BETA: schedule.beta, Space.ALPHA_BAR: schedule.alpha_bar, Space.LOG_SNR: schedule.log_snr}[space][1:]


def _tolerance(schedule: Schedule, space: Space) -> Table:
    """How far off a traced curve may be at each t, in any unit, shape (T,)."""
    if space is Space.BETA:
        return schedule.beta[1:]  # β spans decades: what counts is its relative error
    if space is Space.ALPHA_BAR:
        return np.ones(schedule.T)
    signal, noise = schedule.alpha_bar[1:], schedule.one_minus_alpha_bar[1:]
    return 1.0 / np.sqrt(signal * noise + 1e-3)  # the angle φ, cos φ = √ᾱ; and a little for the far ends


def _u(T: int) -> Table:
    return np.arange(T) / (T - 1)
