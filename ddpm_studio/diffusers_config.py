"""diffusers' scheduler_config.json for a schedule, and the schedule such a file means."""

import json
from collections.abc import Mapping
from contextlib import suppress

from ddpm_studio.beta_table import drawn, is_along, numbers
from ddpm_studio.errors import UserError
from ddpm_studio.params import Json
from ddpm_studio.schedule import Constant, Cosine, Linear, Quadratic, ScaledLinear, Schedule, Sigmoid

NAME = "scheduler_config.json"

KINDS: Mapping[str, type[Schedule]] = {
    "linear": Linear,
    "scaled_linear": ScaledLinear,
    "squaredcos_cap_v2": Cosine,
    "sigmoid": Sigmoid,
}
"""What diffusers calls `beta_schedule`. Its sigmoid has span 6, its cosine s = 0.008 and β ≤ 0.999."""


def encoded(schedule: Schedule) -> bytes:
    """The configuration of an equal DDPMScheduler, by diffusers' name for the schedule where it has one.

    A rescaled schedule is written out as `trained_betas`: diffusers would rescale in float32, which is off by 1e-5.
    """
    named = _name(schedule)
    name, start, end = named or ("linear", 1e-4, 0.02)
    config = {
        "_class_name": "DDPMScheduler",
        "num_train_timesteps": schedule.T,
        "beta_start": start,
        "beta_end": end,
        "beta_schedule": name,
        "trained_betas": None if named and not schedule.zero_terminal_snr else schedule.beta[1:].tolist(),
        "variance_type": "fixed_small",
        "clip_sample": True,
        "clip_sample_range": 1.0,
        "prediction_type": "epsilon",
        "thresholding": False,
        "timestep_spacing": "leading",
        "steps_offset": 0,
        "rescale_betas_zero_snr": False,
    }
    return (json.dumps(config, indent=2) + "\n").encode()


def from_json(config: Json, where: str) -> Schedule:
    """The kind that the configuration names, unless its trained β's are others: then those, drawn.

    Raises:
        UserError: a name that diffusers' DDPM does not know, or numbers that make no schedule.
    """
    rescaled = bool(config.get("rescale_betas_zero_snr", False))
    if config.get("trained_betas") is None:
        return _named(config, where, rescaled)
    beta = numbers(config["trained_betas"], f"{where}: trained_betas")
    for zero_terminal in () if rescaled else (False, True):
        with suppress(UserError):  # beside trained_betas the names may be mere defaults
            schedule = _named(config, where, zero_terminal)
            if is_along(schedule, beta):
                return schedule
    return drawn(beta, where, zero_terminal_snr=rescaled)


def _name(schedule: Schedule) -> tuple[str, float, float] | None:
    """diffusers' `beta_schedule`, `beta_start` and `beta_end` for an equal schedule, before any rescaling."""
    match schedule:
        case Linear() | Quadratic() | Sigmoid(span=6.0):
            scale = 1000.0 / schedule.T if schedule.scaled else 1.0
            name = {Linear: "linear", Sigmoid: "sigmoid"}.get(type(schedule), "scaled_linear")
            return name, scale * schedule.beta_start, scale * schedule.beta_end
        case Constant():
            value = schedule.beta_value * (1000.0 / schedule.T if schedule.scaled else 1.0)
            return "linear", value, value
        case Cosine(s=0.008, max_beta=0.999):
            return "squaredcos_cap_v2", 1e-4, 0.02
    return None


def _named(config: Json, where: str, zero_terminal_snr: bool) -> Schedule:
    name = config.get("beta_schedule", "linear")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise UserError(f"{where}: beta_schedule {name!r} is not known; known are {', '.join(KINDS)}")
    fields = {"T": config.get("num_train_timesteps", 1000), "zero_terminal_snr": zero_terminal_snr}
    if kind is not Cosine:
        fields |= {"beta_start": config.get("beta_start", 1e-4), "beta_end": config.get("beta_end", 0.02)}
    return kind.from_json(fields, where)
