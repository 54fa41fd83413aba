"""Results to files, whole or absent: the suffix says what a file holds, its provenance where it comes from."""

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL.PngImagePlugin import PngInfo

from ddpm_studio.data.pictures import Picture, to_bytes, to_image
from ddpm_studio.errors import UserError
from ddpm_studio.export.animation import HOLD, WRITERS, animated
from ddpm_studio.export.frames import Frames
from ddpm_studio.export.provenance import KEY, NPZ_KEY, Provenance, to_text
from ddpm_studio.files import writing


class Kind(Enum):
    """What a file can hold."""

    PICTURE = "a picture"
    ANIMATION = "an animation"
    ARRAYS = "arrays"


def kind_of(path: Path, *others: str) -> Kind:
    """What a file of this name holds; ask before long work.

    Raises:
        UserError: no such suffix; all are named, and the `others` that the caller writes by itself.
    """
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise UserError(f"cannot export {path.name}: the name must end in {' or '.join((*SUFFIXES, *others))}")
    return kind


def save_picture(path: Path, picture: Picture, provenance: Provenance) -> None:
    """Write the picture (H, W, C) as PNG. UserError: another suffix, or as `files.writing`."""
    _expect(path, Kind.PICTURE)
    text = PngInfo()
    text.add_text(KEY, to_text(provenance))
    with writing(path) as part:
        to_image(picture).save(part, "PNG", pnginfo=text)


def save_animation(path: Path, frames: Frames, fps: float, provenance: Provenance, hold: float = HOLD) -> None:
    """Writes an animation to its end; see `saving_animation`."""
    for _ in saving_animation(path, frames, fps, provenance, hold):
        pass


def saving_animation(
    path: Path, frames: Frames, fps: float, provenance: Provenance, hold: float = HOLD
) -> Iterator[int]:
    """Write the frames (H, W, C), alike in shape, as GIF, WebP, APNG (all repeat) or MP4; the last is held longer.

    Yields the number of frames done after each. Frames are asked for one at a time: `layout.Film` draws them from a
    trajectory. Equal neighbours become one frame.

    Raises:
        UserError: another suffix, no frame, fps outside 0.1..50, or as `files.writing`.
    """
    _expect(path, Kind.ANIMATION)
    yield from animated(path, frames, fps, provenance, hold)


def save_samples(
    path: Path,
    samples: NDArray[np.float32],
    provenance: Provenance,
    *,
    trajectory: NDArray[np.float32] | None = None,
    x0_hat: NDArray[np.float32] | None = None,
    eps_hat: NDArray[np.float32] | None = None,
    t: NDArray[np.integer] | None = None,
) -> None:
    """Write an uncompressed .npz (noise does not compress).

    Args:
        path: ends in .npz.
        samples: (N, C, H, W) in [-1, 1], or points (N, 2). Pictures are also written as `arr_0`, uint8 (N, H, W, C),
            the form in which FID tools read them.
        provenance: written as the JSON text `provenance`.
        trajectory: x_t, (F, N, …).
        x0_hat: the predicted x_0, of the trajectory's shape.
        eps_hat: the predicted noise, of the trajectory's shape; at t = 0 that of the step that led there.
        t: (F,), the timestep of each frame.

    Raises:
        UserError: another suffix, or as `files.writing`.
        ValueError: arrays that do not belong together.
    """
    arrays: dict[str, NDArray[np.generic]] = {} if samples.ndim != 4 else {"arr_0": to_bytes(samples)}
    arrays["samples"] = samples.astype(np.float32, copy=False)
    way = {"trajectory": trajectory, "x0_hat": x0_hat, "eps_hat": eps_hat}
    for key, frames in way.items():
        if frames is not None:
            arrays[key] = _like(frames.astype(np.float32, copy=False), samples, key)
    if t is not None:
        arrays["t"] = t.astype(np.int64)
    if len({len(arrays[key]) for key in (*way, "t") if key in arrays}) > 1:
        raise ValueError("trajectory, x0_hat, eps_hat and t must have one entry per frame")
    save_arrays(path, arrays, provenance)


def save_arrays(path: Path, arrays: Mapping[str, NDArray[np.generic]], provenance: Provenance) -> None:
    """Write arrays by their names as an uncompressed .npz. UserError: another suffix, or as `files.writing`."""
    _expect(path, Kind.ARRAYS)
    told = {**arrays, NPZ_KEY: np.array(to_text(provenance))}
    with writing(path) as part, part.open("wb") as file:
        np.savez(file, **told)  # type: ignore[arg-type]  # its stub takes any keyword for allow_pickle


def _like(frames: NDArray[np.float32], samples: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    if frames.shape[1:] != samples.shape:
        raise ValueError(f"{name} has the shape {frames.shape}, which is not a stack of {samples.shape}")
    return frames


def _expect(path: Path, kind: Kind) -> None:
    if kind_of(path) is not kind:
        fitting = " or ".join(suffix for suffix, held in SUFFIXES.items() if held is kind)
        raise UserError(f"cannot export {path.name}: {kind.value} needs a name that ends in {fitting}")


SUFFIXES: dict[str, Kind] = {
    ".png": Kind.PICTURE,
    **dict.fromkeys(WRITERS, Kind.ANIMATION),
    ".npz": Kind.ARRAYS,
}
