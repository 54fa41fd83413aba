"""The algorithms of the samplers that make Langevin moves."""

from ddpm_studio.algorithm.line import ADD, DRAW, TAKE, Line, Lines, clipping
from ddpm_studio.algorithm.stochastic import ddim_mean, posterior
from ddpm_studio.sampler import Langevin, Predictor, PredictorCorrector
from ddpm_studio.symbols import Moment


def langevin(moment: Moment) -> Lines:
    """Song & Ermon 2019, Alg. 1, with the length of a move by Song et al. 2021, Alg. 5; at the end the guess itself."""
    assert isinstance(moment.sampler, Langevin)
    if moment.step.s == 0:
        end = Line("mean", r"@mean = \hat x_0(x_t', @t)", "after the moves at this level: the guess where they led")
        return (end, TAKE)
    cut, guess = clipping(moment)
    eps, again = "eps" if guess == "x0" else "epsc", () if guess == "x0" else (_EPS_CUT,)
    return (*cut, *again, *_move(eps, "x", moment.sampler.corrections, "t"))


_EPS_CUT = Line(
    "epsc",
    r"@epsc = \frac{@x - \sqrt{@at}\,@x0c}{\sqrt{1 - @at}}",
    "the noise that fits the cut guess",
    lambda v: (v["x"] - v["at"].sqrt() * v["x0c"]) / (1 - v["at"]).sqrt(),
)


def _move(eps: str, start: str, turns: int, level: str) -> Lines:
    """A Langevin move, `turns` times; of several only the last one's μ, σ and z are kept, so they are given."""
    once = turns == 1 and start == "x"
    told = "" if turns == 1 else f", {turns} times"
    here = f"@{start}" if turns == 1 else "x'"
    noise = f"@{eps}" if once else r"\hat\epsilon"
    score = Line(
        "score",
        rf"@score = -\frac{{{noise}}}{{\sqrt{{1 - @a{level}}}}}",
        f"the score{told}",
        (lambda v: -v[eps] / (1 - v["at"]).sqrt()) if once else None,
    )
    length = Line(
        "delta",
        rf"@delta = 2\,@snr^2 (1 - @a{level})",
        "the length of the move, by the noise of its level",
        lambda v: 2 * v["snr"] ** 2 * (1 - v[f"a{level}"]),
    )
    mean = Line(
        "mean",
        rf"@mean = {here} + @delta\,@score",
        "follow the score",
        (lambda v: v["x"] + v["delta"] * v["score"]) if once else None,
    )
    sigma = Line("sigma", r"@sigma = \sqrt{2 @delta}", "as much noise", lambda v: (2 * v["delta"]).sqrt())
    return (DRAW, score, length, mean, sigma, ADD)


def predictor_corrector(moment: Moment) -> Lines:
    """Song et al. 2021, Alg. 3 and 5: the predictor's step is not kept where a correction follows."""
    sampler = moment.sampler
    assert isinstance(sampler, PredictorCorrector)
    cut, guess = clipping(moment)
    ancestral = sampler.predictor is Predictor.ANCESTRAL
    if moment.step.s == 0:
        mean = posterior(guess) if ancestral else ddim_mean("mean", guess)
        return (*cut, mean, TAKE)
    drawn = Line("euler", rf"@euler \sim q(x_s \mid @x, @{guess})", "predict: an ancestral step")
    step = drawn if ancestral else ddim_mean("euler", guess)
    return (*cut, step, *_move("eps", "euler", sampler.corrections, "s"))
