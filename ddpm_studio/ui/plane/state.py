"""What the plane panel knows at a moment: points, network, what has been walked and measured. No widget here."""

from dataclasses import dataclass, replace

from ddpm_studio.data import PointData
from ddpm_studio.data.clouds import is_cloud, plain_name
from ddpm_studio.denoiser import Denoiser, Trained
from ddpm_studio.document import TRAINING, Document
from ddpm_studio.plane.choices import Guide
from ddpm_studio.plane.judged import Judgement
from ddpm_studio.plane.learning import Progress
from ddpm_studio.plane.walks import Walk
from ddpm_studio.plane.world import World
from ddpm_studio.ui.plane.source import Opened


@dataclass(frozen=True, eq=False)
class PlaneState:
    """Runtime state, replaced as a whole; `Document.plane` and the schedule are the choices behind it."""

    data: PointData | None = None
    opened: Opened | None = None
    learned: tuple[Progress, ...] = ()  # of the newest run
    learned_from: PointData | None = None  # the points of that run
    walks: tuple[Walk, ...] = ()
    judgement: Judgement | None = None

    def network(self, document: Document) -> Trained | None:
        """The one that is chosen, if it is there."""
        ref = document.plane.network
        if ref == TRAINING:
            return self.learned[-1].denoiser if self.learned else None
        return self.opened.denoiser if self.opened and self.opened.ref == ref else None

    def world(self, document: Document) -> World | None:
        """All there is to see under the document's schedule; None before there are points."""
        if self.data is None:
            return None
        plane, network = document.plane, self.network(document)
        world = World.of(self.data, document.schedule, finite=plane.finite, network=network, seed=plane.seed)
        return replace(world, taught_by=self._taught_by(document, self.data))

    def _taught_by(self, document: Document, data: PointData) -> str:
        """The name of the points that the chosen network was trained on, where they are others than `data`."""
        if document.plane.network != TRAINING:
            said, digest = (self.opened.header.document, self.opened.header.digest) if self.opened else (document, "")
        elif self.learned and self.learned_from is not None:
            said, digest = self.learned[-1].document, self.learned_from.digest
        else:
            return ""
        same_name = is_cloud(said.dataset) and said.dataset == document.plane.dataset  # what a name makes is the same
        same = digest in ("", data.digest, data.holding_out(said.training.held_out).digest)
        return "" if same_name or same else plain_name(said.dataset)

    def guide(self, document: Document, world: World) -> Denoiser | None:
        """What walks the trajectories; None where a network is chosen that is not there."""
        return world.exact if document.plane.guide is Guide.EXACT else world.network

    @property
    def first_walk(self) -> Walk | None:
        """Of the first sampler, where it has walked from the place that was clicked: the plane shows it large."""
        return next((walk for walk in self.walks if walk.place == 0 and walk.distance is None), None)

    def walked(self, walk: Walk) -> "PlaneState":
        """With another walk in its place."""
        return replace(self, walks=(*(old for old in self.walks if old.place != walk.place), walk))
