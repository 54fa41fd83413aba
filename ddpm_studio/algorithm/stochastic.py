"""The algorithms of the samplers that draw x_s from a Gaussian: ancestral, and DDIM."""

from ddpm_studio.algorithm.line import ADD, BETA_TILDE, DRAW, TAKE, Line, Lines, clipping
from ddpm_studio.sampler import Ancestral, Ddim, Sigma
from ddpm_studio.symbols import Moment


def ancestral(moment: Moment) -> Lines:
    """Ho et al. 2020, Alg. 2: its own line 4 where x̂_0 is used as it is, eq. 7 where it is clipped."""
    sampler = moment.sampler
    assert isinstance(sampler, Ancestral)
    cut, guess = clipping(moment)
    mean = _ALG_2 if guess == "x0" and moment.schedule.alpha_bar[moment.step.t] > 0.0 else posterior(guess)
    if isinstance(moment.step.sigma, float) and moment.step.sigma == 0.0:
        return (*cut, mean, TAKE)
    return (*cut, mean, *_variance(sampler), DRAW, ADD)


_ALG_2 = Line(
    "mean",
    r"@mean = \frac{1}{\sqrt{@alpha}} \left( @x - \frac{1 - @alpha}{\sqrt{1 - @at}}\,@eps \right)",
    "the mean of what came before (Alg. 2, line 4)",
    lambda v: (v["x"] - (1 - v["alpha"]) / (1 - v["at"]).sqrt() * v["eps"]) / v["alpha"].sqrt(),
)


def posterior(guess: str) -> Line:
    """μ̃ with the guess in the place of x_0 (Ho et al. 2020, eq. 7)."""
    return Line(
        "mean",
        rf"@mean = \frac{{\sqrt{{@as}}\,@beta}}{{1 - @at}}\,@{guess}"
        r" + \frac{\sqrt{@alpha}\,(1 - @as)}{1 - @at}\,@x",
        "the mean of what came before, if the guess is right (eq. 7)",
        lambda v: (
            v["as"].sqrt() * v["beta"] / (1 - v["at"]) * v[guess]
            + v["alpha"].sqrt() * (1 - v["as"]) / (1 - v["at"]) * v["x"]
        ),
    )


def _variance(sampler: Ancestral) -> Lines:
    """The lines that give σ."""
    if sampler.sigma is Sigma.LEARNED:
        exponent = r"\left( v \log @beta + (1 - v) \log @btilde \right)"
        return BETA_TILDE, Line("sigma", rf"@sigma^2 = \exp{exponent}", "the network's own variance, by its v")
    if sampler.sigma is Sigma.OPTIMAL:
        return BETA_TILDE, Line(
            "sigma",
            r"@sigma^2 = @btilde + \frac{@beta^2}{@alpha (1 - @at)}\,\text{MSE}_t",
            "the best variance for this denoiser's error (Bao et al. 2022)",
        )
    if sampler.variance == 1.0:
        return (Line("sigma", r"@sigma = \sqrt{@beta}", "the largest choice of σ", lambda v: v["beta"].sqrt()),)
    if sampler.variance == 0.0:
        return BETA_TILDE, Line(
            "sigma", r"@sigma = \sqrt{@btilde}", "the smallest choice of σ", lambda v: v["btilde"].sqrt()
        )
    return BETA_TILDE, Line(
        "sigma",
        r"@sigma^2 = @beta^{@mix}\,@btilde^{1 - @mix}",
        "between both",
        lambda v: (v["beta"] ** v["mix"] * v["btilde"] ** (1 - v["mix"])).sqrt(),
    )


def ddim(moment: Moment) -> Lines:
    """Song et al. 2021, eq. 12 and 16."""
    assert isinstance(moment.sampler, Ddim)
    cut, guess = clipping(moment)
    if isinstance(moment.step.sigma, float) and moment.step.sigma == 0.0:
        return (*cut, ddim_mean("mean", guess), TAKE)
    mean = Line(
        "mean",
        rf"@mean = \sqrt{{@as}}\,@{guess} + \sqrt{{1 - @as - @sigma^2}}\,@eps",
        "the guess under less of the same noise (eq. 12)",
        lambda v: v["as"].sqrt() * v[guess] + (1 - v["as"] - v["sigma"] ** 2).sqrt() * v["eps"],
    )
    return (*cut, _DDIM_SIGMA, mean, DRAW, ADD)


def ddim_mean(gives: str, guess: str) -> Line:
    """DDIM's step without noise (eq. 12)."""
    return Line(
        gives,
        rf"@{gives} = \sqrt{{@as}}\,@{guess} + \sqrt{{1 - @as}}\,@eps",
        "the guess under less of the same noise (eq. 12)",
        lambda v: v["as"].sqrt() * v[guess] + (1 - v["as"]).sqrt() * v["eps"],
    )


_DDIM_SIGMA = Line(
    "sigma",
    r"@sigma = @eta \sqrt{\frac{1 - @as}{1 - @at}} \sqrt{1 - \frac{@at}{@as}}",
    "how much of it is new noise (eq. 16)",
    lambda v: v["eta"] * ((1 - v["as"]) / (1 - v["at"])).sqrt() * (1 - v["at"] / v["as"]).sqrt(),
)
