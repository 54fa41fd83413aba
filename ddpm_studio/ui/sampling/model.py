"""What guesses x_0 in the window: the exact denoiser of a data set, a checkpoint's network, or one in training."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch

from ddpm_studio.checkpoint import Header
from ddpm_studio.data import ImageData, load_pictures, to_unit
from ddpm_studio.denoiser import Denoiser, Exact
from ddpm_studio.document import EXACT, TRAINING, Document
from ddpm_studio.errors import UserError
from ddpm_studio.run import checkpoint_named
from ddpm_studio.schedule import Schedule
from ddpm_studio.ui.live import LiveNetwork

MOST = 2**25  # values in the training pictures: a comparison with more would take longer than the network does
UNSEEN = 64  # held-out pictures that are compared with the training set


@dataclass(frozen=True)
class Source:
    """Where a model comes from; two equal ones need not be read twice."""

    denoiser: str  # as in the document
    dataset: str = ""  # whose exact denoiser it is
    live: LiveNetwork | None = None

    @classmethod
    def of(cls, document: Document, live: LiveNetwork | None) -> "Source":
        """The document's; `live` is the network in training, None if there is none."""
        if document.denoiser == EXACT:
            return cls(EXACT, document.dataset)
        return cls(document.denoiser, live=live if document.denoiser == TRAINING else None)


@dataclass(frozen=True, eq=False)
class Network:
    """What a trained network says of itself."""

    trained_by: Document
    step: int
    told: dict[str, object]  # for the provenance of what is made with it


@dataclass(frozen=True, eq=False)
class Model:
    """A denoiser, and the pictures that its guesses are compared with: the data set's, or those it was trained on."""

    source: Source
    denoiser: Denoiser
    data: ImageData | None  # None: those it was trained on are not to be had
    exact: Exact | None  # of `data`, under the denoiser's schedule
    network: Network | None = None  # None: the denoiser is `exact`
    unseen: float | None = None  # the middle distance of held-out pictures from the training picture nearest to each

    @property
    def ref(self) -> str:
        """The document's name for it."""
        return self.source.denoiser if self.network else self.source.dataset

    def under(self, schedule: Schedule) -> "Model":
        """The exact denoiser follows the document's schedule; a network keeps to the one it was trained under."""
        if self.network is not None or self.exact is None or self.denoiser.schedule == schedule:
            return self
        exact = self.exact.with_schedule(schedule)
        return replace(self, denoiser=exact, exact=exact)


def opened(source: Source, schedule: Schedule) -> Iterator[Model]:
    """The model of a source, read whole; `schedule` is for an exact denoiser.

    Raises:
        UserError: no such data set or checkpoint, it is damaged, or its samples are no pictures.
    """
    if source.denoiser == EXACT:
        data = load_pictures(source.dataset)
        exact = Exact.of_pictures(schedule, data.train)
        yield Model(source, exact, data, exact)
    elif source.denoiser == TRAINING:
        yield _live(source)
    else:
        yield _from_file(source)


def _live(source: Source) -> Model:
    live = source.live
    if live is None:
        raise UserError("no network is in training here; hand one over in the Training panel, or choose another")
    header = Header(live.document, live.denoiser.shape, live.step)
    return _compared(source, live.denoiser, header, {"training": {"step": live.step}})


def _from_file(source: Source) -> Model:
    checkpoint = checkpoint_named(source.denoiser)
    told = {"file": checkpoint.path.name, "sha256": checkpoint.sha256, "weights": "ema"}
    return _compared(source, checkpoint.denoiser(), checkpoint.header, {"checkpoint": told})


def _compared(source: Source, denoiser: Denoiser, header: Header, told: dict[str, object]) -> Model:
    """A network beside the pictures it was trained on, where they are still to be had."""
    if len(denoiser.shape) != 3 or denoiser.shape[0] not in (1, 3):
        made = "points; open it in the Plane" if len(denoiser.shape) == 1 else f"samples of shape {denoiser.shape}"
        raise UserError(f"this network makes {made}; only pictures can be shown here")
    network = Network(header.document, header.step, told)
    data = _trained_on(header)
    if data is None:
        return Model(source, denoiser, None, None, network)
    exact = Exact.of_pictures(denoiser.schedule, data.train)
    held_out = torch.from_numpy(to_unit(data.test[:UNSEEN]))
    unseen = float(exact.distance(held_out).median()) if len(held_out) else None
    return Model(source, denoiser, data, exact, network, unseen)


def _trained_on(header: Header) -> ImageData | None:
    """The pictures, if there is still a data set of that name, it is the same one, and it is not too large."""
    try:
        data = load_pictures(header.document.dataset).holding_out(header.document.training.held_out)
    except UserError:
        return None
    fits = data.shape == header.shape and data.train.size <= MOST
    return data if fits and header.digest in ("", data.digest) else None
