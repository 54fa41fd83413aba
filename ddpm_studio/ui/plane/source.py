"""What the plane shows, read and put together: points at once where they have a name, files beside the window."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from ddpm_studio.checkpoint import Header
from ddpm_studio.data import PointData, load
from ddpm_studio.data.clouds import cloud, is_cloud
from ddpm_studio.denoiser import Trained
from ddpm_studio.errors import UserError
from ddpm_studio.run import checkpoint_named
from ddpm_studio.ui.job import Job, Outcome


@dataclass(frozen=True, eq=False)
class Opened:
    """A network for points that was read from a file."""

    ref: str
    denoiser: Trained
    header: Header


class PlaneData(QObject):
    """The points of one reference at a time."""

    loaded = Signal(object)  # PointData
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ref = ""
        """What is being read, or was read last; after a failure again what was read before."""
        self._read = ""
        self._job: Job | None = None

    def ask(self, ref: str) -> None:
        """`loaded`, now or once the file has been read; `failed` says why not."""
        if self._job is not None:
            self._job.retire()
            self._job = None
        self.ref = ref
        if is_cloud(ref):
            try:
                points = cloud(ref)
            except UserError as error:
                self._fail(str(error))
            else:
                self._on_reported([points])
            return
        self._job = job = Job(partial(_read, ref), self)
        job.reported.connect(self._on_reported)
        job.ended.connect(self._on_ended)
        job.play()

    def close(self) -> None:
        """Waits for what is being read."""
        for job in self.findChildren(Job):
            job.close()

    def _on_reported(self, values: list[PointData]) -> None:
        self._read = self.ref
        self.loaded.emit(values[-1])

    def _on_ended(self, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FAILED:
            self._fail(text)

    def _fail(self, text: str) -> None:
        self.ref = self._read
        self.failed.emit(text)


def network_named(ref: str) -> Opened:
    """The averaged network of a checkpoint. UserError: there is none, or its samples are no points."""
    checkpoint = checkpoint_named(ref)
    if tuple(checkpoint.header.shape) != (2,):
        raise UserError(
            f"{checkpoint.path.name} makes pictures; open it in the Sampling panel, or choose one for points"
        )
    found = checkpoint.denoiser()
    assert isinstance(found, Trained)
    return Opened(ref, found, checkpoint.header)


def _read(ref: str) -> Iterator[PointData]:
    data = load(ref)
    if not isinstance(data, PointData):
        raise UserError(f"{data.name} has pictures; choose it in the other workspaces, or points here")
    yield data
