"""How a chain is exported: what the export dialog edits, and what is remembered of it from one time to the next."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from PySide6.QtCore import QSettings

from ddpm_studio.errors import UserError
from ddpm_studio.export import HOLD, MAX_FPS, MAX_HOLD, MIN_FPS, Moments, Quantity, Which
from ddpm_studio.params import Parameters, Range

ALL, SELECTED, MARKED = "all", "selected", "marked"
_KEY = "export/{}"


@dataclass(frozen=True)
class ChainLook(Parameters):
    """The choices of the export dialog; each kind of export heeds those that mean something to it."""

    quantity: Annotated[
        Quantity,
        "what is painted: xₜ and x̂₀ on [−1, 1], ε̂ on [−3, 3], what lies outside clipped",
    ] = Quantity.X_T
    steps: Annotated[Which, "all; every k-th; n evenly spaced; n that grow dense towards the end, evenly in log t"] = (
        Which.EVENLY
    )
    count: Annotated[int, Range(1, 4000), "k, or n"] = 100
    samples: Annotated[str, "all; selected: the one framed; marked; or numbers from 0 on, as in 0, 3, 7-9"] = ALL
    scale: Annotated[
        int,
        Range(0, 32, names=(("automatic", 0.0),)),
        "every pixel becomes k × k, nearest neighbour; automatic: at least 64 pixels a side",
    ] = 0
    fps: Annotated[float, Range(MIN_FPS, MAX_FPS), "frames a second"] = 20.0
    hold: Annotated[float, Range(0.0, MAX_HOLD), "seconds that the last frame stays, at least"] = HOLD
    walk_on: Annotated[bool, "walk the chain to its end first; off, it is written as far as it has been walked"] = True

    @property
    def moments(self) -> Moments:
        """Which states."""
        return Moments(self.steps, self.count)

    @property
    def enlarged(self) -> int | None:
        """The scale; None is automatic."""
        return self.scale or None

    def rows(self, count: int, selected: int, marked: tuple[int, ...] = ()) -> tuple[int, ...]:
        """The numbers of the samples, of `count` there are. UserError: no such numbers, or none is marked."""
        text = self.samples.strip().lower()
        if text in (ALL, ""):
            return tuple(range(count))
        if text == MARKED:
            if not marked:
                raise UserError("samples: none is marked; M marks the one that is framed")
            return marked
        return (selected,) if text == SELECTED else _listed(text, count)


def remembered(name: str, default: ChainLook) -> ChainLook:
    """What was chosen last for this kind of export; `default` before, or where it cannot be read any more."""
    text = _settings().value(_KEY.format(name))
    try:
        return ChainLook.from_json(json.loads(str(text)), "export") if text else default
    except (UserError, ValueError):
        return default


def remember(name: str, look: ChainLook) -> None:
    """Keeps it for the next time."""
    _settings().setValue(_KEY.format(name), json.dumps(look.to_json()))


def _settings() -> QSettings:
    """The application's."""
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "DDPM Studio", "DDPM Studio")


def _listed(text: str, count: int) -> tuple[int, ...]:
    found: list[int] = []
    for part in text.replace(",", " ").split():
        first, dash, last = part.replace("–", "-").partition("-")
        try:
            low, high = int(first), int(last if dash else first)
        except ValueError as error:
            raise UserError(f"samples: {part!r} is no number, range as 7-9, all, selected or marked") from error
        found += range(low, high + 1)
    chosen: Sequence[int] = tuple(dict.fromkeys(found))
    if not chosen or min(chosen) < 0 or max(chosen) >= count:
        raise UserError(f"samples: {text!r} is not among the samples 0 to {count - 1}")
    return tuple(chosen)
