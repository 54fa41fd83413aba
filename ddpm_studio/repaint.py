"""A picture part of which is known: every state is made to agree with it (RePaint, Lugmayr et al. 2022)."""

from dataclasses import dataclass, replace
from math import sqrt

from torch import Tensor

from ddpm_studio.noise import Purpose
from ddpm_studio.sampler.base import between
from ddpm_studio.step import Chain, Rule, State, Step


@dataclass(frozen=True, eq=False)
class Known:
    """What is to stay, and what is to be made anew."""

    x0: Tensor  # (1 or B, *shape), the picture in [−1, 1]
    mask: Tensor  # (1, *shape), 1 where it is to be repaired, 0 where it is known
    resamplings: int = 1  # how often each step is taken, going back to t in between, ≥ 1


def repaired(rule: Rule, known: Known) -> Rule:
    """The rule, made to agree with what is known (Lugmayr et al. 2022, Alg. 1).

    Where the picture is known, x_s is drawn from q(x_s | x_0) (eq. 8a), elsewhere by the rule. Then x_s is noised back
    to t by q(x_t | x_s) and the step is taken again, `resamplings` times in all, so that both parts come to fit. All of
    it happens inside one step: t falls as without.
    """

    def step(chain: Chain, state: State, s: int) -> Step:
        first = made = _agreeing(rule(chain, state, s), chain, known)
        evaluations = made.evaluations
        for turn in range(1, known.resamplings if s > 0 else 1):
            back = _noised_back(chain.again(turn), made.next, s, state.t)
            made = _agreeing(rule(chain.again(turn), replace(state, x=back), s), chain.again(turn), known)
            evaluations += made.evaluations
        return replace(first, mean=made.mean, sigma=made.sigma, z=made.z, evaluations=evaluations)

    return step


def _agreeing(step: Step, chain: Chain, known: Known) -> Step:
    """The step with x_s ~ N(√ᾱ_s x_0, 1 − ᾱ_s) where the picture is known."""
    free = known.mask.to(step.mean)
    kept = 1.0 - free
    mean = free * step.mean + kept * (float(chain.schedule.sqrt_alpha_bar[step.s]) * known.x0.to(step.mean))
    if step.s == 0:
        return replace(step, mean=mean, sigma=free * step.sigma)
    sigma = free * step.sigma + kept * float(chain.schedule.sqrt_one_minus_alpha_bar[step.s])
    z = free * step.z + kept * chain.noise.like(step.x, step.s, Purpose.KNOWN)
    return replace(step, mean=mean, sigma=sigma.expand_as(mean), z=z)


def _noised_back(chain: Chain, x: Tensor, s: int, t: int) -> Tensor:
    """x_t ~ q(x_t | x_s)."""
    share = between(chain.schedule, s, t)
    z = chain.noise.like(x, t, Purpose.RESAMPLING)
    return sqrt(share) * x + sqrt(1.0 - share) * z
