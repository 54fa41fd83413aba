"""Editing a drawn curve by its knots: each change is a function from a `Drawn` to a `Drawn`.

What a person can grab stays small: a schedule that is no curve of a few knots in the quantity shown is traced by one.
"""

from bisect import bisect
from dataclasses import replace

import numpy as np

from ddpm_studio.errors import UserError
from ddpm_studio.params import Knots
from ddpm_studio.schedule import LIMITS, Drawn, Schedule, Space, curve_of

MOST = 24
"""More knots than a hand can manage are traced by fewer."""

TRACED, FEWEST = 8, 5
"""A curve is traced by at most 8 knots; a straight line too has 5 to grab, as far as its T allows."""

GAP = 1e-6
"""How near a knot of ᾱ or log SNR may come to a neighbour, as a share of the distance between the neighbours."""


def grabbed(schedule: Schedule, space: Space) -> Drawn:
    """The schedule as a curve of few knots in `space`: itself if it is one, else a tracing of it.

    Raises:
        UserError: no legal curve in that space follows it, as when log SNR runs far below what a knot can say.
    """
    if isinstance(schedule, Drawn) and _goes_through_its_knots(schedule, space):
        return schedule
    traced = Drawn.tracing(schedule, space, TRACED)
    return replace(traced, knots=_filled(traced, FEWEST))


def moved(curve: Drawn, index: int, u: float, value: float) -> Drawn:
    """Knot `index` moved to (u, value), or as near to it as is legal.

    It comes to lie at a whole t, strictly between its neighbours; the first and the last keep their u. β stays within
    its limits; ᾱ and log SNR keep falling from knot to knot.

    Raises:
        UserError: the curve through the knots is still no schedule.
    """
    knots = list(curve.knots)
    knots[index] = (_between(curve, index, u), _within(curve, index, value))
    return replace(curve, knots=tuple(knots))


def added(curve: Drawn, u: float) -> tuple[Drawn, int]:
    """A new knot on the curve at the whole t nearest to u, and its index.

    Raises:
        UserError: there is a knot at that t already, or there are enough of them.
    """
    t = round(u * (curve.T - 1))
    place = t / (curve.T - 1)
    if len(curve.knots) >= MOST:
        raise UserError(f"a curve has at most {MOST} points; remove one first")
    if any(abs(x - place) * (curve.T - 1) < 0.5 for x, _ in curve.knots):
        raise UserError(f"there is a point at t = {t + 1} already; move that one")
    index = bisect([x for x, _ in curve.knots], place)
    knot = (place, float(curve_of(curve, Space(curve.space))[t]))
    return replace(curve, knots=(*curve.knots[:index], knot, *curve.knots[index:])), index


def removed(curve: Drawn, index: int) -> Drawn:
    """The curve without knot `index`.

    Raises:
        UserError: it is the first or the last.
    """
    if index in (0, len(curve.knots) - 1):
        raise UserError("the curve's first and last point stay; move them up or down instead")
    return replace(curve, knots=curve.knots[:index] + curve.knots[index + 1 :])


def _goes_through_its_knots(curve: Drawn, space: Space) -> bool:
    """As a curve of `space`, not rescaled, and with few enough of them."""
    return curve.space is space and not curve.zero_terminal_snr and len(curve.knots) <= MOST


def _between(curve: Drawn, index: int, u: float) -> float:
    """The u of a whole t between the neighbours of knot `index`; its own if it is an end or there is no such t."""
    steps, places = curve.T - 1, [x for x, _ in curve.knots]
    if index in (0, len(places) - 1):
        return places[index]
    low = int(np.floor(places[index - 1] * steps + 1e-9)) + 1
    high = int(np.ceil(places[index + 1] * steps - 1e-9)) - 1
    return float(np.clip(round(u * steps), low, high)) / steps if low <= high else places[index]


def _within(curve: Drawn, index: int, value: float) -> float:
    low, high = LIMITS[Space(curve.space)]
    last = index == len(curve.knots) - 1
    if curve.space is Space.BETA:
        return float(np.clip(value, low, high if last else 0.9999))
    above = curve.knots[index - 1][1] if index else high
    below = low if last else curve.knots[index + 1][1]
    gap = GAP * (above - below)
    return float(np.clip(value, below if last else below + gap, above - gap))


def _filled(curve: Drawn, count: int) -> Knots:
    """The knots, and more on the curve in the middle of the widest gaps: `count`, or as many as there are whole t's."""
    values, steps = curve_of(curve, Space(curve.space)), curve.T - 1
    chosen = [round(u * steps) for u, _ in curve.knots]
    while len(chosen) < count:
        widest = int(np.argmax(np.diff(chosen)))
        middle = (chosen[widest] + chosen[widest + 1]) // 2
        if middle == chosen[widest]:
            break
        chosen.insert(widest + 1, middle)
    known = {round(u * steps): value for u, value in curve.knots}
    return tuple((t / steps, known.get(t, float(values[t]))) for t in chosen)
