"""What the mouse and the boxes of the plane ask for, as edits of the document: only what can be opened is chosen."""

from dataclasses import replace

from PySide6.QtCore import QObject, Qt, Signal

from ddpm_studio.data.clouds import drawing_ref, is_cloud, means_of, mixture_ref, strokes_of
from ddpm_studio.document import TRAINING
from ddpm_studio.errors import UserError
from ddpm_studio.plane.choices import Plane
from ddpm_studio.ui.plane.source import PlaneData, network_named
from ddpm_studio.ui.session import Session


class PlaneEdits(QObject):
    """Writes to the session and draws nothing."""

    _to_be_mended = Signal(object)  # a Plane that can be opened: queued, for undo may be under way

    def __init__(self, session: Session, data: PlaneData, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._data = session, data
        self._asked: tuple[str, Plane] | None = None  # waits for its file to be read
        data.loaded.connect(self._on_loaded)
        data.failed.connect(self._on_failed)
        self._to_be_mended.connect(self._on_mended, Qt.ConnectionType.QueuedConnection)

    def choose(self, text: str, plane: Plane) -> None:
        """Another Plane, once its file of points has been read; a network that cannot be opened is not taken."""
        old = self._session.document.plane
        if plane.network not in (TRAINING, old.network):
            try:
                network_named(plane.network)
            except UserError as error:
                self._session.reported.emit(str(error))
                return
        if plane.dataset == old.dataset or is_cloud(plane.dataset):
            self._session.edit(text, plane=plane)
        else:
            self._asked = text, plane
            self._data.ask(plane.dataset)

    def refuse_network(self, text: str, network: str) -> None:
        """Tells why the document's network cannot be opened, and goes back to one that can."""
        self._session.reported.emit(text)
        self._to_be_mended.emit(replace(self._session.document.plane, network=network))

    def place(self, x: float, y: float) -> None:
        """Where trajectories begin."""
        self._session.edit("place in the plane", plane=self._session.document.plane.starting_at(x, y))

    def move_mean(self, index: int, x: float, y: float) -> None:
        """A mean of the mixture, mid-drag."""
        plane = self._session.document.plane
        means = list(means_of(plane.dataset))
        means[index] = (x, y)
        self._session.preview(plane=replace(plane, dataset=mixture_ref(means)))

    def drop_mean(self) -> None:
        """The end of that drag: one undo step."""
        self._session.edit("mean of the mixture", plane=self._session.document.plane)

    def draw(self, stroke: tuple[tuple[float, float], ...]) -> None:
        """Another stroke of the drawing, or the first of a new one."""
        plane = self._session.document.plane
        self._session.edit("stroke", plane=replace(plane, dataset=drawing_ref((*strokes_of(plane.dataset), stroke))))

    def compare(self, place: int, kind: str) -> None:
        """Another sampler in one of the places side by side."""
        plane = self._session.document.plane
        kinds = tuple(kind if i == place else old for i, old in enumerate(plane.compared))
        self._session.edit("sampler in the plane", plane=replace(plane, compared=kinds))

    def _on_loaded(self) -> None:
        asked, self._asked = self._asked, None
        if asked is not None and asked[1].dataset == self._data.ref:
            self._session.edit(asked[0], plane=asked[1])

    def _on_failed(self, text: str) -> None:
        self._asked = None
        self._session.reported.emit(text)
        plane = self._session.document.plane
        if plane.dataset != self._data.ref:
            self._to_be_mended.emit(replace(plane, dataset=self._data.ref or Plane().dataset))

    def _on_mended(self, plane: Plane) -> None:
        self._session.edit("what can be opened", plane=plane)
