"""Training, written down: the loop of `train` with its checkpoints, previews and metrics in a run's folder."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from ddpm_studio.checkpoint import Checkpoint, Header
from ddpm_studio.data import Data, load, to_bytes
from ddpm_studio.device import used_memory
from ddpm_studio.document import Document, provenance
from ddpm_studio.errors import UserError
from ddpm_studio.events import Events
from ddpm_studio.export import grid, save_picture
from ddpm_studio.export.scatter import scatter
from ddpm_studio.learner import ALONE, Learner, TrainStep
from ddpm_studio.levels import Baselines, Errors, Probe, errors, told, verdict
from ddpm_studio.ranks import Ranks
from ddpm_studio.run import Run
from ddpm_studio.sample import sample
from ddpm_studio.source import source_of
from ddpm_studio.train import train
from ddpm_studio.training import Decay

PREVIEW = 50
"""Reverse steps of a preview, at most."""
POINTS = 1000
"""Points in a preview of a network for the plane: one picture of them all."""
UNASKED = {f"training.{name}" for name in ("steps", "log_every", "save_every", "preview_every", "preview_raw", "keep")}
"""Changes that leave the steps already taken as they would have been, so that nobody is asked."""


@dataclass(frozen=True, eq=False)
class Saved:
    """A checkpoint has been written."""

    step: int
    path: Path
    seconds: float


@dataclass(frozen=True, eq=False)
class Looked:
    """The averaged weights, or those as trained, have been looked at: samples, and the error per noise level."""

    step: int
    pictures: NDArray[np.uint8]  # (N, H, W, C)
    baselines: Baselines
    errors: Errors  # (K,)
    verdict: str


@dataclass(frozen=True)
class Working:
    """Something between two steps that takes a while has come so far."""

    what: str
    done: int
    total: int


Event = TrainStep | Saved | Looked | Working


@dataclass(eq=False)
class Recorder:
    """A learner, the run it is written down in, and the pictures it learns from."""

    run: Run
    learner: Learner
    data: Data
    digest: str  # of the training pictures
    saved: int = -1  # the step of the newest checkpoint
    told: dict[str, object] = field(default_factory=dict)  # the newest line of the metrics
    shown: Events = field(default_factory=partial(Events, None))  # what TensorBoard is told

    @classmethod
    def of(cls, run: Run, device: torch.device, ranks: Ranks = ALONE, data: Data | None = None) -> "Recorder":
        """Ready to go on where the run's latest checkpoint is, or to begin.

        Raises:
            UserError: no such data set, or it is not the one the run began with; a checkpoint that is damaged or of
                another network; network, objective, schedule and data that do not go together.
        """
        document = run.document
        held = (load(document.dataset) if data is None else data).holding_out(document.training.held_out)
        learner = Learner(document.recipe, source_of(held, device), device, ranks)
        recorder = cls(run, learner, held, held.digest)
        if run.latest is not None:
            recorder._restore(Checkpoint.open(run.latest))
        return recorder

    def events(self) -> Generator[Event]:
        """Runs the training to its end. However it is left, the last step is saved, unless saving is what failed.

        Raises:
            UserError: as `Learner.advance`, or a file cannot be written.
        """
        try:
            if self.learner.ranks.first:
                self.shown = Events.beside(self.run.folder, self.learner.step)
            yield from self._events()
        finally:
            self.shown.close()
            if self.learner.step != self.saved:
                self._save()

    def _events(self) -> Iterator[Event]:
        training, losses, seconds = self.learner.recipe.training, list[float](), 0.0
        probe = Probe.of(self.data, self.learner.recipe.schedule)
        baselines: Baselines | None = None
        for step in train(self.learner):
            losses.append(step.loss)
            seconds += step.seconds
            if step.step % training.log_every == 0 or step.step == training.steps:
                self._log(self._line(step, losses, seconds))
                losses, seconds = [], 0.0
            yield step
            if step.step % training.save_every == 0 or step.step == training.steps:
                yield self._save()
            if (step.step % training.preview_every == 0 or step.step == training.steps) and self.learner.ranks.first:
                if baselines is None:
                    measured = Baselines.measured(self.data, self.learner.recipe.schedule, probe)
                    for done, found in enumerate(measured, 1):
                        baselines = found
                        yield Working("baselines", done, 2 * len(probe.times))
                    assert baselines is not None
                yield from self._look(probe, baselines)

    def _look(self, probe: Probe, baselines: Baselines) -> Iterator[Event]:
        document = self.run.document
        denoiser = self.learner.denoiser(average=not document.training.preview_raw)
        found = []
        for error in errors(denoiser, probe):
            found.append(error)
            yield Working("loss per noise level", len(found), len(probe.times))
        sampler = replace(document.sampler, steps=min(document.sampler.steps, PREVIEW, document.schedule.T))
        points = len(denoiser.shape) == 1
        numbers = range(POINTS if points else document.sampling.count)
        x, chain = None, sample(denoiser, sampler, seed=document.sampling.seed, samples=numbers)
        for done, step in enumerate(chain, 1):
            x = step.next
            yield Working("preview", done, sampler.steps)
        assert x is not None
        pictures = scatter(x.numpy(), self.data.x0())[None] if points else to_bytes(x.numpy())
        made = provenance(document, command="train", step=self.learner.step)
        preview = grid(pictures)
        save_picture(self.run.preview(self.learner.step), preview, made)
        self.shown.show(self.learner.step, preview)
        levels = np.array(found)
        self._log({"step": self.learner.step, **told(baselines, found)})
        yield Looked(self.learner.step, pictures, baselines, levels, verdict(baselines, levels))

    def _line(self, step: TrainStep, losses: list[float], seconds: float) -> dict[str, object]:
        """One line of the metrics: of the steps since the line before."""
        training = self.learner.recipe.training
        return {
            "step": step.step,
            "loss": sum(losses) / len(losses),
            "rate": step.rate,
            "gradient_norm": step.gradient_norm,
            "initial_share": training.initial_share(step.step),
            "steps_per_second": len(losses) / seconds,
            "images_per_second": len(losses) * training.batch / seconds,
            "memory": used_memory(self.learner.device),
        }

    def _log(self, line: dict[str, object]) -> None:
        self.told = line
        if self.learner.ranks.first:
            self.run.log(line)
            self.shown.tell(line)

    def _save(self) -> Saved:
        begun = perf_counter()
        step = self.learner.step
        self.saved = step  # also if it fails: it is not tried again on the way out
        header = Header(self.run.document, self.learner.source.shape, step, len(self.data.train), self.digest)
        path = self.run.folder
        if self.learner.ranks.first:
            path = self.run.save(header, self.learner.state(), self.learner.recipe.training.keep)
        return Saved(step, path, perf_counter() - begun)

    def _restore(self, checkpoint: Checkpoint) -> None:
        header, document = checkpoint.header, self.run.document
        if header.digest != self.digest:
            raise UserError(
                f"{document.dataset} is not the data set this run began with: it has {len(self.data.train):,} training "
                f"pictures where there were {header.pictures:,}, or others; bring the old ones back, or begin a new run"
            )
        if header.document.network != document.network:
            raise UserError(f"{checkpoint.path} is of another network than this run; begin a new run for the new one")
        tensors = checkpoint.tensors()
        missing = self.learner.state().keys() - tensors.keys()
        if missing:
            raise UserError(f"{checkpoint.path} cannot be resumed: it has no {min(missing)}")
        self.learner.restore(header.step, tensors)
        self.saved = header.step
        if self.learner.ranks.first:
            self.run.rewind(header.step)


def differences(old: Document, new: Document) -> list[str]:
    """Each field in which two documents differ, as `training.rate: 0.0002 → 0.0001`."""
    return _differences("", old.to_json(), new.to_json())


def alters(difference: str, document: Document) -> bool:
    """Whether the steps already taken would have been others with this difference, one of `differences`."""
    field = difference.partition(":")[0]
    return field not in UNASKED or (field == "training.steps" and document.training.decay is not Decay.CONSTANT)


def _differences(where: str, old: object, new: object) -> list[str]:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return [] if old == new else [f"{where}: {old} → {new}"]
    keys = dict.fromkeys((*old, *new))
    return [line for key in keys for line in _differences(f"{where}.{key}".lstrip("."), old.get(key), new.get(key))]


def prove_resume(document: Document, device: torch.device, folder: Path, steps: int = 20) -> tuple[str, str]:
    """Checksums after `steps` steps in one go, and after half of them, a stop, and the rest from the file: equal, if
    going on changes nothing. The runs are left in `folder`. Raises as `Recorder.of` and `Recorder.events`.
    """
    training = replace(document.training, steps=steps, warmup=min(document.training.warmup, steps))
    document = replace(document, training=training)
    straight = _until(Run.create(folder / "straight", document), device, steps)
    broken = Run.create(folder / "resumed", document)
    _until(broken, device, steps // 2)
    return straight, _until(broken, device, steps)


def _until(run: Run, device: torch.device, step: int) -> str:
    """Goes on with a run until `step`, stops, and gives the checksum of the checkpoint this leaves."""
    events = Recorder.of(run, device).events()
    for event in events:
        if isinstance(event, TrainStep) and event.step == step:
            events.close()
    latest = run.latest
    assert latest is not None
    return Checkpoint.open(latest).sha256
