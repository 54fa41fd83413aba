"""Where the checkpoint is now that something was drawn with: in its place, beside the export, or among recent files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ddpm_studio.assets import SHIPPED
from ddpm_studio.document import EXACT, TRAINING, Document
from ddpm_studio.errors import UserError
from ddpm_studio.files import existing

SHORT = 12  # digits of a checksum that are told


def found_again(document: Document, carried: Mapping[str, object], near: Iterable[Path]) -> tuple[Document, str]:
    """The document with its checkpoint where it is now, and "" or one line: it is not to be found.

    Then all but the network is restored, and the exact denoiser takes its place.

    Args:
        document: of the export.
        carried: what else the export says: the name and the checksum of the checkpoint.
        near: files and folders to look at, beside the place that the document names.
    """
    said = carried.get("checkpoint")
    if not isinstance(said, Mapping) or document.denoiser in (EXACT, TRAINING):
        return document, ""
    name, sha256 = str(said.get("file")), str(said.get("sha256"))
    if _is(document.denoiser, sha256):
        return document, ""
    for path in _candidates(document.denoiser, name, near):
        if _is(str(path), sha256):
            return replace(document, denoiser=str(path)), ""
    changed = "has been changed or replaced" if existing(document.denoiser) else "is not there any more"
    return replace(document, denoiser=EXACT), (
        f"the checkpoint {name} (sha256 {sha256[:SHORT]}…) that drew this {changed}, nor is it beside the export or "
        "among the recent files: all else is restored; open it to draw with it"
    )


def _candidates(ref: str, name: str, near: Iterable[Path]) -> Iterator[Path]:
    """Where it could be: in its run, beside what is near under its name, or what is near itself."""
    yield Path(ref) / "checkpoints" / name
    for path in near:
        folder = path if path.is_dir() else path.parent
        yield folder / name
        yield folder / "checkpoints" / name
        yield path


def _is(ref: str, sha256: str) -> bool:
    """Whether it is a checkpoint with this checksum."""
    from ddpm_studio.run import checkpoint_named  # noqa: PLC0415 - imports PyTorch

    path = existing(ref)
    if path is None and not ref.startswith(SHIPPED):
        return False
    if path is not None and not (path.is_dir() or path.suffix.lower() == ".safetensors"):
        return False
    try:
        return checkpoint_named(ref).sha256 == sha256
    except UserError:  # another thing altogether
        return False
