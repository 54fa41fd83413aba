"""Asks how a branch goes on: with which sampler, which noise, and, where one sample fans out, into how many."""

from dataclasses import dataclass, replace
from typing import Annotated

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from ddpm_studio.branch import MOST, Branch, Seed
from ddpm_studio.errors import UserError
from ddpm_studio.params import Parameters, Range
from ddpm_studio.sampler import Sampler
from ddpm_studio.ui.sampling.sampler_form import SamplerForm
from ddpm_studio.ui.widgets.dice import Dice
from ddpm_studio.ui.widgets.form import Form, align_labels

WIDE = 320
"""Logical pixels: the title is not cut."""


@dataclass(frozen=True)
class Growth(Parameters):
    """What is asked beside the sampler."""

    k: Annotated[int, Range(2, MOST), "how many children the selected sample has"] = 16
    seed: Annotated[int, Seed, "which noise the branch draws from here on"] = 0


class BranchDialog(QDialog):
    """Leaves the window usable while it asks; `grown` carries the branch once that is agreed to.

    Args:
        branch: what is proposed; its t, parent and edits stay.
        sample: the one that fans out; None where the whole batch goes on.
        T: of the schedule the branch is walked under.
    """

    grown = Signal(object)  # Branch

    def __init__(self, branch: Branch, sample: int | None, T: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._branch, self._sample, self._T = branch, sample, T
        self._sampler, self._growth = branch.sampler, Growth(seed=branch.seed)
        what = "Branch" if sample is None else f"Fan out sample {sample}"
        self.setWindowTitle(f"{what} at t = {branch.t}")
        self.name = QLineEdit(branch.name, self)
        self.name.setAccessibleName("name of the branch")
        self.name.setToolTip("what the branch is called in the tree")
        self.sampler = SamplerForm("sampler of the branch", parent=self)
        self.sampler.set_value(branch.sampler)
        self.growth = Form(Growth, self, only=("seed",) if sample is None else ("k", "seed"))
        self.growth.set_value(self._growth)
        self.dice = Dice(parent=self)
        self.problem = QLabel(self)
        self.problem.setWordWrap(True)
        self.setMinimumWidth(WIDE)
        self._lay_out("Branch" if sample is None else "Fan out")
        self._connect()

    def accept(self) -> None:
        """Hands over the branch, unless its sampler takes more steps than there are."""
        try:
            self._sampler.stops(self._T)
        except UserError as error:
            self.problem.setText(str(error))
            return
        self.grown.emit(self._grown())
        super().accept()

    def _grown(self) -> Branch:
        changed = replace(self._branch, sampler=self._sampler, seed=self._growth.seed, name=self.name.text().strip())
        if self._sample is None:
            return changed
        k = self._growth.k
        return replace(changed, rows=(self._sample,) * k, samples=tuple(range(k)))

    def _on_sampler(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self.sampler.set_value(sampler)
        self.problem.clear()

    def _on_growth(self, growth: Growth) -> None:
        self._growth = growth

    def _on_thrown(self, seed: int) -> None:
        self._growth = replace(self._growth, seed=seed)
        self.growth.set_value(self._growth)

    def _lay_out(self, yes: str) -> None:
        told = QLabel(
            "The pictures go on from xₜ as it is."
            if self._sample is None
            else "All children begin as the same xₜ; each draws noise of its own.",
            self,
        )
        told.setWordWrap(True)
        seed = QHBoxLayout()
        seed.addWidget(self.growth, 1)
        seed.addWidget(self.dice, 0, Qt.AlignmentFlag.AlignBottom)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        buttons.addButton(yes, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (self.name, told, self.sampler):
            column.addWidget(widget)
        column.addLayout(seed)
        column.addWidget(self.problem)
        column.addWidget(buttons)
        align_labels(self)

    def _connect(self) -> None:
        self.dice.thrown.connect(self._on_thrown)
        for told in (self.sampler.previewed, self.sampler.edited):
            told.connect(self._on_sampler)
        for told in (self.growth.previewed, self.growth.edited):
            told.connect(self._on_growth)
        for refused in (self.sampler.refused, self.growth.refused):
            refused.connect(self.problem.setText)
