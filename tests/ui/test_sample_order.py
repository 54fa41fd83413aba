import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from sampling_panels import shown_panel, small_session

from ddpm_studio.commitment import committed, distances, order
from ddpm_studio.document import Sampling
from ddpm_studio.sampler import Ancestral
from ddpm_studio.ui.sampling.sample_order import Order
from ddpm_studio.ui.widgets.image_view import ImageGrid

STEPS = 20


@pytest.fixture
def session(tmp_path):
    return small_session(tmp_path, Ancestral(steps=STEPS), count=6, pictures=16)


@pytest.fixture
def panel(qtbot, session):
    with shown_panel(qtbot, session, 1200, 440) as panel:
        yield panel


def to_the_end(qtbot, panel):
    panel._player.go(STEPS)
    qtbot.waitUntil(lambda: panel._chain.frame is not None and panel._chain.frame.final, timeout=10000)


def test_m_marks_the_selected_sample_and_again_takes_the_mark_away(qtbot, panel):
    panel.show_sample(3)
    before = panel._views.xt.grab().toImage()
    QTest.keyClick(panel, Qt.Key.Key_M)
    assert panel._order.marks == {3}
    assert panel._views.xt.grab().toImage() != before
    QTest.keyClick(panel, Qt.Key.Key_M)
    assert panel._order.marks == frozenset()
    assert panel._views.xt.grab().toImage() == before


def test_only_marked_samples_are_shown_and_picked_by_their_own_numbers(qtbot, panel):
    for sample in (4, 1):
        panel.show_sample(sample)
        panel._order.mark()
    panel._order.only.setChecked(True)
    assert [list(grid.order) for grid in panel._views.grids] == [[1, 4]] * 3
    grid = panel._views.xt
    left, top = grid._cells().origin(1)
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=QPoint(int(left + 5), int(top + 5)))
    assert panel._selected == 4
    panel._order.none.trigger()
    assert not panel._order.only.isChecked()
    assert list(grid.order) == list(range(6))


def test_samples_are_sorted_by_when_their_guess_comes_to_stay(qtbot, panel):
    to_the_end(qtbot, panel)
    path = panel._chain.trail.path
    steps = list(path.walk())
    expected = order(committed(np.stack(list(distances(steps, steps[-1].x0)))))
    assert expected != tuple(range(6))
    panel._order.actions_of[Order.COMMITTED].trigger()
    qtbot.waitUntil(lambda: tuple(panel._views.xt.order) == expected, timeout=5000)
    panel._order.actions_of[Order.DRAWN].trigger()
    assert list(panel._views.xt.order) == list(range(6))


def test_samples_are_sorted_by_when_the_exact_denoiser_has_chosen(qtbot, panel):
    to_the_end(qtbot, panel)
    panel._order.actions_of[Order.DECIDED].trigger()
    first = panel._views.xt.order[0]
    sure = [[near.weights[row, 0] >= 0.99 for near in panel._chain.trail.neighbours] for row in range(6)]
    places = [max([0, *(i + 1 for i, yes in enumerate(row) if not yes)]) for row in sure]
    assert places[first] == min(places)
    assert sorted(range(6), key=lambda row: (places[row], row)) == list(panel._views.xt.order)


def test_the_end_of_the_chain_is_asked_for_before_samples_are_sorted(qtbot, panel, session):
    with qtbot.waitSignal(session.reported) as told:
        panel._order.actions_of[Order.COMMITTED].trigger()
    assert "to its end" in told.args[0]
    assert panel._order.actions_of[Order.DRAWN].isChecked()


def test_another_chain_is_shown_as_drawn_and_keeps_its_marks(qtbot, panel, session):
    to_the_end(qtbot, panel)
    panel._order.mark()
    panel._order.actions_of[Order.DECIDED].trigger()
    session.edit("seed", sampling=Sampling(count=6, seed=6))
    qtbot.waitUntil(lambda: panel._chain.frame is not None, timeout=5000)
    assert list(panel._views.xt.order) == list(range(6))
    assert panel._order.marks == {0}


def test_the_arrow_keys_go_through_a_grid_in_the_order_that_is_shown(qtbot):
    grid = ImageGrid()
    qtbot.addWidget(grid)
    grid.resize(300, 60)
    grid.show_pictures(np.zeros((5, 4, 4, 1), np.uint8))
    grid.set_order((4, 0, 2))
    grid.select(4)
    picked = []
    grid.picked.connect(picked.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        QTest.keyClick(grid, key)
    assert picked == [0, 2, 0]
    grid.show_pictures(np.zeros((3, 4, 4, 1), np.uint8))
    assert list(grid.order) == [0, 2]
