"""Where a network's file and the document differ in what the file has a say in: its schedule, clipping, variance."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace

from ddpm_studio.document import Document
from ddpm_studio.sampler import Sampler

NAMED = ("clip", "sigma", "variance")
"""Settings of a sampler that a network was trained for; the others are the user's alone."""


@dataclass(frozen=True)
class Advice:
    """What the file says otherwise: in words, and as changes of the document."""

    told: tuple[str, ...]
    changes: Mapping[str, object] = field(hash=False)


def advice(own: Document, mine: Document) -> Advice | None:
    """What the document `own` of a network's file says otherwise than `mine`; None where they agree.

    A setting is compared where both samplers have it. The network walks under its own schedule in any case.
    """
    settings = dict(_other_settings(own.sampler, mine.sampler))
    told = [f"{name} {written(value)}" for name, value in settings.items()]
    changes: dict[str, object] = {"sampler": replace(mine.sampler, **settings)} if settings else {}  # type: ignore[arg-type]
    if own.schedule != mine.schedule:
        told.insert(0, f"schedule {own.schedule.kind}, T = {own.schedule.T:,}")
        changes["schedule"] = own.schedule
    return Advice(tuple(told), changes) if changes else None


def _other_settings(own: Sampler, mine: Sampler) -> Iterator[tuple[str, object]]:
    shared = {f.name for f in fields(own)} & {f.name for f in fields(mine)}
    for name in NAMED:
        if name in shared and getattr(own, name) != getattr(mine, name):
            yield name, getattr(own, name)


def written(value: object) -> str:
    """A setting to read: on, off, a number, a name."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
