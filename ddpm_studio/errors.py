"""What the user is told when something they gave cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager


class UserError(ValueError):
    """A mistake in something the user gave: one line that says what is wrong and what to do.

    The window shows it in the message bar, the command line on stderr after its own name and with exit code 2; neither
    shows a traceback. So it begins in lower case, unless with a name, and ends without a full stop.
    """


@contextmanager
def naming(what: object) -> Iterator[None]:
    """Around the reading of what a file says: a UserError that does not name the file gets its name before it."""
    try:
        yield
    except UserError as error:
        if str(what) in str(error):
            raise
        raise UserError(f"{what}: {error}") from error
