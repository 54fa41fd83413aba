import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QRegion
from PySide6.QtWidgets import QFileDialog, QWidget

from ddpm_studio.export import read_provenance
from ddpm_studio.ui.widgets.cells import GAP, arranged
from ddpm_studio.ui.widgets.image_view import ImageGrid

RGB = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)


@pytest.fixture
def make(qtbot):
    """Shown grids of 200 × 200 without a caption, so that the picture begins in the corner."""

    def make(pictures, size=(200, 200), **more):
        view = ImageGrid(**more)
        qtbot.addWidget(view)
        view.resize(*size)
        view.show_pictures(pictures)
        view.show()
        return view

    return make


def painted(view):
    """What the widget paints, uint8 (H, W, 3)."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()  # the image's memory goes


def centre(view, index):
    cells = view._cells()
    x, y = cells.origin(index)
    return QPoint(int(x + cells.width / 2), int(y + cells.height / 2))


def test_that_a_picture_is_painted_pixel_for_pixel(make):
    shown = painted(make(RGB[0]))
    assert np.array_equal(shown, RGB[0].repeat(25, axis=0).repeat(25, axis=1))


def test_that_grey_is_painted_grey(make):
    grey = RGB[0, ..., :1]
    shown = painted(make(grey))
    assert np.array_equal(shown, grey.repeat(25, axis=0).repeat(25, axis=1).repeat(3, axis=2))


def test_that_the_picture_s_own_memory_can_change_after_it_was_shown(make):
    picture = RGB[0].copy()
    view = make(picture)
    before = painted(view)
    picture[...] = 0
    assert np.array_equal(painted(view), before)


def test_that_a_wide_area_gets_one_row_and_a_high_one_one_column():
    assert arranged(4, (10, 10), (400, 60)).columns == 4
    assert arranged(4, (10, 10), (60, 400)).columns == 1
    assert arranged(16, (10, 10), (400, 400)).columns == 4


@given(
    count=st.integers(1, 64),
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    area=st.tuples(st.floats(600, 2000), st.floats(600, 2000)),
    label=st.sampled_from([0.0, 16.0]),
    ratio=st.sampled_from([1.0, 1.25, 1.5, 2.0]),
)
def test_that_cells_keep_the_aspect_stay_inside_and_are_found_again(count, height, width, area, label, ratio):
    cells = arranged(count, (height, width), area, label=label, ratio=ratio)
    assert cells.width / width == pytest.approx(cells.height / height)
    scale = cells.width / width * ratio
    assert scale < 2 or scale == pytest.approx(round(scale))
    for index in (0, count - 1):
        x, y = cells.origin(index)
        assert x + cells.width <= area[0] + 1 or cells.width * max(height, width) / width * ratio <= 1.001
        found = cells.at(x + cells.width / 2, y + cells.height / 2)
        assert found is not None
        assert found[0] == index


def test_that_the_gap_between_two_pictures_belongs_to_neither():
    cells = arranged(2, (10, 10), (203, 100))
    assert cells.at(cells.left + cells.width + GAP / 2, cells.top + 5) is None


def test_that_a_click_selects_and_tells(make, qtbot):
    view = make(RGB)
    with qtbot.waitSignal(view.picked) as told:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=centre(view, 4))
    assert told.args == [4]
    assert view.selected == 4


def test_that_arrows_move_the_selection_and_stop_at_the_ends(make, qtbot):
    view = make(RGB, size=(300, 200))
    columns = view._cells().columns
    view.select(0)
    picked = []
    view.picked.connect(picked.append)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Up):
        qtbot.keyClick(view, key)
    assert picked == [1, 1 + columns, 1]


def test_that_a_single_picture_leaves_the_keys_to_its_parent(qtbot):
    class Parent(QWidget):
        keys: list[int] = []  # noqa: RUF012

        def keyPressEvent(self, event):
            self.keys.append(event.key())

    parent = Parent()
    qtbot.addWidget(parent)
    view = ImageGrid(parent=parent)
    view.show_pictures(RGB[0])
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert parent.keys == [Qt.Key.Key_Right]


def test_that_the_selection_is_framed_in_the_accent_colour(make):
    view = make(np.zeros((2, 8, 8, 3), np.uint8))
    view.select(1)
    frame = view.palette().highlight().color()
    x, y = view._cells().origin(1)
    assert painted(view)[int(y), int(x) + 10].tolist() == [frame.red(), frame.green(), frame.blue()]


def test_that_the_value_under_the_mouse_is_the_float_s_when_there_is_one(make):
    view = make(RGB)
    values = np.zeros((6, 3, 8, 8), np.float32)
    values[2, :, 5, 3] = 0.25, -2.5, 1.0
    view.show_pictures(RGB, values)
    cells = view._cells()
    x, y = cells.origin(2)
    point = QPointF(x + cells.width * 3.5 / 8, y + cells.height * 5.5 / 8)
    assert view.value_at(point) == "(3, 5)  +0.25 −2.50 +1.00"
    assert view.value_at(QPointF(-5, -5)) == ""


def test_that_without_floats_bytes_are_told_on_the_span(make):
    view = make(np.array([0, 255], np.uint8).reshape(1, 2, 1), span=(-3.0, 3.0))
    assert view.value_at(QPointF(50, 100)) == "(0, 0)  −3.00"
    assert view.value_at(QPointF(150, 100)) == "(1, 0)  +3.00"


def test_that_copy_puts_the_selected_picture_on_the_clipboard(make):
    view = make(RGB)
    view.select(3)
    view.copy()
    copied = QGuiApplication.clipboard().image()
    assert (copied.width(), copied.height()) == (8, 8)
    assert copied.pixelColor(2, 6).getRgb()[:3] == tuple(RGB[3, 6, 2])


def test_that_a_saved_picture_carries_its_provenance(make, tmp_path, monkeypatch):
    target = tmp_path / "one"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), "PNG picture (*.png)"))
    view = make(RGB, provenance=lambda: {"app": "test", "t": 7})
    told = []
    view.saved.connect(told.append)
    next(action for action in view.actions() if action.text() == "Save picture…").trigger()
    assert told == [f"Saved {target.with_suffix('.png')}"]
    assert read_provenance(target.with_suffix(".png")) == {"app": "test", "t": 7}


def chosen(view, monkeypatch, text, target):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    next(action for action in view.actions() if action.text() == text).trigger()
    with np.load(target) as archive:
        return dict(archive)


def test_that_the_numbers_behind_the_pictures_can_be_saved_those_shown_in_their_order(make, tmp_path, monkeypatch):
    values = np.random.default_rng(1).standard_normal((6, 3, 8, 8)).astype(np.float32)
    view = make(RGB, provenance=lambda: {"app": "test"})
    view.show_pictures(RGB, values)
    view.select(2)
    view.set_order([4, 1])
    one = chosen(view, monkeypatch, "Save picture…", tmp_path / "one.npz")
    assert np.array_equal(one["samples"], values[[2]])
    several = chosen(view, monkeypatch, "Save all as one picture…", tmp_path / "all.npz")
    assert np.array_equal(several["samples"], values[[4, 1]])
    assert read_provenance(tmp_path / "all.npz") == {"app": "test"}


def test_that_pictures_without_numbers_are_saved_as_what_their_bytes_stand_for(make, tmp_path, monkeypatch):
    view = make(np.full((2, 4, 4, 1), 51, np.uint8), provenance=dict, span=(0.0, 1.0))
    found = chosen(view, monkeypatch, "Save picture…", tmp_path / "one.npz")["samples"]
    np.testing.assert_allclose(found, np.full((1, 1, 4, 4), 0.2), rtol=1e-6)


def test_that_a_target_that_cannot_be_written_is_one_line(make, tmp_path, monkeypatch):
    target = tmp_path / "missing" / "one.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    view = make(RGB[0], provenance=dict)
    told = []
    view.refused.connect(told.append)
    next(action for action in view.actions() if action.text() == "Save picture…").trigger()
    assert len(told) == 1
    assert "\n" not in told[0]


def test_that_nothing_is_offered_while_there_is_no_picture(qtbot):
    view = ImageGrid("empty", provenance=dict)
    qtbot.addWidget(view)
    assert not any(action.isEnabled() for action in view.actions())
    assert view.value_at(QPointF(5, 5)) == ""
    assert view.grab().width() == view.width()  # it paints


def test_that_a_screen_reader_is_told_the_caption_and_the_tip(make):
    view = make(RGB[0], caption="xₜ", tip="the noisy picture")
    assert (view.accessibleName(), view.accessibleDescription()) == ("xₜ", "the noisy picture")
    view.set_caption("computing…")
    assert view.accessibleName() == "computing…"


def test_that_pictures_like_those_before_are_painted_without_the_line_above_them_and_the_line_without_them(qtbot):
    class Watched(ImageGrid):
        regions: list[QRegion] = []  # noqa: RUF012

        def paintEvent(self, event):
            self.regions.append(event.region())
            super().paintEvent(event)

    view = Watched("caption")
    qtbot.addWidget(view)
    view.resize(200, 200)
    view.show_pictures(RGB)
    view.show()
    qtbot.waitExposed(view)
    qtbot.waitUntil(lambda: bool(view.regions))
    QCoreApplication.processEvents()
    line, first = view._line_box(view._cells()).toAlignedRect(), centre(view, 0)
    view.regions.clear()
    view.set_caption("another")
    qtbot.waitUntil(lambda: bool(view.regions))
    assert view.regions[-1].intersects(line)
    assert not view.regions[-1].contains(first)
    view.regions.clear()
    view.show_pictures(RGB)
    qtbot.waitUntil(lambda: bool(view.regions))
    assert view.regions[-1].contains(first)
    assert not view.regions[-1].intersects(line)
