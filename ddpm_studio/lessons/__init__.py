"""The Learn panel's chapters, in the order in which they are read."""

from functools import cache
from importlib.resources import files

from ddpm_studio.lessons.chapter import Chapter, chapters


@cache
def all_chapters() -> tuple[Chapter, ...]:
    """As `chapters.txt` has them."""
    return chapters((files(__package__) / "chapters.txt").read_text("utf-8"))
