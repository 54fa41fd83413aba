"""What is wrong with a schedule, in a sentence a student understands, and a schedule without that fault.

A rule is one function that reads the schedule's tables (NumPy only); `lint` asks them all.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from ddpm_studio.errors import UserError
from ddpm_studio.sampler import Times
from ddpm_studio.schedule import Constant, Cosine, Linear, Quadratic, Schedule, Sigmoid

BITS_NOTICED = 1e-3
"""L_T in bits/dim from which x_T is visibly not N(0, I): Ho et al.'s schedule has 3e-5; latent diffusion's, whose
pictures never get darker or brighter than medium grey (Lin et al. 2023), has 3e-3."""

BITS_BROKEN = 0.05
"""L_T in bits/dim from which samples are plainly wrong: the picture still makes up 7 % of x_T's variance."""

STILL = 0.01
"""ᾱ hardly moves over a stretch of steps if it falls by less than this: 1 % of the clean picture's variance."""

STILL_NOTICED, STILL_WASTED = 0.35, 0.6
"""Shares of the chain: Ho et al.'s schedule idles for a third of it, and a fifth can be skipped without harm (Nichol &
Dhariwal 2021, Fig. 4); more than a third is worth a note, most of the chain a warning."""

STILL_STEPS = 10
"""A stretch of fewer steps costs nothing worth a word."""

GAIN = 10.0
"""A first step that amplifies more than this turns a 1 % error of ε̂ into a tenth of the picture's range."""


class Severity(StrEnum):
    """How much a finding matters."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Fix:
    """A schedule that does not have the finding; `label` says on a button what it changes."""

    label: str
    schedule: Schedule


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    severity: Severity
    text: str
    fix: Fix | None = None


Candidate = tuple[str, Callable[[], Schedule]]
"""A label and how to make the schedule; making it may fail."""


def lint(
    schedule: Schedule, second_moment: float = 1.0, times: Times | None = None, predicts_eps: bool = False
) -> tuple[Finding, ...]:
    """Everything that is wrong with a schedule, the worst first.

    Args:
        schedule: what is looked at.
        second_moment: E[x_0²] of the data, per dimension, with pictures in [−1, 1].
        times: the timesteps the sampler visits, falling; all of them if not given.
        predicts_eps: the denoiser is a network that predicts ε, so x̂_0 is divided by √ᾱ_t.
    """
    steps = np.arange(schedule.T, 0, -1) if times is None else times
    findings = (
        _terminal(schedule, second_moment, predicts_eps),
        _kept_beta(schedule, second_moment),
        _division_by_zero(schedule, steps) if predicts_eps else None,
        _gain(schedule, steps, predicts_eps),
        _still(schedule),
        _late_start(schedule, steps, second_moment),
    )
    return _worst_first(f for f in findings if f is not None)


def prior_bits(schedule: Schedule, second_moment: float, t: int | None = None) -> float:
    """L_T in bits/dim: KL(q(x_T | x_0) ‖ N(0, I)) per dimension, averaged over the data (Ho et al. 2020, eq. 5).

    Args:
        schedule: whose L_T.
        second_moment: E[x_0²] of the data, per dimension.
        t: where the chain starts, T if not given.
    """
    end = schedule.T if t is None else t
    signal = schedule.alpha_bar[end] * (second_moment - 1.0)  # mean² + variance − 1
    return float(0.5 * (signal - np.log(schedule.one_minus_alpha_bar[end])) / np.log(2.0))


def still_stretch(schedule: Schedule) -> tuple[int, int]:
    """The longest stretch of steps (from t, to t) over which ᾱ falls by less than `STILL`."""
    rising = -schedule.alpha_bar
    ends = np.searchsorted(rising, rising + STILL) - 1
    start = int(np.argmax(ends - np.arange(schedule.T + 1)))
    return start, int(ends[start])


def _terminal(schedule: Schedule, second_moment: float, predicts_eps: bool) -> Finding | None:
    bits = prior_bits(schedule, second_moment)
    if bits <= BITS_NOTICED:
        return None
    text = (
        f"x_T is not pure noise: ᾱ_T = {schedule.alpha_bar[-1]:.3g} (SNR {schedule.snr_db[-1]:.1f} dB), which is"
        f" L_T = {bits:.2g} bits/dim away from the N(0, I) that sampling starts from"
    )
    candidates: list[Candidate] = [("Use the cosine schedule", lambda: Cosine(T=schedule.T))]
    if not predicts_eps:
        candidates.insert(0, ("Rescale to zero terminal SNR", lambda: replace(schedule, zero_terminal_snr=True)))
    fix = _first(candidates, lambda s: prior_bits(s, second_moment) <= BITS_NOTICED)
    return Finding(Severity.ERROR if bits > BITS_BROKEN else Severity.WARNING, text, fix)


def _kept_beta(schedule: Schedule, second_moment: float) -> Finding | None:
    """β made for 1000 steps and kept at another T; told by the harm it does, for own β may be made for any T."""
    if not isinstance(schedule, Linear | Quadratic | Sigmoid | Constant):
        return None
    if schedule.scaled or schedule.zero_terminal_snr:
        return None
    too_short = schedule.T < 1000 and prior_bits(schedule, second_moment) > BITS_NOTICED
    too_long = schedule.T > 1000 and _still_part(schedule) > STILL_WASTED
    if not too_short and not too_long:
        return None
    what = "too little noise is added" if too_short else "the picture is gone long before the end"
    text = (
        f"these β suit about 1000 steps, but T = {schedule.T}: {what} (ᾱ_T = {schedule.alpha_bar[-1]:.3g});"
        f" multiplied by 1000/T = {1000 / schedule.T:.3g}, ᾱ keeps its shape"
    )
    fix = _first(
        [
            ("Scale β by 1000/T", lambda: replace(schedule, scaled=True)),
            ("Set T to 1000", lambda: replace(schedule, T=1000)),
        ],
        lambda s: _kept_beta(s, second_moment) is None,
    )
    return Finding(Severity.WARNING, text, fix)


def _division_by_zero(schedule: Schedule, times: Times) -> Finding | None:
    t = int(times[0])
    if schedule.alpha_bar[t] > 0.0:
        return None
    text = (
        f"ᾱ_{t} = 0: x̂_0 = (x_t − √(1−ᾱ_t) ε̂)/√ᾱ_t divides by 0 at the first step of a network that predicts ε;"
        " predict v or x_0 instead, or leave a little of the picture in x_T"
    )
    candidates: list[Candidate] = [
        ("Switch zero terminal SNR off", lambda: replace(schedule, zero_terminal_snr=False)),
        ("Use the linear schedule", lambda: Linear(T=schedule.T, scaled=True)),
        ("Use the cosine schedule", lambda: Cosine(T=schedule.T)),
    ]
    return Finding(Severity.ERROR, text, _first(candidates, lambda s: s.alpha_bar[t] > 0.0))


def _gain(schedule: Schedule, times: Times, predicts_eps: bool) -> Finding | None:
    gain = _first_gain(schedule, times)
    if not GAIN < gain < np.inf:  # an infinite one is a division by zero
        return None
    t, s = _first_pair(times)
    factor = f"1/√α_{t}" if s == t - 1 else f"√(ᾱ_{s}/ᾱ_{t})"
    text = (
        f"the first reverse step, from t = {t} to {s}, multiplies by {factor} = {gain:.3g}:"
        " a network that predicts ε has its first error amplified as much"
    )
    candidates: list[Candidate] = [("Use the linear schedule", lambda: Linear(T=schedule.T, scaled=True))]
    if isinstance(schedule, Cosine):
        candidates.insert(0, ("Cap β at 0.98", lambda: replace(schedule, max_beta=0.98)))
    fix = _first(candidates, lambda better: _first_gain(better, times) <= GAIN)
    return Finding(Severity.WARNING if predicts_eps else Severity.NOTE, text, fix)


def _still(schedule: Schedule) -> Finding | None:
    part = _still_part(schedule)
    start, end = still_stretch(schedule)
    if part <= STILL_NOTICED or end - start < STILL_STEPS:
        return None
    text = (
        f"between t = {start} and {end}, {part:.0%} of all steps, ᾱ falls by less than {STILL:g}:"
        " these steps do next to nothing, and a sampler may skip most of them"
    )
    fix = _first([("Use the cosine schedule", lambda: Cosine(T=schedule.T))], lambda s: _still_part(s) <= STILL_NOTICED)
    return Finding(Severity.WARNING if part > STILL_WASTED else Severity.NOTE, text, fix)


def _late_start(schedule: Schedule, times: Times, second_moment: float) -> Finding | None:
    t = int(times[0])
    if t == schedule.T:
        return None
    text = (
        f"the sampler starts at t = {t}, not at T = {schedule.T}: it is given pure noise where √ᾱ_{t} ="
        f" {schedule.sqrt_alpha_bar[t]:.3g} of the picture is expected; trailing or linspace spacing starts at T"
    )
    harmful = prior_bits(schedule, second_moment, t) > BITS_NOTICED
    return Finding(Severity.WARNING if harmful else Severity.NOTE, text)


def _still_part(schedule: Schedule) -> float:
    start, end = still_stretch(schedule)
    return (end - start) / schedule.T


def _first_pair(times: Times) -> tuple[int, int]:
    return int(times[0]), int(times[1]) if len(times) > 1 else 0


def _first_gain(schedule: Schedule, times: Times) -> float:
    """√(ᾱ_s/ᾱ_t), what the first step multiplies x_t and the error of ε̂ by; 1/√α_T if no step is left out."""
    t, s = _first_pair(times)
    return float(np.exp(0.5 * (schedule.log_alpha_bar[s] - schedule.log_alpha_bar[t])))


def _first(candidates: Iterable[Candidate], clean: Callable[[Schedule], bool]) -> Fix | None:
    """The first candidate that can be constructed and is clean of the finding."""
    for label, make in candidates:
        try:
            schedule = make()
        except UserError:
            continue
        if clean(schedule):
            return Fix(label, schedule)
    return None


def _worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity), reverse=True))
