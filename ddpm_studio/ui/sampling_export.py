"""What the sampling panel can write: the samples, a film strip, an animation, the numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ddpm_studio.data import to_bytes
from ddpm_studio.document import Document, provenance
from ddpm_studio.export import Film, Provenance, grid, save_animation, save_picture, save_samples
from ddpm_studio.forward import evenly
from ddpm_studio.sample import Step
from ddpm_studio.ui.export_button import Export

FILM, STRIP, FPS = 100, 10, 20.0  # moments of an animation and of a film strip; frames a second


@dataclass(frozen=True, eq=False)
class Walked:
    """The chain as far as it has been walked; what is walked later does not change it. To be written once."""

    document: Document
    t: int
    x: Tensor  # what is shown, (N, C, H, W) at t
    states: int  # how many have been walked to
    steps: Iterator[Step]
    end: Tensor | None  # x_0, if the chain is finished
    network: Mapping[str, object]  # which one it was walked with; empty for the exact denoiser

    def provenance(self, t: int | list[int]) -> Provenance:
        """What a file of it carries, made at `t`."""
        return provenance(self.document, t=t, **self.network)


@dataclass(frozen=True, eq=False)
class _Moments:
    """Some states of the chain. At t = 0 the guess x̂_0 is x_0 itself."""

    t: NDArray[np.int64]  # (F,), falling
    x: NDArray[np.float32]  # (F, N, C, H, W)
    x0_hat: NDArray[np.float32]  # the same, as predicted, not clipped


def _moments(walked: Walked, limit: int) -> _Moments:
    """At most `limit` states, evenly spaced, the first and the last included."""
    wanted = set(evenly(walked.states - 1, limit))
    found = [(step.t, step.x, step.x0) for i, step in enumerate(walked.steps) if i in wanted]
    if walked.end is not None:
        found.append((0, walked.end, walked.end))
    t, x, x0 = zip(*found, strict=True)
    return _Moments(np.array(t), *(np.stack([each.cpu().numpy() for each in tensors]) for tensors in (x, x0)))


def _write_grid(path: Path, walked: Walked) -> None:
    save_picture(path, grid(to_bytes(walked.x.numpy())), walked.provenance(walked.t))


def _write_strip(path: Path, walked: Walked) -> None:
    """A row of moments for each sample."""
    moments = _moments(walked, STRIP)
    rows = np.moveaxis(moments.x, 0, 1).reshape(-1, *walked.x.shape[1:])
    save_picture(path, grid(to_bytes(rows), len(moments.t)), walked.provenance(moments.t.tolist()))


def _write_film(path: Path, walked: Walked) -> None:
    moments = _moments(walked, FILM)
    save_animation(path, Film(moments.x), FPS, walked.provenance(moments.t.tolist()))


def _write_numbers(path: Path, walked: Walked) -> None:
    """What is shown as `samples`, and every state walked to as `trajectory`."""
    moments = _moments(walked, walked.states + 1)
    told = walked.provenance(walked.t)
    save_samples(path, walked.x.numpy(), told, trajectory=moments.x, x0_hat=moments.x0_hat, t=moments.t)


EXPORTS = (
    Export("Samples at this t", "samples", (".png",), _write_grid),
    Export("Film strip", "chain", (".png",), _write_strip),
    Export("Animation", "chain", (".gif", ".webp"), _write_film),
    Export("Numbers", "samples", (".npz",), _write_numbers),
)
