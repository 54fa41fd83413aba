"""How much an error counts at each t, as a curve over t."""

import numpy as np
from PySide6.QtWidgets import QWidget

from ddpm_studio.errors import UserError
from ddpm_studio.objective import Objective
from ddpm_studio.schedule import Schedule, Table
from ddpm_studio.ui.plots.graph import Graph, Quantity, Span, decades
from ddpm_studio.ui.plots.time_plot import TimePlot

DEPTH = 6.0
"""Decades below the largest weight that are shown at most."""


class ObjectivePlot(TimePlot):
    """The weight of the squared error of what is predicted; empty where target and schedule do not go together."""

    def __init__(self, objective: Objective, schedule: Schedule, parent: QWidget | None = None) -> None:
        super().__init__(_graph(objective), schedule, parent, width=1.5)
        self.setFixedHeight(112)

    def show_objective(self, objective: Objective) -> None:
        """Draws another objective's weight."""
        self.show_graph(_graph(objective))


def _graph(objective: Objective) -> Graph:
    def weights(schedule: Schedule) -> Table:
        try:
            return objective.weights(schedule)
        except UserError:  # told where the recipe is judged
            return np.full(schedule.T + 1, np.nan)

    quantity = Quantity("weight", "weight", weights, first=1)
    tip = f"w_t: what the squared error of {objective.target} at t is multiplied by in the loss"
    return Graph("weight", tip, (quantity,), _span, f"of the error of {objective.target}", log=True)


def _span(low: float, high: float) -> Span:
    return decades(max(min(low, -3.0), high - DEPTH), max(high, 1.0))
