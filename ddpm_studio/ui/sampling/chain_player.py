"""The player of a reverse chain: the chain is walked to where the user goes, and the session's t comes along."""

from PySide6.QtWidgets import QWidget

from ddpm_studio.ui.sampling.reverse_chain import ReverseChain
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets.player import Player

SPEED = 25  # steps a second at first
AHEAD = 3  # states walked ahead of the one shown while playing, so that the next one is there in time


class ChainPlayer(Player):
    """Its positions are the states of the chain; where somebody else moves t, the chain looks back."""

    def __init__(self, session: Session, chain: ReverseChain, parent: QWidget | None = None) -> None:
        super().__init__("step", SPEED, "steps/s", parent)
        self._session, self._chain = session, chain
        self._leads = False  # the chain moves the session's t, and not the other way round
        self._resumes = False  # it was playing when its chain was begun again
        self.moved.connect(self.walk_to)
        self.played.connect(self._on_played)
        session.t_changed.connect(self._on_t_changed)

    def show_chain(self) -> None:
        """Another chain, or another schedule of it: how long it is, and which state was asked for."""
        self.set_end(self._chain.trail.course.end)
        self.show_position(self._chain.wanted)

    def follow(self, frame: Frame) -> None:
        """The chain shows a state: t is moved there if the chain leads, and what was broken off plays on from there."""
        if self._leads:
            self._session.set_t(self._t_of(frame))
        if self._resumes and frame.index == self._chain.wanted:
            self._resumes = False
            self.play()

    def walk_to(self, position: int) -> None:
        """Asks the chain for a state, which t is to follow."""
        self._leads, self._resumes = True, False
        self._chain.go(position, ahead=AHEAD if self.playing else 0)

    def break_off(self) -> None:
        """The chain is to be begun again: what plays goes on when it has come as far."""
        self._leads, self._resumes = False, self._resumes or self.playing
        self.pause()

    def give_up(self) -> None:
        """The chain cannot be walked: nothing goes on."""
        self._resumes = False
        self.pause()

    def _on_played(self, playing: bool) -> None:
        """A pause is a pause: nothing that was asked for ahead of what is shown is shown any more."""
        shown = self._chain.frame
        if not playing and not self._resumes and shown is not None:
            self.show_position(shown.index)
            self._chain.go(shown.index)

    def _on_t_changed(self, t: int) -> None:
        """Somebody else moved the cursor: shows where the chain was at that t, if it has been there."""
        shown = self._chain.frame
        if shown is None or self._t_of(shown) != t:
            self._leads = False
            self.give_up()
            self._chain.look_back(t / self._session.document.schedule.T)

    def _t_of(self, frame: Frame) -> int:
        """Where the frame is on the document's schedule: at the same t/T, if a network walks under another."""
        return round(frame.t / self._chain.trail.course.T * self._session.document.schedule.T)
