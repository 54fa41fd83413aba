"""The sampling panel as its tests use it: small random pictures, a short chain."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ddpm_studio.document import Document, Sampling
from ddpm_studio.sampler import Sampler
from ddpm_studio.schedule import Linear
from ddpm_studio.ui.panels.sampling import SamplingPanel
from ddpm_studio.ui.session import Session

PATIENCE = 60_000  # ms: it ends what never ends, and judges no speed


def small_session(folder: Path, sampler: Sampler, count: int, pictures: int = 32) -> Session:
    """The exact denoiser of random pictures of 6×6, T = 100, `count` samples."""
    path = folder / "pictures.npz"
    np.savez(path, arr_0=np.random.default_rng(0).integers(0, 256, (pictures, 6, 6, 3), np.uint8))
    sampling = Sampling(count=count, seed=5)
    return Session(Document(schedule=Linear(T=100), dataset=str(path), sampler=sampler, sampling=sampling))


@contextmanager
def shown_panel(qtbot, session: Session, width: int, height: int) -> Iterator[SamplingPanel]:
    """The panel in a window of that size, at its first state, with the keyboard; what runs in it is ended."""
    panel = SamplingPanel(session)
    qtbot.addWidget(panel)
    panel.resize(width, height)
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(lambda: panel._chain.frame is not None, timeout=PATIENCE)
    panel.setFocus()
    yield panel
    panel.close_jobs()
