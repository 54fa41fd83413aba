"""The plots beside the schedule's: what their menus offer and what they save."""

import csv

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QWidget

from ddpm_studio.document import Document, provenance
from ddpm_studio.export import read_provenance
from ddpm_studio.ui import theme
from ddpm_studio.ui.noising.views import NoisingViews
from ddpm_studio.ui.plots.entropy_plot import EntropyPlot
from ddpm_studio.ui.plots.histogram import Histogram, normal_density
from ddpm_studio.ui.plots.line_plot import Line, LinePlot
from ddpm_studio.ui.plots.plot_export import save_plot
from ddpm_studio.ui.sampling.data_view import DataView

OFFERED = ["Save plot as PNG…", "Save plot as SVG…", "Save numbers as CSV…"]


@pytest.fixture(params=[EntropyPlot, lambda: Histogram("values", "of pixels")], ids=["entropy", "histogram"])
def plot(qtbot, request):
    plot = request.param()
    qtbot.addWidget(plot)
    return plot


def test_the_menu_offers_what_works_and_nothing_else(plot):
    menu = plot.menu()
    assert [action.text() for action in menu.actions()] == OFFERED
    asked: list[str] = []
    plot.export_asked.connect(asked.append)
    for action in menu.actions():
        action.trigger()
    assert asked == [".png", ".svg", ".csv"]
    menu.deleteLater()


def test_the_numbers_of_the_entropy_are_those_of_every_sample_at_every_step(qtbot, tmp_path):
    plot = EntropyPlot()
    qtbot.addWidget(plot)
    plot.show_entropy((100, 90), np.array([[3.0, 2.0], [1.0, 0.5]], np.float32), 1)
    save_plot(plot, tmp_path / "entropy.csv", provenance(Document()))
    rows = list(csv.reader((tmp_path / "entropy.csv").read_text().splitlines()))
    assert rows == [["t", "sample 0", "sample 1"], ["100.0", "3.0", "2.0"], ["90.0", "1.0", "0.5"]]


@pytest.mark.parametrize("width", [600, 190])
def test_the_title_of_the_entropy_says_as_much_as_fits(qtbot, width):
    plot = EntropyPlot()
    qtbot.addWidget(plot)
    plot.show_of_whom("exact ")
    plot.resize(600, 120)
    plot.show()
    plot.resize(width, 120)
    title = plot.getPlotItem().titleLabel
    assert title.text.startswith("entropy")
    assert ("at each t" in title.text) == (width == 600)
    assert title.item.boundingRect().width() < width
    assert plot.getPlotItem().boundingRect().width() <= width


def test_the_numbers_of_the_histogram_are_a_density_beside_the_normal_one(qtbot):
    plot = Histogram("values", "of pixels")
    qtbot.addWidget(plot)
    plot.show_values(np.random.default_rng(0).standard_normal(100_000).astype(np.float32))
    numbers = plot.numbers()
    assert numbers["density"].sum() / 16 == pytest.approx(1.0, abs=1e-3)
    assert numbers["density"] == pytest.approx(numbers["N(0, 1)"], abs=0.03)
    assert numbers["N(0, 1)"] == pytest.approx(normal_density(numbers["value"]))


@pytest.mark.parametrize(
    ("owner", "name"), [(NoisingViews, "histogram"), (DataView, "entropy")], ids=["noising", "sampling"]
)
def test_a_plot_is_saved_from_its_panel_with_what_it_takes_to_make_it_again(qtbot, tmp_path, monkeypatch, owner, name):
    views = owner(lambda: provenance(Document(), t=3))
    qtbot.addWidget(views)
    saved, refused = [], []
    views.saved.connect(saved.append)
    views.refused.connect(refused.append)
    target = tmp_path / "plot.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    getattr(views, name).export_asked.emit(".png")
    assert (saved, refused) == ([f"Saved {target}"], [])
    assert read_provenance(target)["t"] == 3
    target = tmp_path / "missing" / "plot.png"
    getattr(views, name).export_asked.emit(".png")
    assert len(saved) == len(refused) == 1
    assert "missing" in refused[0]


def test_a_logarithmic_axis_shows_whole_decades_where_the_values_span_less(qtbot):
    plot = LinePlot("loss", "of each step", [Line("each", "noise")], log=True)
    qtbot.addWidget(plot)
    for values, decades in (([1.009, 0.998], (-1, 1)), ([0.5, 0.4], (-1, 0)), ([1.0, 1.0], (0, 1))):
        plot.show_values(np.array([1.0, 2.0]), [np.array(values)])
        low, high = plot.getPlotItem().getViewBox().viewRange()[1]
        assert low < decades[0] < decades[1] < high
        assert high - low < 1.2 * (decades[1] - decades[0])


def test_a_logarithmic_axis_stands_still_while_its_values_change_little(qtbot):
    plot = LinePlot("loss", "of each step", [Line("each", "noise")], log=True)
    qtbot.addWidget(plot)
    ranges = lambda: plot.getPlotItem().getViewBox().viewRange()  # noqa: E731
    plot.show_values(np.array([5.0, 9.0]), [np.array([4.0, 0.01])], across=(0.0, 100.0))
    before = ranges()
    assert before[0] == pytest.approx([-2.0, 102.0])
    plot.show_values(np.array([5.0, 10.0]), [np.array([5.0, 0.014])], across=(0.0, 100.0))
    assert ranges() == before
    plot.show_values(np.array([5.0, 11.0]), [np.array([5.0, 0.0098])], across=(0.0, 100.0))
    assert ranges()[1][0] < before[1][0] - 0.2


def test_names_too_long_for_a_narrow_plot_do_not_push_it_out_of_its_widget(qtbot):
    lines = [Line("a line with a long name", "noise"), Line("and another one that is longer", "good")]
    plot = LinePlot("what is plotted", "of each step", lines)
    qtbot.addWidget(plot)
    plot.resize(400, 160)
    plot.show()
    plot.resize(150, 160)
    qtbot.waitUntil(lambda: plot.width() == 150)
    assert plot.getPlotItem().size().width() == 150
    plot.show_colours(theme.colours())
    assert plot.getPlotItem().size().width() == 150


@pytest.mark.parametrize("make", [EntropyPlot, lambda: LinePlot("loss", "the loss", [Line("", "signal")])])
def test_the_plot_that_has_the_keyboard_is_the_one_with_a_line_in_the_accent_colour(qtbot, light, make):
    page = QWidget()
    qtbot.addWidget(page)
    row, plot, other = QHBoxLayout(page), make(), QLineEdit()
    row.addWidget(plot)
    row.addWidget(other)
    page.show()
    page.activateWindow()
    accents = []
    for focused in (other, plot, other):
        focused.setFocus()
        qtbot.waitUntil(focused.hasFocus)
        border = plot.getPlotItem().getViewBox().border
        accents.append(border.style() != Qt.PenStyle.NoPen and border.color().name() == light.shown.accent.lower())
    assert accents == [False, True, False]
