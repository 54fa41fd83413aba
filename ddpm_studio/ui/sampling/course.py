"""The states that a chain comes through, by number and by how noisy they are."""

from bisect import bisect_left
from dataclasses import dataclass


@dataclass(frozen=True)
class Course:
    """From noise to the picture: `times` is t of every state, falling to 0, under a schedule of T steps."""

    times: tuple[int, ...] = (0,)
    T: int = 1

    @property
    def end(self) -> int:
        """The last state, and the number of steps that lead there."""
        return len(self.times) - 1

    def share(self, index: int) -> float:
        """t/T of a state; 1 for the first one, also where the sampler leaves T out."""
        return self.times[index] / self.T if index else 1.0

    def at(self, share: float) -> int:
        """The first state at or below t/T = `share`."""
        return bisect_left(self.times, -share * self.T - 1e-9, key=lambda t: -t)

    def nearest(self, share: float, front: int) -> int:
        """Of the states up to `front`, the one nearest to t/T = `share`."""
        return min(range(front + 1), key=lambda i: abs(self.times[i] - share * self.T))

    def after(self, steps: int) -> int:
        """The last state that can be shown after so many steps: one whose own step has been taken, or the final one."""
        return steps if steps == self.end else max(steps - 1, 0)

    def step_of(self, index: int) -> int:
        """The number of the step that leaves a state; for the final one, of that which leads to it."""
        return min(index, self.end - 1)
