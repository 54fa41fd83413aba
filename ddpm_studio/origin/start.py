"""The state that a reverse chain begins in, made of where it is to begin; and the chain from there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ddpm_studio.data import to_unit
from ddpm_studio.denoiser import Denoiser
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.origin import Between, Encoded, FromPicture, Origin, Repair
from ddpm_studio.origin.canvas import fitted, mask_of
from ddpm_studio.origin.encode import encode
from ddpm_studio.process import q_sample
from ddpm_studio.sample import Known, sample
from ddpm_studio.sampler import Sampler
from ddpm_studio.step import Step


@dataclass(frozen=True, eq=False)
class Start:
    """Where a chain begins: what `sample` is given."""

    x: Tensor  # x_t, (B, *shape)
    stops: tuple[int, ...]  # the timesteps of its states, falling to 0; x is at the first
    numbers: tuple[int, ...]  # (B,), what the noise of each sample is drawn by
    known: Known | None = None


def begin(
    origin: Origin, denoiser: Denoiser, sampler: Sampler, *, seed: int, samples: Sequence[int], count: int
) -> Iterator[Step | Start]:
    """The steps that lead to the start, if there are any, and the start, which is the last value.

    Args:
        origin: where the chain is to begin.
        denoiser: what walks it.
        sampler: how.
        seed: with the numbers of the samples it fixes the noise.
        samples: the numbers of the samples in this batch, each below `count`.
        count: how many there are in all.

    Raises:
        UserError: a picture or mask cannot be read, or the denoiser draws none; more steps than T.
    """
    stops = sampler.stops(denoiser.schedule.T, origin.begins(denoiser.schedule.T))
    numbers = origin.numbers(samples)
    if isinstance(origin, Encoded):
        x0 = _picture(origin.picture, denoiser)
        for step in encode(denoiser, x0, stops):
            yield step
        yield Start(step.next.repeat(len(samples), *(1,) * len(denoiser.shape)), stops, numbers)
        return
    eps = gaussian(denoiser.shape, seed=seed, samples=numbers, t=stops[0], purpose=Purpose.START)
    if isinstance(origin, Between):
        yield Start(_between(origin, denoiser, eps, stops[0], seed, samples, count), stops, numbers)
    elif isinstance(origin, FromPicture):
        x0 = _picture(origin.picture, denoiser).expand_as(eps)
        yield Start(q_sample(denoiser.schedule, x0, stops[0], eps), stops, numbers)
    else:
        yield Start(eps, stops, numbers, known_of(origin, denoiser))


def walk_from(start: Start, denoiser: Denoiser, sampler: Sampler, seed: int) -> Iterator[Step]:
    """The reverse chain from its start; raises what `sample` does."""
    return sample(
        denoiser,
        sampler,
        seed=seed,
        samples=start.numbers,
        x=start.x,
        start=start.stops[0],
        stops=start.stops,
        known=start.known,
    )


def reverse(
    origin: Origin, denoiser: Denoiser, sampler: Sampler, *, seed: int, samples: Sequence[int], count: int
) -> Iterator[Step]:
    """The reverse chain from its origin, without the steps that lead to its start; arguments and errors as `begin`."""
    *_, start = begin(origin, denoiser, sampler, seed=seed, samples=samples, count=count)
    assert isinstance(start, Start)
    return walk_from(start, denoiser, sampler, seed)


def _between(
    origin: Between, denoiser: Denoiser, eps: Tensor, t: int, seed: int, samples: Sequence[int], count: int
) -> Tensor:
    """x_t of (1−λ)A + λB, λ = i/(count − 1), with noise of variance 1 − ᾱ_t whatever λ is.

    (1−λ)x_t(A) + λx_t(B) is just that where both have the same ε (Ho et al. 2020, §4.4). With an ε each, their mixture
    has the variance (1−λ)² + λ², which is divided out.
    """
    a, b = (_picture(ref, denoiser) for ref in origin.references)
    share = torch.tensor([number / max(count - 1, 1) for number in samples]).reshape(-1, *(1,) * len(denoiser.shape))
    if origin.own_noise:
        others = gaussian(denoiser.shape, seed=seed, samples=[1] * len(samples), t=t, purpose=Purpose.START)
        eps = ((1.0 - share) * eps + share * others) / ((1.0 - share) ** 2 + share**2).sqrt()
    return q_sample(denoiser.schedule, (1.0 - share) * a + share * b, t, eps)


def known_of(origin: Origin, denoiser: Denoiser) -> Known | None:
    """What the chain is to keep to; None unless it repairs a picture. UserError: picture or mask cannot be read."""
    if not isinstance(origin, Repair):
        return None
    mask = torch.from_numpy(mask_of(origin.mask, denoiser.shape)).float().expand(1, *denoiser.shape)
    return Known(_picture(origin.picture, denoiser), mask, origin.resamplings)


def _picture(ref: str, denoiser: Denoiser) -> Tensor:
    """(1, *shape) in [−1, 1]."""
    return torch.from_numpy(to_unit(fitted(ref, denoiser.shape).picture))[None]
