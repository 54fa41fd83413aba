"""Progressive coding: a picture sent as x_T, x_{T−1}, … and guessed on the way (Ho et al. 2020, §4.3, Alg. 3 and 4).

The sender draws x_{t−1} from q(x_{t−1} | x_t, x_0) and sends it at the price of L_{t−1}; whoever knows x_t guesses x̂_0.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ddpm_studio.denoiser import Denoiser
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.process import q_posterior, q_sample
from ddpm_studio.sampler import Times
from ddpm_studio.schedule import Schedule


@dataclass(frozen=True, eq=False)
class Message:
    """What has been sent of one sample when x_t has, at some t's."""

    times: Times  # (F,), falling from T; the last is 0
    states: Tensor  # (F, *shape), x_t; x_0 itself at t = 0

    def place(self, t: int) -> int:
        """Where in the message the state nearest to t from above stands."""
        return int(np.searchsorted(-self.times, -t, side="right")) - 1


@dataclass(frozen=True, eq=False)
class Received:
    """What the receiver makes of x_t."""

    place: int
    x0_hat: Tensor  # (*shape,), clipped to [−1, 1] for pictures
    rmse: float  # against x_0, on the scale 0..255


@torch.no_grad()
def message(schedule: Schedule, x0: Tensor, *, seed: int = 0, most: int = 257) -> Message:
    """The sender's chain from x_0 (*shape,), kept at no more than `most` of its t's (Algorithm 3)."""
    times = np.unique(np.round(np.linspace(0, schedule.T, min(most, schedule.T + 1))).astype(np.int64))[::-1]
    kept = set(times.tolist())
    clean = x0[None]
    x = q_sample(schedule, clean, schedule.T, _noise(x0, seed, schedule.T + 1))
    states = [x]
    for t in range(schedule.T, 0, -1):
        mean, variance = q_posterior(schedule, clean, x, t)
        x = mean + variance.sqrt() * _noise(x0, seed, t)
        if t - 1 in kept:
            states.append(x)
    return Message(times, torch.cat(states))


@torch.no_grad()
def received(denoiser: Denoiser, sent: Message, places: Iterable[int]) -> Iterator[Received]:
    """What the receiver guesses at each of the message's `places` (Algorithm 4); at t = 0 there is nothing to guess."""
    x0 = sent.states[-1]
    for place in places:
        t = int(sent.times[place])
        guess = denoiser(sent.states[place : place + 1], t).x0[0] if t else x0
        guess = guess.clamp(-1.0, 1.0) if x0.ndim == 3 else guess
        yield Received(place, guess, 127.5 * float((guess - x0).square().mean().sqrt()))


def _noise(x0: Tensor, seed: int, t: int) -> Tensor:
    return gaussian(tuple(x0.shape), seed=seed, samples=(0,), t=t, purpose=Purpose.CODE)
