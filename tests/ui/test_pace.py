from PySide6.QtWidgets import QVBoxLayout, QWidget

from ddpm_studio.ui.pace import Pace
from ddpm_studio.ui.widgets.still_label import StillLabel


def test_what_is_asked_for_after_a_rest_is_due_at_once_and_the_next_ones_once_together(qtbot):
    pace, times = Pace(150), []
    pace.due.connect(lambda: times.append(len(times)))
    pace.ask()
    assert times == [0]
    for _ in range(5):
        pace.ask()
    assert times == [0]
    with qtbot.waitSignal(pace.due):
        pass
    with qtbot.assertNotEmitted(pace.due, wait=200):
        pass
    assert times == [0, 1]


def test_now_leaves_nothing_to_be_done_later(qtbot):
    pace = Pace(50)
    pace.ask()
    pace.ask()
    pace.now()
    with qtbot.assertNotEmitted(pace.due, wait=100):
        pass


def test_another_text_makes_no_layout_anew(qtbot):
    class Column(QWidget):
        laid_out = 0

        def event(self, event):
            self.laid_out += event.type() == event.Type.LayoutRequest
            return super().event(event)

    column = Column()
    qtbot.addWidget(column)
    label = StillLabel(2, column)
    QVBoxLayout(column).addWidget(label)
    column.show()
    qtbot.wait(1)
    before = column.laid_out
    label.set_text("first\nand a much longer second line")
    qtbot.wait(1)
    assert (label.text(), column.laid_out) == ("first\nand a much longer second line", before)
    assert label.grab().toImage() != StillLabel(2, column).grab().toImage()
