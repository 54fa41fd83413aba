"""q(x_t) of a mixture on a lattice, exact: its mean over each cell, and the score, from products of small matrices.

A Gaussian kernel is a product of one for each axis, so for x_0 ~ Σ_i π_i N(m_i, s² I) and v = ᾱ s² + 1 − ᾱ

    q(x_t) = Σ_i π_i k(x − √ᾱ m_i1) k(y − √ᾱ m_i2)  =  K_y diag(π) K_xᵀ          (G × N) (N × G)

instead of G² N exponentials it takes 2 G N. The kernels are averaged over the cells (a difference of two error
functions), so that nothing is lost between two places however narrow they are: at t = 0 q is a histogram.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import torch
from torch import Tensor

from ddpm_studio.denoiser import Exact
from ddpm_studio.schedule import Schedule

REACH = 2.2
"""The lattice covers [−REACH, REACH]²: all data, and nearly all of N(0, I)."""
SIDE = 128
"""Cells a side."""
NARROW = 1e-3  # of a cell: the least width of a kernel
LITTLE = 1e-30
"""What must be left of a sum of kernels over the largest along each axis, so that float32 tells their ratios."""


@dataclass(frozen=True)
class Lattice:
    """Square cells over [−reach, reach]²."""

    side: int = SIDE
    reach: float = REACH

    @property
    def cell(self) -> float:
        """The side of a cell."""
        return 2.0 * self.reach / self.side

    @property
    def edges(self) -> Tensor:
        """(side + 1,), rising."""
        return torch.linspace(-self.reach, self.reach, self.side + 1)

    @property
    def centres(self) -> Tensor:
        """(side,), rising."""
        return (self.edges[1:] + self.edges[:-1]) / 2.0

    @property
    def places(self) -> Tensor:
        """The centres of all cells, (side², 2): x runs fastest."""
        return _places(self)


@lru_cache(maxsize=8)
def _places(lattice: Lattice) -> Tensor:
    return torch.cartesian_prod(lattice.centres, lattice.centres).flip(1)


@dataclass(frozen=True, eq=False)
class Density:
    """q(x_t) and what its score is made of. Tensors are (side, side): rows are y, from the bottom up."""

    lattice: Lattice
    schedule: Schedule
    t: int
    mass: Tensor
    """q, averaged over each cell; per unit of area."""
    variance: float
    """v = ᾱ s² + 1 − ᾱ."""
    kernels: tuple[Tensor, Tensor]
    """K_x and K_y·π, (side, N) each."""
    means: Tensor
    """√ᾱ m_i, (N, 2)."""

    def score(self) -> Tensor:
        """∇ log q = (Σ_i p(i | cell) √ᾱ m_i − x)/v at the cells' centres, (side, side, 2); NaN where q underflows."""
        across, up = self.kernels
        stacked = torch.cat([up * self.means[:, 0], up * self.means[:, 1]]) @ across.T
        nearest = stacked.reshape(2, *self.mass.shape) / self.mass
        return (nearest.permute(1, 2, 0) - self.lattice.places.reshape(*self.mass.shape, 2)) / self.variance


def density(exact: Exact, t: int, lattice: Lattice) -> Density:
    """q(x_t) of what `exact` knows, 0 ≤ t ≤ T; its samples are points of the plane."""
    schedule = exact.schedule
    root = float(schedule.sqrt_alpha_bar[t])
    variance = spread(exact, t)
    means = exact.means * root
    width = max(sqrt(variance), NARROW * lattice.cell)
    across, up = (_kernel(lattice, means[:, axis], width) for axis in (0, 1))
    up = up / len(means) if exact.log_weights is None else up * exact.log_weights.softmax(0)
    return Density(lattice, schedule, t, up @ across.T, variance, (across, up), means)


def noise_at_centres(exact: Exact, t: int, lattice: Lattice) -> Tensor:
    """ε* = −√(1−ᾱ_t) ∇ log q at the centres of the cells themselves, (side², 2), by the same products; 1 ≤ t ≤ T.

    Each axis' kernels are relative to the largest of them at a centre, which cancels. NaN where less than LITTLE is
    left of their products: many widths away from all means.
    """
    schedule, variance = exact.schedule, spread(exact, t)
    means = exact.means * float(schedule.sqrt_alpha_bar[t])
    across, up = (_relative(lattice.centres, means[:, axis], variance) for axis in (0, 1))
    up = up if exact.log_weights is None else up * exact.log_weights.softmax(0)
    total, x, y = (torch.cat([up, up * means[:, 0], up * means[:, 1]]) @ across.T).reshape(3, -1)
    nearest = torch.stack([x, y], 1) / total.masked_fill(total < LITTLE, torch.nan)[:, None]
    eps: Tensor = (lattice.places - nearest) * (float(schedule.sqrt_one_minus_alpha_bar[t]) / variance)
    return eps


def spread(exact: Exact, t: int) -> float:
    """v = ᾱ s² + 1 − ᾱ, the variance of each kernel at t."""
    return float(exact.schedule.alpha_bar[t] * exact.variance + exact.schedule.one_minus_alpha_bar[t])


def _relative(centres: Tensor, means: Tensor, variance: float) -> Tensor:
    """N(m_i, v) at the centres of an axis over the largest of them there, (side, N)."""
    squares = (centres[:, None] - means).square_()
    return squares.sub_(squares.amin(1, keepdim=True)).mul_(-0.5 / variance).exp_()


def _kernel(lattice: Lattice, means: Tensor, width: float) -> Tensor:
    """N(m_i, width²) averaged over each cell of an axis, (side, N)."""
    scaled = (lattice.edges[:, None] - means) * (1.0 / (sqrt(2.0) * width))
    return torch.erf(scaled).diff(dim=0).mul_(0.5 / lattice.cell)
