"""The algorithm of every sampler, line by line, in symbols that have a value in each step that was taken.

A line is an equation and the same as code: `follow` runs the lines on a step's own values and arrives where the step
did, so what is read on the screen is what was computed. The notation is that of `ui.typesetting`; `@name` is a symbol.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ddpm_studio.algorithm.guesses import GUESSES
from ddpm_studio.algorithm.langevin import langevin, predictor_corrector
from ddpm_studio.algorithm.line import Line, Lines, Values
from ddpm_studio.algorithm.solvers import dpm, heun
from ddpm_studio.algorithm.stochastic import ancestral, ddim
from ddpm_studio.objective import Target
from ddpm_studio.sampler import Ancestral, Ddim, DpmSolver, Heun, Langevin, PredictorCorrector, Sampler
from ddpm_studio.symbols import Moment, values

__all__ = ["ALGORITHMS", "Algorithm", "Line", "Lines", "Values", "astray", "follow", "lines"]


@dataclass(frozen=True)
class Algorithm:
    """The lines of one kind of sampler."""

    title: str  # whose it is
    lines: Callable[[Moment], Lines]  # of a step, from x̂_0 and ε̂ on


def lines(moment: Moment, target: Target | None) -> Lines:
    """The lines of one step.

    Args:
        moment: the step.
        target: what the denoiser's network predicts; None for an exact denoiser.

    Raises:
        KeyError: nobody has written the algorithm of this sampler down.
    """
    return (*GUESSES[target], *ALGORITHMS[type(moment.sampler)].lines(moment))


def follow(written: Lines, moment: Moment) -> Values:
    """Runs the lines: only x_t, settings, and what a line has no code for, are taken from the step itself."""
    known = values(moment)
    given = {line.gives for line in written}
    found = {name: value for name, value in known.items() if name not in given}
    for line in written:
        if line.code is not None:
            found[line.gives] = line.code(found)
        elif line.gives in known:
            found[line.gives] = known[line.gives]
    return found


def astray(written: Lines, moment: Moment) -> float:
    """The greatest difference of what the lines lead to from x_s; ∞ if they lead nowhere."""
    end = follow(written, moment).get("xs")
    return float("inf") if end is None else float((end - moment.step.next).abs().max())


ALGORITHMS: dict[type[Sampler], Algorithm] = {
    Ancestral: Algorithm("Algorithm 2 of Ho et al. 2020", ancestral),
    Ddim: Algorithm("DDIM, Song et al. 2021", ddim),
    DpmSolver: Algorithm("DPM-Solver++ (2M), Lu et al. 2022", dpm),
    Heun: Algorithm("Heun's method, Karras et al. 2022", heun),
    Langevin: Algorithm("Annealed Langevin dynamics, Song & Ermon 2019", langevin),
    PredictorCorrector: Algorithm("Predictor and corrector, Song et al. 2021", predictor_corrector),
}
