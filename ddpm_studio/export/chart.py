"""A line chart as a picture, for the command line; the window draws its own."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ddpm_studio.data.pictures import Picture

WIDTH, HEIGHT = 1280, 800
LEFT, TOP, RIGHT, BOTTOM = 110, 40, 300, 90  # margins
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#7f7f7f")  # told apart by the colour-blind (Okabe & Ito 2008)


def line_chart(x: Sequence[float], series: Mapping[str, Sequence[float]], x_title: str, y_title: str) -> Picture:
    """At most four curves over the same x (K,), by name; y is logarithmic, and values up to 0 are left out.

    Returns:
        uint8 (HEIGHT, WIDTH, 3).
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(20)
    positive = [value for values in series.values() for value in values if value > 0.0]
    low, high = np.floor(np.log10(min(positive, default=0.1))), np.ceil(np.log10(max(positive, default=1.0)))
    high = max(high, low + 1.0)
    first, last = min(x), max(max(x), min(x) + 1e-9)

    def place(at: float, value: float) -> tuple[float, float]:
        across = (at - first) / (last - first)
        up = (np.log10(value) - low) / (high - low)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    for decade in np.arange(low, high + 1.0):
        (x0, y), (x1, _) = place(first, 10.0**decade), place(last, 10.0**decade)
        draw.line((x0, y, x1, y), "#dddddd")
        draw.text((LEFT - 12, y), f"{10.0**decade:g}", "black", font, "rm")
    for at in np.linspace(first, last, 7):
        (at_x, bottom), (_, top) = place(at, 10.0**low), place(at, 10.0**high)
        draw.line((at_x, bottom, at_x, top), "#dddddd")
        draw.text((at_x, bottom + 10), f"{at:.1f}", "black", font, "mt")
    for row, (colour, (name, values)) in enumerate(zip(COLOURS, series.items(), strict=False)):
        points = [place(at, value) for at, value in zip(x, values, strict=True) if value > 0.0]
        draw.line(points, colour, 4, "curve")
        height = TOP + 20 + 36 * row
        draw.line((WIDTH - RIGHT + 20, height, WIDTH - RIGHT + 60, height), colour, 4)
        draw.text((WIDTH - RIGHT + 70, height), name, "black", font, "lm")
    draw.text((LEFT, 8), y_title, "black", font)
    draw.text(((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12), x_title, "black", font, "mb")
    return np.asarray(image)
