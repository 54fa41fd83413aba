"""A training run is a folder that can be read while it grows; every file in it is whole or absent.

document.json                     what was asked for
metrics.jsonl                     one JSON object a line: {"step": …, "loss": …} and {"step": …, "levels": […]}
previews/step-00001000.png        samples from the averaged weights (or the raw ones), always from the same noise
checkpoints/step-00001000.safetensors, and `latest`, the name of the newest
events.out.tfevents.…             the metrics for TensorBoard, where that package is installed
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ddpm_studio import interop
from ddpm_studio.assets import checkpoint_path
from ddpm_studio.checkpoint import AnyCheckpoint, Checkpoint, Header, Tensors
from ddpm_studio.checkpoint import save as save_checkpoint
from ddpm_studio.container import is_run
from ddpm_studio.document import EXACT, TRAINING, Document
from ddpm_studio.document import load as load_document
from ddpm_studio.document import save as save_document
from ddpm_studio.errors import UserError
from ddpm_studio.files import reading, write_text, writing

LATEST = "latest"


@dataclass(frozen=True)
class Run:
    """The folder of one run. Methods raise a UserError where the disk or the folder does not allow what they do."""

    folder: Path
    document: Document

    @classmethod
    def create(cls, folder: Path, document: Document) -> "Run":
        """A new run. UserError: there is something in the folder, or it cannot be made."""
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(f"{folder} is there already; --resume {folder} goes on with a run, --out names another")
        try:
            for part in (folder / "checkpoints", folder / "previews"):
                part.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot make {folder}: {error.strerror or error}") from error
        save_document(document, folder / "document.json")
        return cls(folder, document)

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """A run that was begun before. UserError: the folder is none."""
        if not is_run(folder):
            raise UserError(f"{folder} is not a run: it needs document.json and checkpoints; name the folder of one")
        return cls(folder, load_document(folder / "document.json"))

    def changed(self, document: Document) -> "Run":
        """The same run, to go on with another document."""
        save_document(document, self.folder / "document.json")
        return Run(self.folder, document)

    @property
    def checkpoints(self) -> list[Path]:
        """All that are there, the oldest first."""
        return sorted((self.folder / "checkpoints").glob("step-*.safetensors"))

    @property
    def latest(self) -> Path | None:
        """The newest checkpoint, or None before the first."""
        marker = self.folder / "checkpoints" / LATEST
        if marker.is_file():
            with reading(marker):
                named = marker.parent / Path(marker.read_text(encoding="utf-8").strip()).name
            if named.is_file():
                return named
        return self.checkpoints[-1] if self.checkpoints else None

    @property
    def step(self) -> int:
        """That of the latest checkpoint, by its name; 0 before the first."""
        return 0 if self.latest is None else step_in(self.latest)

    @property
    def previews(self) -> list[Path]:
        """All that are there, the oldest first."""
        return sorted((self.folder / "previews").glob("step-*.png"))

    def save(self, header: Header, tensors: Tensors, keep: int) -> Path:
        """Writes a checkpoint, makes it the latest, and removes all but the newest `keep`."""
        path = self.folder / "checkpoints" / f"step-{header.step:08d}.safetensors"
        save_checkpoint(path, header, tensors)
        write_text(path.parent / LATEST, path.name + "\n")
        older = [other for other in self.checkpoints if other != path]
        for other in older[: max(len(older) + 1 - keep, 0)]:
            other.unlink(missing_ok=True)
        return path

    def log(self, line: Mapping[str, object]) -> None:
        """Adds one line to the metrics."""
        text = json.dumps(line, ensure_ascii=False) + "\n"
        path = self.folder / "metrics.jsonl"
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise UserError(
                f"cannot write {path}: {error.strerror or error}; make room or choose another place"
            ) from error

    def metrics(self) -> list[dict[str, object]]:
        """All lines, oldest first; one that is cut short (the program was killed) is left out."""
        path = self.folder / "metrics.jsonl"
        if not path.exists():
            return []
        with reading(path):
            return [line for text in path.read_text(encoding="utf-8").splitlines() if (line := _parsed(text))]

    def rewind(self, step: int) -> None:
        """Forgets the metrics of steps after `step`: they are about to be taken again."""
        kept = [line for line in self.metrics() if _step_of(line) <= step]
        with writing(self.folder / "metrics.jsonl") as part, part.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in kept)

    def preview(self, step: int) -> Path:
        """Where the preview of a step is, or is to be."""
        return self.folder / "previews" / f"step-{step:08d}.png"


def step_in(path: Path) -> int:
    """The step in the name of a checkpoint or of a preview; 0 where there is none."""
    number = path.stem.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def checkpoint_in(path: Path) -> Checkpoint:
    """Our own checkpoint that is a file, or the latest of a run. UserError: there is none."""
    if not path.is_dir():
        return Checkpoint.open(path)
    latest = Run.open(path).latest
    if latest is None:
        raise UserError(f"{path} has no checkpoint yet")
    return Checkpoint.open(latest)


def checkpoint_at(path: Path) -> AnyCheckpoint:
    """The checkpoint that is a file, the latest of a run, or a folder of another format. UserError: there is none."""
    return checkpoint_in(path) if is_run(path) else interop.opened(path)


def checkpoint_named(ref: str) -> AnyCheckpoint:
    """What `Document.denoiser` speaks of: checkpoint:NAME, or as `checkpoint_at`. UserError: there is none."""
    if ref in (EXACT, TRAINING):
        raise UserError(f"{ref!r} is no checkpoint; name the file of one, or a run")
    return checkpoint_at(checkpoint_path(ref))


def _parsed(text: str) -> dict[str, object] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _step_of(line: Mapping[str, object]) -> int:
    step = line.get("step")
    return step if isinstance(step, int) else 0
