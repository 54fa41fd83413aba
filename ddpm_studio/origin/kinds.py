"""Where a reverse chain begins: in pure noise, or in a picture of the user's own. `start.py` makes x_t of it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from ddpm_studio.params import Parameters, Range

Reference = Annotated[str, "a shipped photograph, a data-set picture as in fashion:7, or a file"]
Begin = Annotated[
    int, Range(1, 4000), "t where it begins: the larger, the less of the picture is left; T if the schedule ends before"
]


@dataclass(frozen=True)
class Origin(Parameters, ABC):
    """Where a chain begins."""

    @abstractmethod
    def begins(self, T: int) -> int | None:
        """The timestep that it begins at, 1..T; None: the first that the sampler visits."""

    @property
    def references(self) -> tuple[str, ...]:
        """The pictures it needs."""
        return ()

    @property
    def turns(self) -> int:
        """How often each step but the last is taken."""
        return 1

    def numbers(self, samples: Sequence[int]) -> tuple[int, ...]:
        """The numbers that the noise of these samples is drawn by."""
        return tuple(samples)


@dataclass(frozen=True)
class FromNoise(Origin):
    """Pure noise: a picture that nobody has seen (Ho et al. 2020, Alg. 2)."""

    kind = "noise"

    def begins(self, T: int) -> int | None:  # noqa: ARG002
        """Where the sampler does."""
        return None


@dataclass(frozen=True)
class FromPicture(Origin):
    """A picture noised to t, from where it is denoised again: a variation of it (SDEdit, Meng et al. 2022)."""

    picture: Reference = "chelsea"
    t: Begin = 500

    kind = "picture"

    def begins(self, T: int) -> int | None:
        """At t, or at T."""
        return min(self.t, T)

    @property
    def references(self) -> tuple[str, ...]:
        """The picture."""
        return (self.picture,)


@dataclass(frozen=True)
class Encoded(Origin):
    """A picture encoded by DDIM walked backwards: x_T that leads to it again (Song et al. 2021, §5.4)."""

    picture: Reference = "chelsea"

    kind = "encoded"

    def begins(self, T: int) -> int | None:  # noqa: ARG002
        """Where the sampler does."""
        return None

    @property
    def references(self) -> tuple[str, ...]:
        """The picture."""
        return (self.picture,)


@dataclass(frozen=True)
class Between(Origin):
    """From one picture to another, mixed as x_t and denoised with the same noise (Ho et al. 2020, §4.4 and Fig. 8)."""

    picture: Reference = "chelsea"
    other: Reference = "astronaut"
    t: Begin = 500
    own_noise: Annotated[
        bool,
        "each picture is noised with its own ε, and the mixture of both brought back to variance 1; off, with the same",
    ] = False

    kind = "between"

    def begins(self, T: int) -> int | None:
        """At t, or at T."""
        return min(self.t, T)

    @property
    def references(self) -> tuple[str, ...]:
        """Both pictures."""
        return (self.picture, self.other)

    def numbers(self, samples: Sequence[int]) -> tuple[int, ...]:
        """One for all: what differs is the mixture alone."""
        return (0,) * len(samples)


@dataclass(frozen=True)
class Repair(Origin):
    """A picture whose masked part is made anew, and the rest kept (RePaint, Lugmayr et al. 2022)."""

    picture: Reference = "chelsea"
    mask: Annotated[str, "white where it is to be repaired: a picture file, or painted in the window"] = ""
    resamplings: Annotated[int, Range(1, 50), "how often each step is taken, so that the new part fits the old"] = 5

    kind = "repair"

    def begins(self, T: int) -> int | None:  # noqa: ARG002
        """Where the sampler does."""
        return None

    @property
    def references(self) -> tuple[str, ...]:
        """The picture."""
        return (self.picture,)

    @property
    def turns(self) -> int:
        """As often as it is resampled."""
        return self.resamplings


ORIGINS: dict[str, type[Origin]] = {cls.kind: cls for cls in (FromNoise, FromPicture, Encoded, Between, Repair)}
