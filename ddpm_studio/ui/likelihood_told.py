"""What the likelihood panel says of a bound, in a line."""

from ddpm_studio.likelihood import Bound, Estimate, ReverseVariance
from ddpm_studio.ui.likelihood_jobs import Measurements
from ddpm_studio.ui.sigma_view import NAMES

NOTHING = "Too little has been measured yet: the bound follows from the denoiser's error at some noise levels."
ALL_NEEDED = "The learned σ² is known only where the network was asked: press Every t."


def told(found: Bound, sigma: ReverseVariance | None, measured: Measurements) -> str:
    """The total, what it is of, and how it was come by; None: with the learned σ²."""
    subject = measured.subject
    assert subject is not None
    whose = "held-out samples" if subject.held_out else "training samples"
    text = f"{found.total:.4f} ± {found.stderr:.4f} bits/dim, σ² = {_name(sigma)}"
    text = f"{text}, {len(subject.probe.x0)} {whose}; L_simple {found.simple:.4f}"
    if subject.exact is not None:
        knows = "the training samples by heart, and no others"
        return f"{text}; exact denoiser: it knows {'the density itself' if subject.exact.variance else knows}"
    if found.schedule == subject.denoiser.schedule:
        return f"{text}; its own schedule{', every t measured' if measured.whole and not measured.running else ''}"
    own = measured.bound(subject.denoiser.schedule, sigma)
    under = "" if own is None else f" Under its own: {own.total:.4f}"
    return f"{text}; noise levels matched with your schedule.{under}"


def told_estimate(estimate: Estimate, sigma: ReverseVariance) -> str:
    """What so many draws of t say."""
    done = f"{estimate.done}" if estimate.done == estimate.draws else f"{estimate.done} of {estimate.draws}"
    return (
        f"Estimate from {done} drawn t's: {estimate.total:.4f} ± {estimate.stderr:.4f} bits/dim, "
        f"σ² = {_name(sigma)}, L₀ {estimate.last:.4f}"
    )


def _name(sigma: ReverseVariance | None) -> str:
    return "learned" if sigma is None else NAMES[sigma]
