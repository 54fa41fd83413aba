"""What the training panel hands to the sampling panel: a network in the middle of its training."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ddpm_studio.document import Document

if TYPE_CHECKING:
    from ddpm_studio.denoiser import Trained


@dataclass(frozen=True, eq=False)
class LiveNetwork:
    """A copy of a network that is being trained, as it was after `step` steps: training goes on without it.

    `learner.denoiser()`, called between two steps, makes such a copy.
    """

    document: Document  # what it is trained by: network, objective, schedule, data set
    step: int
    denoiser: "Trained"
