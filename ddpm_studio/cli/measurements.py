"""What `evaluate` measures, and how it says it."""

import numpy as np

from ddpm_studio.cli.progress import watched
from ddpm_studio.cli.report import Report
from ddpm_studio.errors import UserError
from ddpm_studio.levels import Baselines, errors, told
from ddpm_studio.likelihood import (
    Bound,
    ErrorCurve,
    ReverseVariance,
    bound,
    estimated,
    evenly_filled,
    interpolation_error,
    learned_bound,
    measured,
    sampler_variance,
    stages,
)
from ddpm_studio.schedule import Table
from ddpm_studio.subject import Subject

ROWS = 12
"""Of a printed table."""


def bound_variance(subject: Subject, sigma: str) -> ReverseVariance | Table:
    """σ² as --sigma names it; UserError: the sampler's would make the bound infinite or is none of the bound's."""
    return (
        sampler_variance(subject.sampler, subject.denoiser.schedule) if sigma == "sampler" else ReverseVariance(sigma)
    )


def bound_of(subject: Subject, sigma: str, seed: int, seconds: int | None) -> Report:
    """The bound from every t, or an estimate in about so many seconds."""
    if seconds is not None:
        return _estimate(subject, sigma, seed, seconds)
    schedule, x0 = subject.denoiser.schedule, subject.probe.x0
    variance = None if sigma == "learned" else bound_variance(subject, sigma)  # refused before anything is measured
    levels = measured(subject.denoiser, x0, evenly_filled(schedule.T), seed=seed, tables={1})
    seen = watched(levels, schedule.T, "noise levels")  # refused at the first of them where none is learned
    found = (
        learned_bound(schedule, seen, x0) if variance is None else bound(schedule, ErrorCurve.of(seen, x0), variance)
    )
    t = np.arange(schedule.T + 1)
    columns = {
        "t": t.tolist(),
        "L_t": found.terms.tolist(),
        "sigma2": found.variance.tolist(),
        "eps_mse": found.eps_error.tolist(),
        "x0_mse": found.x0_error.tolist(),
        "rate": found.rate.tolist(),
        "rmse": found.distortion.tolist(),
    }
    return Report(
        found.to_json() | {"sigma": sigma},
        columns,
        t[2:].tolist(),
        {"L_(t-1)": found.terms[2:].tolist(), "what the error costs": found.weighted_error[2:].tolist()},
        ("t", "bits per dimension"),
        _bound_table(found, subject, sigma),
    )


def rate_of(subject: Subject, sigma: str, seed: int) -> Report:
    """Rate and distortion at every t, from the error at some noise levels and a curve between them."""
    if sigma == "learned":
        raise UserError(
            "--rate-distortion goes by the error alone; choose --sigma beta, beta-tilde, optimum or sampler"
        )
    schedule, variance = subject.denoiser.schedule, bound_variance(subject, sigma)
    x0 = subject.probe.x0
    seen = [
        level
        for count, levels in stages(subject.denoiser, x0, seed=seed)
        for level in watched(levels, count, "noise levels")
    ]
    curve = ErrorCurve.of(seen, x0, falling=subject.optimal)
    found, off = bound(schedule, curve, variance), interpolation_error(schedule, curve, variance)
    t = np.arange(schedule.T + 1)
    columns = {"t": t.tolist(), "rate": found.rate.tolist(), "rmse": found.distortion.tolist()}
    lines = ["    t  rate (bits/dim)  RMSE (0–255)"]
    lines += [f"{i:5d} {found.rate[i]:16.5f} {found.distortion[i]:13.4f}" for i in _some(schedule.T)]
    lines += [f"interpolated between {len(seen)} noise levels: the total is within about {off:.1g} bits/dim"]
    return Report(
        {"rate_distortion": columns, "noise_levels": len(seen), "interpolation_error": off},
        columns,
        found.rate[1:].tolist(),
        {"this denoiser": found.distortion[1:].tolist()},
        ("bits per dimension", "RMSE on 0..255"),
        "\n".join(lines),
        log=False,
    )


def levels_of(subject: Subject) -> Report:
    """The error at each noise level beside its baselines."""
    probe = subject.probe
    found = list(watched(errors(subject.denoiser, probe), len(probe.times), "noise levels"))
    baselines = Baselines.of(subject.data, subject.denoiser.schedule, probe)
    said = told(baselines, found)
    log_snr = baselines.log_snr.tolist()
    columns = {
        "t": probe.times.tolist(),
        "log_snr": log_snr,
        "error": found,
        "wiener": baselines.wiener.tolist(),
        "optimum": baselines.optimum.tolist(),
    }
    lines = ["    t  log SNR     error    Wiener   optimum"]
    lines += [
        f"{t:5d} {lam:8.2f} {error:9.5f} {wiener:9.5f} {best:9.5f}"
        for t, lam, error, wiener, best in zip(*columns.values(), strict=True)
    ]
    curves = {
        "this network": found,
        "Wiener filter": columns["wiener"],
        "training set by heart": columns["optimum"],
        "zero": [1.0] * len(found),
    }
    titles = ("log SNR (much noise to little)", "mean squared error of the predicted noise")
    return Report(said, columns, log_snr, curves, titles, "\n".join([*lines, str(said["verdict"])]))


def _estimate(subject: Subject, sigma: str, seed: int, seconds: int) -> Report:
    draws = estimated(subject.denoiser, subject.probe.x0, bound_variance(subject, sigma), seed=seed, seconds=seconds)
    first = next(draws)
    found = [first, *watched(draws, first.draws, "draws")]
    last, settled = found[-1], [each for each in found if np.isfinite(each.stderr)]
    said = {
        "L_T": last.prior,
        "L_0": last.last,
        "total_bits_per_dim": last.total,
        "stderr": last.stderr,
        "draws": last.done,
        "sigma": sigma,
    }
    totals, errors = (np.array([(each.total, each.stderr) for each in settled]).T).tolist()
    done = [each.done for each in settled]
    lines = {
        "total": totals,
        "+ standard error": [total + error for total, error in zip(totals, errors, strict=True)],
        "- standard error": [total - error for total, error in zip(totals, errors, strict=True)],
    }
    table = f"{last.total:.4f} ± {last.stderr:.4f} bits/dim from {last.done} draws of t; L_0 {last.last:.4f}"
    columns = {"draws": done, "total_bits_per_dim": totals, "stderr": errors}
    return Report(said, columns, done, lines, ("draws of t", "bits per dimension"), table, log=False)


def _bound_table(found: Bound, subject: Subject, sigma: str) -> str:
    lines = [
        f"{found.total:.5f} ± {found.stderr:.5f} bits/dim with σ² = {sigma}, on {len(subject.probe.x0)} samples",
        f"  L_T {found.prior:.3g}   Σ L_(t−1) {found.middle:.5f}   L_0 {found.last:.5f}",
        "    t   L_(t−1) bits/dim     ε-MSE    x̂_0-MSE",
    ]
    lines += [
        f"{t:5d} {found.terms[t]:18.6g} {found.eps_error[t]:9.5f} {found.x0_error[t]:10.5g}"
        for t in _some(found.schedule.T)
        if t
    ]
    return "\n".join(lines)


def _some(T: int) -> list[int]:
    return sorted({round(T * i / ROWS) for i in range(ROWS + 1)} | {1})
