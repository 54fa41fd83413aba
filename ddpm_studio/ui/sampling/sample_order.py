"""Which samples are shown, and in which order: all or the marked ones, as drawn or by when they commit themselves."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QToolButton, QWidget
from torch import Tensor

from ddpm_studio.commitment import NEAR, SURE, committed, decided, distances, order
from ddpm_studio.neighbours import Neighbours
from ddpm_studio.sample import Step
from ddpm_studio.ui.job import Job, Outcome


class Walked(Protocol):
    """A chain as far as it has been walked: its steps can be had again."""

    @property
    def finished(self) -> bool:
        """Whether it has come to its end."""
        ...

    def __len__(self) -> int: ...

    def step(self, i: int) -> Step:
        """One of its steps."""
        ...

    def walk(self, first: int = 0) -> Iterator[Step]:
        """Its steps from one on."""
        ...


class Order(Enum):
    """What the menu offers; the value is its text and its tooltip."""

    DRAWN = ("As drawn", "in the order of their numbers")
    COMMITTED = (
        "By time of commitment",
        f"first those whose guess of x₀ is soonest within {NEAR:g} (RMS, on [−1, 1]) of its last one, and stays there",
    )
    DECIDED = (
        "By time of decision",
        f"first those for which the exact denoiser is soonest sure, p ≥ {SURE:g}, of one picture of the data set",
    )


class SampleOrder(QToolButton):
    """A button with a menu; owns the marks. They are of the sample's number and stay when another chain is walked.

    Args:
        walked: the chain that is looked at.
        neighbours: what is known of each of its steps.
        chosen: the sample that a mark is for.
    """

    ordered = Signal(object)  # the numbers of the samples to show, or None: all as drawn
    marked = Signal(object)  # frozenset of the marked ones
    refused = Signal(str)

    def __init__(
        self,
        walked: Callable[[], Walked | None],
        neighbours: Callable[[], Sequence[Neighbours | None]],
        chosen: Callable[[], int],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._walked, self._neighbours, self._chosen = walked, neighbours, chosen
        self.marks: frozenset[int] = frozenset()
        self._order: tuple[int, ...] | None = None
        self._job: Job | None = None
        self._far: list[NDArray[np.float32]] = []
        self.setText("Samples")
        self.setToolTip("which samples are shown, and in which order; M marks the selected one")
        self.setAccessibleName("order of the samples")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._lay_out()

    def reset(self) -> None:
        """Another chain: its samples are shown as drawn, for how they commit is not known yet."""
        self._retire()
        self._order = None
        self.actions_of[Order.DRAWN].setChecked(True)
        self._tell()

    def close_jobs(self) -> None:
        """Waits for what is being measured."""
        for job in self.findChildren(Job):
            job.close()

    def mark(self) -> None:
        """Marks the selected sample, or takes its mark away."""
        self._mark(self.marks ^ {self._chosen()})

    def choose(self, chosen: Order) -> None:
        """Arranges the samples; by commitment once that has been measured."""
        self._retire()
        self.actions_of[chosen].setChecked(True)
        if chosen is Order.DRAWN:
            self._arrange(None)
        elif chosen is Order.DECIDED:
            places = decided(self._neighbours())
            self._refuse(
                "the steps are still being compared with the data, or there is none: choose this again in a moment"
            ) if places is None else self._arrange(order(places))
        else:
            self._measure()

    def _measure(self) -> None:
        walked = self._walked()
        if walked is None or not walked.finished:
            self._refuse("when samples commit is known once their chain has been walked to its end: press End first")
            return
        self._far = []
        self._job = Job(lambda: distances(_rest(walked), _last(walked)), self)
        self._job.reported.connect(self._on_measured)
        self._job.ended.connect(self._on_ended)
        self._job.play()

    def _on_measured(self, rows: list[NDArray[np.float32]]) -> None:
        self._far += rows

    def _on_ended(self, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FINISHED:
            self._arrange(order(committed(np.stack(self._far))))
        elif outcome is Outcome.FAILED:
            self._refuse(text)

    def _refuse(self, text: str) -> None:
        self.actions_of[Order.DRAWN].setChecked(True)
        self._arrange(None)
        self.refused.emit(text)

    def _arrange(self, found: tuple[int, ...] | None) -> None:
        self._order = found
        self._tell()

    def _mark(self, marks: Iterable[int]) -> None:
        self.marks = frozenset(marks)
        self.only.setEnabled(bool(self.marks))
        self.none.setEnabled(bool(self.marks))
        if not self.marks:
            self.only.setChecked(False)
        self.marked.emit(self.marks)
        self._tell()

    def _tell(self) -> None:
        shown = self._order
        if self.only.isChecked():
            shown = tuple(sorted(self.marks) if shown is None else (one for one in shown if one in self.marks))
        self.setText("Samples" if shown is None else "Samples ●")
        self.ordered.emit(shown)

    def _retire(self) -> None:
        if self._job is not None:
            self._job.retire()
            self._job = None

    def _lay_out(self) -> None:
        menu, group = QMenu(self), QActionGroup(self)
        menu.setToolTipsVisible(True)
        self.actions_of: dict[Order, QAction] = {}
        for each in Order:
            action = group.addAction(QAction(each.value[0], self, checkable=True, toolTip=each.value[1]))
            action.triggered.connect(lambda _on, each=each: self.choose(each))
            self.actions_of[each] = action
            menu.addAction(action)
        self.actions_of[Order.DRAWN].setChecked(True)
        menu.addSeparator()
        # made with an owner of ours: those that a menu makes itself can lose their Python half while they live
        self.one = QAction("Mark the selected one", self, shortcut=QKeySequence("M"))
        self.one.triggered.connect(self.mark)
        self.only = QAction("Show only marked ones", self, checkable=True, enabled=False)
        self.only.toggled.connect(self._tell)
        self.none = QAction("Remove all marks", self, enabled=False)
        self.none.triggered.connect(lambda: self._mark(()))
        menu.addActions([self.one, self.only, self.none])
        self.addAction(self.one)  # its key is heard while the button is to be seen
        self.setMenu(menu)


def _rest(walked: Walked) -> Iterator[Step]:
    return walked.walk(0)


def _last(walked: Walked) -> Tensor:
    return walked.step(len(walked) - 1).x0
