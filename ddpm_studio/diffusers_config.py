"""diffusers' scheduler_config.json: a schedule and how a network is sampled under it, written and read."""

import json
from collections.abc import Mapping
from contextlib import suppress

from ddpm_studio.beta_table import drawn, is_along, numbers
from ddpm_studio.errors import UserError, naming
from ddpm_studio.objective import Target
from ddpm_studio.params import Json
from ddpm_studio.sampler import Ancestral, Ddim, Sampler, Sigma, Spacing
from ddpm_studio.schedule import Constant, Cosine, Linear, Quadratic, ScaledLinear, Schedule, Sigmoid

NAME = "scheduler_config.json"

KINDS: Mapping[str, type[Schedule]] = {
    "linear": Linear,
    "scaled_linear": ScaledLinear,
    "squaredcos_cap_v2": Cosine,
    "sigmoid": Sigmoid,
}
"""What diffusers calls `beta_schedule`. Its sigmoid has span 6, its cosine s = 0.008 and β ≤ 0.999."""


PREDICTIONS: Mapping[str, Target] = {"epsilon": Target.EPS, "sample": Target.X0, "v_prediction": Target.V}
"""What diffusers calls `prediction_type`."""

VARIANCES: Mapping[str, tuple[Sigma, float]] = {
    "fixed_small": (Sigma.BETWEEN, 0.0),
    "fixed_small_log": (Sigma.BETWEEN, 0.0),
    "fixed_large": (Sigma.BETWEEN, 1.0),
    "fixed_large_log": (Sigma.BETWEEN, 1.0),
    "learned_range": (Sigma.LEARNED, 0.0),
}
"""What diffusers calls `variance_type`: σ² of an ancestral step, and how large."""

DISCRETE = {
    "DDPM", "DDIM", "DDPMParallel", "DDIMParallel", "PNDM", "DPMSolverMultistep", "DPMSolverSinglestep",
    "DEISMultistep", "UniPCMultistep", "LMSDiscrete", "EulerDiscrete", "EulerAncestralDiscrete", "HeunDiscrete",
    "KDPM2Discrete", "KDPM2AncestralDiscrete",
}  # fmt: skip
"""Schedulers whose networks are a DDPM's: β_1..β_T, and a prediction of ε, x_0 or v."""

USUAL = Ancestral(spacing=Spacing.LEADING)
"""How diffusers samples unless told otherwise, but for the number of steps, which no file of its tells."""


def encoded(schedule: Schedule, sampler: Sampler = USUAL, target: Target = Target.EPS) -> bytes:
    """The configuration of an equal DDPMScheduler, by diffusers' name for the schedule where it has one.

    A rescaled schedule is written out as `trained_betas`: diffusers would rescale in float32, which is off by 1e-5. It
    knows no variance between β̃ and β, which becomes the nearer one, and no quadratic spacing, which becomes leading.
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
        "variance_type": _variance_type(sampler),
        "clip_sample": sampler.clip,
        "clip_sample_range": 1.0,
        "prediction_type": next(name for name, each in PREDICTIONS.items() if each is target),
        "thresholding": False,
        "timestep_spacing": "leading" if sampler.spacing is Spacing.QUADRATIC else str(sampler.spacing),
        "steps_offset": 0,
        "rescale_betas_zero_snr": False,
    }
    return (json.dumps(config, indent=2) + "\n").encode()


def target_of(config: Json, where: str) -> Target:
    """What the network predicts. UserError: something that is not known."""
    name = config.get("prediction_type", "epsilon")
    if not isinstance(name, str) or name not in PREDICTIONS:
        raise UserError(f"{where}: prediction_type is {name!r}; only {', '.join(PREDICTIONS)} can be opened here")
    return PREDICTIONS[name]


def sampler_of(config: Json, where: str) -> Sampler:
    """How the network is meant to be sampled: DDIM or ancestral, with what is said of clipping, spacing and variance.

    Raises:
        UserError: a scheduler whose networks are none of a DDPM, or a variance or spacing that is not known.
    """
    name = str(config.get("_class_name", "DDPMScheduler"))
    if name.removesuffix("Scheduler") not in DISCRETE:
        raise UserError(
            f"{where}: _class_name is {name!r}; its network is not that of a DDPM and cannot be opened here"
        )
    spacing = config.get("timestep_spacing", "leading")
    if spacing not in set(Spacing) - {Spacing.QUADRATIC}:
        raise UserError(f"{where}: timestep_spacing is {spacing!r}; only leading, trailing and linspace are known")
    clip, usual = bool(config.get("clip_sample", True)), Spacing(str(spacing))
    if name.startswith("DDIM"):
        return Ddim(spacing=usual, clip=clip)
    variance = config.get("variance_type", "fixed_small")
    if not isinstance(variance, str) or variance not in VARIANCES:
        raise UserError(f"{where}: variance_type is {variance!r}; only {', '.join(VARIANCES)} can be opened here")
    sigma, size = VARIANCES[variance]
    return Ancestral(spacing=usual, clip=clip, sigma=sigma, variance=size)


def not_taken_over(config: Json) -> list[str]:
    """What the configuration asks for that no sampler here does, in words; the network can be used without it."""
    asked = {
        "thresholding": config.get("thresholding") is True,
        "clip_sample_range": config.get("clip_sample", True) is True and config.get("clip_sample_range", 1.0) != 1.0,
        "steps_offset": config.get("steps_offset", 0) != 0,
    }
    return [f"{key} = {config[key]}" for key, is_so in asked.items() if is_so]


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


def _variance_type(sampler: Sampler) -> str:
    if not isinstance(sampler, Ancestral):
        return "fixed_small"
    if sampler.sigma is Sigma.LEARNED:
        return "learned_range"
    return "fixed_large" if sampler.variance > 0.5 else "fixed_small"


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
    T = config.get("num_train_timesteps", 1000)
    if not isinstance(T, int) or isinstance(T, bool):
        raise UserError(f"{where}: num_train_timesteps must be a whole number, but is {T!r}; correct it there")
    fields: dict[str, object] = {"T": T, "zero_terminal_snr": zero_terminal_snr}
    if kind is not Cosine:
        fields |= {"beta_start": config.get("beta_start", 1e-4), "beta_end": config.get("beta_end", 0.02)}
    with naming(where):
        return kind.from_json(fields, where)
