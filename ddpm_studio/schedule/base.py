"""What every kind of schedule has: its tables, all derived from β, and what no schedule may be."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.errors import UserError
from ddpm_studio.params import Parameters, Range

Table = NDArray[np.float64]

FLOOR = -30.0
"""log SNR that stands for −∞, where ᾱ_t = 0, and for all between."""


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
        return table(0.0, _zero_terminal(betas) if self.zero_terminal_snr else betas)

    @cached_property
    def alpha(self) -> Table:
        """α_t = 1 − β_t."""
        return read_only(1.0 - self.beta)

    @cached_property
    def alpha_bar(self) -> Table:
        """ᾱ_t = Π_{s≤t} α_s, the share of the clean picture's variance that is left (eq. 4)."""
        return read_only(np.cumprod(self.alpha, dtype=np.float64))

    @cached_property
    def log_alpha_bar(self) -> Table:
        """log ᾱ_t, summed: exact where the product underflows, −∞ only where ᾱ_t is truly 0."""
        with np.errstate(divide="ignore"):
            return read_only(np.cumsum(np.log1p(-self.beta)))

    @cached_property
    def one_minus_alpha_bar(self) -> Table:
        """1 − ᾱ_t, the variance of the noise in x_t (eq. 4), without cancellation at small t."""
        return read_only(-np.expm1(self.log_alpha_bar))

    @cached_property
    def sqrt_alpha_bar(self) -> Table:
        """√ᾱ_t, the factor of x_0 in x_t."""
        return read_only(np.sqrt(self.alpha_bar))

    @cached_property
    def sqrt_one_minus_alpha_bar(self) -> Table:
        """√(1−ᾱ_t), the factor of ε in x_t."""
        return read_only(np.sqrt(self.one_minus_alpha_bar))

    @cached_property
    def snr(self) -> Table:
        """SNR_t = ᾱ_t / (1 − ᾱ_t); ∞ at t = 0."""
        return read_only(np.exp(self.log_snr))

    @cached_property
    def log_snr(self) -> Table:
        """log SNR_t (natural logarithm); +∞ at t = 0, −∞ where ᾱ_t = 0."""
        with np.errstate(divide="ignore"):
            return read_only(self.log_alpha_bar - np.log(self.one_minus_alpha_bar))

    @cached_property
    def floored_log_snr(self) -> Table:
        """log SNR_t, but FLOOR where it is lower: finite from t = 1 on, as axes, curves and files want it."""
        return read_only(np.maximum(self.log_snr, FLOOR))

    @cached_property
    def snr_db(self) -> Table:
        """SNR_t in decibels, 10·log10 SNR."""
        return read_only(self.log_snr * (10.0 / np.log(10.0)))

    @cached_property
    def posterior_variance(self) -> Table:
        """β̃_t = (1−ᾱ_{t−1})/(1−ᾱ_t)·β_t, the variance of q(x_{t−1} | x_t, x_0) (eq. 7); 0 at t = 0 and t = 1."""
        variance = np.zeros(self.T + 1)
        noise = self.one_minus_alpha_bar
        variance[1:] = noise[:-1] / noise[1:] * self.beta[1:]
        return read_only(variance)

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
        return read_only(weight)

    def _refuse_impossible(self, betas: Table) -> None:
        wrong = ~((betas > 0.0) & (betas <= 1.0))
        wrong[:-1] |= betas[:-1] == 1.0
        if wrong.any():
            t = int(np.argmax(wrong)) + 1
            rule = "β must be above 0, and below 1 before the last step (a rising ᾱ is a negative β)"
            found = f"{self.kind} schedule, T = {self.T}: β_{t} = {betas[t - 1]:.6g} at t = {t}"
            raise UserError("; ".join(filter(None, (found, rule, self.remedy))))


def _zero_terminal(betas: Table) -> Table:
    """Lin et al. 2023, Alg. 1: shift √ᾱ so that it ends at 0, stretch it so that it still starts where it did."""
    root = np.sqrt(np.cumprod(1.0 - betas))
    root = (root - root[-1]) * root[0] / (root[0] - root[-1])
    alpha_bar = table(1.0, root**2)
    return 1.0 - alpha_bar[1:] / alpha_bar[:-1]


def table(first: float, rest: Table) -> Table:
    """The value at t = 0 and those at t = 1..T as one read-only table (T+1,)."""
    return read_only(np.concatenate(([first], rest)))


def read_only(values: Table) -> Table:
    """`values` itself, from now on not to be written into."""
    values.setflags(write=False)
    return values
