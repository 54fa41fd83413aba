import numpy as np
import pytest

from ddpm_studio.ui.plots.hint import Hint
from ddpm_studio.ui.plots.line_plot import Line, LinePlot

HINT = "a run fills it"


@pytest.fixture
def plot(qtbot):
    plot = LinePlot("loss", "the loss", (Line("", "beta"),), empty=HINT)
    qtbot.addWidget(plot)
    plot.show()
    return plot


def numbered(plot):
    return [plot.getAxis(side).style["showValues"] for side in ("left", "bottom")]


def test_an_empty_plot_says_what_will_fill_it_and_has_no_numbers_on_its_axes(plot):
    hint = plot.findChild(Hint)
    assert (hint.isVisible(), hint.text(), numbered(plot)) == (True, HINT, [False, False])


def test_what_an_empty_plot_says_goes_when_there_is_a_value_and_comes_again_without(plot):
    plot.show_values(np.array([1.0, 2.0]), (np.array([0.5, 0.25]),))
    assert (plot.findChild(Hint).isVisible(), numbered(plot)) == (False, [True, True])
    plot.show_values(np.array([1.0]), (np.array([np.nan]),))
    assert (plot.findChild(Hint).isVisible(), numbered(plot)) == (True, [False, False])


def test_a_plot_that_was_zoomed_while_it_was_empty_shows_the_values_that_come(plot):
    plot._on_zoomed()
    plot.show_values(np.array([1.0, 2.0]), (np.array([0.5, 0.25]),))
    assert not plot.findChild(Hint).isVisible()
