"""The algorithms of the solvers of the probability-flow ODE."""

from collections.abc import Callable

from torch import Tensor

from ddpm_studio.algorithm.line import RATIO, TAKE, Line, Lines, Values, clipping
from ddpm_studio.symbols import Moment


def dpm(moment: Moment) -> Lines:
    """Lu et al. 2022, Alg. 2; the first step and the last are of order 1."""
    cut, guess = clipping(moment)
    if moment.step.before is None or moment.step.s == 0 or moment.last is None:
        return (*cut, RATIO, _toward(f"@{guess}", "mean", "a step of order 1", lambda v: v[guess]), TAKE)
    trend = Line(
        "trend",
        rf"@trend = @{guess} + @ahead \left( @{guess} - @before \right)",
        "carry the guess on along its trend",
        lambda v: v[guess] + v["ahead"] * (v[guess] - v["before"]),
    )
    return (*cut, trend, RATIO, _toward("@trend", "mean", "a step of order 2", lambda v: v["trend"]), TAKE)


def heun(moment: Moment) -> Lines:
    """Karras et al. 2022, Alg. 1, in x̂_0; the last step is Euler's."""
    cut, guess = clipping(moment)
    if moment.step.evaluations < 2:
        return (*cut, RATIO, _toward(f"@{guess}", "mean", "Euler's step", lambda v: v[guess]), TAKE)
    euler = _toward(f"@{guess}", "euler", "Euler's step, to try", lambda v: v[guess])
    there = Line("there", r"@there = \hat x_0(@euler, @s)", "ask the denoiser again, there")
    half = rf"\frac{{@{guess} + @there}}{{2}}"
    mean = _toward(half, "mean", "the step again, with the mean of both", lambda v: (v[guess] + v["there"]) / 2)
    return (*cut, RATIO, euler, there, mean, TAKE)


def _toward(guess: str, what: str, words: str, code: Callable[[Values], Tensor]) -> Line:
    """A step of the probability-flow ODE with some guess: x_s = r x_t + (√ᾱ_s − r √ᾱ_t) x̂_0."""
    return Line(
        what,
        rf"@{what} = @ratio\,@x + \left( \sqrt{{@as}} - @ratio \sqrt{{@at}} \right) {guess}",
        words,
        lambda v: v["ratio"] * v["x"] + (v["as"].sqrt() - v["ratio"] * v["at"].sqrt()) * code(v),
    )
