"""A denoiser whose answers are taken down, and read again instead of asking for them once more."""

from collections.abc import Iterable
from dataclasses import replace

from torch import Tensor

from ddpm_studio.denoiser import Denoiser, Prediction
from ddpm_studio.prediction import Answer
from ddpm_studio.schedule import Schedule

Answers = tuple[Answer, ...]


class Remembered:
    """The denoiser itself, to the bit.

    Args:
        denoiser: is asked once the answers from before have been read.
        answers: what it said, in the order in which it was asked.
    """

    def __init__(self, denoiser: Denoiser, answers: Iterable[Answer] = ()) -> None:
        self._denoiser, self._before = denoiser, iter(answers)
        self._said: list[Answer | None] = []

    @property
    def schedule(self) -> Schedule:
        """The denoiser's."""
        return self._denoiser.schedule

    @property
    def shape(self) -> tuple[int, ...]:
        """The denoiser's."""
        return self._denoiser.shape

    def __call__(self, x: Tensor, t: int) -> Prediction:
        """The guess for x = x_t, (B, *shape), 1 ≤ t ≤ T."""
        answer = next(self._before, None)
        guess = self._denoiser(x, t) if answer is None else answer.read(self.schedule, x, t)
        self._said.append(guess.said and replace(guess.said, mse=guess.mse))  # another may have told the mse
        return guess

    def heard(self) -> Answers:
        """What it has said since this was asked for last; nothing if some of it cannot be read again."""
        said, self._said = self._said, []
        found = tuple(each for each in said if each is not None)
        return found if len(found) == len(said) else ()
