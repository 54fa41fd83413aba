"""Noise as a pure function of (seed, sample, t, purpose): no generator is passed around and none has a state.

So a picture does not depend on the batch it was drawn in, a step that is taken back and taken again is the same to
the bit, a preview never disturbs a run, and every device sees the same numbers, made once on the CPU.
"""

import threading
from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Purpose(IntEnum):
    """What a draw is for. Draws for different purposes are independent; the numbers are part of every saved result."""

    START = 0  # x_T of the reverse chain
    STEP = 1  # z of a reverse step
    FORWARD = 2  # ε of the closed form q(x_t | x_0)
    CHAIN = 3  # the noise of one Markov step q(x_t | x_{t−1})
    WEIGHTS = 4  # of an untrained network
    ORDER = 5  # in which training meets the pictures
    TIMESTEP = 6  # t of a training sample
    TRAINING = 7  # ε of a training sample
    MIRROR = 8  # whether a training picture is mirrored
    DROPOUT = 9  # the seed of a training step's dropout
    PROBE = 10  # ε of the held-out pictures that the loss per noise level is measured on
    LIKELIHOOD = 11  # ε of the samples that the bound is measured on
    CODE = 12  # of the chain that progressive coding sends, from x_T down
    IMPORTANCE = 13  # which t's an estimate of the bound looks at
    CORRECTION = 14  # z of a Langevin move
    KNOWN = 15  # the noise on the known part of a picture that is being repaired
    RESAMPLING = 16  # of the way back from x_s to x_t
    PAINT = 17  # of colours and pictures that are painted on x_t


class _Own(threading.local):
    """Each thread's own generator, set anew for every row: setting costs 2 µs, making one 30, with cold caches 200."""

    def __init__(self) -> None:
        self.bits = np.random.Philox(0)
        self.generator = np.random.Generator(self.bits)
        self.fresh = self.bits.state  # with nothing drawn yet; `gaussian` fills in key and counter


_own = _Own()


def gaussian(shape: tuple[int, ...], *, seed: int, samples: Sequence[int], t: int, purpose: Purpose) -> Tensor:
    """Standard normal numbers, float32 on the CPU, shape (len(samples), *shape).

    Row i depends on `seed` (0..2^63 − 1), `samples[i]` (≥ 0), `t` and `purpose` alone. The generator is Philox-4×64
    (Salmon et al. 2011): seed and purpose are its key, t and the sample are the upper half of its counter.
    """
    bits, generator, fresh = _own.bits, _own.generator, _own.fresh
    fresh["state"]["key"][:] = seed, purpose
    values = np.empty((len(samples), *shape), np.float32)
    counter = fresh["state"]["counter"]
    counter[:3] = 0, 0, t
    for row, sample in zip(values, samples, strict=True):
        counter[3] = sample
        bits.state = fresh
        generator.standard_normal(out=row, dtype=np.float32)
    return torch.from_numpy(values)


def gaussian_block(count: int, shape: tuple[int, ...], *, seed: int, t: int, purpose: Purpose) -> Tensor:
    """Standard normal numbers, float32 on the CPU, (count, *shape): a pure function of (seed, t, purpose) and `count`.

    For many small rows at once, of which setting the generator for each would take longer than to draw them.
    """
    return torch.from_numpy(_numbers(seed, t, purpose).standard_normal((count, *shape), np.float32))


def uniform(count: int, *, seed: int, t: int, purpose: Purpose) -> NDArray[np.float64]:
    """Numbers in [0, 1), shape (count,): a pure function of (seed, t, purpose); t is any whole number from 0."""
    return _numbers(seed, t, purpose).random(count)


def permutation(count: int, *, seed: int, t: int, purpose: Purpose) -> NDArray[np.int64]:
    """0..count − 1 in an order that is a pure function of (seed, t, purpose)."""
    return _numbers(seed, t, purpose).permutation(count)


def _numbers(seed: int, t: int, purpose: Purpose) -> np.random.Generator:
    """This thread's own generator, set to the beginning of a stream; drawn from before anybody else sets it."""
    state = _own.fresh["state"]
    state["key"][:] = seed, purpose
    state["counter"][:] = 0, 0, t, 0
    _own.bits.state = _own.fresh
    return _own.generator
