"""What the user chose: one immutable value that compares, hashes, becomes JSON and comes back (`*.ddpm.json`)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ddpm_studio import __version__
from ddpm_studio.branch import TRUNK, Branches, branches_from_json, checked, whole
from ddpm_studio.errors import UserError, naming
from ddpm_studio.files import reading, write_text
from ddpm_studio.networks.settings import NETWORKS, Network, UNet
from ddpm_studio.objective import OBJECTIVES, Objective, Simple
from ddpm_studio.origin import ORIGINS, FromNoise, Origin
from ddpm_studio.params import Json, Parameters, Range, one_of, refuse_unknown
from ddpm_studio.plane.choices import Plane
from ddpm_studio.sampler import SAMPLERS, Ancestral, Sampler
from ddpm_studio.schedule import SCHEDULES, Linear, Schedule
from ddpm_studio.second import Second
from ddpm_studio.training import Recipe, Training

if TYPE_CHECKING:
    from ddpm_studio.data import Data  # Pillow, not needed for --help

VERSION = 1
SUFFIX = ".ddpm.json"

EXACT = "exact"
"""`Document.denoiser`: the exact denoiser of the data set."""
TRAINING = "training"
"""`Document.denoiser`: the network that is being trained in this window."""

Seed = Range(0, 2**63 - 1)


@dataclass(frozen=True)
class Noising(Parameters):
    """The picture that is drowned, and the noise it is drowned in."""

    picture: Annotated[str, "a shipped photograph, a data-set picture as in fashion:7, or a file"] = "chelsea"
    grey: Annotated[bool, "show the picture in grey"] = False
    seed: Annotated[int, Seed, "which noise ε"] = 0


@dataclass(frozen=True)
class Sampling(Parameters):
    """How many samples are drawn, from which noise; the sampler itself is `Document.sampler`."""

    count: Annotated[int, Range(1, 64), "pictures drawn side by side"] = 16
    seed: Annotated[int, Seed, "which noise the samples start from"] = 0


@dataclass(frozen=True)
class Document:
    """Everything the user chose. Two equal documents and the same version give the same pictures.

    Whatever is put together can be run: more steps than the schedule has are cut down to its T.
    """

    schedule: Schedule = field(default_factory=Linear)
    dataset: str = "pixel-faces"
    denoiser: str = EXACT
    """What samples are drawn with: EXACT, TRAINING, checkpoint:NAME (a shipped one), or the path of one or of a run."""
    noising: Noising = field(default_factory=Noising)
    sampler: Sampler = field(default_factory=Ancestral)
    sampling: Sampling = field(default_factory=Sampling)
    origin: Origin = field(default_factory=FromNoise)
    network: Network = field(default_factory=UNet)
    objective: Objective = field(default_factory=Simple)
    training: Training = field(default_factory=Training)
    plane: Plane = field(default_factory=Plane)
    branches: Branches = ()
    """What leaves the chain of `sampler` and `sampling`, each after its parent."""
    branch: int = TRUNK
    """The one that is looked at."""
    second: Second | None = None
    """What it is compared with; None until something is chosen, see `contrasted`."""

    @property
    def of_plane(self) -> "Document":
        """What the plane trains, as a document of its own: its points and its network under this schedule."""
        plane = self.plane
        trained = {"dataset": plane.dataset, "network": plane.mlp, "objective": plane.objective}
        return replace(self, training=plane.training, **trained)  # type: ignore[arg-type]

    @property
    def recipe(self) -> Recipe:
        """The part that training goes by."""
        return Recipe(self.network, self.objective, self.schedule, self.training)

    def fitting(self, data: "Data") -> "Document":
        """The same with a batch that is not more than the training samples of `data`."""
        count = len(data.holding_out(self.training.held_out).train)
        batch = min(self.training.batch, max(count, 1))
        return replace(self, training=replace(self.training, batch=batch))

    @property
    def contrasted(self) -> Second:
        """What the chain is compared with."""
        return self.second or Second.beside(self.sampler)

    @property
    def stops(self) -> tuple[int, ...]:
        """The timesteps of the states of the reverse chain, falling to 0, the first where its origin is."""
        return self.sampler.stops(self.schedule.T, self.origin.begins(self.schedule.T))

    def __post_init__(self) -> None:
        if self.sampler.steps > self.schedule.T:
            object.__setattr__(self, "sampler", replace(self.sampler, steps=self.schedule.T))
        if self.branches or self.branch != TRUNK:
            branches = (branch.within(self.schedule.T) for branch in self.branches)
            object.__setattr__(self, "branches", checked(branches, self.branch))
        if self.second is not None:
            object.__setattr__(self, "second", self.second.within(self.schedule.T))

    def to_json(self) -> dict[str, object]:
        """A JSON object that `from_json` reads back to an equal document."""
        return {
            "format": "ddpm-studio document",
            "version": VERSION,
            "schedule": self.schedule.to_json(),
            "dataset": self.dataset,
            "denoiser": self.denoiser,
            "noising": self.noising.to_json(),
            "sampler": self.sampler.to_json(),
            "sampling": self.sampling.to_json(),
            "origin": self.origin.to_json(),
            "network": self.network.to_json(),
            "objective": self.objective.to_json(),
            "training": self.training.to_json(),
            "plane": self.plane.to_json(),
            "branches": [branch.to_json() for branch in self.branches],
            "branch": self.branch,
            "second": self.second and self.second.to_json(),
        }

    @classmethod
    def from_json(cls, data: object) -> "Document":
        """The document that `to_json` wrote; what is missing takes its default.

        Raises:
            UserError: not a document, from a newer version, an unknown key (named), or a value out of range.
        """
        given = _opened(data)
        refuse_unknown(given, {"format", "version", *(f.name for f in fields(cls))}, "document")
        default = cls()
        return cls(
            schedule=one_of(SCHEDULES, given["schedule"], "schedule") if "schedule" in given else default.schedule,
            dataset=_text(given, "dataset", default.dataset),
            denoiser=_text(given, "denoiser", default.denoiser),
            noising=Noising.from_json(given.get("noising", {}), "noising"),
            sampler=one_of(SAMPLERS, given["sampler"], "sampler") if "sampler" in given else default.sampler,
            sampling=Sampling.from_json(given.get("sampling", {}), "sampling"),
            origin=one_of(ORIGINS, given["origin"], "origin") if "origin" in given else default.origin,
            network=one_of(NETWORKS, given["network"], "network") if "network" in given else default.network,
            objective=one_of(OBJECTIVES, given["objective"], "objective")
            if "objective" in given
            else default.objective,
            training=Training.from_json(given.get("training", {}), "training"),
            plane=Plane.from_json(given.get("plane", {}), "plane"),
            branches=branches_from_json(given.get("branches", ())),
            branch=whole(given.get("branch", TRUNK), "document: branch"),
            second=None if given.get("second") is None else Second.from_json(given["second"]),
        )


def provenance(document: Document, **more: object) -> dict[str, object]:
    """What every exported file carries: enough to make it again."""
    told = {"app": "DDPM Studio", "version": __version__, "versions": _versions(), "document": document.to_json()}
    return told | more


@cache
def _versions() -> Mapping[str, str]:
    """Of the libraries that the numbers come from, without loading them."""
    return {name: metadata.version(name) for name in ("numpy", "torch")}


def save(document: Document, path: Path) -> None:
    """Writes the document whole or not at all.

    Raises:
        UserError: the file cannot be written.
    """
    write_text(path, json.dumps(document.to_json(), indent=2, ensure_ascii=False) + "\n")


def load(path: Path) -> Document:
    """The document in a file that `save` wrote.

    Raises:
        UserError: no such file, not JSON, or not a document of this version.
    """
    with reading(path):
        content = path.read_bytes()
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, a number or a nesting without end
        raise UserError(f"{path} is not a DDPM Studio document: it is not JSON ({error})") from error
    with naming(path):
        return Document.from_json(data)


def is_document(path: Path) -> bool:
    """Whether a file says that it is a document, also where this program cannot read it."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, Mapping) and data.get("format") == "ddpm-studio document"


def _opened(data: object) -> Json:
    if not isinstance(data, Mapping) or data.get("format") != "ddpm-studio document":
        raise UserError('this is not a DDPM Studio document: "format" is not "ddpm-studio document"')
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise UserError(f"document: version must be a whole number from 1, but is {version!r}")
    if version > VERSION:
        raise UserError(f"this document has version {version}, newer than this program's {VERSION}: update DDPM Studio")
    return data


def _text(given: Json, name: str, default: str) -> str:
    text = given.get(name, default)
    if not isinstance(text, str):
        raise UserError(f"document: {name} must be text, but is {text!r}")
    return text
