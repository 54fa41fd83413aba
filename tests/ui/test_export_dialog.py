"""The export window: what is chosen is what is written; what has not been walked is walked first; all is remembered."""

import av
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from sampling_panels import shown_panel, small_session

from ddpm_studio.data import to_bytes
from ddpm_studio.document import Document, Sampling
from ddpm_studio.errors import UserError
from ddpm_studio.export import Quantity, Which, read_provenance
from ddpm_studio.sampler import Ancestral
from ddpm_studio.ui.sampling.chain_look import ChainLook, remember, remembered
from ddpm_studio.ui.sampling.export import CHAIN_EXPORTS
from ddpm_studio.ui.window.document_file import DocumentFile

STEPS = 20
GRID, STRIP, FILM, NUMBERS = range(4)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    """Nothing has been chosen before, and nothing is remembered after the test."""
    kept = {}
    monkeypatch.setattr("ddpm_studio.ui.sampling.chain_look._settings", lambda: _Settings(kept))


class _Settings:
    def __init__(self, kept):
        self._kept = kept

    def value(self, key):
        return self._kept.get(key)

    def setValue(self, key, text):
        self._kept[key] = text


@pytest.fixture
def session(tmp_path):
    return small_session(tmp_path, Ancestral(steps=STEPS), count=4)


@pytest.fixture
def panel(qtbot, session):
    with shown_panel(qtbot, session, 1200, 440) as panel:
        yield panel


def opened(panel, kind, **choices):
    """The dialog on this kind of export, with these choices."""
    dialog = panel._export.dialog
    panel._export.open_dialog()
    dialog.kinds.setCurrentIndex(kind)
    dialog.kinds.activated.emit(kind)
    for name, value in choices.items():
        dialog.form.control(name).edited.emit(value)
        dialog.form.control(name).set_value(value)
    return dialog


def saved(qtbot, panel, session, path, monkeypatch):
    """Presses Save; what the file says of itself."""
    monkeypatch.setattr("ddpm_studio.ui.widgets.export_button.ask_target", lambda *_: path)
    with qtbot.waitSignal(session.noticed, timeout=20000) as noticed:
        QTest.mouseClick(panel._export.dialog._save, Qt.MouseButton.LeftButton)
    assert noticed.args == [f"Saved {path}"]
    return read_provenance(path)


def test_what_has_not_been_walked_is_walked_first(qtbot, panel, session, tmp_path, monkeypatch):
    dialog = opened(panel, FILM, steps=Which.EVERY, count=4)
    assert "walked up to step" in dialog._told.text()
    assert "the rest is walked first" in dialog._told.text()
    told = saved(qtbot, panel, session, tmp_path / "a.gif", monkeypatch)
    assert told["t"] == [100, 80, 60, 40, 20, 0]
    assert panel._chain.trail.path.finished
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == 6


def test_a_chain_that_is_not_to_be_walked_on_is_written_as_far_as_it_is(qtbot, panel, session, tmp_path, monkeypatch):
    dialog = opened(panel, NUMBERS, walk_on=False)
    trail = panel._chain.trail
    front, times = trail.front, trail.course.times
    assert f"step {front} of {STEPS} (t = {times[front]}), and written so far" in dialog._told.text()
    saved(qtbot, panel, session, tmp_path / "a.npz", monkeypatch)
    with np.load(tmp_path / "a.npz") as arrays:
        assert arrays["t"].tolist() == list(times[: front + 1])
    assert not trail.path.finished


def test_quantity_samples_and_size_are_those_chosen(qtbot, panel, session, tmp_path, monkeypatch):
    dialog = opened(panel, GRID, quantity=Quantity.ALL, samples="1, 3", scale=3)
    assert "2 of 4 samples, 130 × 18 pixels" in dialog._told.text()
    told = saved(qtbot, panel, session, tmp_path / "a.png", monkeypatch)
    assert (told["drawn"], told["numbers"]) == ("side-by-side", [1, 3])
    with Image.open(tmp_path / "a.png") as image:
        found = np.asarray(image)
    assert found.shape == (18, 130, 3)
    guess = to_bytes(panel._chain.frame.step.x0.numpy()).repeat(3, 1).repeat(3, 2)
    assert np.array_equal(found[:, 46:64], guess[1])
    assert np.array_equal(found[:, 66:84], guess[3])


def test_the_selected_sample_alone(qtbot, panel, session, tmp_path, monkeypatch):
    panel.show_sample(2)
    opened(panel, NUMBERS, samples="selected", steps=Which.LOG, count=3)
    told = saved(qtbot, panel, session, tmp_path / "a.npz", monkeypatch)
    assert (told["numbers"], told["sample"]) == ([2], 2)
    with np.load(tmp_path / "a.npz") as arrays:
        assert arrays["trajectory"].shape == (3, 1, 3, 6, 6)
        assert np.array_equal(arrays["trajectory"][-1], panel._chain.trail.path.state(STEPS)[2:3].numpy())


def test_the_marked_samples_alone(qtbot, panel, session, tmp_path, monkeypatch):
    dialog = opened(panel, GRID, samples="marked")
    assert "none is marked" in dialog._told.text()
    for sample in (3, 1):
        panel.show_sample(sample)
        panel._order.one.trigger()
    opened(panel, GRID, samples="marked")
    assert saved(qtbot, panel, session, tmp_path / "a.png", monkeypatch)["numbers"] == [1, 3]


def test_a_video_lasts_as_long_as_it_says(qtbot, panel, session, tmp_path, monkeypatch):
    dialog = opened(panel, FILM, steps=Which.ALL, fps=10.0, hold=3.0, samples="0-1")
    assert "21 frames, 5.0 s" in dialog._told.text()
    saved(qtbot, panel, session, tmp_path / "a.mp4", monkeypatch)
    with av.open(str(tmp_path / "a.mp4")) as film:
        assert film.duration / av.time_base == pytest.approx(5.0, abs=0.1)
        assert (film.streams.video[0].width, film.streams.video[0].height) == (2 * 66 + 2, 66)


@pytest.mark.parametrize(
    ("text", "why"), [("7", "not among the samples 0 to 3"), ("first", "no number"), ("-2", "no number")]
)
def test_samples_that_there_are_not_cannot_be_saved(panel, text, why):
    dialog = opened(panel, FILM, samples=text)
    assert why in dialog._told.text()
    assert not dialog._save.isEnabled()


def test_what_means_nothing_to_a_kind_is_greyed(panel):
    dialog = opened(panel, GRID)
    greyed = {name for name in ChainLook.__dataclass_fields__ if not dialog.form.control(name).isEnabled()}
    assert greyed == {"steps", "count", "fps", "hold", "walk_on"}


def test_the_choices_of_each_kind_are_remembered_and_the_menu_goes_by_them(
    qtbot, panel, session, tmp_path, monkeypatch
):
    opened(panel, STRIP, count=3, scale=2)
    dialog = opened(panel, FILM, fps=5.0)
    assert dialog.look.count == 100
    assert opened(panel, STRIP).look == ChainLook(count=3, scale=2)
    dialog.hide()
    monkeypatch.setattr("ddpm_studio.ui.widgets.export_button.ask_target", lambda *_: tmp_path / "a.png")
    with qtbot.waitSignal(session.noticed, timeout=20000):
        panel._export.menu().actions()[STRIP].trigger()
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (3 * 14 - 2, 4 * 14 - 2)


def test_what_is_remembered_and_cannot_be_read_any_more_is_as_at_first(monkeypatch):
    kept = _Settings({"export/chain": '{"fps": "fast"}'})
    monkeypatch.setattr("ddpm_studio.ui.sampling.chain_look._settings", lambda: kept)
    assert remembered("chain", ChainLook(count=7)) == ChainLook(count=7)
    remember("chain", ChainLook(fps=3.0))


def test_a_chain_begun_anew_is_not_written_in_the_place_of_the_one_that_was_asked_for(
    qtbot, panel, session, tmp_path, monkeypatch
):
    monkeypatch.setattr("ddpm_studio.ui.widgets.export_button.ask_target", lambda *_: tmp_path / "a.gif")
    opened(panel, FILM)
    panel._export.walk_asked.disconnect(panel._on_walk_asked)  # it takes its time
    QTest.mouseClick(panel._export.dialog._save, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(session.reported, timeout=10000) as reported:
        session.edit("seed", sampling=Sampling(count=4, seed=6))
    assert "begun anew" in reported.args[0]
    assert not (tmp_path / "a.gif").exists()
    assert panel._export.text() == "Export"


def test_an_export_that_waits_for_the_walk_can_be_stopped(qtbot, panel, session, tmp_path, monkeypatch):
    monkeypatch.setattr("ddpm_studio.ui.widgets.export_button.ask_target", lambda *_: tmp_path / "a.gif")
    dialog = opened(panel, FILM)
    panel._export.walk_asked.disconnect(panel._on_walk_asked)
    QTest.mouseClick(dialog._save, Qt.MouseButton.LeftButton)
    assert panel._export.text().endswith("%")
    QTest.mouseClick(dialog._stop, Qt.MouseButton.LeftButton)
    assert panel._export.text() == "Export"
    panel._player.walk_to(STEPS)
    qtbot.waitUntil(lambda: panel._chain.trail.path.finished, timeout=10000)
    assert list(tmp_path.glob("*.gif")) == []


def test_numbers_of_samples_are_read_as_lists_and_ranges():
    assert ChainLook(samples="0, 3, 7-9").rows(10, 2) == (0, 3, 7, 8, 9)
    assert ChainLook(samples="Selected").rows(10, 2) == (2,)
    assert ChainLook(samples="").rows(3, 0) == (0, 1, 2)
    with pytest.raises(UserError, match="0 to 9"):
        ChainLook(samples="10").rows(10, 0)


def test_every_kind_of_export_has_a_name_of_its_own():
    assert len({each.name for each in CHAIN_EXPORTS}) == len(CHAIN_EXPORTS)


@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.webp", "a.apng", "a.mp4", "a.npz"])
def test_an_export_that_is_dropped_restores_document_position_and_sample(
    qtbot, panel, session, tmp_path, monkeypatch, name
):
    kind = {".png": GRID, ".npz": NUMBERS}.get(name[1:], FILM)
    panel._player.walk_to(STEPS // 2)
    qtbot.waitUntil(lambda: panel._chain.frame.index == STEPS // 2, timeout=10000)
    panel.show_sample(3)
    made_of = session.document
    opened(panel, kind, walk_on=False)
    told = saved(qtbot, panel, session, tmp_path / name, monkeypatch)
    t = told["t"][-1] if kind == FILM else STEPS // 2 * 5
    window = QWidget()
    qtbot.addWidget(window)
    files = DocumentFile(session, QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat), window)
    session.open(Document(dataset=session.document.dataset, sampler=Ancestral(steps=7), sampling=Sampling(count=1)))
    with qtbot.waitSignal(files.opened, timeout=20000):
        files.open(tmp_path / name)
    assert session.document == made_of
    qtbot.waitUntil(lambda: panel._chain.frame is not None and panel._chain.frame.t == t, timeout=10000)
    assert session.t == t
    assert panel._selected == 3
    files.close()
