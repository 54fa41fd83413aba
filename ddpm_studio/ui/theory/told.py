"""What the likelihood panel says of a bound, in a line."""

from ddpm_studio.likelihood import Bound, ReverseVariance
from ddpm_studio.ui.theory.measurements import Measurements
from ddpm_studio.ui.theory.sigma_view import NAMES
from ddpm_studio.ui.theory.work import Estimated

NOTHING = "Too little has been measured yet: the bound follows from the errors at a few noise levels; press Go on."
ALL_NEEDED = "The learned σ² is known only where the network was asked: press Every t."
ALL_COMING = "The network is being asked at every t: then the bound with its learned σ² is known."


def nothing(sigma: ReverseVariance | None, measured: Measurements) -> str:
    """Why there is no bound yet, and what to do; None: the learned σ²."""
    if sigma is not None:
        return NOTHING
    return ALL_COMING if measured.whole and measured.running else ALL_NEEDED


def told(found: Bound, sigma: ReverseVariance | None, measured: Measurements) -> tuple[str, str]:
    """The total, and what it is of and how it was come by, which dragging does not change; None: the learned σ²."""
    off = None if sigma is None else measured.off(found.schedule, sigma)
    between = "every t measured" if off is None else f"± {max(off, 1e-4):.4f} as interpolated"
    total = f"{found.total:.4f} ± {found.stderr:.4f} bits/dim, {between}, σ² = {_name(sigma)}"
    return f"{total}; L_simple {found.simple:.4f}", _about(found, sigma, measured)


def _about(found: Bound, sigma: ReverseVariance | None, measured: Measurements) -> str:
    subject = measured.subject
    assert subject is not None
    whose = "held-out" if subject.held_out else "training"
    text = f"{len(subject.probe.x0)} {whose} samples, {measured.done} noise levels"
    if subject.exact is not None:
        knows = "the training samples by heart, and no others"
        return f"{text}; exact denoiser: it knows {'the density itself' if subject.exact.variance else knows}"
    if found.schedule == subject.denoiser.schedule:
        return f"{text}; its own schedule"
    own = measured.bound(subject.denoiser.schedule, sigma)
    under = "" if own is None else f"; under its own {own.total:.4f}"
    return f"{text}; noise levels matched with your schedule{under}"


def told_estimate(found: Estimated) -> str:
    """What so many draws of t say, in the time there was."""
    estimate = found.estimate
    done = f"{estimate.done}" if estimate.done == estimate.draws else f"{estimate.done} of {estimate.draws}"
    return (
        f"Estimate from {done} drawn t's: {estimate.total:.4f} ± {estimate.stderr:.4f} bits/dim, "
        f"σ² = {_name(found.sigma)}, L₀ {estimate.last:.4f}"
    )


def _name(sigma: ReverseVariance | None) -> str:
    return "learned" if sigma is None else NAMES[sigma]
