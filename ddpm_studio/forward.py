"""The forward process on one picture: x_t in closed form with one fixed ε, and the chain walked step by step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ddpm_studio.data.pictures import Picture, to_bytes, to_unit
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.process import q_sample, q_step
from ddpm_studio.schedule import Schedule


@dataclass(frozen=True, eq=False)
class State:
    """x_t at one t of a chain, (1, C, H, W)."""

    t: int
    x: Tensor


@dataclass(frozen=True, eq=False)
class NoisingFilm:
    """The frames of an animation, uint8 (H, W, C): x_t in closed form at each of `ts`, drawn when asked for."""

    schedule: Schedule
    x0: Tensor  # (1, C, H, W)
    eps: Tensor
    ts: Sequence[int]

    def __len__(self) -> int:
        return len(self.ts)

    def __getitem__(self, index: int) -> Picture:
        return to_bytes(q_sample(self.schedule, self.x0, self.ts[index], self.eps)[0].numpy())


def clean(picture: Picture) -> Tensor:
    """x_0 of a picture uint8 (H, W, C): float32 (1, C, H, W) in [−1, 1].

    Laid out channels last, as is what follows from it, so that the way back to a painted picture moves nothing.
    """
    return torch.from_numpy(to_unit(picture[None])).contiguous(memory_format=torch.channels_last)


def fixed_noise(x0: Tensor, seed: int) -> Tensor:
    """The ε of the closed form, shaped and laid out like x_0 (1, C, H, W): the same at every t."""
    eps = gaussian(tuple(x0.shape[1:]), seed=seed, samples=(0,), t=0, purpose=Purpose.FORWARD)
    return eps.contiguous(memory_format=torch.channels_last)


def noised(schedule: Schedule, x0: Tensor, ts: Sequence[int], seed: int) -> Tensor:
    """x_t in closed form (Ho et al. 2020, eq. 4) at each t of `ts`, all with the same ε: (len(ts), C, H, W)."""
    return q_sample(schedule, x0, torch.as_tensor(ts), fixed_noise(x0, seed))


@torch.no_grad()
def chain(schedule: Schedule, x0: Tensor, seed: int) -> Iterator[State]:
    """x_0, x_1, …, x_T by q(x_t | x_{t−1}) (eq. 2), each step with noise of its own.

    At every t the closed form's distribution, though another draw: its noise and ε have nothing in common.
    """
    x = x0
    yield State(0, x)
    for t in range(1, schedule.T + 1):
        z = gaussian(tuple(x0.shape[1:]), seed=seed, samples=(0,), t=t, purpose=Purpose.CHAIN)
        x = q_step(schedule, x, t, z)
        yield State(t, x)


def evenly(T: int, count: int) -> tuple[int, ...]:
    """At most `count` (≥ 2) distinct timesteps from 0 to T, both included, as evenly spaced as whole numbers can be."""
    return tuple(dict.fromkeys(round(i * T / (count - 1)) for i in range(count)))
