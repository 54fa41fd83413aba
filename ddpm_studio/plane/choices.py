"""What the user chose in the plane: data, network, what is drawn, and how the network is trained (no torch)."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from ddpm_studio.networks.settings import Mlp
from ddpm_studio.objective import Objective, Simple, Target
from ddpm_studio.params import Parameters, Range
from ddpm_studio.training import Decay, Training

ROLL = "checkpoint:swiss-roll"

MOST_CHAINS = 400


class Look(StrEnum):
    """What is drawn over the density."""

    NOTHING = "density"
    EXACT = "exact score"
    NETWORK = "network score"
    DIFFERENCE = "score error"


class Guide(StrEnum):
    """What walks the trajectories."""

    EXACT = "exact"
    NETWORK = "network"


class Click(StrEnum):
    """What is shown of the place that was clicked."""

    WALK = "trajectories"
    POSTERIOR = "posterior"


class Shown(StrEnum):
    """What the samplers side by side show."""

    WALKS = "from one place"
    SAMPLES = "samples against data"


@dataclass(frozen=True)
class Plane(Parameters):
    """Points, the network beside their exact denoiser, and where trajectories begin."""

    dataset: Annotated[str, "points: a name such as swiss-roll, mixture:X,Y …, drawing:X,Y …, or a file"] = "swiss-roll"
    network: Annotated[str, "the network beside the exact denoiser: training, checkpoint:NAME, a file or a run"] = ROLL
    look: Annotated[Look, "what is drawn over the density"] = Look.EXACT
    finite: Annotated[bool, "take the training points as all there is, not the density they were drawn from"] = False
    guide: Annotated[Guide, "what walks the trajectories: the exact denoiser or the network"] = Guide.EXACT
    click: Annotated[Click, "what a click shows: trajectories from there, or q(x_{t−1} | x_t, x_0) for x_t there"] = (
        Click.WALK
    )
    shown: Annotated[Shown, "what stands side by side: trajectories from the same x_T, or samples and data"] = (
        Shown.WALKS
    )
    compared: Annotated[tuple[str, ...], "samplers that start side by side from the same x_T"] = (
        "ddim",
        "ancestral",
        "langevin",
    )
    picked: Annotated[bool, "whether a place has been clicked: before that the plane itself stays free"] = False
    x: Annotated[float, Range(-8.0, 8.0), "the place that was clicked, across"] = 1.2
    y: Annotated[float, Range(-8.0, 8.0), "the place that was clicked, upwards"] = 0.9
    chains: Annotated[int, Range(1, MOST_CHAINS), "trajectories that begin there"] = 12
    seed: Annotated[int, Range(0, 2**63 - 1), "which noise"] = 0
    target: Annotated[Target, "what the network predicts"] = Target.V
    width: Annotated[int, Range(8, 512), "features of a hidden layer"] = 64
    layers: Annotated[int, Range(1, 8), "hidden layers"] = 3
    bands: Annotated[int, Range(0, 8), "octaves of the Fourier features of x"] = 4
    batch: Annotated[int, Range(1, 65_536, log=True), "points a step"] = 1024
    rate: Annotated[float, Range(1e-6, 1.0, log=True), "learning rate"] = 2e-2
    steps: Annotated[int, Range(1, 1_000_000, log=True), "optimiser steps in all"] = 2500

    kind = "plane"

    @property
    def mlp(self) -> Mlp:
        """The network that is trained."""
        return Mlp(width=self.width - self.width % 2, layers=self.layers, bands=self.bands)

    @property
    def objective(self) -> Objective:
        """What it is trained for."""
        return Simple(target=self.target)

    @property
    def training(self) -> Training:
        """How it is trained: a high rate that falls to 0, so that a few seconds are enough."""
        return Training(
            steps=self.steps,
            batch=self.batch,
            rate=self.rate,
            warmup=min(20, self.steps),
            decay=Decay.COSINE,
            ema=0.99,
            seed=self.seed,
            preview_every=max(self.steps, 1),
        )

    @property
    def watched(self) -> "Plane":
        """What shows how far a network has come: its score and, side by side, its samples against the data."""
        look = Look.NETWORK if self.look is Look.EXACT else self.look
        return replace(self, look=look, guide=Guide.NETWORK, shown=Shown.SAMPLES)

    def starting_at(self, x: float, y: float) -> "Plane":
        """The same with trajectories that begin at another place, at most 8 from the middle either way."""
        return replace(self, picked=True, x=min(max(x, -8.0), 8.0), y=min(max(y, -8.0), 8.0))
