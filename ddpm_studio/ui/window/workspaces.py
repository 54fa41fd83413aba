"""Which panels there are, and how the workspaces arrange them."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Protocol, runtime_checkable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from ddpm_studio.ui.session import Session


@dataclass(frozen=True)
class Panel:
    """Where a panel's class is; one that `needs_torch` is imported beside the living window."""

    title: str
    module: str
    name: str
    needs_torch: bool

    def make(self, session: Session) -> QWidget:
        """A panel on this session; imports its module unless that is done."""
        made: QWidget = getattr(import_module(self.module), self.name)(session)
        return made


@dataclass(frozen=True)
class Workspace:
    """Rows of panels from the top down, each with its share of the height; a row's panels share its width equally.

    With `across` the rows are columns, from left to right: each has its share of the width.
    """

    title: str
    rows: tuple[tuple[str, ...], ...]
    heights: tuple[int, ...]
    across: bool = False

    @property
    def directions(self) -> tuple[Qt.Orientation, Qt.Orientation]:
        """From row to row, and within a row."""
        both = (Qt.Orientation.Vertical, Qt.Orientation.Horizontal)
        return both[::-1] if self.across else both

    def holds(self, key: str) -> bool:
        """Whether a panel has a place in it."""
        return any(key in row for row in self.rows)


@runtime_checkable
class HasJobs(Protocol):
    """A panel with threads to end before the window goes."""

    def close_jobs(self) -> None:
        """Ends them and waits."""


def arrange(window: QMainWindow, docks: Mapping[str, QDockWidget], workspace: Workspace) -> None:
    """Puts a workspace's docks where it wants them; the others are hidden behind its first one."""
    for dock in docks.values():
        dock.setFloating(False)
        window.removeDockWidget(dock)
    along, beside = workspace.directions
    firsts = [docks[row[0]] for row in workspace.rows]
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, firsts[0])
    for above, below in pairwise(firsts):
        window.splitDockWidget(above, below, along)
    for row in workspace.rows:
        for left, right in pairwise(row):
            window.splitDockWidget(docks[left], docks[right], beside)
        for key in row:
            docks[key].show()
    for key, dock in docks.items():
        if not workspace.holds(key):
            window.tabifyDockWidget(firsts[0], dock)
            dock.hide()
    for row in workspace.rows:  # once all are shown: what is hidden is given no size
        window.resizeDocks([docks[key] for key in row], [1000] * len(row), beside)
    window.resizeDocks(firsts, list(workspace.heights), along)


PANELS: dict[str, Panel] = {
    "schedule": Panel("Schedule", "ddpm_studio.ui.panels.schedule", "SchedulePanel", needs_torch=False),
    "noising": Panel("Noising", "ddpm_studio.ui.panels.noising", "NoisingPanel", needs_torch=True),
    "sampling": Panel("Sampling", "ddpm_studio.ui.panels.sampling", "SamplingPanel", needs_torch=True),
    "training": Panel("Training", "ddpm_studio.ui.panels.training", "TrainingPanel", needs_torch=True),
    "likelihood": Panel("Likelihood", "ddpm_studio.ui.panels.likelihood", "LikelihoodPanel", needs_torch=True),
    "plane": Panel("Plane", "ddpm_studio.ui.panels.plane", "PlanePanel", needs_torch=True),
    "learn": Panel("Learn", "ddpm_studio.ui.panels.learn", "LearnPanel", needs_torch=False),
}

WORKSPACES: dict[str, Workspace] = {
    "explore": Workspace("Explore", (("schedule", "noising"), ("sampling",)), (520, 440)),
    "train": Workspace("Train", (("training",),), (960,)),
    "sample": Workspace("Sample", (("sampling",),), (960,)),
    "theory": Workspace("Theory", (("schedule", "likelihood"),), (960,)),
    "plane": Workspace("Plane", (("plane",),), (960,)),
    "learn": Workspace("Learn", (("learn",), ("schedule", "noising")), (480, 1100), across=True),
}
