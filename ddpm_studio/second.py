"""What the chain is compared with: another setting over the same noise. Values only."""

from dataclasses import dataclass, fields, replace

from ddpm_studio.errors import UserError
from ddpm_studio.params import as_object, one_of, refuse_unknown
from ddpm_studio.sampler import SAMPLERS, Sampler

SAME = ""
"""`Second.denoiser`: whatever draws the chain itself."""


@dataclass(frozen=True)
class Second:
    """B: it begins where the chain that is looked at (A) does, and draws the noise that A draws."""

    sampler: Sampler
    denoiser: str = SAME
    """SAME, or as `Document.denoiser`; the exact denoiser is that of the data set A goes by."""

    @classmethod
    def beside(cls, sampler: Sampler) -> "Second":
        """What is compared unless something is chosen: another kind of sampler with as many steps."""
        other = next(kind for name, kind in SAMPLERS.items() if name != sampler.kind)
        return cls(other(steps=sampler.steps, spacing=sampler.spacing, clip=sampler.clip))

    def within(self, T: int) -> "Second":
        """The same under a schedule of T steps: its sampler takes no more."""
        return self if self.sampler.steps <= T else replace(self, sampler=replace(self.sampler, steps=T))

    def to_json(self) -> dict[str, object]:
        """A JSON object that `from_json` reads back to an equal value."""
        return {"sampler": self.sampler.to_json(), "denoiser": self.denoiser}

    @classmethod
    def from_json(cls, data: object) -> "Second":
        """What `to_json` wrote. UserError: an unknown key, no sampler, or a value out of range."""
        given = as_object(data, "second")
        refuse_unknown(given, {f.name for f in fields(cls)}, "second")
        if "sampler" not in given:
            raise UserError("second: sampler missing")
        denoiser = given.get("denoiser", SAME)
        if not isinstance(denoiser, str):
            raise UserError(f"second: denoiser must be text, but is {denoiser!r}")
        return cls(one_of(SAMPLERS, given["sampler"], "second: sampler"), denoiser)
