"""Training: a generator of `TrainStep`. It prints nothing and saves nothing; `run.py` does, around it."""

from collections.abc import Iterator

from ddpm_studio.learner import Learner, TrainStep


def train(learner: Learner) -> Iterator[TrainStep]:
    """Takes the steps that are left of the learner's training, one a value; it may be left after any of them.

    Raises:
        UserError: as `Learner.advance`; the learner stays as it was after the last value.
    """
    while learner.step < learner.recipe.training.steps:
        yield learner.advance()
