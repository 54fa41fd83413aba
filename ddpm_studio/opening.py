"""What a file or a folder that somebody opens or drops is: a document, an export, a network, data, a schedule …"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import is_zipfile

from ddpm_studio import document, schedule_files
from ddpm_studio.container import Container, container_of, meant_by
from ddpm_studio.document import EXACT, Document
from ddpm_studio.errors import UserError, naming
from ddpm_studio.plane.choices import Plane
from ddpm_studio.schedule import Schedule
from ddpm_studio.whereabouts import found_again

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class Restored:
    """A whole document; `home` is the file it is saved in, None if it came out of an export."""

    document: Document
    home: Path | None
    t: int | None = None
    """Where the cursor stood."""
    sample: int | None = None
    """The one that was looked at, if it was made of a reverse chain."""
    warning: str = ""
    """What could not be restored, in one line."""
    in_plane: bool = False
    """Whether it was made of points, which only the plane shows."""
    compares: bool = False
    """Whether it shows two chains over the same noise."""


@dataclass(frozen=True)
class ChosenPicture:
    """A picture to drown in noise."""

    path: Path


@dataclass(frozen=True)
class ChosenDataset:
    """A data set: a folder or a file."""

    path: Path


@dataclass(frozen=True)
class ChosenCheckpoint:
    """A trained network: a checkpoint, a run, whose newest one is meant, or a diffusers folder."""

    path: Path


@dataclass(frozen=True)
class ChosenPoints:
    """Points, or a network that makes them: for the plane."""

    path: Path
    is_network: bool

    def shown_in(self, plane: Plane) -> Plane:
        """The plane with them."""
        ref = str(self.path)
        return replace(plane, network=ref) if self.is_network else replace(plane, dataset=ref)


@dataclass(frozen=True)
class ChosenSchedule:
    """A noise schedule, as the schedule panel and `ddpm-studio schedule` write it."""

    path: Path
    schedule: Schedule


Opened = Restored | ChosenPicture | ChosenDataset | ChosenCheckpoint | ChosenPoints | ChosenSchedule


def read(path: Path, recent: Sequence[Path] = ()) -> Opened:
    """What `path` is, read once in full, so that what comes back can be used.

    Args:
        path: a file or a folder.
        recent: files and folders in which the checkpoint of an export may be, if it is not in its place any more.

    Raises:
        UserError: it is none of these, or cannot be read.
    """
    path = meant_by(path.expanduser().absolute())
    if not path.exists():
        raise UserError(f"there is no file {path}")
    try:
        return _read(path, recent)
    except UserError as error:
        if path.suffix.lower() not in (".json", ".csv", ".npz") or document.is_document(path):
            raise  # of a document that cannot be read whole, nothing is read
        return _schedule_or(path, error)


def _read(path: Path, recent: Sequence[Path]) -> Opened:
    """Whatever it is but a schedule."""
    from ddpm_studio import data, export  # noqa: PLC0415 - the window shows before their readers are needed
    from ddpm_studio.data.idx import is_idx  # noqa: PLC0415
    from ddpm_studio.data.point_files import TABLES  # noqa: PLC0415

    if container_of(path) is not Container.OTHER:
        from ddpm_studio.run import checkpoint_at  # noqa: PLC0415 - imports PyTorch

        makes_points = len(checkpoint_at(path).denoiser().shape) == 1
        return ChosenPoints(path, is_network=True) if makes_points else ChosenCheckpoint(path)
    if path.is_dir() or is_idx(path):
        data.load(str(path))
        return ChosenDataset(path)
    if path.suffix.lower() in TABLES:
        data.load(str(path))
        return ChosenPoints(path, is_network=False)
    if (carried := export.read_provenance(path)) is not None:
        return _restored(path, carried, recent)
    if path.suffix.lower() == ".json":
        return Restored(document.load(path), path)
    if is_zipfile(path):
        data.load(str(path))
        return ChosenPoints(path, is_network=False) if data.is_points(str(path)) else ChosenDataset(path)
    data.open_picture(path)
    return ChosenPicture(path)


def _schedule_or(path: Path, error: UserError) -> ChosenSchedule:
    """The schedule in a file; `error` if there is none either."""
    try:
        return ChosenSchedule(path, schedule_files.read(path))
    except UserError:
        raise error from None


def _restored(path: Path, carried: Mapping[str, object], recent: Sequence[Path]) -> Restored:
    with naming(path):
        document_, warning = found_again(Document.from_json(carried.get("document")), carried, (path, *recent))
    t, sample = carried.get("t"), carried.get("sample", 0 if carried.get("command") == "sample" else None)
    t = t[-1] if isinstance(t, list) and t else t  # of a film, where it ends
    in_plane = carried.get("command") == "sample" and _is_points(document_.dataset)
    return Restored(
        _moved_to_plane(document_) if in_plane else document_,
        None,
        t if isinstance(t, int) else None,
        sample if isinstance(sample, int) and not in_plane else None,
        warning,
        in_plane,
        carried.get("command") == "compare",
    )


def _is_points(ref: str) -> bool:
    from ddpm_studio.data import is_points  # noqa: PLC0415 - as above

    try:
        return is_points(ref)
    except UserError:  # an archive that cannot be read: the panel that needs it says so
        return False


def _moved_to_plane(sampled: Document) -> Document:
    """A document that samples points, with the points and their network where the window shows them."""
    network = sampled.plane.network if sampled.denoiser == EXACT else sampled.denoiser
    plane = replace(sampled.plane, dataset=sampled.dataset, network=network)
    return replace(sampled, plane=plane, dataset=Document().dataset, denoiser=EXACT)
