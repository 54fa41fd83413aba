"""When a sample commits itself: the step from which on its guess x̂_0 stays near to what it ends as."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddpm_studio.neighbours import Neighbours
from ddpm_studio.sample import Step

NEAR = 0.2
"""Root mean square distance of two guesses, on [−1, 1], that counts as the same picture: a tenth of the range."""
SURE = 0.99
"""p(i | x_t) from which on the exact denoiser has chosen picture i."""

Rows = NDArray[np.float32]  # (F, B): F steps, B samples
Places = NDArray[np.int64]  # (B,): the number of a step


@torch.no_grad()
def distances(steps: Iterable[Step], end: Tensor) -> Iterator[NDArray[np.float32]]:
    """How far x̂_0 is from `end` (B, *shape) at each of the steps: root mean square over its values, (B,)."""
    last = end.flatten(1)
    for step in steps:
        yield (step.x0.flatten(1) - last).square().mean(1).sqrt().cpu().numpy()


def committed(far: Rows, near: float = NEAR) -> Places:
    """The first step from which on all of a sample's distances are at most `near`; F if its last one is not."""
    outside = np.concatenate([np.ones((1, far.shape[1]), bool), far > near])
    places: Places = len(far) - np.argmax(outside[::-1], axis=0)
    return places


def decided(neighbours: Sequence[Neighbours | None], sure: float = SURE) -> Places | None:
    """The first step from which on one picture of the data set has at least the probability `sure`.

    None where there is nothing to compare with.
    """
    known = [each.weights[:, 0] for each in neighbours if each is not None]
    return committed(1.0 - np.stack(known), 1.0 - sure) if known else None


def order(places: Places) -> tuple[int, ...]:
    """The samples, the ones that committed first in front; those that did at once in the order of their numbers."""
    return tuple(np.argsort(places, kind="stable").tolist())
