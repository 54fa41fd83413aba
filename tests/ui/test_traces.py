import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from sampling_panels import shown_panel, small_session

from ddpm_studio.anatomy import Sizes
from ddpm_studio.sampler import Ancestral
from ddpm_studio.ui.sampling.traces import TRACES, TracePlot

STEPS = 20


@pytest.fixture
def session(tmp_path):
    return small_session(tmp_path, Ancestral(steps=STEPS), count=3, pictures=16)


@pytest.fixture
def panel(qtbot, session):
    with shown_panel(qtbot, session, 1300, 720) as panel:
        panel._inspector.show_view(panel._inspector.traces)
        panel._player.slider.setValue(STEPS)
        qtbot.waitUntil(lambda: panel._chain.frame is not None and panel._chain.frame.final, timeout=10000)
        yield panel


def test_the_traces_are_the_numbers_of_the_steps(panel):
    panel.show_sample(2)
    path = panel._chain.trail.path
    for plot in panel._inspector.traces.plots:
        numbers = plot.numbers()
        assert numbers["t"].tolist() == list(path.times[:-1])
        before = None
        for i in range(STEPS):
            step = path.step(i)
            expected = plot.trace.of(Sizes.of(panel._chain.model.denoiser.schedule, step, before))
            before = step.x0
            assert numbers["sample 2"][i] == pytest.approx(expected[2], rel=1e-5, nan_ok=True)
        assert plot.trace.name in plot.plotItem.titleLabel.text
    eps = panel._inspector.traces.plots[0]
    assert eps._chosen.yData == pytest.approx(eps.numbers()["sample 2"])


def test_the_number_of_a_trace_does_not_hang_on_how_the_chain_was_looked_at(qtbot, panel, session):
    plot = panel._inspector.traces.plots[3]
    before = plot.numbers()["sample 1"].copy()
    for index in (3, 12, 0):
        panel._player.go(index)
        qtbot.waitUntil(lambda index=index: panel._chain.frame.index == index, timeout=5000)
    assert np.array_equal(plot.numbers()["sample 1"], before, equal_nan=True)


def test_a_click_in_a_trace_shows_the_chain_at_that_t_and_a_drag_goes_on(qtbot, panel, session):
    plot = panel._inspector.traces.plots[1]
    QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=_place(plot, 50.0))
    assert abs(session.t - 50) <= 1
    assert abs(panel._chain.frame.t - session.t) <= 2
    assert all(each._cursor.value() == panel._chain.frame.t for each in panel._inspector.traces.plots)


def test_one_sample_is_bold_and_all_are_in_the_band(qtbot):
    plot = TracePlot(TRACES[0])
    qtbot.addWidget(plot)
    sizes = [_sizes([1.0, 0.5, 0.2]), _sizes([0.9, 0.4, 0.3])]
    plot.show_sizes((100, 50, 0), sizes, 1)
    assert plot._chosen.yData.tolist() == pytest.approx([0.5, 0.4])
    assert plot._least.yData.tolist() == pytest.approx([0.2, 0.3])
    assert plot._most.yData.tolist() == pytest.approx([1.0, 0.9])
    assert plot._middle.yData.tolist() == pytest.approx([0.5, 0.4])
    assert plot._chosen.xData.tolist() == [100, 50]


def test_what_has_no_value_at_the_first_step_begins_at_the_second(qtbot):
    plot = TracePlot(TRACES[3])
    qtbot.addWidget(plot)
    plot.show_sizes((100, 50, 0), [_sizes([1.0], change=np.nan), _sizes([1.0], change=0.25)], 0)
    assert plot._chosen.xData.tolist() == [50]
    assert plot._chosen.yData.tolist() == [0.25]


def test_a_long_chain_is_drawn_with_fewer_points_and_saved_with_all(qtbot):
    plot = TracePlot(TRACES[0])
    qtbot.addWidget(plot)
    plot.show_sizes(tuple(range(1000, -1, -1)), [_sizes([i / 1000]) for i in range(1000)], 0)
    assert len(plot._chosen.xData) <= 500
    assert len(plot.numbers()["t"]) == 1000


def test_a_wide_column_has_two_plots_beside_each_other(qtbot, panel):
    traces = panel._inspector.traces
    traces.resize(300, 600)
    assert traces.plots[0].y() < traces.plots[1].y() or traces._columns == 1
    traces.resize(700, 600)
    assert traces._columns == 2


def _sizes(eps, change=0.0):
    column = np.array(eps, np.float32)
    return Sizes(column, column, column, np.full_like(column, change), column, column)


def _place(plot, t):
    return plot.mapFromScene(plot.getPlotItem().getViewBox().mapViewToScene(QPointF(t, 0.5)))
