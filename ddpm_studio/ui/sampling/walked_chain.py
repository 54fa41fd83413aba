"""The reverse chain as it is to be exported: fixed at one moment, whatever is walked or changed later."""

from collections.abc import Iterable, Mapping

from ddpm_studio.ui.sampling.export import Walked
from ddpm_studio.ui.sampling.reverse_chain import ReverseChain


def walked_of(chain: ReverseChain, selected: int, marks: Iterable[int]) -> Walked | None:
    """The chain as far as it has been walked; None before there is anything to be seen.

    Args:
        chain: what is exported.
        selected: the sample that is looked at.
        marks: the samples that are marked.
    """
    frame, path = chain.frame, chain.trail.path
    if frame is None or path is None or chain.document is None or chain.model is None:
        return None
    return Walked(
        chain.document,
        frame.t,
        frame.x,
        chain.trail.front + 1,
        path.walk(),
        path.state(len(path)) if path.finished else None,
        told_of(chain),
        frame.step,
        frame.times,
        selected,
        chain.model.denoiser,
        tuple(sorted(mark for mark in marks if mark < len(frame.x))),
    )


def told_of(chain: ReverseChain) -> Mapping[str, object]:
    """Which network draws, for what is saved."""
    return {} if chain.model is None or chain.model.network is None else chain.model.network.told
