"""What a button in a chapter does, by the name that it has in the text. No Qt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ddpm_studio.document import EXACT, Document
from ddpm_studio.objective import OBJECTIVES, Target
from ddpm_studio.plane.choices import Click, Look, Shown
from ddpm_studio.sampler import SAMPLERS, Ancestral, Sampler
from ddpm_studio.schedule import Cosine, Linear
from ddpm_studio.second import Second

Changes = Mapping[str, object]
Change = Callable[[Document], Changes]


@dataclass(frozen=True)
class Edit:
    """An undoable change of the document."""

    label: str
    tip: str
    changes: Change


@dataclass(frozen=True)
class Go:
    """Moves the shared cursor to t = `share`·T."""

    label: str
    tip: str
    share: float


@dataclass(frozen=True)
class View:
    """Turns a panel to one of its views."""

    label: str
    tip: str
    panel: str
    view: str


@dataclass(frozen=True)
class Play:
    """Plays a panel's chain from here, or from its start if it is at its end."""

    label: str
    tip: str
    panel: str


Action = Edit | Go | View | Play


def _linear(document: Document) -> Changes:
    """With another T than 1000 as much noise in all, where that can be: below T = 21 a β would be 1."""
    T = document.schedule.T
    return {"schedule": Linear(T=T, scaled=T != 1000 and T > 20)}


def _cosine(document: Document) -> Changes:
    return {"schedule": Cosine(T=document.schedule.T)}


def _other_noise(document: Document) -> Changes:
    return {"noising": replace(document.noising, seed=document.noising.seed + 1)}


def _weight(kind: str) -> Change:
    return lambda document: {"objective": OBJECTIVES[kind](target=document.objective.target)}


def _target(target: Target) -> Change:
    return lambda document: {"objective": replace(document.objective, target=target)}


def _denoiser(ref: str) -> Change:
    return lambda _document: {"denoiser": ref}


def _steps(steps: int) -> Change:
    return lambda document: {"sampler": replace(document.sampler, steps=min(steps, document.schedule.T))}


def _sampler(kind: str) -> Change:
    def changes(document: Document) -> Changes:
        old = document.sampler
        return {"sampler": SAMPLERS[kind](steps=old.steps, spacing=old.spacing, clip=old.clip)}

    return changes


def _plane(**chosen: object) -> Change:
    return lambda document: {"plane": replace(document.plane, **chosen)}  # type: ignore[arg-type]


def _ancestral(*, noise: bool, variance: float = 0.0) -> Change:
    return lambda document: {"sampler": _ancestral_like(document.sampler, noise, variance)}


def _ancestral_like(old: Sampler, noise: bool, variance: float) -> Ancestral:
    return Ancestral(steps=old.steps, spacing=old.spacing, clip=old.clip, noise=noise, variance=variance)


def _against_no_noise(document: Document) -> Changes:
    sampler = _ancestral_like(document.sampler, noise=True, variance=0.0)
    return {"sampler": sampler, "second": Second(replace(sampler, noise=False))}


ACTIONS: dict[str, Action] = {
    action.label: action
    for action in (
        Edit("linear β", "the schedule of Ho et al. 2020: β rises evenly", _linear),
        Edit("cosine", "the schedule of Nichol & Dhariwal 2021: ᾱ falls like a squared cosine", _cosine),
        Edit("other noise", "another ε for the same picture", _other_noise),
        Go("start", "t = 0: the clean picture", 0.0),
        Go("a quarter", "t = T/4", 0.25),
        Go("half", "t = T/2", 0.5),
        Go("end", "t = T: noise, if the schedule is right", 1.0),
        Edit("weight 1", "train with L_simple", _weight("simple")),
        Edit("bound's weight", "train with the weight λ_t of the bound", _weight("bound")),
        Edit("P2", "train with the weight of Choi et al. 2022: less for what no eye sees", _weight("p2")),
        Edit("min-SNR", "train with the weight of Hang et al. 2023: the SNR, cut off at γ", _weight("min-snr")),
        Edit("predict ε", "the network answers with the noise", _target(Target.EPS)),
        Edit("predict x₀", "the network answers with the clean picture", _target(Target.X0)),
        Edit("predict v", "the network answers with v = √ᾱ ε − √(1−ᾱ) x₀", _target(Target.V)),
        Edit("exact denoiser", "the best possible guess for this data set, in closed form", _denoiser(EXACT)),
        Edit("trained network", "the shipped network of pixel faces", _denoiser("checkpoint:pixel-faces")),
        Edit("4 steps", "very large steps", _steps(4)),
        Edit("20 steps", "large steps", _steps(20)),
        Edit("50 steps", "fewer, larger steps", _steps(50)),
        Edit("200 steps", "small steps", _steps(200)),
        Edit("250 steps", "more, smaller steps", _steps(250)),
        Edit("with noise", "σ² = β̃: each step draws from the posterior", _ancestral(noise=True)),
        Edit("with more noise", "σ² = β, the larger of the two choices", _ancestral(noise=True, variance=1.0)),
        Edit("without noise", "each step goes to the posterior's mean", _ancestral(noise=False)),
        Edit("compare with no noise", "A with noise, B without, both from the same noise", _against_no_noise),
        Edit("ancestral", "the reverse chain of Ho et al. 2020", _sampler("ancestral")),
        Edit("DDIM", "no new noise: each step keeps the guessed ε̂", _sampler("ddim")),
        Edit("Langevin", "climb the score with noise, level by level", _sampler("langevin")),
        Edit(
            "show the posterior",
            "a place in the plane is an xₜ, with q(xₜ₋₁ | xₜ, x₀) for the likeliest x₀",
            _plane(click=Click.POSTERIOR, picked=True),
        ),
        Edit(
            "show the walks",
            "from a place in the plane, three samplers side by side",
            _plane(click=Click.WALK, picked=True, shown=Shown.WALKS),
        ),
        Edit("exact score", "the arrows are ∇ log q(xₜ) itself", _plane(look=Look.EXACT)),
        Edit("network's score", "the arrows are −ε̂/√(1−ᾱₜ) of the plane's network", _plane(look=Look.NETWORK)),
        Play("play the noise", "from clean to noise in the noising panel; again to pause", "noising"),
        Play("play the chain", "from noise to samples in the sampling panel; again to pause", "sampling"),
        View("the algorithm", "the lines of the sampler, the one that runs lit", "sampling", "Algorithm"),
        View("the step", "one step of the selected sample", "sampling", "Step"),
        View("traces", "what becomes of a sample's values along the chain", "sampling", "Traces"),
        View("the comparison", "two chains over the same noise, and what differs", "sampling", "Compare"),
        View("the terms", "every part of the bound", "likelihood", "Bound"),
        View("the choice of σ²", "β̃, β and the best between them", "likelihood", "σ²"),
        View("the code", "rate and distortion, sender and receiver", "likelihood", "Rate–distortion"),
        View("the climb", "from the bound to log p(x₀) with more and more walks", "likelihood", "Jensen"),
    )
}
