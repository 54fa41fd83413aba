"""A network that was trained in the plane as a checkpoint: what `sample`, `evaluate` and the plane open again."""

from pathlib import Path

from ddpm_studio.checkpoint import EMA, Header, save
from ddpm_studio.data import PointData
from ddpm_studio.plane.learning import Progress


def keep(look: Progress, data: PointData, path: Path) -> str:
    """Writes the averaged weights of a run on `data`, as they were at `look`; gives the checksum.

    Raises:
        UserError: the file cannot be written.
    """
    denoiser = look.denoiser
    header = Header(look.document, denoiser.shape, look.step, len(data.train), data.digest)
    return save(path, header, {f"{EMA}.{name}": weights for name, weights in denoiser.module.named_parameters()})
