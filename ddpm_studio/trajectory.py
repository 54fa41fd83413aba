"""The reverse chain that was walked: every step of it can be had again, to the bit, in bounded memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from torch import Tensor

from ddpm_studio.denoiser import Denoiser, Prediction
from ddpm_studio.sample import Step, sample
from ddpm_studio.sampler import Sampler
from ddpm_studio.schedule import Schedule

BUDGET = 256 * 2**20  # bytes


class Trajectory:
    """The steps of one `sample(...)`, appended as they are taken.

    State i, 0 ≤ i ≤ steps, is x at t = `times[i]`; step i leads from state i to state i + 1. Of every `stride`-th step
    x_t and the denoiser's guess are kept: the rest of it follows by running `sample` on them, and the steps between
    by running on from there. The stride is 1 until that takes more than `budget` bytes, then 2, then 4 …

    Args:
        denoiser: the one that guided the chain; called again for steps that are not kept.
        sampler: the settings of the chain.
        seed: of the chain.
        samples: the numbers of the samples in the batch.
        budget: bytes to keep; one step more is kept for a moment, and the first always.
    """

    def __init__(
        self, denoiser: Denoiser, sampler: Sampler, *, seed: int, samples: Sequence[int], budget: int = BUDGET
    ) -> None:
        self.denoiser, self.sampler, self.seed, self.samples = denoiser, sampler, seed, tuple(samples)
        self.times: tuple[int, ...] = (*sampler.times(denoiser.schedule.T).tolist(), 0)
        self.stride = 1
        self._budget = budget
        self._kept: dict[int, _Kept] = {}
        self._length = self._nbytes = 0
        self._end: Tensor | None = None

    def __len__(self) -> int:
        """The steps taken so far."""
        return self._length

    @property
    def finished(self) -> bool:
        """Whether the chain has arrived at t = 0."""
        return self._length == len(self.times) - 1

    @property
    def nbytes(self) -> int:
        """What the kept steps take."""
        return self._nbytes

    def append(self, step: Step) -> None:
        """Adds the step that was taken next.

        Raises:
            ValueError: it does not begin where the last one ended.
        """
        if self.finished or (step.t, step.s) != self.times[self._length : self._length + 2]:
            raise ValueError(f"the step from t = {step.t} to {step.s} does not follow after {self._length} steps")
        if self._length % self.stride == 0:
            self._keep(_Kept(step.t, step.x, Prediction(step.x0, step.eps)))
        self._length += 1
        self._end = step.next

    def keeps(self, i: int) -> bool:
        """Whether step i can be had without calling the denoiser."""
        return i in self._kept

    def step(self, i: int) -> Step:
        """Step i, 0 ≤ i < len: the same values as when it was taken.

        Raises:
            IndexError: it has not been taken.
        """
        return next(self.walk(i))

    def walk(self, first: int = 0) -> Iterator[Step]:
        """The steps from `first` to the last one taken, in order. Later changes of the trajectory do not matter to it.

        Raises:
            IndexError: `first` has not been taken.
        """
        if not 0 <= first < self._length:
            raise IndexError(f"step {first} of {self._length}")
        key = first - first % self.stride
        recalled = _Recalled(self.denoiser, {kept.t: kept.guess for i, kept in self._kept.items() if i >= key})
        start = self._kept[key]
        steps = sample(recalled, self.sampler, seed=self.seed, samples=self.samples, x=start.x, start=start.t)
        return islice(steps, first - key, self._length - key)

    def state(self, i: int) -> Tensor:
        """x at t = times[i], shape (B, *shape), 0 ≤ i ≤ len; the last one is x_0 when the chain is finished.

        Raises:
            IndexError: the chain has not been there.
        """
        if i == self._length and self._end is not None:
            return self._end
        return self._kept[i].x if i in self._kept else self.step(i).x

    def _keep(self, step: "_Kept") -> None:
        self._kept[self._length] = step
        self._nbytes += step.nbytes
        while self._nbytes > self._budget and len(self._kept) > 1:
            self.stride *= 2
            self._kept = {i: kept for i, kept in self._kept.items() if i % self.stride == 0}
            self._nbytes = sum(kept.nbytes for kept in self._kept.values())


@dataclass(frozen=True, eq=False)
class _Kept:
    """What a step is rebuilt from."""

    t: int
    x: Tensor
    guess: Prediction

    @property
    def nbytes(self) -> int:
        return self.x.nbytes + self.guess.x0.nbytes + self.guess.eps.nbytes


@dataclass(frozen=True, eq=False)
class _Recalled:
    """A denoiser that has the guesses of some t's at hand and makes the others anew."""

    denoiser: Denoiser
    guesses: dict[int, Prediction]

    @property
    def schedule(self) -> Schedule:
        return self.denoiser.schedule

    @property
    def shape(self) -> tuple[int, ...]:
        return self.denoiser.shape

    def __call__(self, x: Tensor, t: int) -> Prediction:
        return self.guesses.get(t) or self.denoiser(x, t)
