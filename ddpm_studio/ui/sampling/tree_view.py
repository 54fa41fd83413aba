"""The tree as a page of the inspector: look at a branch, grow one, name it, delete it; of a fan, what is still open."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QInputDialog, QLabel, QPushButton, QVBoxLayout, QWidget

from ddpm_studio.branch import TRUNK, Branch, with_descendants, without
from ddpm_studio.document import Document, provenance
from ddpm_studio.export import Provenance
from ddpm_studio.ui.sampling.branch_dialog import BranchDialog
from ddpm_studio.ui.sampling.fan_spread import FanSpread
from ddpm_studio.ui.sampling.paint_view import PaintView
from ddpm_studio.ui.sampling.reverse_chain import ReverseChain
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.sampling.tree_lines import TreeLines
from ddpm_studio.ui.sampling.twigs import twigs
from ddpm_studio.ui.sampling.walked_chain import told_of
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets.dice import any_seed
from ddpm_studio.ui.widgets.picture_menu import offer_picture
from ddpm_studio.ui.widgets.scroll_column import ScrollColumn

BRANCH_TIP = "go on from the xₜ that is shown with another sampler, other settings or another seed"
FAN_TIP = "many children of the selected sample's xₜ, each with noise of its own: what is still open at this t?"
PAINT_TIP = "paint on the selected sample's xₜ, or paste a picture there, and go on from what comes out"


class TreeView(QWidget):
    """Draws the branches of the session's document and records, as undo steps, what is done with them."""

    asked = Signal(int)  # a t to look at
    saved = Signal(str)
    refused = Signal(str)

    def __init__(
        self, session: Session, chain: ReverseChain, provenance: Callable[[], Provenance], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._chain = session, chain
        self._frame: Frame | None = None
        self._sample = 0
        self._looked_at, self._tip = session.document.branch, ""
        self.lines = TreeLines(self)
        self.branch = self._button("&Branch…", BRANCH_TIP, self._on_branch)
        self.other = self._button(
            "Other &noise", "go on from the xₜ that is shown with a seed at random", self._on_other
        )
        self.fan = self._button("&Fan out…", FAN_TIP, self._on_fan)
        self.paint = self._button("&Paint…", PAINT_TIP, self._on_paint)
        self.rename = self._button("Rename…", "give the branch that is shown another name (F2)", self._on_rename)
        self.delete = self._button(
            "Delete", "delete the branch that is shown and what leaves it (Delete)", self._on_delete
        )
        self.told = QLabel(self)
        self.told.setWordWrap(True)
        self.hint = QLabel("Nothing leaves x₀: go to a t above 0 to branch, fan out or paint.", self)
        self.hint.setWordWrap(True)
        self.hint.hide()
        self.spread = FanSpread(provenance, self)
        self.spread.saved.connect(self.saved)
        self.spread.refused.connect(self.refused)
        self._lay_out()
        self._connect()
        self.show_tree()

    def show_frame(self, frame: Frame, sample: int) -> None:
        """The state that is looked at."""
        self._frame, self._sample = frame, sample
        self.lines.show_t(frame.t)
        self._show_spread()
        self._show_what_can_be_done()

    def show_walk(self, *_walk: object) -> None:
        """How far every branch has been walked."""
        self.show_tree()

    def show_tree(self, *_changed: object) -> None:
        """The document's branches."""
        document = self._session.document
        walked = self._chain.document or document
        if self._looked_at != document.branch:
            self._frame, self._looked_at = None, document.branch  # the frame is of another branch
        drawn = twigs(document, self._chain)
        self.lines.show_twigs(drawn, walked.schedule.T, document.branch)
        self._tip = next(twig.tip for twig in drawn if twig.place == document.branch)
        self._show_spread()
        self._show_what_can_be_done()

    def _show_spread(self) -> None:
        """What is looked at, and of a fan how far its children differ."""
        document = self._session.document
        fans = document.branch != TRUNK and document.branches[document.branch].fans
        self.spread.setVisible(fans)
        self.told.setText(f"{self._tip}\n{self.spread.show_spread(self._frame)}" if fans and self._frame else self._tip)

    def _show_what_can_be_done(self) -> None:
        """Growing takes a state that is walked and not the last one; the trunk has no name and stays."""
        grows = self._frame is not None and not self._frame.final and self._chain.trail.path is not None
        for button, tip in ((self.branch, BRANCH_TIP), (self.fan, FAN_TIP), (self.paint, PAINT_TIP)):
            button.setToolTip(tip if grows else f"{tip}; go to a t above 0 first")
        self.hint.setVisible(self._frame is not None and self._frame.final)
        for button in (self.branch, self.other, self.fan, self.paint):
            button.setEnabled(grows)
        for button in (self.rename, self.delete):
            button.setEnabled(self._session.document.branch != TRUNK)

    def proposal(self, name: str) -> Branch | None:
        """A branch from the state that is shown that goes on as its path does; None where none can be."""
        frame, path, walked = self._frame, self._chain.trail.path, self._chain.document
        if frame is None or frame.final or path is None or walked is None:
            return None
        leg = path.route.legs[path.leg_of(frame.index)[0]]
        samples = path.route.legs[-1].samples
        number = len(self._session.document.branches) + 1
        rows = tuple(range(len(samples)))
        return Branch(walked.branch, frame.t, leg.sampler, path.route.legs[-1].seed, rows, samples, f"{number} {name}")

    def grow(self, branch: Branch) -> None:
        """Records a branch and looks at it."""
        grown = self._grown(branch)
        self._session.edit(f"branch at t = {branch.t}", branches=grown.branches, branch=grown.branch)

    def _grown(self, branch: Branch) -> Document:
        document = self._session.settled_document
        return replace(document, branches=(*document.branches, branch), branch=len(document.branches))

    def _on_branch(self) -> None:
        self._ask(self.proposal("branch"), None)

    def _on_fan(self) -> None:
        self._ask(self.proposal(f"fan of sample {self._sample}"), self._sample)

    def _ask(self, branch: Branch | None, sample: int | None) -> None:
        if branch is not None and self._chain.document is not None:
            dialog = BranchDialog(branch, sample, self._chain.document.schedule.T, self)
            dialog.grown.connect(self.grow)
            dialog.show()

    def _on_paint(self) -> None:
        branch, document = self.proposal(f"painted sample {self._sample}"), self._chain.document
        if branch is not None and document is not None and self._frame is not None:
            view = PaintView(branch, self._frame.x, self._sample, document.schedule, self)
            view.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            view.grown.connect(self.grow)
            canvas, told = view.canvas, lambda: self._told(view.branch)
            offer_picture(canvas, "painted", told, self.saved, self.refused, lambda: canvas.image)
            view.show()

    def _told(self, branch: Branch) -> Provenance:
        """Of a picture on which such a branch begins: the document as it will be if the branch is grown."""
        return provenance(self._grown(branch), t=branch.t, sample=self._sample, **told_of(self._chain))

    def _on_other(self) -> None:
        branch = self.proposal("other noise")
        if branch is not None:
            self.grow(replace(branch, seed=any_seed()))

    def _on_rename(self) -> None:
        document = self._session.settled_document
        if document.branch == TRUNK:
            return
        branch = document.branches[document.branch]
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Rename branch")
        dialog.setLabelText("Name")
        dialog.setTextValue(branch.name)
        dialog.textValueSelected.connect(self._on_named)
        dialog.show()

    def _on_named(self, name: str) -> None:
        document = self._session.settled_document
        branches = list(document.branches)
        branches[document.branch] = replace(branches[document.branch], name=name.strip())
        self._session.edit("rename branch", branches=tuple(branches))

    def _on_delete(self) -> None:
        document = self._session.settled_document
        if document.branch == TRUNK:
            return
        parent = document.branches[document.branch].parent
        count = len(with_descendants(document.branches, document.branch))
        branches, places = without(document.branches, document.branch)
        text = "delete branch" if count == 1 else f"delete {count} branches"
        self._session.edit(text, branches=branches, branch=places[parent])

    def _on_picked(self, place: int) -> None:
        self._session.edit("look at branch", branch=place)

    def _button(self, text: str, tip: str, action: Callable[[], object]) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.setAccessibleName(text.replace("&", "").removesuffix("…"))
        button.setAutoDefault(False)
        button.clicked.connect(lambda: action())
        return button

    def _lay_out(self) -> None:
        buttons = QGridLayout()
        for i, button in enumerate((self.branch, self.other, self.fan, self.paint, self.rename, self.delete)):
            buttons.addWidget(button, i // 3, i % 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        column.addLayout(buttons)
        column.addWidget(self.hint)
        column.addWidget(self.told)
        column.addWidget(ScrollColumn(self.lines, self), 2)
        column.addWidget(self.spread, 3)
        self.spread.hide()

    def _connect(self) -> None:
        for changed in (self._session.branches_changed, self._session.branch_changed, self._session.schedule_changed):
            changed.connect(self.show_tree)
        self.lines.picked.connect(self._on_picked)
        self.lines.asked.connect(self.asked)
        self.lines.renamed.connect(self._on_rename)
        self.lines.deleted.connect(self._on_delete)
