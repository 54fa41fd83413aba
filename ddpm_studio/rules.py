"""How each kind of sampler makes its step: one linear rule, and those that ask the denoiser more than once."""

from dataclasses import replace
from math import log, sqrt

import torch
from torch import Tensor

from ddpm_studio.denoiser import Prediction
from ddpm_studio.errors import UserError
from ddpm_studio.noise import Purpose
from ddpm_studio.process import eps_from_x0, score_from_eps
from ddpm_studio.sampler import (
    Ancestral,
    Ddim,
    DpmSolver,
    Heun,
    Langevin,
    Move,
    PredictorCorrector,
    Sampler,
    Sigma,
    Variances,
)
from ddpm_studio.step import Chain, Rule, State, Step


def linear(chain: Chain, state: State, s: int) -> Step:
    """x_s = a·x̂_0 + b·x_t + c·ε̂ + d·x̂_0⁻ + σ·z, with the numbers that the sampler gives."""
    x, before = state.x, state.before
    move = chain.sampler.move(chain.schedule, state.t, s, None if before is None else state.last)
    guess = chain.denoiser(x, state.t)
    x0 = chain.used(guess)
    mean = move.a * x0
    if move.b:
        mean.add_(x, alpha=move.b)
    if move.c:
        mean.add_(guess.eps, alpha=move.c)
    if move.d and before is not None:
        mean.add_(before, alpha=move.d)
    z = chain.noise.like(x, state.t, Purpose.STEP) if move.sigma else torch.zeros_like(x)
    return Step(state.t, s, x, guess.eps, guess.x0, x0, mean, _sigma(chain, move, guess), z, before)


def heun(chain: Chain, state: State, s: int) -> Step:
    """Euler's step, then the same with the mean of x̂_0 at both of its ends (Karras et al. 2022, Alg. 1)."""
    euler = linear(chain, state, s)
    if s == 0:
        return euler
    a = chain.sampler.move(chain.schedule, state.t, s).a
    there = chain.used(chain.denoiser(euler.next, s))
    return replace(euler, mean=euler.mean + (a / 2.0) * (there - euler.x0_clipped), evaluations=2)


def predictor_corrector(chain: Chain, state: State, s: int) -> Step:
    """The predictor's step, then Langevin moves at s (Song et al. 2021, Alg. 3 and 5); at s = 0 there is no score."""
    step = linear(chain, state, s)
    assert isinstance(chain.sampler, PredictorCorrector)
    if s == 0:
        return step
    x, turns = step.next, chain.sampler.corrections
    for turn in range(turns):
        mean, sigma, z = langevin_move(chain, x, s, chain.denoiser(x, s), chain.sampler.snr, turn)
        x = mean + sigma * z
    return replace(step, mean=mean, sigma=sigma, z=z, evaluations=1 + turns)


def langevin(chain: Chain, state: State, s: int) -> Step:
    """Langevin moves at t; x goes on to s as it is, and at the end as x̂_0 (Song & Ermon 2019, Alg. 1)."""
    sampler, x = chain.sampler, state.x
    assert isinstance(sampler, Langevin)
    first = guess = chain.denoiser(x, state.t)
    for turn in range(sampler.corrections):
        guess = guess if turn == 0 else chain.denoiser(x, state.t)
        mean, sigma, z = langevin_move(chain, x, state.t, guess, sampler.snr, turn)
        x = mean + sigma * z
    step = Step(
        state.t,
        s,
        state.x,
        first.eps,
        first.x0,
        chain.used(first),
        mean,
        sigma,
        z,
        evaluations=sampler.corrections,
    )
    if s > 0:
        return step
    end = chain.used(chain.denoiser(x, state.t))
    return replace(step, mean=end, sigma=0.0, z=torch.zeros_like(x), evaluations=sampler.corrections + 1)


def langevin_move(
    chain: Chain, x: Tensor, t: int, guess: Prediction, snr: float, turn: int
) -> tuple[Tensor, float, Tensor]:
    """Mean, σ and z of x + δ·score + √(2δ)·z with δ = 2 r² (1−ᾱ_t), which is 2(r‖z‖/‖score‖)² for usual norms.

    Song et al. 2021, Alg. 5, takes the norms' means over the batch, √D and √(D/(1−ᾱ_t)) in many dimensions. Here they
    are these numbers: a sample does not depend on its batch, and where a score is next to nothing, as happens in few
    dimensions, its move is as long as elsewhere. The paper's factor α_t of δ, near 1 at all steps of a long schedule,
    is left out: it would be 0 where ᾱ_T = 0. Mean and z are of the shape of x, (B, *shape).
    """
    x0 = chain.used(guess)
    eps = guess.eps if x0 is guess.x0 else eps_from_x0(chain.schedule, x, t, x0)
    score = score_from_eps(chain.schedule, t, eps)
    z = chain.noise.like(x, t, Purpose.CORRECTION, turn)
    length = 2.0 * snr**2 * float(chain.schedule.one_minus_alpha_bar[t])
    return x + length * score, sqrt(2.0 * length), z


def _sigma(chain: Chain, move: Move, guess: Prediction) -> float | Tensor:
    """The move's own σ, unless an ancestral step is to have one that depends on the denoiser."""
    sampler = chain.sampler
    if not move.sigma or not isinstance(sampler, Ancestral) or sampler.sigma is Sigma.BETWEEN:
        return move.sigma
    may = Variances.of(chain.schedule, move.t, move.s)
    return _learned(may, guess) if sampler.sigma is Sigma.LEARNED else _optimal(may, chain, move, guess)


def _learned(may: Variances, guess: Prediction) -> Tensor:
    """exp(½(v log β + (1−v) log β̃)), (B, *shape) (Nichol & Dhariwal 2021, eq. 15)."""
    if guess.v is None:
        raise UserError(
            "this denoiser has not learned a variance: choose σ² between β̃ and β, or a network that was trained with "
            "learned variance"
        )
    return sqrt(may.beta_tilde) * torch.exp(0.5 * log(may.beta / may.beta_tilde) * guess.v)


def _optimal(may: Variances, chain: Chain, move: Move, guess: Prediction) -> float:
    """√(β̃ + a²·Var) with Var = MSE/SNR_t the variance of x_0 given x_t: β̃ + w·MSE, w = β²/(α(1−ᾱ_t)).

    Bao et al. 2022, Thm. 1; of values that are clipped to [−1, 1] the variance is at most 1 (Thm. 2).
    """
    if guess.mse is None:
        raise UserError(
            "the error of this denoiser at each noise level has not been measured, and the optimal σ² goes by it: "
            "choose σ² between β̃ and β, or sample with a network whose data are at hand"
        )
    snr = float(chain.schedule.snr[move.t])
    spread = guess.mse / snr if snr > 0.0 else 1.0
    return sqrt(may.beta_tilde + move.a**2 * (min(spread, 1.0) if chain.sampler.clip else spread))


RULES: dict[type[Sampler], Rule] = {
    Ancestral: linear,
    Ddim: linear,
    DpmSolver: linear,
    Heun: heun,
    Langevin: langevin,
    PredictorCorrector: predictor_corrector,
}
