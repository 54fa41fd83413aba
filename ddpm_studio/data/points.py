"""A data set of points in the plane, and the density they were drawn from where it is known."""

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.data.places import EVERY, Places, held_out

Points = NDArray[np.float32]
"""(N, 2), in about [−1, 1]."""

AXES = 2


@dataclass(frozen=True, eq=False)
class Mixture:
    """Σ_i N(m_i, s² I)/K: a density that is known, at t = 0 and, drowned in noise, at every other t."""

    means: Points  # (K, 2)
    variance: float  # s² > 0

    def drawn(self, count: int, rng: np.random.Generator) -> Points:
        """`count` points of it, (count, 2)."""
        chosen = self.means[rng.integers(len(self.means), size=count)]
        points: Points = chosen + np.float32(np.sqrt(self.variance)) * rng.standard_normal((count, AXES), np.float32)
        return points


@dataclass(frozen=True, eq=False)
class PointData:
    """Points, read-only, as a network sees them: what came from elsewhere has been moved and scaled, `note` says how.

    It stands beside `ImageData` and has all that training asks of a data set.
    """

    name: str
    train: Points  # (N, 2)
    test: Points  # (M, 2), held out; M may be 0
    note: str = ""  # one line: what it is, from where, what was done to it
    mixture: Mixture | None = None  # what the points were drawn from, where that is known
    left_out: int = 0  # points of the file that are too many to be kept; `note` says so
    skipped: tuple[str, ...] = ()  # nothing is: a file of points is read whole or refused

    def __post_init__(self) -> None:
        for field in ("train", "test"):
            view = np.ascontiguousarray(getattr(self, field), np.float32).view()
            view.flags.writeable = False
            object.__setattr__(self, field, view)

    @property
    def shape(self) -> tuple[int, ...]:
        """(2,): of one point."""
        return (AXES,)

    @cached_property
    def second_moment(self) -> float:
        """E[x_0²] over both coordinates of the training points: what L_T depends on (Ho et al. 2020, eq. 5)."""
        return float(np.square(self.train, dtype=np.float64).mean())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the training points' bytes: tells whether they are those that a network was trained on."""
        return sha256(self.train.data).hexdigest()

    def x0(self, places: Places = EVERY, *, held_out: bool = False) -> Points:
        """The training points, or the held-out ones, at `places`, as x_0: they are that already. (B, 2), a copy."""
        return np.array((self.test if held_out else self.train)[places])

    def holding_out(self, share: float) -> "PointData":
        """The same points, evenly chosen ones held out; itself where some are held out already or `share` is 0."""
        places = held_out(len(self.train), share)
        if len(self.test) or not len(places):
            return self
        return replace(self, train=np.delete(self.train, places, axis=0), test=self.train[places])
