"""What the user is told when something they gave cannot be used."""


class UserError(ValueError):
    """A mistake in something the user gave: one line that says what is wrong and what to do.

    The window shows it in the message bar, the command line on stderr after its own name and with exit code 2; neither
    shows a traceback. So it begins in lower case, unless with a name, and ends without a full stop.
    """
