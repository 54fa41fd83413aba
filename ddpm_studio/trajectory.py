"""The reverse chain that was walked: every step of it can be had again, to the bit, in bounded memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from torch import Tensor

from ddpm_studio.denoiser import Denoiser
from ddpm_studio.remembered import Answers, Remembered
from ddpm_studio.sample import Known, Step, sample
from ddpm_studio.sampler import Sampler
from ddpm_studio.step import State

BUDGET = 512 * 2**20
"""Bytes that a chain, or a tree of chains, keeps: of 64 pictures of 28×28, 1300 states with a network's answers."""


class Trajectory:
    """The steps of one `sample(...)`, appended as they are taken.

    State i, 0 ≤ i ≤ steps, is x at t = `times[i]`; step i leads from state i to state i + 1. Kept are the states and
    what the denoiser said of them, from which a step is made again without asking it. If that takes more than `budget`
    bytes, only the states are: the denoiser is asked once. Then only every second state, every fourth …: `stride` is
    how many steps have to be made again at most.

    Args:
        denoiser: the one that guided the chain; called again for steps that are not kept.
        sampler: the settings of the chain.
        seed: of the chain.
        samples: the numbers of the samples in the batch.
        times: t of every state, falling to 0; the sampler's own stops if None.
        last: the timestep before the first of them, if a multistep chain goes on here.
        known: what the chain keeps to, if it repairs a picture.
        budget: bytes to keep; one step more is kept for a moment, and the first always.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        sampler: Sampler,
        *,
        seed: int,
        samples: Sequence[int],
        times: Sequence[int] | None = None,
        last: int | None = None,
        known: Known | None = None,
        budget: int = BUDGET,
    ) -> None:
        self.denoiser, self.sampler, self.seed, self.samples = denoiser, sampler, seed, tuple(samples)
        self.times = sampler.stops(denoiser.schedule.T) if times is None else tuple(times)
        self.last, self.known = last, known
        self.stride = 1
        self._budget = budget
        self._kept: dict[int, _Key] = {}
        self._answered = True  # what the denoiser said is kept
        self._length = self._nbytes = 0
        self._end: _Key | None = None

    def __len__(self) -> int:
        """The steps taken so far."""
        return self._length

    @property
    def finished(self) -> bool:
        """Whether the chain has arrived at t = 0."""
        return self._length == len(self.times) - 1

    @property
    def nbytes(self) -> int:
        """What the kept steps or states take."""
        return self._nbytes

    @property
    def end(self) -> State | None:
        """Where the chain can be gone on with; None before the first step."""
        return None if self._end is None else self._state(self._length, self._end)

    def append(self, step: Step) -> None:
        """Adds the step that was taken next.

        Raises:
            ValueError: it does not begin where the last one ended.
        """
        if self.finished or (step.t, step.s) != self.times[self._length : self._length + 2]:
            raise ValueError(f"the step from t = {step.t} to {step.s} does not follow after {self._length} steps")
        if self._length % self.stride == 0:
            kept = _Key(step.x, step.before, step.answers if self._answered else ())
            self._kept[self._length] = kept
            self._nbytes += nbytes_of(kept)
        self._length += 1
        self._end = _Key(step.next, step.x0_clipped if self.sampler.multistep else None)
        while self._nbytes > self._budget and self.thin():
            pass

    def thin(self) -> bool:
        """Keeps less; False if that cannot be. Nothing that can be asked for changes by it."""
        if self._answered:
            self._answered = False
            self._kept = {i: replace(kept, answers=()) for i, kept in self._kept.items()}
        elif len(self._kept) > 1:
            self.stride *= 2
            self._kept = {i: kept for i, kept in self._kept.items() if i % self.stride == 0}
        else:
            return False
        self._nbytes = sum(map(nbytes_of, self._kept.values()))
        return True

    def keeps(self, i: int) -> bool:
        """Whether step i can be had without calling the denoiser."""
        return i in self._kept and bool(self._kept[i].answers)

    def around(self, i: int) -> range:
        """The steps that are made again together with step i: from the kept state before it to the next one."""
        first = i - i % self.stride
        return range(first, min(first + self.stride, self._length))

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
        kept = {i: each for i, each in self._kept.items() if i >= key}
        return islice(self._again(kept, self._length, self.stride), first - key, None)

    def state(self, i: int) -> Tensor:
        """x at t = times[i], shape (B, *shape), 0 ≤ i ≤ len; the last one is x_0 when the chain is finished.

        Raises:
            IndexError: the chain has not been there.
        """
        return self.standing(i)().x

    def standing(self, i: int) -> Callable[[], State]:
        """Finds state i with all that going on from it takes; what it looks at is fixed now. IndexError: as `state`."""
        if i == self._length and self._end is not None:
            kept = self._end
        elif i in self._kept:
            kept = self._kept[i]
        else:
            walk = self.walk(i)
            return lambda: self._state(i, next(walk))
        return lambda: self._state(i, kept)

    def _state(self, i: int, kept: "_Key | Step") -> State:
        return State(self.times[i], kept.x, self.times[i - 1] if i else self.last, kept.before)

    def _again(self, kept: Mapping[int, "_Key"], length: int, stride: int) -> Iterator[Step]:
        """The steps from the first kept one on, begun anew at each: so they are the same whatever was kept."""
        for i, each in kept.items():
            denoiser, state = Remembered(self.denoiser, each.answers), self._state(i, each)
            steps = go_on(denoiser, self.sampler, state, self.times, self.seed, self.samples, self.known)
            yield from islice(steps, min(stride, length - i))


def go_on(
    denoiser: Denoiser,
    sampler: Sampler,
    state: State,
    times: Sequence[int],
    seed: int,
    samples: Sequence[int],
    known: Known | None = None,
) -> Iterator[Step]:
    """The steps from a state on, to those of `times` that lie below; a chain that is gone on with stays the same."""
    above = () if state.last is None or state.before is None else (state.last,)
    stops = (*above, state.t, *(t for t in times if t < state.t))
    return sample(
        denoiser,
        sampler,
        seed=seed,
        samples=samples,
        x=state.x,
        start=state.t,
        before=state.before,
        stops=stops,
        known=known,
    )


@dataclass(frozen=True, eq=False)
class _Key:
    """What the steps from a state on are made again from."""

    x: Tensor
    before: Tensor | None
    answers: Answers = ()


def nbytes_of(kept: "_Key | Step") -> int:
    """Bytes of its tensors, each once; of a step, `before` is the step before's and counted there."""
    tensors: list[Tensor | float | None] = [kept.x, *(answer.values for answer in kept.answers)]
    if isinstance(kept, Step):
        tensors += [kept.eps, kept.x0, kept.x0_clipped, kept.mean, kept.sigma, kept.z]
    else:
        tensors += [kept.before]
    return sum(each.nbytes for each in {id(t): t for t in tensors if isinstance(t, Tensor)}.values())
