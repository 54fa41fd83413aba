"""A folder that one program writes to at a time. The lock is the system's: it ends with its program, however that ends.

By filelock, which PyTorch brings along: it knows the locks of every system.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ddpm_studio.errors import UserError

NAME = ".lock"
"""Of the file in the folder that is locked; it says nothing, and stays."""


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """While the block runs, nobody else holds `folder`, neither another window nor another program.

    Where the file system knows no locks, the block runs without.

    Raises:
        UserError: somebody holds it, or nothing can be written there.
    """
    lock = FileLock(folder / NAME, timeout=0, thread_local=False)  # a generator may be closed by another thread
    try:
        lock.acquire()
    except Timeout as error:
        told = "another window or program is writing to it; stop it there first, or choose another folder"
        raise UserError(f"{folder} is in use: {told}") from error
    except NotImplementedError:
        pass
    except OSError as error:
        raise UserError(f"cannot write {folder}: {error.strerror or error}; choose another place") from error
    try:
        yield
    finally:
        lock.release()
