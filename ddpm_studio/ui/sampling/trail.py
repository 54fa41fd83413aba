"""The way that is looked at through the tree of chains, and what is known of every step that has been taken of it."""

from collections.abc import Sequence

from ddpm_studio.anatomy import Sizes
from ddpm_studio.neighbours import Neighbours, Watched
from ddpm_studio.sampler import Sampler
from ddpm_studio.step import Step
from ddpm_studio.tree import Path
from ddpm_studio.tree import taken as of_rows
from ddpm_studio.ui.sampling.course import Course
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.sampling.walked_tree import Note


class Trail:
    """Grows at its end while it is walked; a reverse chain has one, which leads elsewhere when another is chosen."""

    def __init__(self) -> None:
        self.course = Course()
        self.path: Path | None = None  # None before the denoiser is there
        self.neighbours: list[Neighbours | None] = []  # of every step taken
        self.sizes: list[Sizes] = []  # of every step taken

    @property
    def taken(self) -> int:
        """How many steps."""
        return len(self.sizes)

    @property
    def front(self) -> int:
        """The last state that has been walked to; −1 before the first."""
        return self.course.after(self.taken) if self.taken else -1

    def lead(self, path: Path | None, notes: Sequence[Note]) -> None:
        """Goes along another path from now on, of which this is known."""
        self.path = path
        self.neighbours, self.sizes = [near for near, _ in notes], [sizes for _, sizes in notes]

    def append(self, watched: Watched) -> Step:
        """Adds the step that was taken next, of a leg's whole batch; the step of the rows that are on the path."""
        assert self.path is not None
        rows = self.path.rows[self.path.leg_of(self.taken)[0]]
        self.neighbours.append(of_rows(watched.neighbours, rows))
        self.sizes.append(of_rows(watched.sizes, rows))
        return of_rows(watched.step, rows)

    def frame(self, index: int, step: Step) -> Frame:
        """State `index`, with the step that leaves it."""
        return Frame(index, self.course.times, step, self.neighbours[self.course.step_of(index)])

    def sampler_at(self, index: int) -> Sampler:
        """The sampler that makes the step from state `index`, or, at the last one, made the step to it."""
        assert self.path is not None
        return self.path.route.legs[self.path.leg_of(self.course.step_of(index))[0]].sampler
