"""Files that are whole or absent: written beside the target and renamed. What goes wrong is told in one line."""

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ddpm_studio.errors import UserError


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, with its suffix; it takes the place of `path` when the block ends well.

    The block writes and closes the temporary file, which exists and is empty at first. It is flushed to the disk before
    the rename, so `path` holds the old content or the new one and never a part. On any exception, Ctrl+C included, it
    is removed and `path` is as it was. A symbolic link is followed; the mode of a file that is replaced is kept.

    Raises:
        UserError: the folder is missing or cannot be written, the target is a folder or is read-only, the disk is full.
    """
    try:
        target = _target(path)
        part = _create_beside(target)
        try:
            yield part
            _flush(part)
            if target.exists():
                shutil.copymode(target, part)
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(f"cannot write {path}: {_remedy(error)}") from error


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, whole or not at all; UserError as `writing`."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes, whole or not at all; UserError as `writing`."""
    with writing(path) as part:
        part.write_bytes(content)


def expect_writable(path: Path) -> None:
    """Asks before long work whether `writing` can begin; UserError as there."""
    if not os.access(_target(path).parent, os.W_OK):
        raise UserError(f"cannot write {path}: {_REMEDIES[errno.EACCES]}")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Around a block that does nothing but open and decode `path`: whatever it raises becomes one line.

    Raises:
        UserError: missing, a folder, not permitted, or damaged: decoders raise nearly anything when fed damaged bytes.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise UserError(f"cannot read {path}: {_remedy(error)}") from error
        if isinstance(error, MemoryError):
            raise UserError(f"cannot read {path}: it needs more memory than there is; make it smaller") from error
        said = f"it is damaged or not what its name says ({_said(error)})"
        raise UserError(f"cannot read {path}: {said}; take another copy") from error


def existing(ref: str) -> Path | None:
    """The path of what `ref` names, ~ expanded; None if nothing has that name, or it can be none (as the empty one)."""
    try:
        path = Path(ref).expanduser()
        return path if ref and path.exists() else None
    except (OSError, RuntimeError, ValueError):  # too long, another person's home that is not there, a zero byte
        return None


def _target(path: Path) -> Path:
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise UserError(f"cannot write {path}: it is a folder; add a file name")
    if not target.parent.is_dir():
        raise UserError(f"cannot write {path}: the folder {path.parent} does not exist; make it first")
    if target.exists() and not os.access(target, os.W_OK):
        raise UserError(f"cannot write {path}: the file is read-only; choose another name")
    return target


def _create_beside(target: Path) -> Path:
    """An empty new file with the permissions any new file gets here (tempfile's are for its owner alone)."""
    part = target.with_name(f".part-{secrets.token_hex(6)}{target.suffix}")
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return part


def _flush(part: Path) -> None:
    with part.open("rb+") as file:
        os.fsync(file.fileno())


_REMEDIES = {
    errno.ENOSPC: "the disk is full; make room or choose another place",
    errno.EDQUOT: "the disk quota is used up; make room or choose another place",
    errno.EFBIG: "the file would be larger than this system allows; choose another place",
    errno.EACCES: "permission denied; choose another place",
    errno.EPERM: "permission denied; choose another place",
    errno.EROFS: "the disk is read-only; choose another place",
    errno.ENOENT: "there is no such file; check the name",
    errno.EISDIR: "it is a folder; name a file",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


def _remedy(error: OSError) -> str:
    cut_short = error.errno is None and re.fullmatch(r"\d+ requested and \d+ written", str(error))  # NumPy's words
    number = errno.ENOSPC if cut_short else error.errno or 0
    return _REMEDIES.get(number, error.strerror or _said(error))


def _said(error: Exception) -> str:
    """What a library says, on one line and of bounded length."""
    return " ".join(str(error).split())[:200] or type(error).__name__
