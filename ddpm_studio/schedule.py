"""Noise schedules: how much noise a picture has received after t of T steps.

Every table is float64, read-only, of length T + 1 and indexed by the paper's own t: t = 0 is the clean picture
(β_0 = 0, ᾱ_0 = 1) and t = 1..T are noisy. A schedule holds its few numbers; the tables are derived from them.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.curve import monotone_cubic, traced
from ddpm_studio.errors import UserError
from ddpm_studio.params import Knots, Parameters, Range

Table = NDArray[np.float64]

Beta = Range(1e-6, 0.9999, log=True)
Scaled = Annotated[bool, "multiply β by 1000/T, so that ᾱ keeps its shape when T changes (Nichol & Dhariwal 2021)"]


@dataclass(frozen=True)
class Schedule(Parameters, ABC):
    """β_1..β_T and all that follows from them (Ho et al. 2020, §2).

    Raises:
        UserError: a kind's numbers give some β_t ≤ 0, β_t > 1, or β_t = 1 before t = T; the message names t, the
            value and what to change.
    """

    T: Annotated[int, Range(2, 4000), "T: the number of diffusion steps"] = 1000
    zero_terminal_snr: Annotated[bool, "rescale so that ᾱ_T = 0: x_T is pure noise (Lin et al. 2023, Alg. 1)"] = False

    remedy: ClassVar[str] = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._refuse_impossible(self.beta[1:])

    @abstractmethod
    def _betas(self) -> Table:
        """β_1..β_T before any rescaling."""

    @cached_property
    def beta(self) -> Table:
        """β_t, the variance of the noise added by step t (eq. 2)."""
        betas = self._betas()
        self._refuse_impossible(betas)
        return _table(0.0, _zero_terminal(betas) if self.zero_terminal_snr else betas)

    @cached_property
    def alpha(self) -> Table:
        """α_t = 1 − β_t."""
        return _read_only(1.0 - self.beta)

    @cached_property
    def alpha_bar(self) -> Table:
        """ᾱ_t = Π_{s≤t} α_s, the share of the clean picture's variance that is left (eq. 4)."""
        return _read_only(np.cumprod(self.alpha, dtype=np.float64))

    @cached_property
    def log_alpha_bar(self) -> Table:
        """log ᾱ_t, summed: exact where the product underflows, −∞ only where ᾱ_t is truly 0."""
        with np.errstate(divide="ignore"):
            return _read_only(np.cumsum(np.log1p(-self.beta)))

    @cached_property
    def one_minus_alpha_bar(self) -> Table:
        """1 − ᾱ_t, the variance of the noise in x_t (eq. 4), without cancellation at small t."""
        return _read_only(-np.expm1(self.log_alpha_bar))

    @cached_property
    def sqrt_alpha_bar(self) -> Table:
        """√ᾱ_t, the factor of x_0 in x_t."""
        return _read_only(np.sqrt(self.alpha_bar))

    @cached_property
    def sqrt_one_minus_alpha_bar(self) -> Table:
        """√(1−ᾱ_t), the factor of ε in x_t."""
        return _read_only(np.sqrt(self.one_minus_alpha_bar))

    @cached_property
    def snr(self) -> Table:
        """SNR_t = ᾱ_t / (1 − ᾱ_t); ∞ at t = 0."""
        return _read_only(np.exp(self.log_snr))

    @cached_property
    def log_snr(self) -> Table:
        """log SNR_t (natural logarithm); +∞ at t = 0, −∞ where ᾱ_t = 0."""
        with np.errstate(divide="ignore"):
            return _read_only(self.log_alpha_bar - np.log(self.one_minus_alpha_bar))

    @cached_property
    def snr_db(self) -> Table:
        """SNR_t in decibels, 10·log10 SNR."""
        return _read_only(self.log_snr * (10.0 / np.log(10.0)))

    @cached_property
    def posterior_variance(self) -> Table:
        """β̃_t = (1−ᾱ_{t−1})/(1−ᾱ_t)·β_t, the variance of q(x_{t−1} | x_t, x_0) (eq. 7); 0 at t = 0 and t = 1."""
        variance = np.zeros(self.T + 1)
        noise = self.one_minus_alpha_bar
        variance[1:] = noise[:-1] / noise[1:] * self.beta[1:]
        return _read_only(variance)

    def loss_weight(self, variance: Table) -> Table:
        """λ_t = β_t² / (2 σ_t² α_t (1−ᾱ_t)), the weight of the ε-error in the bound (eq. 12).

        Args:
            variance: σ_t², shape (T+1,), usually `beta` or `posterior_variance`.

        Returns:
            Shape (T+1,); 0 at t = 0, ∞ where σ_t² or α_t is 0.
        """
        weight = np.zeros(self.T + 1)
        with np.errstate(divide="ignore"):
            t = slice(1, None)
            weight[t] = self.beta[t] ** 2 / (2.0 * variance[t] * self.alpha[t] * self.one_minus_alpha_bar[t])
        return _read_only(weight)

    def _refuse_impossible(self, betas: Table) -> None:
        wrong = ~((betas > 0.0) & (betas <= 1.0))
        wrong[:-1] |= betas[:-1] == 1.0
        if wrong.any():
            t = int(np.argmax(wrong)) + 1
            rule = "β must be above 0, and below 1 before the last step (a rising ᾱ is a negative β)"
            found = f"{self.kind} schedule, T = {self.T}: β_{t} = {betas[t - 1]:.6g} at t = {t}"
            raise UserError("; ".join(filter(None, (found, rule, self.remedy))))


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


class Space(StrEnum):
    """The quantity a drawn curve is a curve of."""

    BETA = "beta"
    ALPHA_BAR = "alpha_bar"
    LOG_SNR = "log_snr"


LIMITS = {Space.BETA: (1e-6, 1.0), Space.ALPHA_BAR: (0.0, 1.0), Space.LOG_SNR: (-30.0, 15.0)}
"""The range of a knot's value, by space."""


@dataclass(frozen=True)
class Drawn(Schedule):
    """A monotone cubic through a few knots (u, value), u = (t − 1)/(T − 1), drawn in β, ᾱ or log SNR.

    Between two knots the curve stays between their values (Fritsch & Carlson 1980), so falling knots in ᾱ or
    log SNR give a legal schedule.
    """

    space: Annotated[Space, "the quantity the curve is drawn in"] = Space.BETA
    knots: Annotated[Knots, "points (u, value); u = 0 is t = 1, u = 1 is t = T"] = ((0.0, 1e-4), (1.0, 0.02))

    kind = "drawn"
    remedy = "let ᾱ and log SNR fall from knot to knot, and keep β between 0 and 1"

    @classmethod
    def tracing(cls, schedule: Schedule, space: Space, knots: int = 6) -> "Drawn":
        """A drawn curve close to `schedule`, through at most `knots` (≥ 2) of its points."""
        low, high = LIMITS[space]
        values = np.clip(curve_of(schedule, space), low, high)
        return cls(T=schedule.T, space=space, knots=traced(_u(schedule.T), values, knots, _tolerance(schedule, space)))

    def _betas(self) -> Table:
        self._check_knots()
        u, values = np.array(self.knots).T
        curve = monotone_cubic(u, values, _u(self.T))
        if self.space is Space.BETA:
            return curve
        alpha_bar = _table(1.0, curve if self.space is Space.ALPHA_BAR else 1.0 / (1.0 + np.exp(-curve)))
        with np.errstate(divide="ignore", invalid="ignore"):
            return 1.0 - alpha_bar[1:] / alpha_bar[:-1]

    def _check_knots(self) -> None:
        u = [x for x, _ in self.knots]
        if len(u) < 2 or u[0] != 0.0 or u[-1] != 1.0 or any(b <= a for a, b in pairwise(u)):
            raise UserError("drawn schedule: knots must be at least two, with u rising from exactly 0 to exactly 1")
        low, high = LIMITS[self.space]
        for x, value in self.knots:
            if not low <= value <= high:
                allowed = f"{self.space} goes from {low:g} to {high:g}"
                raise UserError(f"drawn schedule: the knot at u = {x:g} is {value:g}; {allowed}")


def curve_of(schedule: Schedule, space: Space) -> Table:
    """The schedule's β, ᾱ or log SNR at t = 1..T, shape (T,)."""
    return {Space.BETA: schedule.beta, Space.ALPHA_BAR: schedule.alpha_bar, Space.LOG_SNR: schedule.log_snr}[space][1:]


def _tolerance(schedule: Schedule, space: Space) -> Table:
    """How far off a traced curve may be at each t, in any unit, shape (T,)."""
    if space is Space.BETA:
        return schedule.beta[1:]  # β spans decades: what counts is its relative error
    if space is Space.ALPHA_BAR:
        return np.ones(schedule.T)
    signal, noise = schedule.alpha_bar[1:], schedule.one_minus_alpha_bar[1:]
    return 1.0 / np.sqrt(signal * noise + 1e-3)  # the angle φ, cos φ = √ᾱ; and a little for the far ends


def _u(T: int) -> Table:
    return np.arange(T) / (T - 1)


def _scale(schedule: "Linear | Quadratic | Sigmoid | Constant") -> float:
    return 1000.0 / schedule.T if schedule.scaled else 1.0


def _zero_terminal(betas: Table) -> Table:
    """Lin et al. 2023, Alg. 1: shift √ᾱ so that it ends at 0, stretch it so that it still starts where it did."""
    root = np.sqrt(np.cumprod(1.0 - betas))
    root = (root - root[-1]) * root[0] / (root[0] - root[-1])
    alpha_bar = _table(1.0, root**2)
    return 1.0 - alpha_bar[1:] / alpha_bar[:-1]


def _table(first: float, rest: Table) -> Table:
    return _read_only(np.concatenate(([first], rest)))


def _read_only(table: Table) -> Table:
    table.setflags(write=False)
    return table


SCHEDULES: dict[str, type[Schedule]] = {
    cls.kind: cls for cls in (Linear, ScaledLinear, Quadratic, Cosine, Sigmoid, Constant, Jsd, Drawn)
}
