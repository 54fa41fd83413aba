"""What a sampler is told: its settings, the timesteps it visits and the numbers of every move (NumPy only).

A reverse step goes from t to s < t. At the heart of every sampler is one linear rule,

    x_s = a·x̂_0 + b·x_t + c·ε̂ + d·x̂_0⁻ + σ·z,        z ~ N(0, I),  x̂_0⁻ the guess of the step before,

and most differ from each other only in (a, b, c, d, σ). `sample.py` runs them.
"""

from ddpm_studio.sampler.base import Move, Sampler
from ddpm_studio.sampler.langevin import Langevin, Predictor, PredictorCorrector
from ddpm_studio.sampler.solvers import DpmSolver, Heun
from ddpm_studio.sampler.spacing import Spacing, Times, timesteps
from ddpm_studio.sampler.stochastic import Ancestral, Ddim, Sigma, Variances, wants_errors

__all__ = [
    "SAMPLERS",
    "Ancestral",
    "Ddim",
    "DpmSolver",
    "Heun",
    "Langevin",
    "Move",
    "Predictor",
    "PredictorCorrector",
    "Sampler",
    "Sigma",
    "Spacing",
    "Times",
    "Variances",
    "timesteps",
    "wants_errors",
]

SAMPLERS: dict[str, type[Sampler]] = {
    cls.kind: cls for cls in (Ancestral, Ddim, DpmSolver, Heun, Langevin, PredictorCorrector)
}
