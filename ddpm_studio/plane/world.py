"""What there is to see in the plane at t: density and level lines, particles, score arrows, the error of a network."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d

from ddpm_studio.data import PointData, evenly
from ddpm_studio.denoiser import Denoiser, Exact
from ddpm_studio.noise import Purpose, gaussian_block
from ddpm_studio.plane.choices import Look
from ddpm_studio.plane.contours import contour
from ddpm_studio.plane.density import Density, Lattice, density, noise_at_centres, spread
from ddpm_studio.process import q_posterior, q_sample
from ddpm_studio.schedule import Schedule

Floats = NDArray[np.float32]

COARSE, FINE, FEW = Lattice(128), Lattice(256), 600
"""The lattice of a density, the finer one of a narrow density of at most FEW components, and that number."""
NARROW, WIDE = 0.1, 0.15
"""Widths of a kernel below which the finer lattice shows more, and above which every other cell is enough for lines."""
SHARES = (0.25, 0.5, 0.75, 0.95)
"""Of all mass within a level line."""
ARROWS, CLOSE, BRISK = Lattice(19), Lattice(64), Lattice(32)
"""Where arrows stand, where the error of a network is measured, and where while t is being dragged."""
PARTICLES = 500
FAINT = 0.03
"""The share of its maximum below which a density fades: errors where nothing comes to do not matter."""
ALL = slice(None)
UNSEEN = 1e-5
"""What is left of an error at most that nobody sees: there, nobody is asked."""


@dataclass(frozen=True, eq=False)
class World:
    """Points, their exact denoiser under the document's schedule, and a network for them if there is one."""

    data: PointData
    exact: Exact
    network: Denoiser | None = None
    seed: int = 0
    taught_by: str = ""  # the name of the points that the network was trained on, where they are others than `data`

    @classmethod
    def of(cls, data: PointData, schedule: Schedule, *, finite: bool, network: Denoiser | None, seed: int) -> "World":
        """`finite` takes the training points as all there is, also where the density behind them is known."""
        exact = Exact.finite(schedule, data) if finite else Exact.of(schedule, data)
        return cls(data, exact, network, seed)

    def under(self, schedule: Schedule) -> "World":
        """The same points under another schedule."""
        return replace(self, exact=self.exact.with_schedule(schedule))

    @property
    def schedule(self) -> Schedule:
        """The document's."""
        return self.exact.schedule

    @property
    def matched(self) -> bool:
        """Whether the network was trained under another schedule, so that t is translated by the noise level."""
        return self.network is not None and self.network.schedule != self.schedule

    @cached_property
    def particles(self) -> tuple[Tensor, Tensor]:
        """x_0 of some training points and their ε, (PARTICLES, 2) each: the same at every t."""
        places = evenly(len(self.data.train), PARTICLES)
        x0 = torch.from_numpy(self.data.x0(places))
        return x0, gaussian_block(len(x0), (2,), seed=self.seed, t=0, purpose=Purpose.FORWARD)

    def particles_at(self, t: int) -> Floats:
        """x_t of the particles in closed form (Ho et al. 2020, eq. 4), (PARTICLES, 2)."""
        moved: Floats = q_sample(self.schedule, self.particles[0], t, self.particles[1]).numpy()
        return moved

    def density(self, t: int) -> Density:
        """q(x_t), 0 ≤ t ≤ T."""
        narrow = spread(self.exact, t) < NARROW**2 and len(self.exact.means) <= FEW
        return density(self.exact, t, FINE if narrow else COARSE)

    def arrows(self, look: Look, t: int) -> Floats | None:
        """√(1−ᾱ_t) times the score at each place of ARROWS, (side², 2): −ε* or −ε̂. None where there is none to show."""
        if t > 0 and look is Look.EXACT:
            eps = self.exact_eps(ARROWS, t)
        elif t > 0 and look is Look.NETWORK and self.network is not None:
            eps = self.eps(self.network, ARROWS.places, t)
        else:
            return None
        away: Floats = (-eps).numpy()
        return away

    def errors(self, seen: Density, lattice: Lattice = CLOSE) -> Floats | None:
        """‖ε̂ − ε*‖ at the cells of `lattice`, (side, side), faded where there is next to no density; None at t = 0."""
        if seen.t == 0 or self.network is None:
            return None
        most = max_pool2d(seen.mass[None], seen.lattice.side // lattice.side)[0]
        left = (most / (FAINT * most.max())).clamp_(0.0, 1.0)
        near = (left > UNSEEN).flatten().nonzero().squeeze(1)
        gap = self.eps(self.network, lattice.places[near], seen.t) - self.exact_eps(lattice, seen.t, near)
        visible: Floats = torch.zeros_like(left).put_(near, gap.norm(dim=1)).mul_(left).numpy()
        return visible

    def exact_eps(self, lattice: Lattice, t: int, near: Tensor | slice = ALL) -> Tensor:
        """ε* at those centres of the lattice, (N, 2), 1 ≤ t ≤ T: from small matrices, else asked for one by one."""
        places, found = lattice.places[near], noise_at_centres(self.exact, t, lattice)[near]
        lost = found.isnan().any(1)
        if lost.any():
            found[lost] = self.exact(places[lost], t).eps
        return found

    def eps(self, guide: Denoiser, x: Tensor, t: int) -> Tensor:
        """ε̂ for x_t (B, 2), 1 ≤ t ≤ T of the document's schedule; a network is asked at its own t of that level."""
        return guide(x, same_level(self.schedule, guide.schedule, t)).eps

    def posterior(self, x: float, y: float, t: int) -> "Posterior":
        """q(x_{t−1} | x_t, x_0) for x_t = (x, y) and the x_0 most probable behind it, 1 ≤ t ≤ T."""
        xt = torch.tensor([[x, y]])
        x0 = self.exact.means[self.exact.odds(xt, t, 1).nearest[0]]
        mean, variance = q_posterior(self.schedule, x0, xt, t)
        (a, b), (c, d) = x0[0].tolist(), mean[0].tolist()
        return Posterior((x, y), (a, b), (c, d), float(variance) ** 0.5)


@dataclass(frozen=True)
class Posterior:
    """N(mean, deviation² I) between x_t and x_0: in two dimensions a circle."""

    xt: tuple[float, float]
    x0: tuple[float, float]
    mean: tuple[float, float]
    deviation: float


def level_lines(seen: Density) -> Floats:
    """The lines that hold SHARES of all mass, as pieces (S, 2, 2)."""
    lattice = CLOSE if seen.variance > WIDE**2 else COARSE
    step = seen.lattice.side // lattice.side
    mass = avg_pool2d(seen.mass[None], step)[0].numpy() if step > 1 else seen.mass.numpy()
    falling = np.sort(mass.ravel())[::-1]
    inside = np.cumsum(falling, dtype=np.float64)
    heights = falling[np.minimum(np.searchsorted(inside, np.array(SHARES) * inside[-1]), len(falling) - 1)]
    low = float(lattice.centres[0])
    return np.concatenate([contour(mass, float(height), low, lattice.cell) for height in heights])


def same_level(schedule: Schedule, other: Schedule, t: int) -> int:
    """The t ≥ 1 of `other` whose log SNR is nearest to that of `schedule` at t ≥ 1; t itself if they are the same."""
    if other == schedule:
        return t
    return 1 + int(np.abs(np.maximum(other.log_snr[1:], -40.0) - max(schedule.log_snr[t], -40.0)).argmin())
