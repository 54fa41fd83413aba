"""The kinds of schedule that are a formula, each with the paper it is from."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from ddpm_studio.params import Range
from ddpm_studio.schedule.base import Schedule, Table

Beta = Range(1e-6, 0.9999, log=True)
Scaled = Annotated[bool, "multiply β by 1000/T, so that ᾱ keeps its shape when T changes (Nichol & Dhariwal 2021)"]


@dataclass(frozen=True)
class Linear(Schedule):
    """β rises along a straight line (Ho et al. 2020, §4)."""

    beta_start: Annotated[float, Beta, "β_1"] = 1e-4
    beta_end: Annotated[float, Beta, "β_T"] = 0.02
    scaled: Scaled = False

    kind = "linear"
    remedy = "lower beta_end, raise T, or switch scaled off"

    def _betas(self) -> Table:
        return _scale(self) * np.linspace(self.beta_start, self.beta_end, self.T)


@dataclass(frozen=True)
class Quadratic(Schedule):
    """√β rises along a straight line (Ho et al.'s code, "quad")."""

    beta_start: Annotated[float, Beta, "β_1"] = 1e-4
    beta_end: Annotated[float, Beta, "β_T"] = 0.02
    scaled: Scaled = False

    kind = "quadratic"
    remedy = "lower beta_end, raise T, or switch scaled off"

    def _betas(self) -> Table:
        return _scale(self) * np.linspace(self.beta_start**0.5, self.beta_end**0.5, self.T) ** 2


@dataclass(frozen=True)
class ScaledLinear(Quadratic):
    """The quadratic schedule with latent diffusion's end points (Rombach et al. 2022)."""

    beta_start: Annotated[float, Beta, "β_1"] = 0.00085
    beta_end: Annotated[float, Beta, "β_T"] = 0.012

    kind = "scaled-linear"


@dataclass(frozen=True)
class Cosine(Schedule):
    """β from ᾱ_t ∝ cos²((t/T + s)/(1 + s)·π/2), capped (Nichol & Dhariwal 2021, eq. 17)."""

    s: Annotated[float, Range(0.0, 0.1), "s: the offset that keeps β_1 from being too small"] = 0.008
    max_beta: Annotated[float, Range(0.1, 0.9999), "the cap on β near t = T"] = 0.999

    kind = "cosine"
    remedy = "raise s"

    def _betas(self) -> Table:
        f: Table = np.cos((np.arange(self.T + 1) / self.T + self.s) / (1.0 + self.s) * (np.pi / 2)) ** 2
        return np.minimum(1.0 - f[1:] / f[:-1], self.max_beta)


@dataclass(frozen=True)
class Sigmoid(Schedule):
    """β follows a logistic curve from beta_start to beta_end (Xu et al. 2022, GeoDiff)."""

    beta_start: Annotated[float, Beta, "the lower asymptote of β"] = 1e-4
    beta_end: Annotated[float, Beta, "the upper asymptote of β"] = 0.02
    span: Annotated[float, Range(0.5, 20.0), "how far into its tails the curve reaches; small is nearly linear"] = 6.0
    scaled: Scaled = False

    kind = "sigmoid"
    remedy = "lower beta_end, raise T, or switch scaled off"

    def _betas(self) -> Table:
        rise = 1.0 / (1.0 + np.exp(-np.linspace(-self.span, self.span, self.T)))
        return _scale(self) * (self.beta_start + (self.beta_end - self.beta_start) * rise)


@dataclass(frozen=True)
class Constant(Schedule):
    """The same β at every step. At T = 1000 the default ends at the linear schedule's ᾱ_T."""

    beta_value: Annotated[float, Beta, "β"] = 0.01
    scaled: Scaled = False

    kind = "constant"
    remedy = "lower beta_value, raise T, or switch scaled off"

    def _betas(self) -> Table:
        return _scale(self) * np.full(self.T, self.beta_value)


@dataclass(frozen=True)
class Jsd(Schedule):
    """β_t = 1/(T − t + 1), so that ᾱ_t = 1 − t/T falls along a straight line to 0 (Sohl-Dickstein et al. 2015)."""

    kind = "jsd"

    def _betas(self) -> Table:
        return 1.0 / np.arange(self.T, 0, -1)


def _scale(schedule: "Linear | Quadratic | Sigmoid | Constant") -> float:
    return 1000.0 / schedule.T if schedule.scaled else 1.0
