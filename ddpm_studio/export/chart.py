"""A line chart as a picture, for the command line; the window draws its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf, log10

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ddpm_studio.data.pictures import Picture

WIDTH, HEIGHT = 1280, 800
LEFT, TOP, RIGHT, BOTTOM = 110, 40, 300, 90  # margins
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#7f7f7f")  # told apart by the colour-blind (Okabe & Ito 2008)
INTERVALS = 8
"""Between the numbers of a linear axis, at most."""
DECADES = 12
"""Of a logarithmic axis, at most: what is less than so many below the greatest value is cut off."""

NEAR = 0.02
"""The share of a step by which a number may lie beyond an end."""


@dataclass(frozen=True)
class Axis:
    """What an axis shows, in its own unit (log10 of the value on a logarithmic one), and where numbers stand."""

    low: float
    high: float
    step: float
    log: bool = False

    @classmethod
    def linear(cls, values: Sequence[float], *, whole: bool = False) -> "Axis":
        """From the least to the greatest value; with `whole`, out to the next numbers."""
        low, high = min(values), max(values)
        step = _round_step((high - low or 1.0) / INTERVALS)
        if whole or high - low < step:
            low, high = step * floor(low / step), step * max(ceil(high / step), floor(low / step) + 1)
        return cls(low, high, step)

    @classmethod
    def decades(cls, values: Sequence[float]) -> "Axis":
        """Whole decades around the values above 0."""
        logs = [log10(value) for value in values if value > 0.0] or [-1.0, 0.0]
        high = max(ceil(max(logs)), floor(min(logs)) + 1)
        return cls(max(floor(min(logs)), high - DECADES), high, 1.0, log=True)

    def place(self, value: float) -> float:
        """Where it stands: 0 at the low end, 1 at the high one; −∞ on a logarithmic axis if it is not above 0."""
        if self.log and value <= 0.0:
            return -inf
        return ((log10(value) if self.log else value) - self.low) / (self.high - self.low)

    def numbers(self) -> list[tuple[float, str]]:
        """Values and what is written at them: whole ones as whole numbers."""
        multiples = np.arange(ceil(self.low / self.step - NEAR), floor(self.high / self.step + NEAR) + 1)
        if self.log:
            return [(10.0**at, f"{10.0**at:g}") for at in multiples.tolist()]
        digits = max(0, -floor(log10(self.step)))
        return [(at * self.step, f"{at * self.step:.{digits}f}") for at in multiples.tolist()]


def line_chart(
    x: Sequence[float], series: Mapping[str, Sequence[float]], x_title: str, y_title: str, *, log: bool = True
) -> Picture:
    """At most four curves over the same x (K,), by name, the first above the others.

    Where `log` is on, y is logarithmic, and values up to 0 are left out. Names and titles are in ASCII: the font has no
    other signs.

    Returns:
        uint8 (HEIGHT, WIDTH, 3).
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(20)
    values = [value for column in series.values() for value in column]
    across, up = Axis.linear(x), Axis.decades(values) if log else Axis.linear(values, whole=True)
    _draw_grid(draw, font, across, up)
    rows = list(enumerate(zip(COLOURS, series.items(), strict=False)))
    for row, (colour, (name, column)) in reversed(rows):
        for piece in _pieces(across, up, x, column):
            draw.line(piece, colour, 4, "curve")
        height = TOP + 20 + 36 * row
        draw.line((WIDTH - RIGHT + 20, height, WIDTH - RIGHT + 60, height), colour, 4)
        draw.text((WIDTH - RIGHT + 70, height), name, "black", font, "lm")
    draw.text((LEFT, 8), y_title, "black", font)
    draw.text(((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 24), x_title, "black", font, "mb")
    return np.asarray(image)


def _draw_grid(draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, x: Axis, y: Axis) -> None:
    for value, text in y.numbers():
        height = _height(y.place(value))
        draw.line((LEFT, height, WIDTH - RIGHT, height), "#dddddd")
        draw.text((LEFT - 12, height), text, "black", font, "rm")
    for value, text in x.numbers():
        column = _column(x.place(value))
        draw.line((column, TOP, column, HEIGHT - BOTTOM), "#dddddd")
        draw.text((column, HEIGHT - BOTTOM + 10), text, "black", font, "mt")


def _pieces(across: Axis, up: Axis, x: Sequence[float], column: Sequence[float]) -> list[list[tuple[float, float]]]:
    """The curve in pixels, interrupted where it has left the chart."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for at, value in zip(x, column, strict=True):
        if (share := up.place(value)) >= 0.0:
            pieces[-1].append((_column(across.place(at)), _height(share)))
        else:
            pieces.append([])
    return [piece for piece in pieces if len(piece) > 1]


def _round_step(least: float) -> float:
    """The least of 1, 2, 5, 10, 20 … that is not below `least`."""
    unit = 10.0 ** floor(log10(least))
    return next(n * unit for n in (1.0, 2.0, 5.0, 10.0) if n * unit >= least * (1.0 - 1e-9))


def _column(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _height(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
