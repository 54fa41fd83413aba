"""The reverse chain of a document: walked in the background, remembered, looked at from any of its states."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from ddpm_studio.branching import route_of
from ddpm_studio.document import Document
from ddpm_studio.neighbours import Neighbours
from ddpm_studio.sample import Known
from ddpm_studio.second import Second
from ddpm_studio.step import Step
from ddpm_studio.tree import Path
from ddpm_studio.ui.job import Outcome
from ddpm_studio.ui.live import LiveNetwork
from ddpm_studio.ui.sampling.comparing import Comparing
from ddpm_studio.ui.sampling.course import Course
from ddpm_studio.ui.sampling.model import Model, Source
from ddpm_studio.ui.sampling.reverse_walk import Frame, Opened, Standing, Taken, under, walk, walkable
from ddpm_studio.ui.sampling.steps_at_hand import StepsAtHand
from ddpm_studio.ui.sampling.trail import Trail
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
        self.trail = Trail()  # to the branch that is looked at
        self._walked = WalkedTree()
        self.frame: Frame | None = None  # the state that is shown
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
    def position(self) -> int:
        """The state that is shown; −1 is none."""
        return -1 if self.frame is None else self.frame.index

    @property
    def count(self) -> int:
        """The samples of the branch that is looked at."""
        return 0 if self.document is None else len(route_of(self.document).legs[-1].samples)

    @property
    def seconds_left(self) -> float:
        """Until it has walked as far as it was asked to, at the pace of this walk; 0 where that is not known."""
        return self._walking.seconds_left(self.trail.taken)

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
        self.document, self.frame = planned, None
        standing = self._enter()
        self._walking.begin(walk(document, source, model, standing, self._comparing.wanted))
        self._plan(planned, *aims)
        self._fill_in()
        if reason:
            self.failed.emit(reason)

    def go(self, index: int, ahead: int = 0) -> None:
        """Shows state `index`, walking there if need be, and `ahead` states further; a longer walk is broken off."""
        self.wanted = min(max(index, 0), self.trail.course.end)
        taken = self.trail.taken
        if taken and self._walking.asked > max(self.wanted + ahead + 1, taken):
            self._walking.break_off(taken)
        self._walk_to(self.wanted + ahead)
        self._show()

    def look_back(self, share: float) -> None:
        """Shows the walked state nearest to t/T = `share`; walks nowhere, and breaks off no walk."""
        if self.trail.taken:
            self.wanted = self.trail.course.nearest(share, self.trail.front)
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
        course = self.trail.course
        return course.share(self.wanted), course.share(course.after(self._walking.asked))

    def _plan(self, document: Document, position: float, front: float) -> None:
        """What is walked, and as far as where; once more if a network turns out to have another schedule."""
        self.document = document
        self.trail.course = course = Course(route_of(document).times, document.schedule.T)
        self.wanted = course.at(position)
        self._walking.asked = min(self._walking.asked, course.end)
        self._walk_to(course.at(front))
        self._tell()

    def _enter(self) -> Standing | None:
        """Looks along the document's route: what is known of it, and from where it is to be walked on."""
        assert self.document is not None
        path, notes, standing = self._walked.enter(self.document)
        self.trail.lead(path, notes)
        self._at_hand.follow(path)
        self._walking.asked = len(notes)
        return standing

    def _walk_to(self, index: int) -> None:
        """Asks for the steps up to the one that leaves state `index`."""
        self._walking.ask(min(index + 1, self.trail.course.end), self.trail.taken)

    @Slot(object)
    def _on_walked(self, values: list[Opened | Taken]) -> None:
        for value in values:
            if isinstance(value, Opened):
                self._open(value.model, value.known)
            else:
                self._take(value)
        self._tell()

    def _open(self, model: Model, known: Known | None) -> None:
        assert self.document is not None
        self.model = model
        document = under(self.document, model.denoiser.schedule)
        if document is not self.document:
            self._plan(document, *self._aims())
        self._walked.grow(model.denoiser, known)
        self.trail.path = self._walked.path(document, document.branch)
        self._at_hand.follow(self.trail.path)
        self.opened.emit(model)

    def _take(self, taken: Taken) -> None:
        watched = taken.watched
        self._walked.append(taken.leg, watched.step, (watched.neighbours, watched.sizes))
        number = self.trail.taken
        self._at_hand.remember(number, self.trail.append(watched))
        self._walking.asked = max(self._walking.asked, number + 1)  # one was in work when it was broken off

    def _tell(self) -> None:
        """There may be more to be seen."""
        if self.trail.taken:
            self.advanced.emit()
            self._show()

    def _show(self) -> None:
        index = min(self.wanted, self.trail.front)
        if index < 0 or index == self.position:
            return
        number = self.trail.course.step_of(index)
        step = self._at_hand.step(number)
        if step is None:
            self._at_hand.recall(number)
        else:
            self._look(index, step)
            self._prepare()

    def _look(self, index: int, step: Step) -> None:
        self.frame = self.trail.frame(index, step)
        self.shown.emit(self.frame)

    @Slot()
    def _on_recalled(self) -> None:
        self._show()
        self._prepare()

    def _prepare(self) -> None:
        """Has the steps before the one that is shown made ready, if there is nothing else to do."""
        if self.frame is not None and self.position == self.wanted and self.trail.taken >= self._walking.asked:
            self._at_hand.prepare(self.trail.course.step_of(self.position))

    @Slot(object, str)
    def _on_ended(self, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FAILED:
            self.failed.emit(text)

    @Slot()
    def _fill_in(self) -> None:
        model, path = self.model, self.trail.path
        if path is not None and model is not None and model.network is not None and model.exact is not None:
            self._comparing.fill(path, model.exact, self.trail.neighbours)

    @Slot(object)
    def _on_compared(self, values: list[tuple[int, Neighbours]]) -> None:
        assert self.trail.path is not None
        for number, found in values:
            self.trail.neighbours[number] = found
            self._walked.compare(self.trail.path, number, found)
        self.advanced.emit()
        if self.frame is not None and self.trail.course.step_of(self.position) in dict(values):
            self._look(self.position, self.frame.step)

    def _retire(self) -> None:
        self._comparing.retire()
        self._at_hand.forget()
        self._walking.retire()
