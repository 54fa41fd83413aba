"""Where the checkpoints are now that something was drawn with: in place, beside the export, or among recent files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ddpm_studio.assets import SHIPPED
from ddpm_studio.document import EXACT, TRAINING, Document
from ddpm_studio.errors import UserError
from ddpm_studio.files import existing
from ddpm_studio.second import SAME

SHORT = 12  # digits of a checksum that are told


def found_again(document: Document, carried: Mapping[str, object], near: Iterable[Path]) -> tuple[Document, str]:
    """The document with its checkpoints where they are now, and "" or one line: which of them are not to be found.

    Then all but the network is restored: the exact denoiser takes its place, or, for B of a comparison, that of A.

    Args:
        document: of the export.
        carried: what else the export says: the name and the checksum of the checkpoint, and of B's.
        near: files and folders to look at, beside the place that the document names.
    """
    near = tuple(near)
    denoiser, first = _sought(document.denoiser, carried.get("checkpoint"), near, "drew this")
    document, second, missing = replace(document, denoiser=denoiser or EXACT), document.second, ""
    if second is not None:
        denoiser, missing = _sought(second.denoiser, carried.get("b_checkpoint"), near, "drew B")
        document = replace(document, second=replace(second, denoiser=SAME if denoiser is None else denoiser))
    return document, "; ".join(filter(None, (first, missing)))


def _sought(ref: str, said: object, near: Iterable[Path], did: str) -> tuple[str | None, str]:
    """What names now the checkpoint that `ref` named, and ""; or None, and what is told of the one that `did` it."""
    if not isinstance(said, Mapping) or ref in (EXACT, TRAINING, SAME):
        return ref, ""
    name, sha256 = str(said.get("file")), str(said.get("sha256"))
    if _is(ref, sha256):
        return ref, ""
    for path in _candidates(ref, name, near):
        if _is(str(path), sha256):
            return str(path), ""
    changed = "has been changed or replaced" if existing(ref) else "is not there any more"
    return None, (
        f"the checkpoint {name} (sha256 {sha256[:SHORT]}…) that {did} {changed}, nor is it beside the export or "
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
