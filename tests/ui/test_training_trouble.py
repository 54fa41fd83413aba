"""What can go wrong in a run, seen from the window: one line each, the last good state kept, and the window goes on."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from training_runs import NETWORK, document, pictures

from ddpm_studio.checkpoint import Checkpoint
from ddpm_studio.learner import Learner
from ddpm_studio.run import Run
from ddpm_studio.schedule import Linear
from ddpm_studio.ui.panels.training import TrainingPanel
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.training import run_folder
from ddpm_studio.ui.training.run import State

PATIENCE = 60_000  # ms; what is waited for takes a second


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Where runs are kept, for once."""
    monkeypatch.setattr(run_folder, "standard_place", lambda: tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture
def dataset(tmp_path):
    np.savez(tmp_path / "stripes.npz", arr_0=pictures())
    return tmp_path / "stripes.npz"


@pytest.fixture
def session(dataset):
    return Session(document(dataset, held_out=0.2))


@pytest.fixture
def panel(qtbot, session):
    panel = TrainingPanel(session)
    qtbot.addWidget(panel)
    panel.resize(1200, 800)
    panel.show()
    yield panel
    panel.close_jobs()


def train_out(qtbot, panel):
    """Presses Start and waits for the end."""
    QTest.mouseClick(panel._transport.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel._run.state is State.IDLE, timeout=PATIENCE)


def at_step(monkeypatch, step, act):
    """Lets `act(learner)` happen before the step after `step` others."""
    advance = Learner.advance

    def troubled(learner):
        if learner.step == step:
            act(learner)
        return advance(learner)

    monkeypatch.setattr(Learner, "advance", troubled)


def full(*_, **__):
    raise OSError(28, "No space left on device")


def no_memory(*_):
    raise MemoryError


def told_in_one_line(panel, reported, part):
    """Whether the bar and the log say it, once and in a line."""
    (line,) = reported
    assert part in line
    assert "\n" not in line
    assert line in panel._views.log.toPlainText()
    assert panel._transport.go.isEnabled()


def test_out_of_memory_offers_the_micro_batch_that_would_fit(qtbot, panel, place, reported, monkeypatch):
    at_step(monkeypatch, 2, lambda learner: setattr(learner, "_backward", no_memory))
    train_out(qtbot, panel)
    told_in_one_line(panel, reported, "a micro-batch of 4 would fit")
    assert Checkpoint.open(Run.open(place / "stripes-1").latest).header.step == 2
    monkeypatch.undo()


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_step_before(qtbot, panel, place, reported, monkeypatch):
    def spoil(learner):
        learner._loss = replace(learner._loss, weights=np.full(learner.recipe.schedule.T + 1, np.inf))

    at_step(monkeypatch, 2, spoil)
    train_out(qtbot, panel)
    told_in_one_line(panel, reported, "step 3: the loss is inf at t = ")
    assert Checkpoint.open(Run.open(place / "stripes-1").latest).header.step == 2


def test_a_full_disk_keeps_the_last_checkpoint(qtbot, panel, place, reported, monkeypatch):
    at_step(monkeypatch, 4, lambda _: monkeypatch.setattr("ddpm_studio.tensor_writing.save_file", full))
    train_out(qtbot, panel)
    told_in_one_line(panel, reported, "the disk is full")
    kept = Checkpoint.open(Run.open(place / "stripes-1").latest)
    assert kept.header.step == 3
    assert kept.tensors()


def test_a_removed_folder_ends_the_run(qtbot, panel, place, reported, monkeypatch):
    at_step(monkeypatch, 4, lambda _: (place / "stripes-1").rename(place / "gone"))
    train_out(qtbot, panel)
    told_in_one_line(panel, reported, "annot write")
    assert not (place / "stripes-1").exists()
    assert Checkpoint.open(Run.open(place / "gone").latest).header.step == 3


def longer(session):
    session.edit("longer", training=replace(session.document.training, steps=12))


@pytest.mark.parametrize(("damage", "part"), [("cut", "is cut short"), ("bent", "its checksum is wrong")])
def test_a_damaged_checkpoint_is_not_gone_on_from(qtbot, panel, place, session, reported, damage, part):
    train_out(qtbot, panel)
    latest = Run.open(place / "stripes-1").latest
    whole = latest.read_bytes()
    latest.write_bytes(whole[:-20] if damage == "cut" else whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])
    damaged = latest.read_bytes()
    longer(session)
    train_out(qtbot, panel)
    told_in_one_line(panel, reported, part)
    assert latest.read_bytes() == damaged
    assert Run.open(place / "stripes-1").document.training.steps == 6


def test_a_data_set_that_is_gone_or_another_is_named(qtbot, panel, place, session, reported, dataset):
    train_out(qtbot, panel)
    np.savez(dataset, arr_0=pictures(seed=5))
    longer(session)
    train_out(qtbot, panel)
    assert "is not the data set this run began with" in reported[0]
    dataset.unlink()
    train_out(qtbot, panel)
    assert "stripes.npz" in reported[-1]
    assert Checkpoint.open(Run.open(place / "stripes-1").latest).header.step == 6


def test_pictures_of_all_sizes_and_modes_are_trained_on_and_a_damaged_one_is_named(
    qtbot, panel, place, session, reported, tmp_path
):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, mode in enumerate(["L", "RGB", "RGBA", "P", "1", "I;16"] * 2):
        Image.new("L", (4 + i, 9 - i % 3), i).convert("L" if mode == "I;16" else mode).save(folder / f"{i}.png")
    (folder / "broken.png").write_bytes(b"\x89PNG")
    training = replace(session.document.training, batch=4)
    session.edit("mixed", dataset=str(folder), network=replace(NETWORK, multipliers=(1,)), training=training)
    panel._on_new_asked()
    train_out(qtbot, panel)
    assert reported == []
    assert "1 could not be read: broken.png" in panel._views.log.toPlainText()
    assert Checkpoint.open(Run.open(place / "pictures-1").latest).header.step == 6


def test_the_shortest_schedule_dropout_and_flips_are_trained(qtbot, panel, place, session, reported):
    training = replace(session.document.training, flips=True, more_ema=(0.5,))
    session.edit("unusual", schedule=Linear(T=2, beta_end=0.5), training=training)
    session.edit("dropout", network=replace(NETWORK, dropout=0.5))
    train_out(qtbot, panel)
    assert reported == []
    found = Checkpoint.open(Run.open(place / "stripes-1").latest)
    assert (found.header.step, "ema-0.5" in found.groups) == (6, True)


@pytest.fixture
def another(qtbot, session):
    """The same panel in another window, opened before either has begun."""
    other = TrainingPanel(Session(session.document))
    qtbot.addWidget(other)
    other.show()
    yield other
    other.close_jobs()


def test_a_run_that_another_window_is_writing_is_left_to_it(qtbot, panel, another, place, session, reported):
    training = replace(session.document.training, steps=100_000, save_every=100_000, preview_every=100_000)
    another._session.edit("on and on", training=training)
    QTest.mouseClick(another._transport.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: another._step > 0)
    panel._on_folder_asked(place / "stripes-1")
    qtbot.waitUntil(lambda: panel._known is not None)
    session.edit("on and on", training=training)
    train_out(qtbot, panel)
    told_in_one_line(panel, reported, "stripes-1 is in use: another window or program is writing to it")
    another.close_jobs()
    assert Run.open(place / "stripes-1").step == another._step


def test_a_new_run_does_not_go_on_with_the_one_another_window_made_meanwhile(qtbot, panel, another, place, reported):
    train_out(qtbot, another)
    theirs = Run.open(place / "stripes-1").metrics()
    assert panel._folder.path == place / "stripes-1"
    train_out(qtbot, panel)
    assert panel._folder.path == place / "stripes-2"
    assert Run.open(place / "stripes-1").metrics() == theirs
    assert not reported
