"""What a denoiser says of x_t, and what it comes to: x̂_0, ε̂ and what is known of their spread."""

from dataclasses import dataclass, field

from torch import Tensor

from ddpm_studio.objective import Target
from ddpm_studio.process import Time, eps_from_v, eps_from_x0, x0_from_eps, x0_from_v
from ddpm_studio.schedule import Schedule


@dataclass(frozen=True, eq=False)
class Prediction:
    """x̂_0 and ε̂ for the same x_t, each of its shape: x_t = √ᾱ_t x̂_0 + √(1−ᾱ_t) ε̂. And what is known of their spread."""

    x0: Tensor
    eps: Tensor
    v: Tensor | None = field(default=None, kw_only=True)
    """Of x_t's shape: the learned variance, log σ² = v log β + (1−v) log β̃ (Nichol & Dhariwal 2021, eq. 15)."""
    mse: float | None = field(default=None, kw_only=True)
    """E‖ε − ε̂‖² per value at this noise level, over all x_t: what σ² is optimal goes by it (Bao et al. 2022)."""
    said: "Answer | None" = field(default=None, kw_only=True)
    """What all of this is made of again, if that is to be had."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a denoiser said of x_t: less to keep than the prediction that is made of it."""

    target: Target
    values: Tensor  # (B, C, …); (B, 2C, …) with a learned variance, on [−1, 1], behind
    mse: float | None = None

    def read(self, schedule: Schedule, x: Tensor, t: int) -> Prediction:
        """What it comes to, to the bit as often as it is read; x = x_t of shape (B, C, …)."""
        C = x.shape[1]
        learned = self.values.shape[1] == 2 * C
        guess = predicted(schedule, self.target, x, t, self.values[:, :C] if learned else self.values)
        v = (self.values[:, C:] + 1.0) / 2.0 if learned else None
        return Prediction(guess.x0, guess.eps, v=v, mse=self.mse, said=self)


def predicted(schedule: Schedule, target: Target, x: Tensor, t: Time, answer: Tensor) -> Prediction:
    """x̂_0 and ε̂ from what a network with this target says of x_t. With ε as the target, x̂_0 needs ᾱ_t > 0."""
    if target is Target.EPS:
        return Prediction(x0_from_eps(schedule, x, t, answer), answer)
    if target is Target.X0:
        return Prediction(answer, eps_from_x0(schedule, x, t, answer))
    return Prediction(x0_from_v(schedule, x, t, answer), eps_from_v(schedule, x, t, answer))
