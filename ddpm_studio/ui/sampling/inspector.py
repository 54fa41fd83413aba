"""The sampling panel's inspector: the views of one step, and those of the whole chain."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from ddpm_studio.export import Provenance
from ddpm_studio.ui.sampling.compare_view import CompareView
from ddpm_studio.ui.sampling.progress_view import ProgressView
from ddpm_studio.ui.sampling.reverse_chain import ReverseChain
from ddpm_studio.ui.sampling.step_inspector import StepInspector
from ddpm_studio.ui.sampling.tree_view import TreeView
from ddpm_studio.ui.session import Session


class SamplingInspector(StepInspector):
    """A step inspector with the tree of branches, the progress of the guess, and the comparison with another chain."""

    def __init__(
        self, session: Session, chain: ReverseChain, provenance: Callable[[], Provenance], parent: QWidget | None = None
    ) -> None:
        super().__init__(provenance, parent)
        self.tree = TreeView(session, chain, provenance)
        self.progress = ProgressView(chain, provenance)
        self.compare = CompareView(session, chain, provenance)
        for title, view in (("Tree", self.tree), ("Progress", self.progress), ("Compare", self.compare)):
            self.add_view(title, view)
            view.asked.connect(self.asked)
            view.saved.connect(self.saved)
            view.refused.connect(self.refused)

    def close_jobs(self) -> None:
        """Ends what runs in the background."""
        self.progress.close_jobs()
        self.compare.close_jobs()
