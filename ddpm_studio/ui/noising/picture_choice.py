"""Which picture is drowned in noise: another one is read before the document takes it, for it may be huge."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ddpm_studio.data import Picture
from ddpm_studio.errors import UserError
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets.picture_reading import PictureReading
from ddpm_studio.ui.widgets.picture_source import PictureSource


class PictureChoice(PictureSource):
    """One that cannot be used is told to the session, and changes nothing."""

    came = Signal()  # the document's picture can be had now

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._reading = PictureReading(self)
        self._awaited: str | None = None  # a picture that becomes the document's once it has been read
        self._reading.opened.connect(self._on_read)
        self._reading.refused.connect(self._on_refused)
        self.previewed.connect(self._on_previewed)
        self.edited.connect(self._on_edited)
        self.refused.connect(session.reported)
        session.dataset_changed.connect(self.show_document)

    def show_document(self, *_changed: object) -> None:
        """Shows which one is chosen."""
        document = self._session.document
        self.show_source(document.noising.picture, document.dataset)

    def picture(self) -> Picture | None:
        """The document's; None while it has to be read first, then `came` follows. UserError: it cannot be opened."""
        ref = self._session.document.noising.picture
        found = self._reading.at_hand(ref)
        if found is None:
            self._reading.read(ref)
        return found

    def close_jobs(self) -> None:
        """Waits for what is being read."""
        self._reading.close()

    def _on_previewed(self, ref: str) -> None:
        if self._usable(ref):
            self._session.preview(noising=replace(self._session.document.noising, picture=ref))

    def _on_edited(self, ref: str) -> None:
        """At once, or when it has been read."""
        self._awaited = None
        if self._usable(ref):
            self._session.edit("picture", noising=replace(self._session.document.noising, picture=ref))

    def _usable(self, ref: str) -> bool:
        """Whether the picture is at hand; if not, it is read, or why it cannot be is told and the controls go back."""
        try:
            if self._reading.at_hand(ref) is not None:
                return True
        except UserError as error:
            self._on_refused(ref, str(error))
            return False
        self._awaited = ref
        self._reading.read(ref)
        return False

    def _on_read(self, ref: str) -> None:
        if self._awaited == ref:
            self._on_edited(ref)
        else:
            self.came.emit()

    def _on_refused(self, _ref: str, why: str) -> None:
        self._awaited = None
        self._session.reported.emit(why)
        self.show_document()
