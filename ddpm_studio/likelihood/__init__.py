"""How likely a denoiser makes its data: the variational bound, what it is made of, and what follows from it.

`measured` asks a denoiser at some noise levels; `ErrorCurve` is what lies between them; `bound` is arithmetic on it.
"""

from ddpm_studio.likelihood.error_curve import ErrorCurve, GaussianCurve
from ddpm_studio.likelihood.importance import Estimate, estimated
from ddpm_studio.likelihood.many_chains import Rung, climb, gaussian_truth, log_weights, short_chain
from ddpm_studio.likelihood.measure import Floats, Level, measured, on_grid, stages, surveyed
from ddpm_studio.likelihood.measured_denoiser import Measured, levels_of
from ddpm_studio.likelihood.progressive import Message, Received, message, received
from ddpm_studio.likelihood.times import by_decades, evenly_filled
from ddpm_studio.likelihood.variance import ReverseVariance, sampler_variance
from ddpm_studio.likelihood.variational import Bound, bound, interpolation_error, learned_bound

__all__ = [
    "Bound",
    "ErrorCurve",
    "Estimate",
    "Floats",
    "GaussianCurve",
    "Level",
    "Measured",
    "Message",
    "Received",
    "ReverseVariance",
    "Rung",
    "bound",
    "by_decades",
    "climb",
    "estimated",
    "evenly_filled",
    "gaussian_truth",
    "interpolation_error",
    "learned_bound",
    "levels_of",
    "log_weights",
    "measured",
    "message",
    "on_grid",
    "received",
    "sampler_variance",
    "short_chain",
    "stages",
    "surveyed",
]
