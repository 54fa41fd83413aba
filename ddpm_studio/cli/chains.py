"""Reverse chains on the command line: walked batch by batch, some of their moments kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.branch import TRUNK
from ddpm_studio.cli.look import expect_room
from ddpm_studio.cli.progress import watched
from ddpm_studio.document import Document

if TYPE_CHECKING:
    from ddpm_studio.bulk import Walk
    from ddpm_studio.denoiser import Denoiser
    from ddpm_studio.export import Moment
    from ddpm_studio.sample import Step


@dataclass(frozen=True, eq=False)
class Chains:
    """Some moments of N reverse chains. At t = 0 the guess x̂_0 is x_0 itself."""

    t: NDArray[np.int64]  # (F,), falling; the last is 0
    x: NDArray[np.float32]  # (F, N, C, H, W), x_t
    x0_hat: NDArray[np.float32]  # the same, as predicted, not clipped
    eps_hat: NDArray[np.float32] | None  # the same, where it was asked for; at t = 0 that of the step that led there

    def moments(self) -> "Iterator[Moment]":
        """One after the other."""
        from ddpm_studio.export import Moment  # noqa: PLC0415 - Pillow, not needed for --help

        eps_hat = self.x if self.eps_hat is None else self.eps_hat  # not looked at then
        for t, x, x0_hat, eps in zip(self.t.tolist(), self.x, self.x0_hat, eps_hat, strict=True):
            yield Moment(t, x, x0_hat, eps)


def walk_of(denoiser: "Denoiser", document: Document) -> "Walk":
    """How the samples of a document, or of the branch it looks at, are drawn: the chain of each batch of numbers."""
    from ddpm_studio.branching import ways  # noqa: PLC0415 - torch, not needed for --help
    from ddpm_studio.origin.start import reverse  # noqa: PLC0415 - as above

    if document.branch != TRUNK:
        return partial(ways, document, denoiser)
    sampling = document.sampling
    return lambda numbers: reverse(
        document.origin, denoiser, document.sampler, seed=sampling.seed, samples=numbers, count=sampling.count
    )


def stops_of(document: Document) -> tuple[int, ...]:
    """t of every state on the way to the samples, falling to 0. UserError: the branch looked at cannot be walked."""
    from ddpm_studio.branching import route_of  # noqa: PLC0415 - as above

    return route_of(document).times


def walked(
    walk: "Walk",
    numbers: Sequence[int],
    shape: tuple[int, ...],
    stops: Sequence[int],
    kept: Sequence[int],
    *,
    batch: int,
    with_eps: bool = False,
) -> Chains:
    """Walks the chains of these samples, `batch` at once, and keeps the states `kept` of each.

    Args:
        walk: the chains of a batch.
        numbers: of the samples.
        shape: of one sample.
        stops: t of every state, falling to 0.
        kept: which of the states, rising, the last included.
        batch: samples drawn at once.
        with_eps: whether ε̂ is kept too.
    """
    room = (len(kept), len(numbers), *shape)
    quantities = 3 if with_eps else 2
    expect_room(quantities * prod(room), f"{len(kept)} moments of {len(numbers)} pictures")
    x, x0_hat, *more = (np.empty(room, np.float32) for _ in range(quantities))
    place = {state: i for i, state in enumerate(kept)}
    steps = _steps(walk, numbers, batch)
    for rows, state, step in watched(steps, -(-len(numbers) // batch) * (len(stops) - 1), "reverse steps"):
        if state in place:
            x[place[state], rows], x0_hat[place[state], rows] = step.x.cpu(), step.x0.cpu()
            for eps_hat in more:
                eps_hat[place[state], rows] = step.eps.cpu()
        if step.s == 0:
            x[-1, rows] = x0_hat[-1, rows] = step.next.cpu()
            for eps_hat in more:
                eps_hat[-1, rows] = step.eps.cpu()
    return Chains(np.array(stops)[list(kept)], x, x0_hat, more[0] if more else None)


def _steps(walk: "Walk", numbers: Sequence[int], batch: int) -> "Iterator[tuple[slice, int, Step]]":
    """Every step of every batch: the rows of its samples, the state it starts from, the step."""
    for first in range(0, len(numbers), batch):
        rows = slice(first, min(first + batch, len(numbers)))
        for state, step in enumerate(walk(numbers[rows])):
            yield rows, state, step
