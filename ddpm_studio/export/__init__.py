"""What people take home: pictures, grids, film strips, animations and arrays, each with its provenance inside."""

from ddpm_studio.export.animation import HOLD, MAX_FPS, MAX_HOLD, MIN_FPS
from ddpm_studio.export.frames import Frames
from ddpm_studio.export.layout import Film, enlarge, grid, strip, visible_scale
from ddpm_studio.export.moments import Moments, Which
from ddpm_studio.export.provenance import Provenance, read_provenance
from ddpm_studio.export.recording import EPS_RANGE, Moment, Quantity, RecordedFilm, Recording, paint
from ddpm_studio.export.save import (
    SUFFIXES,
    Kind,
    kind_of,
    save_animation,
    save_arrays,
    save_picture,
    save_samples,
    saving_animation,
)

__all__ = [
    "EPS_RANGE",
    "HOLD",
    "MAX_FPS",
    "MAX_HOLD",
    "MIN_FPS",
    "SUFFIXES",
    "Film",
    "Frames",
    "Kind",
    "Moment",
    "Moments",
    "Provenance",
    "Quantity",
    "RecordedFilm",
    "Recording",
    "Which",
    "enlarge",
    "grid",
    "kind_of",
    "paint",
    "read_provenance",
    "save_animation",
    "save_arrays",
    "save_picture",
    "save_samples",
    "saving_animation",
    "strip",
    "visible_scale",
]
