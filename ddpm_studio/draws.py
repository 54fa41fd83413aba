"""Everything random in a training step, as a pure function of (seed, step): nothing to save, nothing to restore.

Row i of a step's batch is the same picture at the same t in the same noise whatever the device, the micro-batch and the
number of processes that share the batch; each process makes its own rows only. NumPy's Philox makes them on the CPU
while the device is busy with the step before.
"""

from dataclasses import dataclass, field, replace
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddpm_studio.noise import Purpose, gaussian, gaussian_block, permutation, uniform
from ddpm_studio.schedule import Table

Indices = NDArray[np.int64]

FEW = 16
"""Values of a sample up to which a batch's noise is drawn in one go."""
AHEAD = 8
"""Steps whose batches are drawn at once where samples are so small: one after the other they take half as long each."""


@dataclass(frozen=True, eq=False)
class Draws:
    """Rows of a training batch, all on the CPU."""

    pictures: Tensor  # (R,), int64, places in the training set
    t: Tensor  # (R,), int64, 1..T
    eps: Tensor  # (R, *shape)
    mirrored: Tensor  # (R,), bool
    weight: Tensor  # (R,), float32, 1/(T p_t): makes the expectation that of uniform t
    all_t: Indices  # (B,), t of the whole batch

    def pinned(self) -> "Draws":
        """The same where a GPU fetches by itself what is large, while the CPU goes on."""
        return replace(self, eps=self.eps.pin_memory(), weight=self.weight.pin_memory())


@dataclass(eq=False)
class Dice:
    """Draws the rows of any step. What is kept here is a cache: the newest epoch's order of the pictures."""

    seed: int
    batch: int
    count: int  # pictures in the training set, at least `batch`
    shape: tuple[int, ...]
    T: int
    flips: bool = False
    _orders: dict[int, Indices] = field(default_factory=dict)

    @property
    def ahead(self) -> int:
        """How many steps should be drawn at once."""
        return AHEAD if prod(self.shape) <= FEW else 1

    def draw(self, step: int, rows: range, chances: Table | None = None) -> Draws:
        """Rows `rows` of the batch that follows `step` others; `chances` (T,) are p_1..p_T, uniform if None."""
        part = slice(rows.start, rows.stop)
        u = uniform(self.batch, seed=self.seed, t=step, purpose=Purpose.TIMESTEP)
        t, weight = self._timesteps(u, chances)
        eps = self._noise(step, rows)
        mirrored = np.zeros(len(rows), bool)
        if self.flips:
            mirrored = uniform(self.batch, seed=self.seed, t=step, purpose=Purpose.MIRROR)[part] < 0.5
        return Draws(
            torch.from_numpy(self.pictures(step)[part]),
            torch.from_numpy(t[part]),
            eps,
            torch.from_numpy(mirrored),
            torch.from_numpy(weight[part]),
            t,
        )

    def pictures(self, step: int) -> Indices:
        """The pictures of a step's batch: each epoch shows all of them once, in an order of its own."""
        begin = step * self.batch
        first, last = begin // self.count, (begin + self.batch - 1) // self.count
        self._orders = {epoch: self._order(epoch) for epoch in range(first, last + 1)}
        place = begin - first * self.count
        return np.concatenate(list(self._orders.values()))[place : place + self.batch]

    def _noise(self, step: int, rows: range) -> Tensor:
        """ε of these rows. A batch of points is drawn whole by every process: it is as much as one picture's."""
        if prod(self.shape) > FEW:
            return gaussian(self.shape, seed=self.seed, samples=rows, t=step, purpose=Purpose.TRAINING)
        eps = gaussian_block(self.batch, self.shape, seed=self.seed, t=step, purpose=Purpose.TRAINING)
        return eps[rows.start : rows.stop]

    def _order(self, epoch: int) -> Indices:
        known = self._orders.get(epoch)
        return permutation(self.count, seed=self.seed, t=epoch, purpose=Purpose.ORDER) if known is None else known

    def _timesteps(self, u: NDArray[np.float64], chances: Table | None) -> tuple[Indices, NDArray[np.float32]]:
        if chances is None:
            return 1 + (u * self.T).astype(np.int64), np.ones(len(u), np.float32)
        edges = np.cumsum(chances)
        t = 1 + np.minimum(np.searchsorted(edges, u * edges[-1], side="right"), self.T - 1)
        return t, (edges[-1] / (self.T * chances[t - 1])).astype(np.float32)


@dataclass(eq=False)
class History:
    """The last losses at every t, from which t is drawn in proportion to √E[loss²] (Nichol & Dhariwal 2021, eq. 18)."""

    losses: NDArray[np.float64]  # (T, REMEMBERED), the newest last
    counts: Indices  # (T,)

    @classmethod
    def empty(cls, T: int) -> "History":
        """Nothing seen yet."""
        return cls(np.zeros((T, REMEMBERED)), np.zeros(T, np.int64))

    def add(self, t: Indices, losses: NDArray[np.float64]) -> None:
        """Remembers the losses (B,) met at t (B,), in this order."""
        for place, loss in zip(t - 1, losses, strict=True):
            self.losses[place, :-1] = self.losses[place, 1:]
            self.losses[place, -1] = loss
            self.counts[place] = min(self.counts[place] + 1, REMEMBERED)

    def chances(self) -> Table | None:
        """p_1..p_T, shape (T,), a thousandth of it uniform; None (uniform) until every t has been met often enough."""
        if (self.counts < REMEMBERED).any():
            return None
        root = np.sqrt((self.losses**2).mean(1))
        T = len(root)
        return 0.999 * root / root.sum() + 0.001 / T if root.sum() > 0.0 else None


REMEMBERED = 10
"""Losses remembered at each t."""
