import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ddpm_studio.document import Document
from ddpm_studio.schedule import Cosine, Drawn, Linear, Space
from ddpm_studio.ui.schedule.curve_editor import CurveEditor
from ddpm_studio.ui.session import Session

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Bench:
    """An editor wired to a session as the panel wires it, and a hand."""

    def __init__(self, qtbot, schedule):
        self.session = Session(Document(schedule=schedule))
        self.editor = CurveEditor(schedule)
        qtbot.addWidget(self.editor)
        self.session.schedule_changed.connect(self.editor.show_schedule)
        self.editor.moving.connect(self.on_moving)
        self.editor.moved.connect(self.on_moved)
        self.editor.cancelled.connect(self.session.cancel)
        self.refusals, self.previews, self.picks = [], [], []
        self.editor.refused.connect(self.refusals.append)
        self.editor.picked.connect(self.picks.append)
        self.editor.resize(600, 400)
        self.editor.show()
        qtbot.waitExposed(self.editor)
        QApplication.processEvents()

    def on_moving(self, curve):
        self.previews.append(curve)
        self.session.preview(schedule=curve)

    def on_moved(self, curve, text):
        self.session.edit(text, schedule=curve)

    @property
    def shown(self):
        return self.session.document.schedule

    @property
    def settled(self):
        return self.session.settled_document.schedule

    def point(self, index):
        return self.editor.points()[index].toPoint()

    def press(self, at):
        QTest.mousePress(self.editor.viewport(), LEFT, NONE, at)

    def move(self, at):
        QTest.mouseMove(self.editor.viewport(), at)

    def release(self, at):
        QTest.mouseRelease(self.editor.viewport(), LEFT, NONE, at)

    def drag(self, index, right, down):
        start = self.point(index)
        self.press(start)
        for part in (1, 2, 3):
            self.move(start + QPoint(right * part // 3, down * part // 3))
        self.release(start + QPoint(right, down))

    def key(self, key, modifier=NONE):
        QTest.keyClick(self.editor, key, modifier)


@pytest.fixture
def bench(qtbot):
    return Bench(qtbot, Linear())


def test_a_drag_previews_every_move_and_records_one_step_that_undo_takes_back(bench):
    bench.drag(2, 0, -60)
    assert len(bench.previews) == 3
    assert bench.session.undo_stack.count() == 1
    assert bench.session.undo_stack.undoText() == "Move a point of β"
    assert isinstance(bench.settled, Drawn)
    assert bench.settled.beta[500] > 1.3 * Linear().beta[500]
    bench.session.undo_stack.undo()
    assert bench.shown == Linear()
    bench.session.undo_stack.redo()
    assert bench.shown == bench.previews[-1]


def test_nothing_is_recorded_before_the_button_is_let_go(bench):
    start = bench.point(1)
    bench.press(start)
    bench.move(start + QPoint(10, -20))
    assert isinstance(bench.shown, Drawn)
    assert bench.settled == Linear()
    assert bench.editor.busy
    bench.release(start)
    assert not bench.editor.busy


def test_the_point_follows_the_pointer_to_the_pixel(bench):
    at = bench.point(2)
    bench.drag(2, 30, -45)
    assert (QPointF(at + QPoint(30, -45)) - bench.editor.points()[2]).manhattanLength() < 3


def test_pressing_a_point_selects_it_and_leaves_the_preset_a_preset(bench):
    at = bench.point(3)
    bench.press(at)
    bench.release(at)
    assert bench.editor.selected == 3
    assert bench.shown == Linear()
    assert bench.session.undo_stack.count() == 0


def test_a_press_beside_the_points_moves_the_cursor_and_drags_it_along(bench):
    at = bench.editor.points()[2].toPoint() + QPoint(0, 80)
    bench.press(at)
    bench.move(at + QPoint(100, 0))
    bench.release(at + QPoint(100, 0))
    assert bench.picks[0] == pytest.approx(500, abs=3)
    assert bench.picks[-1] > 600
    assert bench.shown == Linear()


def test_escape_puts_back_what_was_before_the_drag(bench):
    start = bench.point(2)
    bench.press(start)
    bench.move(start + QPoint(0, -50))
    assert bench.shown != Linear()
    bench.key(Qt.Key.Key_Escape)
    assert bench.shown == Linear()
    bench.release(start)
    assert bench.shown == Linear()
    assert bench.session.undo_stack.count() == 0


def test_an_undo_in_mid_drag_drops_the_point(bench):
    bench.drag(2, 0, -30)
    start = bench.point(1)
    bench.press(start)
    bench.move(start + QPoint(0, -40))
    bench.session.undo_stack.undo()
    assert not bench.editor.busy
    bench.move(start + QPoint(0, -60))
    bench.release(start)
    assert bench.shown == Linear()


def test_points_of_alpha_bar_cannot_cross(qtbot):
    bench = Bench(qtbot, Cosine())
    bench.editor.show_space(Space.ALPHA_BAR, log=False)
    before = [value for _, value in bench.editor._curve.knots]
    bench.drag(2, 0, -2000)
    bench.drag(3, 3000, 2000)
    values = [value for _, value in bench.shown.knots]
    assert bench.shown.space is Space.ALPHA_BAR
    assert values == sorted(values, reverse=True)
    assert before[1] > values[2] > before[2]
    u = [x for x, _ in bench.shown.knots]
    assert u == sorted(u)


def test_the_ends_move_up_and_down_only(bench):
    bench.drag(0, 200, -40)
    assert bench.shown.knots[0][0] == 0.0
    assert bench.shown.beta[1] > 1e-3


@pytest.mark.parametrize("space", list(Space))
@pytest.mark.parametrize("log", [False, True])
def test_every_quantity_can_be_grabbed_on_either_axis(qtbot, space, log):
    bench = Bench(qtbot, Cosine())
    bench.editor.show_space(space, log)
    bench.drag(2, 0, 8)
    assert bench.shown.space is space
    assert bench.session.undo_stack.count() == 1


def test_a_curve_in_another_quantity_is_traced_when_it_is_grabbed(bench):
    bench.drag(2, 0, -60)
    bench.editor.show_space(Space.LOG_SNR, log=False)
    assert bench.shown.space is Space.BETA
    bench.drag(1, 0, 5)
    assert bench.shown.space is Space.LOG_SNR


def test_a_double_click_adds_a_point_and_delete_removes_it(bench):
    at = (bench.editor.points()[1] + QPointF(40, 0)).toPoint()
    QTest.mouseDClick(bench.editor.viewport(), LEFT, NONE, at)
    assert len(bench.shown.knots) == 6
    assert bench.editor.selected == 2
    assert bench.session.undo_stack.undoText() == "Add a point to β"
    bench.key(Qt.Key.Key_Delete)
    assert len(bench.shown.knots) == 5
    assert bench.editor.selected is None
    assert bench.session.undo_stack.count() == 2


def test_the_ends_are_not_removed_and_the_reason_is_told(bench):
    bench.drag(0, 0, -5)
    bench.key(Qt.Key.Key_Backspace)
    assert "first and last point stay" in bench.refusals[0]
    assert len(bench.shown.knots) == 5


def test_insert_adds_a_point_at_the_cursor(bench):
    bench.editor.show_t(333)
    bench.key(Qt.Key.Key_Insert)
    assert any(u * 999 + 1 == pytest.approx(333) for u, _ in bench.shown.knots)
    bench.key(Qt.Key.Key_Insert)
    assert bench.refusals == ["there is a point at t = 333 already; move that one"]


def test_tab_goes_from_point_to_point_and_back(bench):
    for expected in (0, 1, 2):
        bench.key(Qt.Key.Key_Tab)
        assert bench.editor.selected == expected
    bench.key(Qt.Key.Key_Backtab)
    assert bench.editor.selected == 1


def test_tab_leaves_the_editor_after_the_last_point(bench):
    for _ in bench.editor.points():
        assert bench.editor.focusNextPrevChild(True)
    bench.editor.focusNextPrevChild(True)
    assert bench.editor.selected is None


def test_an_arrow_key_nudges_the_selected_point_and_records_one_step(bench):
    bench.press(bench.point(2))
    bench.release(bench.point(2))
    before = bench.editor.points()[2]
    bench.key(Qt.Key.Key_Up)
    after = bench.editor.points()[2]
    assert before.y() - after.y() == pytest.approx(0.01 * bench.editor._frame.rect.height(), rel=0.01)
    assert bench.session.undo_stack.count() == 1
    assert bench.session.undo_stack.undoText() == "Nudge a point of β"
    bench.key(Qt.Key.Key_Right)
    assert bench.shown.knots[2][0] > 0.5
    assert bench.session.undo_stack.count() == 2


def test_a_held_arrow_key_is_one_step(bench):
    bench.press(bench.point(2))
    bench.release(bench.point(2))
    for _ in range(5):
        QTest.keyPress(bench.editor, Qt.Key.Key_Up)
    assert bench.session.undo_stack.count() == 0
    QTest.keyRelease(bench.editor, Qt.Key.Key_Up)
    assert len(bench.previews) == 5
    assert bench.session.undo_stack.count() == 1


def test_shift_nudges_finer_and_ctrl_coarser(bench):
    steps = []
    for modifier in (Qt.KeyboardModifier.ShiftModifier, NONE, Qt.KeyboardModifier.ControlModifier):
        bench.press(bench.point(2))
        bench.release(bench.point(2))
        before = bench.editor._curve.knots[2][1]
        bench.key(Qt.Key.Key_Up, modifier)
        steps.append(bench.shown.knots[2][1] - before)
    assert steps[1] == pytest.approx(10 * steps[0], rel=0.05)
    assert steps[2] == pytest.approx(5 * steps[1], rel=0.05)


def test_arrow_keys_move_the_cursor_while_no_point_is_selected(bench):
    bench.editor.show_t(500)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_PageUp, Qt.Key.Key_Home, Qt.Key.Key_End):
        bench.key(key)
    assert bench.picks == [499, 510, 0, 1000]
    assert bench.shown == Linear()


def test_losing_the_focus_means_the_nudge(bench):
    bench.press(bench.point(2))
    bench.release(bench.point(2))
    QTest.keyPress(bench.editor, Qt.Key.Key_Up)
    bench.editor.clearFocus()
    assert not bench.editor.busy
    assert bench.session.undo_stack.count() == 1


def test_there_is_nothing_to_grab_where_no_curve_can_follow(qtbot):
    bench = Bench(qtbot, Linear(T=4000))
    bench.editor.show_space(Space.LOG_SNR, log=False)
    assert bench.editor.points() == []
    bench.key(Qt.Key.Key_Insert)
    bench.key(Qt.Key.Key_Delete)
    assert bench.shown == Linear(T=4000)


def test_the_axes_stand_still_while_a_point_is_dragged_and_fit_once_it_is_let_go(bench):
    frame = bench.editor._frame
    start = bench.point(4)
    bench.press(start)
    bench.move(start - QPoint(0, 500))
    assert bench.editor._frame == frame
    assert bench.shown.beta[-1] > frame.top
    bench.release(start - QPoint(0, 500))
    assert bench.editor._frame.top > bench.shown.beta[-1]


def test_the_selected_point_is_told_in_words(bench):
    words = []
    bench.editor.pointed.connect(words.append)
    bench.key(Qt.Key.Key_Tab)
    assert words[-1] == "t = 1, β = 0.0001"
    bench.key(Qt.Key.Key_Escape)
    assert words[-1] == ""
