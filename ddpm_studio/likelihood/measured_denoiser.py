"""A denoiser whose error at each noise level has been measured, so that its optimal σ² is known."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import Tensor

from ddpm_studio.data import Data
from ddpm_studio.denoiser import Denoiser, Exact, Prediction
from ddpm_studio.levels import Probe
from ddpm_studio.likelihood.error_curve import ErrorCurve
from ddpm_studio.likelihood.measure import Level, measured
from ddpm_studio.schedule import Schedule


@dataclass(frozen=True, eq=False)
class Measured:
    """The denoiser itself, which says with every guess how far off its ε̂ is on average."""

    denoiser: Denoiser
    curve: ErrorCurve

    @property
    def schedule(self) -> Schedule:
        """The denoiser's."""
        return self.denoiser.schedule

    @property
    def shape(self) -> tuple[int, ...]:
        """The denoiser's."""
        return self.denoiser.shape

    def __call__(self, x: Tensor, t: int) -> Prediction:
        """The guess for x = x_t, (B, *shape), 1 ≤ t ≤ T, with `mse`."""
        mse = float(self.curve.eps_error(self.schedule.floored_log_snr[t : t + 1])[0])
        return replace(self.denoiser(x, t), mse=mse)


def levels_of(denoiser: Denoiser, data: Data) -> tuple[Iterator[Level], Probe]:
    """The errors, one noise level a value, and what they are measured on.

    That is held-out samples for a network; for an exact denoiser the training samples, for these are all that it can
    lead to.
    """
    chosen = Probe.of_training if isinstance(denoiser, Exact) else Probe.of
    probe = chosen(data, denoiser.schedule)
    return measured(denoiser, probe.x0, probe.times.tolist(), tables=set()), probe
