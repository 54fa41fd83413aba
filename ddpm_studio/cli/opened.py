"""The document in a file: in a `*.ddpm.json` that was saved, or in the provenance of anything that was made."""

from collections.abc import Container
from pathlib import Path

from ddpm_studio import container
from ddpm_studio.assets import SHIPPED, checkpoints
from ddpm_studio.document import Document, load
from ddpm_studio.errors import UserError, naming
from ddpm_studio.files import existing


def document_in(path: Path) -> Document:
    """The document that a file is or that made it.

    Raises:
        UserError: it cannot be read, or there is none in it.
    """
    if path.suffix.lower() == ".json" and provenance_of(path) is None:
        return load(path)
    if path.is_dir() or container.container_of(path) is not container.Container.OTHER:
        from ddpm_studio.run import checkpoint_at  # noqa: PLC0415 - torch, not needed for other files

        return checkpoint_at(path).header.document
    provenance = provenance_of(path)
    if provenance is None:
        raise UserError(f"{path} was not made by DDPM Studio: there is no document in it")
    with naming(path):
        return Document.from_json(provenance.get("document"))


def provenance_of(path: Path) -> dict[str, object] | None:
    """What an export says of its making; None in a file that says nothing. UserError: it cannot be read."""
    from ddpm_studio.export import read_provenance  # noqa: PLC0415 - Pillow, not needed for --help

    return read_provenance(path)


def network(text: str) -> str:
    """What `--checkpoint` means, as `Document.denoiser` says it: a file, a run, or, where there is none, what ships."""
    return f"{SHIPPED}{text}" if text in checkpoints() and not Path(text).exists() else text


def located(ref: str, names: Container[str]) -> str:
    """A name as it is; a path made absolute, so that the document means the same file from anywhere."""
    path = None if ref in names else existing(ref)
    return ref if path is None else str(path.absolute())
