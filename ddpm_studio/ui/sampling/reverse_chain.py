"""The reverse chain of a document: walked in the background, remembered, looked at from any of its states."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from ddpm_studio.anatomy import Sizes
from ddpm_studio.branching import route_of
from ddpm_studio.document import Document
from ddpm_studio.neighbours import Neighbours
from ddpm_studio.sample import Known
from ddpm_studio.sampler import Sampler
from ddpm_studio.second import Second
from ddpm_studio.tree import Path
from ddpm_studio.tree import taken as of_rows
from ddpm_studio.ui.job import Outcome
from ddpm_studio.ui.live import LiveNetwork
from ddpm_studio.ui.sampling.comparing import Comparing
from ddpm_studio.ui.sampling.course import Course
from ddpm_studio.ui.sampling.model import Model, Source
from ddpm_studio.ui.sampling.reverse_walk import Frame, Opened, Standing, Taken, under, walk, walkable
from ddpm_studio.ui.sampling.steps_at_hand import StepsAtHand
from ddpm_studio.ui.sampling.walked_tree import WalkedTree
from ddpm_studio.ui.sampling.walking import Walking


class ReverseChain(QObject):
    """Walks as far as it is asked to look, in a job; what has been walked is shown again at once.

    `go` asks for a state, walking there if need be, and `look_back` for one that has been walked already; `shown`
    follows, on the way there too. All methods are for the thread of the window and return at once.

    The trunk and its branches are one tree: what has been walked of it stays while only branches change.
    """

    opened = Signal(object)  # Model: read and ready, before the first state
    advanced = Signal()  # more states have been walked
    shown = Signal(object)  # Frame
    failed = Signal(str)  # one line; the chain stays where it is

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document: Document | None = None  # what is walked: under the schedule of the denoiser
        self.model: Model | None = None
        self.course = Course()
        self.trajectory: Path | None = None  # to the branch that is looked at
        self.neighbours: list[Neighbours | None] = []  # of every step taken
        self.sizes: list[Sizes] = []  # of every step taken
        self._walked = WalkedTree()
        self.position = -1  # the state that is shown; −1 is none
        self.wanted = 0  # the state that was asked for; `shown` follows as far as has been walked
        self._walking = Walking(self)
        self._walking.walked.connect(self._on_walked)
        self._walking.ended.connect(self._on_ended)
        self._at_hand = StepsAtHand(self)
        self._at_hand.recalled.connect(self._on_recalled)
        self._at_hand.ended.connect(self._on_ended)
        self._comparing = Comparing(self)
        self._comparing.filled.connect(self._on_compared)
        self._comparing.ended.connect(self._fill_in)

    @property
    def times(self) -> tuple[int, ...]:
        """t of every state, falling to 0."""
        return self.course.times

    @property
    def front(self) -> int:
        """The last state that has been walked to; −1 before the first."""
        return self.course.after(len(self.neighbours)) if self.neighbours else -1

    @property
    def count(self) -> int:
        """The samples of the branch that is looked at."""
        return 0 if self.document is None else len(route_of(self.document).legs[-1].samples)

    def sampler_at(self, index: int) -> Sampler:
        """The sampler that makes the step from state `index`, or, at the last one, made the step to it."""
        assert self.trajectory is not None
        return self.trajectory.route.legs[self.trajectory.leg_of(self.course.step_of(index))[0]].sampler

    @property
    def seconds_left(self) -> float:
        """Until it has walked as far as it was asked to, at the pace of this walk; 0 where that is not known."""
        return self._walking.seconds_left(len(self.neighbours))

    def restart(self, document: Document, live: LiveNetwork | None = None) -> None:
        """Walks the chain of another document as far, in t/T, as this one was to go, and looks from where it was to.

        Where it differs in its branches only, nothing is walked that has been walked. A branch that cannot be walked
        is `failed`, and the nearest one it comes from is walked instead.

        Args:
            document: what to walk.
            live: the network in training, if there is one.
        """
        aims = self._aims()
        source, model = Source.of(document, live), self.model
        document, reason = walkable(document)
        known = model is not None and model.network is not None and model.source == source
        planned = under(document, model.denoiser.schedule) if known and model else document
        self._retire()
        self._walked.plant(document, source, model is not None)
        self.trajectory, self.position = None, -1
        self.document = planned
        standing = self._enter()
        self._walking.begin(walk(document, source, model, standing, self._comparing.wanted))
        self._plan(planned, *aims)
        self._fill_in()
        if reason:
            self.failed.emit(reason)

    def go(self, index: int, ahead: int = 0) -> None:
        """Shows state `index`, walking there if need be, and `ahead` states further; a longer walk is broken off."""
        self.wanted = min(max(index, 0), self.course.end)
        taken = len(self.neighbours)
        if taken and self._walking.asked > max(self.wanted + ahead + 1, taken):
            self._walking.break_off(taken)
        self._walk_to(self.wanted + ahead)
        self._show()

    def look_back(self, share: float) -> None:
        """Shows the walked state nearest to t/T = `share`; walks nowhere, and breaks off no walk."""
        if self.front >= 0:
            self.wanted = self.course.nearest(share, self.front)
            self._show()

    def path(self, branch: int) -> Path | None:
        """The way to a branch as far as it has been walked; None before the first step, or if it cannot be walked."""
        return None if self.document is None else self._walked.path(self.document, branch)

    def compare(self, wanted: bool = True) -> None:
        """Whether a network's steps are told with the pictures near them: those that are there, and those to come."""
        self._comparing.want(wanted)
        self._fill_in()

    def contrast_with(self, second: Second | None) -> None:
        """Has the document say what the chain is compared with, which is no part of it."""
        if self.document is not None:
            self.document = replace(self.document, second=second)

    def close(self) -> None:
        """Waits for all its threads to end: first those whose last report may have others begin."""
        self._walking.close()
        self._comparing.close()
        self._at_hand.close()

    def _aims(self) -> tuple[float, float]:
        """t/T of the state that was asked for and of the last one to be walked to."""
        return self.course.share(self.wanted), self.course.share(self.course.after(self._walking.asked))

    def _plan(self, document: Document, position: float, front: float) -> None:
        """What is walked, and as far as where; once more if a network turns out to have another schedule."""
        self.document = document
        self.course = Course(route_of(document).times, document.schedule.T)
        self.wanted = self.course.at(position)
        self._walking.asked = min(self._walking.asked, self.course.end)
        self._walk_to(self.course.at(front))
        if self.neighbours:
            self.advanced.emit()
            self._show()

    def _enter(self) -> Standing | None:
        """Looks along the document's route: what is known of it, and from where it is to be walked on."""
        assert self.document is not None
        self.trajectory, notes, standing = self._walked.enter(self.document)
        self._at_hand.follow(self.trajectory)
        self.neighbours, self.sizes = [near for near, _ in notes], [sizes for _, sizes in notes]
        self._walking.asked = len(notes)
        return standing

    def _walk_to(self, index: int) -> None:
        """Asks for the steps up to the one that leaves state `index`."""
        self._walking.ask(min(index + 1, self.course.end), len(self.neighbours))

    @Slot(object)
    def _on_walked(self, values: list[Opened | Taken]) -> None:
        for value in values:
            if isinstance(value, Opened):
                self._open(value.model, value.known)
            else:
                self._take(value)
        if self.neighbours:
            self.advanced.emit()
            self._show()

    def _open(self, model: Model, known: Known | None) -> None:
        assert self.document is not None
        self.model = model
        document = under(self.document, model.denoiser.schedule)
        if document is not self.document:
            self._plan(document, *self._aims())
        self._walked.grow(model.denoiser, known)
        self.trajectory = self._walked.path(document, document.branch)
        self._at_hand.follow(self.trajectory)
        self.opened.emit(model)

    def _take(self, taken: Taken) -> None:
        watched = taken.watched
        self._walked.append(taken.leg, watched.step, (watched.neighbours, watched.sizes))
        assert self.trajectory is not None
        number = len(self.neighbours)
        rows = self.trajectory.rows[self.trajectory.leg_of(number)[0]]
        self._at_hand.remember(number, of_rows(watched.step, rows))
        self.neighbours.append(of_rows(watched.neighbours, rows))
        self.sizes.append(of_rows(watched.sizes, rows))
        walking = self._walking  # one was in work when it was broken off
        walking.asked = max(walking.asked, len(self.neighbours))

    def _show(self) -> None:
        index = min(self.wanted, self.front)
        if index < 0 or index == self.position:
            return
        number = self.course.step_of(index)
        step = self._at_hand.step(number)
        if step is not None:
            self.position = index
            self.shown.emit(Frame(index, self.times, step, self.neighbours[number]))
            self._prepare()
        else:
            self._at_hand.recall(number)

    @Slot()
    def _on_recalled(self) -> None:
        self._show()
        self._prepare()

    def _prepare(self) -> None:
        """Has the steps before the one that is shown made ready, if there is nothing else to do."""
        if self.position >= 0 and self.position == self.wanted and len(self.neighbours) >= self._walking.asked:
            self._at_hand.prepare(self.course.step_of(self.position))

    @Slot(object, str)
    def _on_ended(self, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FAILED:
            self.failed.emit(text)

    @Slot()
    def _fill_in(self) -> None:
        model = self.model
        if self.trajectory is not None and model is not None and model.network is not None and model.exact is not None:
            self._comparing.fill(self.trajectory, model.exact, self.neighbours)

    @Slot(object)
    def _on_compared(self, values: list[tuple[int, Neighbours]]) -> None:
        assert self.trajectory is not None
        for number, found in values:
            self.neighbours[number] = found
            self._walked.compare(self.trajectory, number, found)
        self.advanced.emit()
        shown = self.course.step_of(self.position)
        if shown in dict(values) and (step := self._at_hand.step(shown)) is not None:
            self.shown.emit(Frame(self.position, self.times, step, self.neighbours[shown]))

    def _retire(self) -> None:
        self._comparing.retire()
        self._at_hand.forget()
        self._walking.retire()
