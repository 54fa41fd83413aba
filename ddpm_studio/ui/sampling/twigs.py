"""The branches of a document as the lines of a drawing: where each leaves, how far it has been walked, what it is."""

from ddpm_studio.branch import TRUNK, Branch, Branches, with_descendants
from ddpm_studio.branching import broken
from ddpm_studio.document import Document
from ddpm_studio.sampler import Sampler
from ddpm_studio.ui.sampling.reverse_chain import ReverseChain
from ddpm_studio.ui.sampling.sampler_form import NAMES
from ddpm_studio.ui.sampling.tree_lines import Twig


def twigs(document: Document, chain: ReverseChain) -> list[Twig]:
    """The trunk and every branch, each below its parent, as far as the chain has walked it."""
    return [_twig(document, chain, place) for place in _in_order(document.branches)]


def _told(branch: Branch, begin: int) -> str:
    """A branch that leaves at t = `begin`, in a line."""
    snapped = f" (asked for t = {branch.t})" if begin != branch.t else ""
    kind = f"{len(branch.rows)} children of sample {branch.rows[0]}, " if branch.fans else ""
    painted = f", painted: {len(branch.edits)}" if branch.edits else ""
    return f"leaves at t = {begin}{snapped}: {kind}{_sampler(branch.sampler)}, seed {branch.seed}{painted}"


def _twig(document: Document, chain: ReverseChain, place: int) -> Twig:
    """One line; what has been walked of another document's branches does not count."""
    walked_in = chain.document
    T = (walked_in or document).schedule.T
    current = walked_in is not None and len(walked_in.branches) == len(document.branches)
    path = chain.path(place) if current else None
    if place == TRUNK:
        walked = path.times[len(path)] if path else T
        return Twig(place, TRUNK, T, walked, "trunk", f"the document's own chain: {_sampler(document.sampler)}")
    branch = document.branches[place]
    name = branch.name or f"branch {place + 1}"
    if path is None:
        reason = broken(walked_in, place) if walked_in is not None and current else ""
        begin = min(branch.t, T)
        return Twig(place, branch.parent, begin, begin, name, reason or _told(branch, branch.t), bool(reason))
    begin = path.route.legs[-1].times[0]
    return Twig(place, branch.parent, begin, min(begin, path.times[len(path)]), name, _told(branch, begin))


def _in_order(branches: Branches) -> list[int]:
    """Every place, each after its parent and before its parent's next child; the trunk first."""
    found = [TRUNK]
    for place, branch in enumerate(branches):
        after = found.index(branch.parent) + 1
        while after < len(found) and found[after] in with_descendants(branches, branch.parent) - {branch.parent}:
            after += 1
        found.insert(after if branch.parent != TRUNK else len(found), place)
    return found


def _sampler(sampler: Sampler) -> str:
    return f"{NAMES[sampler.kind]}, {sampler.steps} steps"
