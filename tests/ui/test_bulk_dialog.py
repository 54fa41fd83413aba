"""Many samples in the window: the same as the panel's, paused and gone on with, kept when stopped."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from sampling_panels import shown_panel, small_session

from ddpm_studio.data import open_picture
from ddpm_studio.document import Document
from ddpm_studio.export import read_provenance
from ddpm_studio.sampler import Ddim
from ddpm_studio.ui.sampling import bulk_dialog
from ddpm_studio.ui.sampling.bulk_dialog import Many

STEPS = 10


@pytest.fixture
def session(tmp_path):
    return small_session(tmp_path, Ddim(steps=STEPS, eta=1.0), count=4)


@pytest.fixture
def panel(qtbot, session):
    with shown_panel(qtbot, session, 1200, 440) as panel:
        yield panel


@pytest.fixture
def bulk(panel):
    panel._export.open_bulk()
    panel._export.bulk.form.set_value(Many(count=10, batch=4))
    return panel._export.bulk


def click(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def whole(qtbot, panel):
    """The samples of the panel, walked to their end."""
    panel._player.walk_to(STEPS)
    qtbot.waitUntil(lambda: panel._chain.trail.path.finished, timeout=10000)
    return panel._chain.trail.path.state(STEPS).numpy()


def test_the_first_of_many_are_the_panel_s(qtbot, panel, bulk, session, tmp_path, monkeypatch):
    bulk.form.set_value(Many(count=10, batch=4, uint8=False))
    monkeypatch.setattr("ddpm_studio.ui.sampling.bulk_dialog.ask_target", lambda *_: tmp_path / "many.npz")
    with qtbot.waitSignal(session.noticed, timeout=20000) as noticed:
        click(bulk._archive)
        assert not bulk._archive.isEnabled()
    assert noticed.args == [f"Saved {tmp_path / 'many.npz'}"]
    with np.load(tmp_path / "many.npz") as arrays:
        assert arrays["arr_0"].shape == (10, 6, 6, 3)
        np.testing.assert_allclose(arrays["samples"][:4], whole(qtbot, panel), atol=1e-5)
    assert Document.from_json(read_provenance(tmp_path / "many.npz")["document"]) == session.document
    assert bulk._told.text() == "many.npz is there."
    assert bulk._archive.isEnabled()


def test_a_pause_is_a_pause_and_it_goes_on(qtbot, bulk, session, tmp_path):
    bulk.form.set_value(Many(count=400, batch=4))
    bulk.begin(tmp_path / "many.npz")
    qtbot.waitUntil(lambda: bulk._made is not None and bulk._made.pictures >= 8, timeout=20000)
    click(bulk._pause)
    assert "paused" in bulk._told.text()
    qtbot.wait(100)
    made = bulk._made
    qtbot.wait(100)
    assert bulk._made == made
    click(bulk._pause)
    with qtbot.waitSignal(session.noticed, timeout=30000):
        pass
    with np.load(tmp_path / "many.npz") as arrays:
        assert arrays["arr_0"].shape == (400, 6, 6, 3)


def test_what_was_stopped_is_kept_and_goes_on(qtbot, bulk, session, tmp_path):
    bulk.form.set_value(Many(count=400, batch=4))
    bulk.begin(tmp_path / "many")
    qtbot.waitUntil(lambda: bulk._made is not None and bulk._made.pictures >= 8, timeout=20000)
    click(bulk._stop)
    qtbot.waitUntil(lambda: not bulk.running, timeout=10000)
    assert "are kept; the same order goes on" in bulk._told.text()
    kept = len(list((tmp_path / "many").glob("*.png")))
    assert 8 <= kept < 400
    bulk.form.set_value(Many(count=kept + 4, batch=4))
    first = (tmp_path / "many" / "00000000.png").stat().st_mtime_ns
    with qtbot.waitSignal(session.noticed, timeout=20000):
        bulk.begin(tmp_path / "many")
    assert len(list((tmp_path / "many").glob("*.png"))) == kept + 4
    assert (tmp_path / "many" / "00000000.png").stat().st_mtime_ns == first
    assert open_picture(tmp_path / "many" / "00000001.png").shape == (6, 6, 3)


def test_a_folder_of_something_else_is_refused_in_one_line(qtbot, bulk, session, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with qtbot.waitSignal(session.reported, timeout=10000) as reported:
        bulk.begin(tmp_path / "mine")
    assert "not of our making" in reported.args[0]
    qtbot.waitUntil(lambda: not bulk.running, timeout=10000)
    assert bulk._archive.isEnabled()


def test_what_went_wrong_stands_in_the_small_window_too(qtbot, bulk, session, tmp_path):
    bulk.form.set_value(Many(count=100_000, batch=4))
    bulk.begin(tmp_path / "many.npz")
    qtbot.waitUntil(lambda: bulk._made is not None, timeout=20000)
    with qtbot.waitSignal(session.reported, timeout=20000) as reported:
        (tmp_path / "many.npz.parts").rename(tmp_path / "gone")
    assert bulk._told.text() == reported.args[0]
    assert not bulk.running


def test_too_little_memory_is_told_and_a_smaller_batch_goes_on(qtbot, bulk, session, tmp_path, monkeypatch):
    reverse = bulk_dialog.reverse

    def tight(*args, samples, **more):
        if len(samples) > 2:
            raise MemoryError
        return reverse(*args, samples=samples, **more)

    monkeypatch.setattr(bulk_dialog, "reverse", tight)
    told = []
    session.reported.connect(told.append)
    with qtbot.waitSignal(session.noticed, timeout=20000):
        bulk.begin(tmp_path / "many.npz")
    with np.load(tmp_path / "many.npz") as arrays:
        assert arrays["arr_0"].shape == (10, 6, 6, 3)
    assert told[0] in (f"4 samples at once do not fit into memory; going on with {batch}" for batch in (1, 2))


def test_closing_the_panel_waits_for_no_more_than_the_step_in_work(qtbot, panel, bulk, tmp_path):
    bulk.form.set_value(Many(count=100_000, batch=4))
    bulk.begin(tmp_path / "many.npz")
    qtbot.waitUntil(lambda: bulk._made is not None, timeout=20000)
    panel.close_jobs()
    assert not bulk.running
