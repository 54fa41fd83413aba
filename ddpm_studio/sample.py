"""The reverse process: a generator that walks from noise to data and yields every quantity of every step."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor

from ddpm_studio.denoiser import Denoiser
from ddpm_studio.errors import UserError
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.remembered import Remembered
from ddpm_studio.repaint import Known, repaired
from ddpm_studio.rules import RULES
from ddpm_studio.sampler import Sampler
from ddpm_studio.step import Chain, Noise, State, Step

__all__ = ["Known", "Step", "sample"]


@torch.no_grad()
def sample(
    denoiser: Denoiser,
    sampler: Sampler,
    *,
    seed: int,
    samples: Sequence[int],
    x: Tensor | None = None,
    start: int | None = None,
    before: Tensor | None = None,
    stops: Sequence[int] | None = None,
    known: Known | None = None,
) -> Iterator[Step]:
    """Walks the reverse chain, one `Step` per reverse step; the last one's `next` is x_0.

    A chain goes on from any of its steps, to the bit, given that step's x, t (as `start`) and `before`, and `stops`
    where the whole chain did not begin at the sampler's own first timestep.

    Args:
        denoiser: the network or exact denoiser, with the schedule it belongs to.
        sampler: which steps to take, and how.
        seed: with the numbers of the samples it fixes every draw.
        samples: the number of each sample in the batch, ≥ 0: its picture depends on the number, not on the batch.
        x: x_t to go on from, (B, *shape), at t = `start`; with None the chain begins with noise at its first timestep.
        start: the timestep of x, 1..T; the first step goes from it to the first one below that the sampler visits.
        before: x̂_0 as used in the step that led to x, (B, *shape); without it a multistep sampler begins anew.
        stops: the timesteps of all states of the whole chain, falling to 0, if not `sampler.stops(T)`.
        known: a part of the picture that is to come out as it is.

    Raises:
        UserError: the sampler takes more steps than the schedule has, `start` is outside 1..T or not among the `stops`,
            or σ² is to come from what the denoiser does not know.
    """
    T = denoiser.schedule.T
    ahead, last = _ahead(sampler.stops(T) if stops is None else stops, T, start)
    if x is None:
        x = gaussian(denoiser.shape, seed=seed, samples=samples, t=ahead[0], purpose=Purpose.START)
    heard = Remembered(denoiser)
    chain = Chain(heard, sampler, Noise(seed, samples))
    rule = RULES[type(sampler)] if known is None else repaired(RULES[type(sampler)], known)
    for t, s in pairwise(ahead):  # each move when its turn comes, so that going on from the middle starts at once
        step = rule(chain, State(t, x, last, before), s)
        yield (step := replace(step, answers=heard.heard()))
        x, last, before = step.next, t, step.x0_clipped if sampler.multistep else None


def _ahead(stops: Sequence[int], T: int, start: int | None) -> tuple[Sequence[int], int | None]:
    """The timesteps of the states from `start` on, 0 included, and the one before them."""
    if start is None:
        return stops, None
    if not 1 <= start <= T:
        raise UserError(f"a chain goes on from a t in 1..T = {T}, not from t = {start}")
    above = [t for t in stops if t > start]
    return (start, *(t for t in stops if t < start)), above[-1] if above else None
