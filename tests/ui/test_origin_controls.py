"""Where a chain begins, in the window: what is chosen and painted is the document's; the visited timesteps are seen."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from ddpm_studio.data import open_picture
from ddpm_studio.document import Document, provenance
from ddpm_studio.export import read_provenance
from ddpm_studio.origin import Between, FromNoise, FromPicture, Repair
from ddpm_studio.origin.canvas import mask_of, reference_of
from ddpm_studio.sampler import Ddim, Heun
from ddpm_studio.schedule import Linear
from ddpm_studio.ui.sampling.mask_painter import MaskPainter
from ddpm_studio.ui.sampling.model import Source, opened
from ddpm_studio.ui.sampling.origin_controls import OriginControls
from ddpm_studio.ui.sampling.timestep_view import TimestepView
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets.picture_menu import offer_picture


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The exact denoiser of four pictures, 32 × 32."""
    folder = tmp_path_factory.mktemp("pictures")
    for i in range(4):
        Image.fromarray(np.full((8, 8, 3), 60 * i, np.uint8)).save(folder / f"{i}.png")
    return next(opened(Source("exact", str(folder)), Linear(T=40)))


@pytest.fixture
def session():
    return Session(Document(schedule=Linear(T=40, scaled=True), sampler=Ddim(steps=10)))


@pytest.fixture
def controls(qtbot, session, model):
    widget = OriginControls(session, lambda: provenance(session.document, t=0))
    qtbot.addWidget(widget, before_close_func=lambda w: w.close_jobs())
    widget.show()
    widget.show_model(model)
    return widget


def choose(controls: OriginControls, kind: str) -> None:
    index = controls.kind.findData(kind)
    controls.kind.setCurrentIndex(index)
    controls.kind.activated.emit(index)


def test_choosing_a_kind_edits_the_document_and_undo_brings_the_noise_back(controls, session):
    choose(controls, "picture")
    assert isinstance(session.document.origin, FromPicture)
    assert session.document.origin.t == 20
    session.undo_stack.undo()
    assert session.document.origin == FromNoise()
    assert controls.kind.currentData() == "noise"


def test_another_kind_keeps_the_picture_and_t(controls, session):
    session.edit("", origin=FromPicture(picture="coffee", t=7))
    choose(controls, "between")
    assert session.document.origin == Between(picture="coffee", t=7)


def test_the_picture_is_shown_as_the_denoiser_sees_it_and_it_is_said_what_was_done(qtbot, controls, session):
    session.edit("", origin=FromPicture(picture="coffee", t=7))
    qtbot.waitUntil(lambda: "resized to 32 × 32 colour" in controls.note.text())
    assert controls.note.isVisibleTo(controls)
    assert not controls.repair.painter.isVisibleTo(controls)


def test_a_picture_that_is_not_there_is_told_below_its_name(qtbot, controls, session):
    session.edit("", origin=FromPicture(picture="nowhere.png", t=7))
    qtbot.waitUntil(lambda: "no picture named" in controls.note.text())


def test_what_is_painted_becomes_the_mask_of_the_document_and_clear_empties_it(qtbot, controls, session):
    session.edit("", origin=Repair(picture="coffee"))
    qtbot.waitUntil(lambda: len(controls.repair.painter.painted) == 32)
    side = controls.repair.painter.height()
    QTest.mouseClick(
        controls.repair.painter, Qt.MouseButton.LeftButton, pos=QPoint(controls.repair.painter.width() // 2, side // 2)
    )
    mask = mask_of(session.document.origin.mask, (3, 32, 32))
    assert 4 <= mask.sum() <= 9
    assert mask[16, 16]
    controls.repair.clear.click()
    assert session.document.origin.mask == ""
    assert session.undo_stack.count() == 3


def test_a_painted_mask_is_saved_as_a_picture_that_is_the_same_mask(qtbot, controls, session, tmp_path, monkeypatch):
    session.edit("repair", origin=Repair(picture="pixel-faces:0", mask=reference_of(np.eye(32, dtype=np.bool_))))
    qtbot.waitUntil(lambda: controls.repair.painter.painted.sum() == 32, timeout=5000)
    monkeypatch.setattr("ddpm_studio.ui.sampling.mask_editor.ask_target", lambda *_: tmp_path / "mask.png")
    told = []
    session.noticed.connect(told.append)
    controls.repair.save.click()
    assert told == [f"Saved {tmp_path / 'mask.png'}"]
    assert np.array_equal(mask_of(str(tmp_path / "mask.png"), (3, 32, 32)), np.eye(32, dtype=np.bool_))


def test_a_stroke_has_no_gaps_and_the_right_button_wipes(qtbot):
    painter = MaskPainter()
    qtbot.addWidget(painter)
    painter.resize(161, 161)
    painter.show_mask(np.zeros((16, 16), np.bool_))
    painter.brush = 1.0
    with qtbot.waitSignal(painter.edited):
        QTest.mousePress(painter, Qt.MouseButton.LeftButton, pos=QPoint(5, 85))
        QTest.mouseMove(painter, QPoint(155, 85))
        QTest.mouseRelease(painter, Qt.MouseButton.LeftButton, pos=QPoint(155, 85))
    assert painter.painted[8].all()
    assert painter.painted.sum() == 16
    QTest.mouseClick(painter, Qt.MouseButton.RightButton, pos=QPoint(85, 85))
    assert not painter.painted[8, 8]


def test_a_right_click_where_nothing_is_painted_offers_the_picture_with_its_mask(
    qtbot, controls, session, tmp_path, monkeypatch
):
    session.edit("", origin=Repair(picture="coffee"))
    painter = controls.repair.painter
    qtbot.waitUntil(lambda: len(painter.painted) == 32)
    painter.resize(200, 161)
    copy, save = painter.actions()
    copy.trigger()
    assert QGuiApplication.clipboard().image().size() == QSize(160, 160)  # without what lies beside the picture
    monkeypatch.setattr("ddpm_studio.ui.widgets.picture_menu.ask_target", lambda *_: tmp_path / "seen.png")
    with qtbot.waitSignal(session.noticed):
        save.trigger()
    assert read_provenance(tmp_path / "seen.png")["document"] == session.document.to_json()
    controls.show()
    centre = QPoint(100, 80)
    QApplication.sendEvent(
        painter, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, centre, painter.mapToGlobal(centre))
    )
    assert painter.findChild(QMenu) is None  # the button may yet wipe
    QTest.mouseClick(painter, Qt.MouseButton.LeftButton, pos=centre)
    QTest.mouseClick(painter, Qt.MouseButton.RightButton, pos=centre)
    assert painter.findChild(QMenu) is None
    assert not painter.painted.any()
    QTest.mouseClick(painter, Qt.MouseButton.RightButton, pos=centre)
    menu = painter.findChild(QMenu)
    assert menu.actions() == [copy, save]
    menu.close()


def test_a_mask_that_is_shown_is_not_edited_by_that(qtbot):
    painter = MaskPainter()
    qtbot.addWidget(painter)
    told = []
    painter.edited.connect(told.append)
    painter.show_mask(mask_of(reference_of(np.eye(4, dtype=np.bool_)), (1, 4, 4)))
    assert painter.painted.sum() == 4
    assert told == []


def test_the_timesteps_are_told_from_first_to_last_with_the_calls_they_take(qtbot):
    view = TimestepView()
    qtbot.addWidget(view)
    document = Document(schedule=Linear(T=40, scaled=True), sampler=Heun(steps=5), origin=FromPicture(t=20))
    view.show_stops(document.schedule, document.stops, 5)
    assert view.words == "t 20 … 8 · 5 calls"
    assert view.stops == (20, 16, 8, 0)
    view.resize(200, 90)
    empty = view.grab().toImage()
    view.show_stops(document.schedule, document.sampler.stops(40), 9)
    assert view.grab().toImage() != empty


def test_the_right_button_saves_and_copies_what_a_widget_paints(qtbot, session, tmp_path, monkeypatch):
    view = TimestepView()
    qtbot.addWidget(view)
    offer_picture(view, "timesteps", lambda: provenance(session.document, t=7), session.noticed, session.reported)
    copy, save = view.actions()
    copy.trigger()
    assert QGuiApplication.clipboard().image().size() == view.size()
    for path, signal in ((tmp_path / "view.png", session.noticed), (tmp_path / "no" / "view.png", session.reported)):
        monkeypatch.setattr("ddpm_studio.ui.widgets.picture_menu.ask_target", lambda *_, path=path: path)
        with qtbot.waitSignal(signal):
            save.trigger()
    assert open_picture(tmp_path / "view.png").shape == (view.height(), view.width(), 3)
    assert read_provenance(tmp_path / "view.png")["t"] == 7
