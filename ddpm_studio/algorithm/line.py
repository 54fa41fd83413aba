"""A line of an algorithm: an equation and the same as code; and the lines that several samplers share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from ddpm_studio.symbols import Moment

Values = Mapping[str, Tensor]
"""By the names of their symbols, as `symbols.values` gives them."""


@dataclass(frozen=True)
class Line:
    """One line: it gives a symbol its value."""

    gives: str  # the symbol's name
    markup: str
    words: str  # the same in a few plain words
    code: Callable[[Values], Tensor] | None = None
    """The value from those before; None for what the denoiser, chance or an inner loop gives."""


Lines = tuple[Line, ...]

CLIP = Line("x0c", r"@x0c = \clip(@x0, -1, 1)", "cut to what a pixel can be", lambda v: v["x0"].clamp(-1.0, 1.0))
DRAW = Line("z", r"@z \sim \N(\0, \I)", "draw noise")
ADD = Line("xs", r"@xs = @mean + @sigma\,@z", "add it", lambda v: v["mean"] + v["sigma"] * v["z"])
TAKE = Line("xs", r"@xs = @mean", "add no noise", lambda v: v["mean"])
RATIO = Line(
    "ratio",
    r"@ratio = \frac{\sqrt{1 - @as}}{\sqrt{1 - @at}}",
    "what the noise shrinks by",
    lambda v: (1 - v["as"]).sqrt() / (1 - v["at"]).sqrt(),
)
BETA_TILDE = Line(
    "btilde",
    r"@btilde = \frac{1 - @as}{1 - @at}\,@beta",
    "the least variance (eq. 7)",
    lambda v: (1 - v["as"]) / (1 - v["at"]) * v["beta"],
)


def clipping(moment: Moment) -> tuple[Lines, str]:
    """The line that clips, if it is done, and the symbol of the guess as it is used from there on."""
    return ((CLIP,), "x0c") if moment.sampler.clip else ((), "x0")
