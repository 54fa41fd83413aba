"""How x̂_0 and ε̂ come from what the denoiser says."""

from ddpm_studio.algorithm.line import Line, Lines
from ddpm_studio.objective import Target

_EPS_OF_X0 = Line(
    "eps",
    r"@eps = \frac{@x - \sqrt{@at}\,@x0}{\sqrt{1 - @at}}",
    "the noise that is left if that guess is right",
    lambda v: (v["x"] - v["at"].sqrt() * v["x0"]) / (1 - v["at"]).sqrt(),
)
GUESSES: dict[Target | None, Lines] = {
    None: (Line("x0", r"@x0 = \E\left[ x_0 \mid @x \right]", "ask the exact denoiser for its guess"), _EPS_OF_X0),
    Target.X0: (Line("x0", r"@x0 = D_\theta(@x, @t)", "ask the network for its guess"), _EPS_OF_X0),
    Target.EPS: (
        Line("eps", r"@eps = \epsilon_\theta(@x, @t)", "ask the network for the noise"),
        Line(
            "x0",
            r"@x0 = \frac{@x - \sqrt{1 - @at}\,@eps}{\sqrt{@at}}",
            "take that noise away (eq. 15)",
            lambda v: (v["x"] - (1 - v["at"]).sqrt() * v["eps"]) / v["at"].sqrt(),
        ),
    ),
    Target.V: (
        Line("v", r"@v = v_\theta(@x, @t)", "ask the network for v"),
        Line(
            "x0",
            r"@x0 = \sqrt{@at}\,@x - \sqrt{1 - @at}\,@v",
            "the clean picture in v",
            lambda v: v["at"].sqrt() * v["x"] - (1 - v["at"]).sqrt() * v["v"],
        ),
        Line(
            "eps",
            r"@eps = \sqrt{1 - @at}\,@x + \sqrt{@at}\,@v",
            "the noise in v",
            lambda v: (1 - v["at"]).sqrt() * v["x"] + v["at"].sqrt() * v["v"],
        ),
    ),
}
"""How x̂_0 and ε̂ come from what the denoiser says, by what it was trained to predict; None is the exact one."""
