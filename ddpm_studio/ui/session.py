"""The current document, its history, and the cursor t that every panel shares."""

from dataclasses import fields, replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack
from shiboken6 import isValid

from ddpm_studio.document import TRAINING, Document
from ddpm_studio.ui.live import LiveNetwork
from ddpm_studio.ui.place import Place


class Session(QObject):
    """What is shown now. Panels read it, ask it to change, and draw when it says that something has changed.

    `preview` shows a change without recording it, many times during a drag; `edit` records one undo step from the
    last settled document to the new one. Each field of the document has its own signal, sent only when it differs.
    """

    schedule_changed = Signal(object)
    dataset_changed = Signal(object)
    denoiser_changed = Signal(object)
    noising_changed = Signal(object)
    sampler_changed = Signal(object)
    sampling_changed = Signal(object)
    origin_changed = Signal(object)
    network_changed = Signal(object)
    objective_changed = Signal(object)
    training_changed = Signal(object)
    plane_changed = Signal(object)
    branches_changed = Signal(object)
    branch_changed = Signal(object)
    second_changed = Signal(object)
    settled = Signal(object)  # the document, after an edit, an undo, a redo or an opening; not during a drag
    t_changed = Signal(int)
    placed = Signal(object)  # Place: the chain is to be looked at from there, and walked there if need be
    device_changed = Signal(str)
    live_changed = Signal(object)  # LiveNetwork, or None: there is none any more
    panels_asked = Signal(object)  # keys of panels that somebody wants to be seen beside it, from the top down
    view_asked = Signal(str, str)  # the key of a panel, and the title of its view that somebody wants to look at
    play_asked = Signal(str)  # the key of a panel whose chain somebody wants to be played, or paused
    reported = Signal(str)  # one line for the message bar: something the user gave cannot be used
    noticed = Signal(str)  # one line for the message bar: something was done

    def __init__(self, document: Document | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shown = self._settled = document or Document()
        self._t = self._shown.schedule.T // 2
        self._place = 0.5  # t/T as it was asked for: T can be dragged away and back, and t comes back with it
        self._live: LiveNetwork | None = None
        self._placed_at: Place | None = None
        self._device = "auto"
        self.undo_stack = QUndoStack(self)

    def __del__(self) -> None:
        """In a cycle that is collected, PySide frees the commands first and the stack then frees them again."""
        if isValid(self.undo_stack):
            self.undo_stack.clear()

    @property
    def document(self) -> Document:
        """What is shown, mid-drag changes included."""
        return self._shown

    @property
    def settled_document(self) -> Document:
        """What is recorded: what saving writes and cancelling a drag returns to."""
        return self._settled

    @property
    def t(self) -> int:
        """The shared cursor, 0..T."""
        return self._t

    def set_t(self, t: int) -> None:
        """Moves the cursor, kept within 0..T. Not undoable: it is a place to look from, not a choice."""
        t = min(max(t, 0), self._shown.schedule.T)
        self._place = t / self._shown.schedule.T
        self._move_to(t)

    @property
    def device(self) -> str:
        """Where networks are trained, as `device.chosen` knows it. Not undoable: it is the machine's."""
        return self._device

    def set_device(self, name: str) -> None:
        """Chooses another."""
        self._device = name
        self.device_changed.emit(name)

    @property
    def placed_at(self) -> Place | None:
        """What `place` was last asked for, in this document."""
        return self._placed_at

    def place(self, place: Place) -> None:
        """Asks for the chain to be looked at from a place. Not undoable: nothing is chosen by it."""
        self._placed_at = place
        self.set_t(place.t)
        self.placed.emit(place)

    @property
    def live(self) -> LiveNetwork | None:
        """The network being trained, as it was last handed over; None before."""
        return self._live

    def set_live(self, live: LiveNetwork | None) -> None:
        """Puts another in its place. Not undoable: it was made, not chosen."""
        self._live = live
        self.live_changed.emit(live)

    def sample_from(self, live: LiveNetwork) -> None:
        """Hands over a network being trained and chooses it as what samples are drawn with; the choice is undoable."""
        self.set_live(live)
        self.edit("sample from the network in training", denoiser=TRAINING)

    def preview(self, **changes: object) -> None:
        """Shows the document with `changes`, unrecorded; a new schedule keeps the sampler's steps within its T."""
        self._show(self._changed(**changes))

    def edit(self, text: str, **changes: object) -> None:
        """Records and shows the document with `changes` as one undo step named `text`; nothing if nothing differs."""
        new = self._changed(**changes)
        if new == self._settled:
            self._show(new)
        else:
            self.undo_stack.push(_Edit(self, text, self._settled, new))

    def cancel(self) -> None:
        """Drops an unrecorded preview."""
        self._show(self._settled)

    def open(self, document: Document) -> None:
        """Puts another document in the place of this one and forgets the history."""
        self.undo_stack.clear()
        self._placed_at = None
        self._settle(document)

    def _move_to(self, t: int) -> None:
        if t != self._t:
            self._t = t
            self.t_changed.emit(t)

    def _changed(self, **changes: object) -> Document:
        if "schedule" in changes:
            settled = self._settled  # a drag of T must not wear the samplers' steps down
            kept = {"sampler": settled.sampler, "branches": settled.branches, "second": settled.second}
            changes = kept | changes
        return replace(self._shown, **changes)  # type: ignore[arg-type]

    def _settle(self, document: Document) -> None:
        self._settled = document
        self._show(document)
        self.settled.emit(document)

    def _show(self, new: Document) -> None:
        """A new T sends its t first; `t` and `document` fit each other whenever a listener asks."""
        old, self._shown = self._shown, new
        if old.schedule.T != new.schedule.T:
            self._move_to(round(self._place * new.schedule.T))
        for field in fields(Document):
            if getattr(old, field.name) != getattr(new, field.name):
                getattr(self, f"{field.name}_changed").emit(getattr(new, field.name))


class _Edit(QUndoCommand):
    """Two documents: undo settles the old one, redo the new one."""

    def __init__(self, session: Session, text: str, old: Document, new: Document) -> None:
        super().__init__(text)
        self._session, self._old, self._new = session, old, new

    def undo(self) -> None:
        self._session._settle(self._old)

    def redo(self) -> None:
        self._session._settle(self._new)
