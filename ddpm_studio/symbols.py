"""The symbols of the reverse process: how each is written, what it means, and its value in a step that was taken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, inf

import torch
from torch import Tensor

from ddpm_studio.process import eps_from_x0
from ddpm_studio.sampler import Heun, Langevin, Predictor, PredictorCorrector, Sampler
from ddpm_studio.schedule import Schedule
from ddpm_studio.step import Step

Read = Tensor | float | None


@dataclass(frozen=True, eq=False)
class Moment:
    """A step that was taken, and what decides its numbers."""

    schedule: Schedule
    sampler: Sampler
    times: tuple[int, ...]  # t of every state of the chain, falling to 0
    step: Step

    @property
    def dense(self) -> bool:
        """Whether the chain visits every t: then s is t − 1."""
        return self.times[0] - self.times[-1] == len(self.times) - 1

    @property
    def last(self) -> int | None:
        """The t of the step before; None for the first."""
        above = [t for t in self.times if t > self.step.t]
        return above[-1] if above else None


@dataclass(frozen=True)
class Symbol:
    """One symbol of the equations.

    `reach` is the value that white stands for when it is painted, black its negative; 1 for pictures, 3 for noise.
    """

    markup: str  # as `ui.typesetting` reads it; {s} is the timestep the step leads to, {ts} the subscript of one step
    meaning: str
    read: Callable[[Moment], Read]  # None: this step has no such value, or it was not kept
    reach: Callable[[Moment], float] = lambda _: 1.0

    def written(self, dense: bool) -> str:
        """The markup: with t − 1 for s where the chain visits every t, as the papers have it."""
        return self.markup.replace("{s}", "{t-1}" if dense else "s").replace("{ts}", "t" if dense else "{t|s}")


def names(dense: bool) -> dict[str, str]:
    """What `@name` stands for in the lines of an algorithm."""
    return {name: symbol.written(dense) for name, symbol in SYMBOLS.items()}


def values(moment: Moment) -> Mapping[str, Tensor]:
    """The value of every symbol that the step has one for.

    Of shape (B, *shape); one that a sample's values share has sides of 1; a single number is a float64 without sides.
    """
    read = {name: symbol.read(moment) for name, symbol in SYMBOLS.items()}
    return {name: torch.as_tensor(value, dtype=_kind(value)) for name, value in read.items() if value is not None}


def _kind(value: Tensor | float) -> torch.dtype:
    return value.dtype if isinstance(value, Tensor) else torch.float64


def ratio(moment: Moment) -> float:
    """√(1−ᾱ_s)/√(1−ᾱ_t): what the noise shrinks by."""
    noise = moment.schedule.sqrt_one_minus_alpha_bar
    return float(noise[moment.step.s] / noise[moment.step.t])


def gain(moment: Moment) -> float:
    """√ᾱ_s − √ᾱ_t · ratio: the share of x̂_0 that comes in."""
    root = moment.schedule.sqrt_alpha_bar
    return float(root[moment.step.s] - root[moment.step.t] * ratio(moment))


def _alpha(moment: Moment) -> float:
    log = moment.schedule.log_alpha_bar
    return exp(float(log[moment.step.t] - log[moment.step.s]))


def _alpha_bar(moment: Moment, t: int) -> float:
    return float(moment.schedule.alpha_bar[t])


def _beta(moment: Moment) -> float:
    return 1.0 - _alpha(moment)


def _beta_tilde(moment: Moment) -> float:
    noise = moment.schedule.one_minus_alpha_bar
    return float(noise[moment.step.s] / noise[moment.step.t]) * _beta(moment)


def _number(field: str) -> Callable[[Moment], Read]:
    """A setting of the sampler, if it has it."""
    return lambda moment: getattr(moment.sampler, field, None)


def _v(moment: Moment) -> Tensor:
    t, step, schedule = moment.step.t, moment.step, moment.schedule
    return step.eps * float(schedule.sqrt_alpha_bar[t]) - step.x0 * float(schedule.sqrt_one_minus_alpha_bar[t])


def _ahead(moment: Moment) -> float:
    """h/2h⁻ of DPM-Solver++: how far ahead of x̂_0 its trend is followed; 0 for a step of order 1."""
    step, log_snr = moment.step, moment.schedule.log_snr
    if step.before is None or step.s == 0 or moment.last is None:
        return 0.0
    return float((log_snr[step.s] - log_snr[step.t]) / (2.0 * (log_snr[step.t] - log_snr[moment.last])))


def _ahead_guess(moment: Moment) -> Tensor:
    step = moment.step
    return step.x0_clipped if step.before is None else _along(step.x0_clipped, step.before, -_ahead(moment))


def _along(one: Tensor, other: Tensor, share: float) -> Tensor:
    """From one guess towards another: one + share·(other − one)."""
    return one + share * (other - one)


def _tried(moment: Moment) -> Tensor | None:
    """Where a first part of the step led, if that can still be told."""
    step, sampler = moment.step, moment.sampler
    if isinstance(sampler, Heun):
        return ratio(moment) * step.x + gain(moment) * step.x0_clipped
    if isinstance(sampler, PredictorCorrector) and sampler.predictor is Predictor.DDIM:
        root, noise = moment.schedule.sqrt_alpha_bar, moment.schedule.sqrt_one_minus_alpha_bar
        return float(root[step.s]) * step.x0_clipped + float(noise[step.s]) * step.eps
    return None


def _there(moment: Moment) -> Tensor | None:
    """The second guess of Heun's step, which the step holds in its mean."""
    share, euler = gain(moment) / 2.0, _tried(moment)
    if not isinstance(moment.sampler, Heun) or moment.step.evaluations < 2 or euler is None or share == 0.0:
        return None
    return moment.step.x0_clipped + (moment.step.mean - euler) / share


def _eps_used(moment: Moment) -> Tensor:
    step = moment.step
    if step.x0_clipped is step.x0:
        return step.eps
    return eps_from_x0(moment.schedule, step.x, step.t, step.x0_clipped)


def _score(moment: Moment) -> Tensor | None:
    """Of the only Langevin move; of several, the step does not keep where the last one began."""
    if not isinstance(moment.sampler, Langevin) or moment.sampler.corrections != 1:
        return None
    return -_eps_used(moment) / float(moment.schedule.sqrt_one_minus_alpha_bar[moment.step.t])


def _delta(moment: Moment) -> float | None:
    """The length of the Langevin moves of this step, from the σ = √(2δ) of the last one."""
    sigma = moment.step.sigma
    moved = isinstance(moment.sampler, Langevin | PredictorCorrector) and moment.step.s > 0
    return sigma**2 / 2.0 if moved and isinstance(sigma, float) else None


def _noise(_moment: Moment) -> float:
    return 3.0


def _score_reach(moment: Moment) -> float:
    level = float(moment.schedule.sqrt_one_minus_alpha_bar[moment.step.t])
    return 3.0 / level if level else inf


SYMBOLS: dict[str, Symbol] = {
    "t": Symbol("t", "the timestep the step begins at", lambda m: float(m.step.t)),
    "s": Symbol("{s}", "the timestep the step leads to", lambda m: float(m.step.s)),
    "at": Symbol(r"\bar\alpha_t", "the share of the signal's variance left at t", lambda m: _alpha_bar(m, m.step.t)),
    "as": Symbol(r"\bar\alpha_{s}", "ᾱ at the timestep the step leads to", lambda m: _alpha_bar(m, m.step.s)),
    "alpha": Symbol(r"\alpha_{ts}", "ᾱₜ/ᾱₛ: the signal's variance that the step from s to t kept", _alpha),
    "beta": Symbol(r"\beta_{ts}", "1 − ᾱₜ/ᾱₛ: the variance that the step from s to t added", _beta),
    "btilde": Symbol(r"\tilde\beta_{ts}", "the variance of q(xₛ | xₜ, x₀)", _beta_tilde),
    "ratio": Symbol("r", "what the noise shrinks by, √(1−ᾱₛ)/√(1−ᾱₜ)", ratio),
    "eta": Symbol(r"\eta", "how much noise DDIM adds, 0 to 1", _number("eta")),
    "mix": Symbol("v", "where σ² lies between β̃ (0) and β (1)", _number("variance")),
    "snr": Symbol(r"\rho", "the size of the score's pull against the noise", _number("snr")),
    "ahead": Symbol(r"\kappa", "h/2h⁻: how far ahead the trend of x̂₀ is followed, in ½ log SNR", _ahead),
    "x": Symbol("x_t", "where the chain is", lambda m: m.step.x),
    "eps": Symbol(r"\hat\epsilon", "the noise that xₜ holds if x̂₀ is right", lambda m: m.step.eps, _noise),
    "v": Symbol(r"\hat v", "the network's answer, √ᾱₜ ε − √(1−ᾱₜ) x₀", _v, _noise),
    "x0": Symbol(r"\hat x_0", "the guess of the clean picture behind xₜ", lambda m: m.step.x0),
    "x0c": Symbol(r"\hat x_0^{\text{clip}}", "the guess, cut to [−1, 1]", lambda m: m.step.x0_clipped),
    "epsc": Symbol(r"\hat\epsilon^{\text{clip}}", "the noise that fits the cut guess", _eps_used, _noise),
    "before": Symbol(r"\hat x_0^-", "the guess of the step before", lambda m: m.step.before),
    "trend": Symbol("D", "the guess, carried on along its trend", _ahead_guess),
    "euler": Symbol(r"\tilde x_{s}", "where the first part of the step leads", _tried),
    "there": Symbol(r"\hat x_0'", "the guess where Euler's step leads", _there),
    "score": Symbol(r"g", "the score, the gradient of log q(xₜ)", _score, _score_reach),
    "delta": Symbol(r"\delta", "the length of a Langevin move", _delta),
    "mean": Symbol(r"\mu", "the mean of xₛ", lambda m: m.step.mean),
    "sigma": Symbol(r"\sigma", "the standard deviation of the noise that is added", lambda m: m.step.sigma),
    "z": Symbol("z", "standard normal noise", lambda m: m.step.z, _noise),
    "xs": Symbol("x_{s}", "where the step leads", lambda m: m.step.next),
}  # fmt: skip
"""Every symbol that a line of an algorithm may name."""
