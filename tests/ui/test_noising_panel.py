import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import QMimeData, QObject, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QStyle,
    QStyleOptionSlider,
    QWidget,
)

from ddpm_studio.data import load, open_source, to_bytes
from ddpm_studio.document import Document, Noising
from ddpm_studio.export import read_provenance
from ddpm_studio.forward import chain, clean, noised
from ddpm_studio.schedule import Cosine, Linear
from ddpm_studio.ui.noising import chain as chain_module
from ddpm_studio.ui.panels.noising import NoisingPanel, equation
from ddpm_studio.ui.plots.histogram import density, normal_density
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets import picture_reading

T = 60
DOCUMENT = Document(schedule=Linear(T=T, scaled=True), noising=Noising(picture="pixel-faces:3", seed=5))


@pytest.fixture
def session(qapp):
    return Session(DOCUMENT)


@pytest.fixture
def panel(session, qtbot):
    panel = NoisingPanel(session)
    qtbot.addWidget(panel)
    panel.resize(780, 480)
    panel.show()
    yield panel
    panel.close_jobs()


@pytest.fixture
def reports(session):
    told = []
    session.reported.connect(told.append)
    return told


def expected_xt(document, t):
    x0 = clean(load("pixel-faces").train[3])
    return to_bytes(noised(document.schedule, x0, [t], document.noising.seed).numpy())


def assert_shows_xt(panel, document, t):
    shown = panel._views.closed.pictures
    assert np.abs(shown.astype(int) - expected_xt(document, t).astype(int)).max() <= 1


def choose(panel, path):
    panel._source.edited.emit(str(path))


def picture_file(path, size=(20, 10)):
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (*size[::-1], 3), np.uint8)).save(path)
    return path


def handle_of(slider):
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    control, part = QStyle.ComplexControl.CC_Slider, QStyle.SubControl.SC_SliderHandle
    return slider.style().subControlRect(control, option, part, slider).center()


def test_that_it_opens_with_the_document_s_picture_at_the_session_s_t(panel, session):
    assert_shows_xt(panel, DOCUMENT, session.t)
    assert np.array_equal(panel._views.clean.pictures[0], load("pixel-faces").train[3])
    assert panel._player.position == session.t == T // 2


def test_that_dragging_the_slider_scrubs_without_an_undo_step(panel, session, qtbot):
    slider = panel._player.slider
    start = handle_of(slider)
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=start)
    seen = []
    for x in range(start.x(), slider.width() + 40, 5):
        qtbot.mouseMove(slider, QPoint(x, start.y()))
        seen.append(session.t)
        assert_shows_xt(panel, DOCUMENT, session.t)
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton)
    assert seen == sorted(seen)
    assert len(set(seen)) > 10
    assert session.t == T
    assert session.undo_stack.count() == 0


def test_that_a_click_on_the_groove_goes_there(panel, session, qtbot):
    slider = panel._player.slider
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 4, slider.height() // 2))
    assert session.t == pytest.approx(T / 4, abs=2)


def test_that_keys_step_and_leap_and_go_to_the_ends(panel, session, qtbot):
    seen = []
    session.t_changed.connect(seen.append)
    shift, none = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier
    left, right, home, end = Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End
    for target in (panel, panel._player.slider):
        session.set_t(30)
        seen.clear()
        for key, modifier in ((right, none), (right, shift), (left, none), (left, shift), (end, none), (home, none)):
            qtbot.keyClick(target, key, modifier)
        assert seen == [31, 41, 40, 30, T, 0]


def test_that_space_plays_to_the_end_and_stops_there(panel, session, qtbot):
    session.set_t(0)
    panel._player.speed.setValue(1000)
    qtbot.keyClick(panel, Qt.Key.Key_Space)
    assert panel._player.playing
    with qtbot.waitSignal(panel._player.played):
        pass
    assert session.t == T
    assert not panel._player.playing


def test_that_space_pauses_and_playing_again_from_the_end_begins_anew(panel, session, qtbot):
    session.set_t(T)
    panel._player.speed.setValue(20)
    qtbot.keyClick(panel, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: 0 < session.t < T)
    qtbot.keyClick(panel, Qt.Key.Key_Space)
    assert not panel._player.playing


def test_that_the_cursor_moved_elsewhere_is_followed(panel, session):
    session.set_t(7)
    assert panel._player.position == panel._player.number.value() == 7
    assert_shows_xt(panel, DOCUMENT, 7)
    assert panel._equation.text() == equation(DOCUMENT.schedule, 7)


def test_that_the_numbers_are_those_of_t():
    assert equation(Linear(), 500).endswith("= 0.2803 x₀ + 0.9599 ε    SNR −10.7 dB")
    assert equation(Linear(), 0).endswith("= 1.0000 x₀ + 0.0000 ε    SNR ∞")
    assert equation(Linear(zero_terminal_snr=True), 1000).endswith("= 0.0000 x₀ + 1.0000 ε    SNR −∞")


def test_that_a_schedule_preview_is_followed_live_and_the_chain_waits(panel, session, qtbot):
    qtbot.waitUntil(lambda: panel._chain.reached == T)
    previewed = Cosine(T=T)
    with qtbot.waitSignal(panel._strip_timer.timeout):
        session.preview(schedule=previewed)
        assert_shows_xt(panel, session.document, session.t)
    assert panel._views.simulated.accessibleName() == "chain: when settled"
    assert panel._chain.reached == T
    session.edit("schedule", schedule=previewed)
    qtbot.waitUntil(lambda: panel._views.simulated.accessibleName() == "xₜ step by step")
    last = list(chain(previewed, clean(load("pixel-faces").train[3]), 5))[session.t]
    assert np.array_equal(panel._views.simulated.pictures, to_bytes(last.x.numpy()))


def test_that_a_cancelled_preview_leaves_the_chain_as_it_was(panel, session, qtbot):
    qtbot.waitUntil(lambda: panel._chain.reached == T)
    began = panel._chain._job
    session.preview(schedule=Cosine(T=T))
    session.cancel()
    assert panel._views.simulated.accessibleName() == "xₜ step by step"
    assert panel._chain._job is began


def test_that_another_T_moves_the_ends_of_slider_and_strip(panel, session, qtbot):
    session.edit("T", schedule=Linear(T=200, scaled=True))
    assert panel._player.end == 200
    assert session.t == 100
    qtbot.waitUntil(lambda: panel._views.strip.times[-1:] == (200,))
    session.undo_stack.undo()
    assert panel._player.end == T


def test_that_a_click_on_the_film_strip_goes_to_its_t(panel, session, qtbot):
    strip = panel._views.strip
    qtbot.waitUntil(lambda: len(strip.times) == 8)
    cells = strip._cells()
    x, y = cells.origin(6)
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(int(x + 5), int(y + 5)))
    assert session.t == strip.times[6]
    assert_shows_xt(panel, DOCUMENT, strip.times[6])
    session.set_t(0)
    assert strip.selected == 0


def test_that_a_picture_of_one_s_own_is_taken_and_undone(panel, session, qtbot, tmp_path):
    path = picture_file(tmp_path / "own.png")
    choose(panel, path)
    qtbot.waitUntil(lambda: session.document.noising.picture == str(path), timeout=5000)
    assert panel._views.clean.pictures.shape == (1, 10, 20, 3)
    session.undo_stack.undo()
    assert_shows_xt(panel, DOCUMENT, session.t)


def test_that_a_corrupt_picture_is_one_line_and_changes_nothing(panel, session, qtbot, tmp_path, reports):
    path = tmp_path / "broken.png"
    path.write_bytes(picture_file(tmp_path / "whole.png").read_bytes()[:200])
    choose(panel, path)
    qtbot.waitUntil(lambda: len(reports) == 1, timeout=5000)
    assert "\n" not in reports[0]
    assert session.document == DOCUMENT
    assert session.undo_stack.count() == 0
    assert_shows_xt(panel, DOCUMENT, session.t)


def test_that_a_file_is_decoded_beside_the_window_and_the_picture_before_it_stays_meanwhile(
    panel, session, qtbot, tmp_path, monkeypatch
):
    one, other = (picture_file(tmp_path / name) for name in ("one.png", "other.png"))
    threads, go = [], threading.Event()

    def slow(ref):
        threads.append(threading.current_thread())
        assert go.wait(10)
        return open_source(ref)

    monkeypatch.setattr(picture_reading, "open_source", slow)
    session.edit("a document with its own picture", noising=replace(DOCUMENT.noising, picture=str(one)))
    assert_shows_xt(panel, DOCUMENT, session.t)
    choose(panel, other)  # another one is asked for before the first has been read
    go.set()
    qtbot.waitUntil(lambda: session.document.noising.picture == str(other), timeout=5000)
    assert panel._views.clean.pictures.shape == (1, 10, 20, 3)
    session.undo_stack.undo()
    qtbot.waitUntil(lambda: panel._noising == replace(DOCUMENT.noising, picture=str(one)), timeout=5000)
    assert threading.main_thread() not in threads


def test_that_what_is_dropped_anywhere_on_the_panel_is_left_to_the_window(panel, tmp_path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(picture_file(tmp_path / "own.png")))])
    common = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for widget in (panel, *panel.findChildren(QWidget)):
        entering = QDragEnterEvent(QPoint(2, 2), *common)
        entering.ignore()
        QGuiApplication.sendEvent(widget, entering)
        assert not entering.isAccepted(), widget


def test_that_a_document_whose_picture_is_gone_keeps_the_one_before(panel, session, qtbot, reports):
    session.open(replace(DOCUMENT, noising=Noising(picture="no-such-picture.png")))
    qtbot.waitUntil(lambda: len(reports) == 1, timeout=5000)
    assert np.array_equal(panel._views.clean.pictures[0], load("pixel-faces").train[3])


def test_that_a_panel_without_any_picture_still_shows_the_numbers(qtbot, qapp):
    session = Session(replace(DOCUMENT, noising=Noising(picture="no-such-picture.png")))
    panel = NoisingPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    session.set_t(9)
    assert panel._equation.text() == equation(DOCUMENT.schedule, 9)
    panel.close_jobs()


def test_that_a_photograph_is_chosen_from_the_list(panel, session, qtbot):
    names = panel._source._names
    names.setFocus()
    qtbot.keyClick(names, Qt.Key.Key_Home)
    assert session.document.noising.picture == "astronaut"
    assert panel._views.clean.pictures.shape == (1, 256, 256, 3)
    assert not panel._source._number.isVisible()


def test_that_the_number_box_walks_through_the_data_set(panel, session, qtbot):
    qtbot.keyClick(panel._source._number, Qt.Key.Key_Up)
    assert session.document.noising.picture == "pixel-faces:4"
    assert np.array_equal(panel._views.clean.pictures[0], load("pixel-faces").train[4])
    assert session.undo_stack.count() == 1


def test_that_a_number_beyond_the_data_set_is_one_line_and_goes_back(panel, session, qtbot, reports):
    box = panel._source._number
    box.lineEdit().setText("999999")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert len(reports) == 1
    assert box.value == 3
    assert session.document == DOCUMENT


def test_that_own_pictures_are_opened_from_the_list_and_leaving_the_dialog_changes_nothing(
    panel, session, qtbot, tmp_path, monkeypatch
):
    names = panel._source._names
    last = names.count() - 1
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    names.setCurrentIndex(last)
    names.activated.emit(last)
    assert names.currentText() == "from pixel-faces"
    path = picture_file(tmp_path / "own.png")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    names.activated.emit(last)
    qtbot.waitUntil(lambda: session.document.noising.picture == str(path), timeout=5000)
    assert names.currentText() == "own.png"


def test_that_grey_and_the_seed_are_settings_of_the_document(panel, session, qtbot):
    qtbot.mouseClick(panel._settings.control("grey"), Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert session.document.noising.grey
    assert panel._views.closed.pictures.shape == (1, 16, 16, 1)
    before = panel._views.noise.pictures
    qtbot.mouseClick(panel._dice, Qt.MouseButton.LeftButton)
    assert session.document.noising.seed != DOCUMENT.noising.seed
    assert not np.array_equal(panel._views.noise.pictures, before)
    session.undo_stack.undo()
    assert np.array_equal(panel._views.noise.pictures, before)


def test_that_epsilon_is_painted_on_its_own_range(panel):
    view = panel._views.noise
    low = np.unravel_index(view._values.argmin(), view._values.shape)
    n, c, y, x = low
    assert view.pictures[n, y, x, c] == max(0, round((view._values[low] / 3 + 1) * 127.5))


def test_that_the_histogram_is_a_density_and_of_pure_noise_the_normal_one():
    values = torch.randn(400_000, generator=torch.Generator().manual_seed(0)).numpy()
    found = density(values)
    edges = np.linspace(-4, 4, 129)
    centres = (edges[:-1] + edges[1:]) / 2
    assert found.sum() / 16 == pytest.approx(1.0, abs=1e-3)
    assert np.abs(found - normal_density(centres)).max() < 5 * np.sqrt(0.4 * 16 / values.size)


def test_that_values_fall_into_the_bin_they_lie_in():
    found = density(np.array([-4.0, -0.01, 0.0, 0.06, 3.99, 4.0, -9.0, 50.0], np.float32)) * 8 / 16
    assert {int(i): round(float(found[i])) for i in np.flatnonzero(found)} == {0: 1, 63: 1, 64: 2, 127: 1}


def test_that_a_chain_too_large_for_its_budget_is_kept_in_strides(panel, session, qtbot, monkeypatch):
    monkeypatch.setattr(chain_module, "BUDGET", 20 * 16 * 16 * 3)
    session.edit("seed", noising=replace(session.document.noising, seed=9))
    qtbot.waitUntil(lambda: panel._chain.reached == T)
    assert len(panel._chain._links) <= 21
    session.set_t(10)
    assert panel._views.simulated.accessibleName() == "chain, t = 8"
    session.set_t(T)
    assert panel._views.simulated.accessibleName() == "xₜ step by step"


def test_that_the_chain_says_how_far_it_is_while_it_is_computed(panel, session, qtbot, monkeypatch):
    monkeypatch.setattr(chain_module.Job, "play", lambda job: job.step(12))
    session.edit("seed", noising=replace(session.document.noising, seed=9))
    session.set_t(T)
    qtbot.waitUntil(lambda: panel._chain.reached == 11)
    assert panel._views.simulated.accessibleName() == "computing… t = 11"
    assert np.array_equal(panel._views.simulated.pictures, panel._chain.at(11).picture)
    session.set_t(11)
    assert panel._views.simulated.accessibleName() == "xₜ step by step"


def export(panel, text, path, monkeypatch, qtbot, session):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    action = next(a for a in panel._export.menu().actions() if a.text() == text)
    with qtbot.waitSignal(session.noticed) as told:
        action.trigger()
    assert told.args == [f"Saved {path}"]
    return read_provenance(path)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Picture at this t…", "one.png"),
        ("Film strip…", "strip.png"),
        ("Animation…", "film.gif"),
        ("Animation…", "film.webp"),
        ("Numbers…", "numbers.npz"),
    ],
)
def test_that_every_export_restores_its_document(panel, session, qtbot, tmp_path, monkeypatch, text, name):
    carried = export(panel, text, tmp_path / name, monkeypatch, qtbot, session)
    assert Document.from_json(carried["document"]) == DOCUMENT


def test_that_the_exported_picture_is_the_one_shown(panel, session, qtbot, tmp_path, monkeypatch):
    session.set_t(4)
    carried = export(panel, "Picture at this t…", tmp_path / "x.png", monkeypatch, qtbot, session)
    assert carried["t"] == 4
    with Image.open(tmp_path / "x.png") as image:
        assert np.array_equal(np.asarray(image), panel._views.closed.pictures[0])


def test_that_exported_numbers_are_x_t(panel, session, qtbot, tmp_path, monkeypatch):
    export(panel, "Numbers…", tmp_path / "x.npz", monkeypatch, qtbot, session)
    with np.load(tmp_path / "x.npz") as arrays:
        x0 = clean(load("pixel-faces").train[3])
        ts = arrays["t"].tolist()
        expected = noised(DOCUMENT.schedule, x0, ts, 5).numpy()
        np.testing.assert_allclose(arrays["trajectory"][:, 0], expected, atol=1e-6)
        np.testing.assert_allclose(arrays["samples"], noised(DOCUMENT.schedule, x0, [session.t], 5).numpy(), atol=1e-6)


def test_that_an_export_that_fails_is_one_line(panel, session, qtbot, tmp_path, monkeypatch):
    target = str(tmp_path / "missing" / "x.png")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (target, ""))
    with qtbot.waitSignal(session.reported) as told:
        panel._export.menu().actions()[0].trigger()
    assert "\n" not in told.args[0]


def test_that_closing_in_the_middle_of_everything_leaves_no_thread(session, qtbot):
    panel = NoisingPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.keyClick(panel, Qt.Key.Key_Space)
    for seed in range(5):  # each retires the chain before it
        session.edit("seed", noising=replace(session.document.noising, seed=seed))
    panel.close_jobs()
    assert not panel._player.playing
    assert not any(job.running for job in panel._chain.findChildren(QObject) if hasattr(job, "running"))


def test_that_the_die_follows_the_colours(panel, light):
    before = panel._dice.icon().pixmap(16, 16).toImage()
    light.choose(type(light.choice).DARK)
    QApplication.processEvents()
    assert panel._dice.icon().pixmap(16, 16).toImage() != before


def test_that_every_control_has_a_name_and_a_tip(panel):
    controls = [
        w for kind in (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox) for w in panel.findChildren(kind)
    ]
    unnamed = [w for w in controls if w.isVisible() and not (w.accessibleName() or getattr(w, "text", str)())]
    assert unnamed == []


def test_that_it_fits_into_a_narrow_dock(panel):
    assert panel.minimumSizeHint().width() <= 420
    assert panel.minimumSizeHint().height() <= 400


def test_a_panel_that_is_not_seen_does_nothing_for_another_t_and_is_right_once_it_is_seen(panel, session):
    before = panel._views.closed.pictures
    panel.hide()
    session.set_t(3)
    assert panel._views.closed.pictures is before
    panel.show()
    assert_shows_xt(panel, DOCUMENT, 3)
    assert panel._player.position == 3
