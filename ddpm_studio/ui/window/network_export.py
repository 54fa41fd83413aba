"""File > Export network: the checkpoint that samples are drawn with, as a folder for another library."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from ddpm_studio.document import EXACT, TRAINING
from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.session import Session


def ask_and_export(session: Session, window: QWidget, jobs: QObject) -> None:
    """Asks for a new folder and writes it in a thread, a child of `jobs`; the session tells how it went."""
    ref = session.settled_document.denoiser
    if ref in (EXACT, TRAINING):
        session.reported.emit(
            "only a checkpoint can be exported; choose one as the denoiser of the Sampling panel first"
        )
        return
    name = f"{Path(ref.partition(':')[2] or ref).stem}-diffusers"
    path, _ = QFileDialog.getSaveFileName(window, "Export the network to a new diffusers folder", name)
    if path:
        out = Path(path)
        job = Job(partial(_written, ref, out), jobs)
        job.ended.connect(partial(_on_ended, session, job, out))
        job.play()


def _on_ended(session: Session, job: Job, out: Path, outcome: Outcome, text: str) -> None:
    if outcome is Outcome.FINISHED:
        session.noticed.emit(f"Wrote {out}: DDPMPipeline.from_pretrained opens it")
    elif outcome is Outcome.FAILED:
        session.reported.emit(text)
    job.deleteLater()


def _written(ref: str, out: Path) -> Iterator[Path]:
    from ddpm_studio.checkpoint import EMA  # noqa: PLC0415
    from ddpm_studio.interop import FORMATS  # noqa: PLC0415 - imports PyTorch
    from ddpm_studio.run import checkpoint_named  # noqa: PLC0415

    yield FORMATS["diffusers"].save(checkpoint_named(ref), out, EMA)
