"""A place to look at the chain from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A timestep, and one of the samples; what an export was made at."""

    t: int
    sample: int
    view: str = ""
    """The title of the page that showed it; "" is none of them."""
