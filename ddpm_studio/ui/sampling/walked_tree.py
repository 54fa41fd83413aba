"""What has been walked of a document's tree of chains, with a note of every step; it stays while branches change."""

from dataclasses import replace

from ddpm_studio.anatomy import Sizes
from ddpm_studio.branch import TRUNK, Branches
from ddpm_studio.branching import broken, route_of
from ddpm_studio.denoiser import Denoiser
from ddpm_studio.document import EXACT, Document
from ddpm_studio.neighbours import Neighbours
from ddpm_studio.route import Leg, Route
from ddpm_studio.sample import Known, Step
from ddpm_studio.tree import Path, Tree
from ddpm_studio.tree import taken as of_rows
from ddpm_studio.ui.sampling.model import Source
from ddpm_studio.ui.sampling.reverse_walk import Standing

Note = tuple[Neighbours | None, Sizes]
"""What is remembered of a step beside what it can be made again from."""


class WalkedTree:
    """The steps and notes of every leg that was walked from one root."""

    def __init__(self) -> None:
        self.tree: Tree | None = None  # None before the denoiser is there
        self._notes: dict[Branches, list[Note]] = {}  # of every leg, as in the tree
        self._root: tuple[object, ...] = ()  # what the tree grows from

    def plant(self, document: Document, source: Source, known: bool) -> None:
        """Forgets what was walked, unless the document's tree has the same root and its denoiser is `known`."""
        root = _root(document, source)
        if root != self._root or not known:
            self.tree, self._notes = None, {}
        self._root = root

    def grow(self, denoiser: Denoiser, known: Known | None) -> None:
        """The denoiser is there; `known` is what the chain keeps to if it repairs a picture."""
        if self.tree is None:
            self.tree = Tree(denoiser, known=known)
        self.tree.denoiser = denoiser  # a branch may have wanted its errors measured

    def enter(self, document: Document) -> tuple[Path | None, list[Note], Standing | None]:
        """Looks along the document's route: the path, the notes of what is known of it, from where to walk on.

        Legs that the document no longer has are forgotten.
        """
        if self.tree is None:
            return None, [], None
        route, legs = route_of(document), _legs(document)
        self.tree.keep_only(legs)
        self._notes = {key: each for key, each in self._notes.items() if key in legs}
        path = self.tree.path(route)
        return path, *self._known(self.tree, route, path)

    def path(self, document: Document, branch: int) -> Path | None:
        """The way to a branch as far as it has been walked; None before the first step, or if it cannot be walked."""
        if self.tree is None or branch >= len(document.branches) or broken(document, branch):
            return None
        return self.tree.path(route_of(document, branch))

    def append(self, leg: Leg, step: Step, note: Note) -> None:
        """Adds the step that was taken next on a leg."""
        assert self.tree is not None
        self.tree.append(leg, step)
        self._notes.setdefault(leg.branches, []).append(note)

    def compare(self, path: Path, number: int, found: Neighbours) -> None:
        """Notes the pictures near a step of a path, if the path has all of its leg's rows."""
        place, own = path.leg_of(number)
        if path.rows[place] is None:
            notes = self._notes[path.route.legs[place].branches]
            notes[own] = (found, notes[own][1])

    def _known(self, tree: Tree, route: Route, path: Path) -> tuple[list[Note], Standing | None]:
        """What is remembered of the steps that have been taken of a route, and where the next one begins."""
        notes: list[Note] = []
        for place, (leg, rows) in enumerate(zip(route.legs, path.rows, strict=True)):
            known = self._notes.get(leg.branches, [])[: leg.taken]
            notes += known if rows is None else [(of_rows(near, rows), of_rows(sizes, rows)) for near, sizes in known]
            if known and (len(known) < leg.taken or leg is route.legs[-1]):
                return notes, Standing(place, len(known), tree.standing(leg, len(known)))
            if len(known) < leg.taken:
                break
        while place and not route.legs[place - 1].taken:  # it begins where it has only been painted on
            place -= 1
        stem = route.legs[place - 1]
        return notes, Standing(place, 0, tree.standing(stem, stem.taken)) if place else None


def grown_from(document: Document, source: Source) -> tuple[object, ...]:
    """What decides the chain that is looked at: the tree's root, and its branches, whatever they are called."""
    branches = tuple(replace(branch, name="") for branch in document.branches)
    return *_root(document, source), branches, document.branch


def _root(document: Document, source: Source) -> tuple[object, ...]:
    """What decides the trunk: the schedule only where the denoiser is exact, for a network has its own."""
    schedule = document.schedule if document.denoiser == EXACT else None
    return source, schedule, document.sampler, document.sampling, document.origin


def _legs(document: Document) -> set[Branches]:
    """Every leg of the document's tree that can be walked."""
    places = [TRUNK, *(place for place in range(len(document.branches)) if not broken(document, place))]
    return {leg.branches for place in places for leg in route_of(document, place).legs}
