"""The training panel, driven as a person drives it; the networks have a few hundred weights."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from training_runs import document, pictures

from ddpm_studio.checkpoint import Checkpoint
from ddpm_studio.document import TRAINING as IN_TRAINING
from ddpm_studio.networks import PRESETS, UNet
from ddpm_studio.objective import Bound, Simple, Target
from ddpm_studio.record import Looked, Recorder
from ddpm_studio.run import Run
from ddpm_studio.schedule import Cosine
from ddpm_studio.ui.panels.training import TrainingPanel
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.training import run_folder
from ddpm_studio.ui.training.metrics import SMOOTHING, Metrics
from ddpm_studio.ui.training.resume_question import ResumeQuestion
from ddpm_studio.ui.training.run import State
from ddpm_studio.ui.training.work import Logged, trained

ENDLESS = 1_000_000
PATIENCE = 20_000  # ms; what is waited for takes a fraction of a second


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Where runs are kept, for once."""
    place = tmp_path / "runs"
    monkeypatch.setattr(run_folder, "standard_place", lambda: place)
    return place


@pytest.fixture
def dataset(tmp_path):
    path = tmp_path / "stripes.npz"
    np.savez(path, arr_0=pictures())
    return path


@pytest.fixture
def session(dataset):
    return Session(document(dataset, preview_every=3, held_out=0.2))


@pytest.fixture
def make(qtbot, session):
    """Shows a panel on the session and waits until it has judged the document."""
    made = []

    def show():
        panel = TrainingPanel(session)
        qtbot.addWidget(panel)
        made.append(panel)
        panel.resize(1200, 800)
        panel.show()
        panel.activateWindow()
        qtbot.waitUntil(lambda: bool(panel._controls.cost.text()), timeout=PATIENCE)
        return panel

    yield show
    for panel in made:
        panel.close_jobs()


@pytest.fixture
def panel(make):
    return make()


def wait(qtbot, condition):
    qtbot.waitUntil(condition, timeout=PATIENCE)


def press(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def paused_at(qtbot, panel):
    """The step after which a pause that was just asked for has come, once it is told."""
    worker = panel._run._job._worker
    wait(qtbot, lambda: worker._wanted == 0 and not worker._pile and worker._drawn)
    return panel._step


def train_out(qtbot, panel):
    """Presses Start and waits for the end."""
    press(panel._transport.go)
    wait(qtbot, lambda: panel._run.state is State.IDLE)


def endless(session, **changes):
    training = replace(session.document.training, steps=ENDLESS, preview_every=ENDLESS, save_every=ENDLESS, **changes)
    session.edit("on and on", training=training)


def test_a_run_is_trained_to_its_end_and_written_down(qtbot, panel, place, session):
    train_out(qtbot, panel)
    run = Run.open(place / "stripes-1")
    assert run.document == session.document
    assert run.latest is not None
    assert Checkpoint.open(run.latest).header.step == 6
    assert panel._views.metrics.steps.tolist() == [2, 4, 6]
    assert panel._views.numbers.bar.format() == "step 6 of 6"
    assert panel._transport.go.text() == "New run"
    assert "step 6 is saved" in panel._views.log.toPlainText()


def test_what_is_plotted_is_what_the_metrics_file_says(qtbot, panel, place):
    train_out(qtbot, panel)
    lines = [line for line in Run.open(place / "stripes-1").metrics() if "loss" in line]
    plotted = panel._views.plots.loss.numbers()
    assert plotted["each"].tolist() == [line["loss"] for line in lines]
    assert panel._views.plots.plots[1].numbers()["gradient norm"].tolist() == [line["gradient_norm"] for line in lines]
    np.testing.assert_allclose(panel._views.plots.loss._curves[0].getData()[1], np.log10(plotted["each"]))


def test_previews_and_the_levels_they_came_with_can_be_gone_back_to(qtbot, panel):
    train_out(qtbot, panel)
    film, levels = panel._views.film, panel._views.levels
    assert (film.slider.maximum(), film.step) == (1, 6)
    newest, errors = film.picture.pictures, levels.plot.numbers()["network"]
    assert levels.verdict.text().startswith("step 6: log SNR")
    film.slider.setFocus()
    QTest.keyClick(film.slider, Qt.Key.Key_Home)
    assert film.step == 3
    assert levels.verdict.text().startswith("step 3: log SNR")
    assert not np.array_equal(film.picture.pictures, newest)
    assert not np.array_equal(levels.plot.numbers()["network"], errors)
    assert levels.plot.numbers()["zero"].tolist() == [1.0] * len(errors)


def test_space_starts_pauses_and_resumes_and_no_step_is_taken_in_a_pause(qtbot, panel, session):
    endless(session)
    panel.setFocus()
    QTest.keyClick(panel, Qt.Key.Key_Space)
    wait(qtbot, lambda: panel._step >= 5)
    QTest.keyClick(panel, Qt.Key.Key_Space)
    assert panel._run.state is State.PAUSED
    step = paused_at(qtbot, panel)
    with qtbot.assertNotEmitted(panel._run.stepped, wait=100):
        assert panel._step == step
    QTest.keyClick(panel, Qt.Key.Key_Space)
    wait(qtbot, lambda: panel._step > step)


def test_stopping_and_resuming_gives_the_weights_of_a_run_without_a_stop(qtbot, panel, place, session, tmp_path):
    endless(session)
    session.edit("many steps", training=replace(session.document.training, steps=60, preview_every=30))
    press(panel._transport.go)
    wait(qtbot, lambda: panel._step >= 5)
    press(panel._transport.stop)
    wait(qtbot, lambda: panel._run.state is State.IDLE)
    run = Run.open(place / "stripes-1")
    stopped = Checkpoint.open(run.latest).header.step
    assert 5 <= stopped < 60
    assert panel._transport.go.text() == "Resume"
    train_out(qtbot, panel)
    import torch  # noqa: PLC0415 - as the panel does, late

    straight = Run.create(tmp_path / "straight", session.document)
    list(Recorder.of(straight, torch.device("cpu")).events())
    assert Checkpoint.open(run.latest).sha256 == Checkpoint.open(straight.latest).sha256
    assert [line["step"] for line in run.metrics() if "loss" in line] == panel._views.metrics.steps.tolist()


def test_closing_in_the_middle_saves_the_step_and_the_next_start_finds_the_run(qtbot, make, place, session):
    endless(session)
    panel = make()
    press(panel._transport.go)
    wait(qtbot, lambda: panel._step >= 5)
    panel.close_jobs()
    run = Run.open(place / "stripes-1")
    step = Checkpoint.open(run.latest).header.step
    assert step == panel._step >= 5
    Checkpoint.open(run.latest).tensors()
    again = make()
    assert "stripes-1 stopped before its end" in again._views.log.toPlainText()
    assert f"after {step:,} of 1,000,000 steps" in again._views.log.toPlainText()
    again._folder.menu.aboutToShow.emit()
    entry = next(a for a in again._folder.menu.actions() if a.text().startswith(f"stripes-1: step {step:,} of"))
    entry.trigger()
    wait(qtbot, lambda: again._step == step)
    assert again._transport.go.text() == "Resume"
    press(again._transport.go)
    wait(qtbot, lambda: again._step > step)


def test_a_run_that_stopped_is_offered_where_the_run_is_named(qtbot, make, place, session):
    panel = make()
    endless(session)
    press(panel._transport.go)
    wait(qtbot, lambda: panel._step >= 3)
    press(panel._transport.go)
    assert "paused" in panel._folder._label.text()
    panel.close_jobs()
    again = make()
    assert "go on with stripes-1" in again._folder._label.text()
    again._folder._label.linkActivated.emit("open")
    wait(qtbot, lambda: again._step == panel._step)
    assert (again._folder.path, again._transport.go.text()) == (place / "stripes-1", "Resume")
    assert "go on with" not in again._folder._label.text()


def test_the_line_of_a_preview_is_told_before_the_preview(session, tmp_path):
    values = list(trained(tmp_path / "run", session.document, "cpu", Event()))
    places = [i for i, value in enumerate(values) if isinstance(value, Looked)]
    assert len(places) == 2
    for place in places:
        line = next(value.line for value in values[place::-1] if isinstance(value, Logged))
        assert "levels" in line
        assert line["step"] == values[place].step


def changed_and_resumed(qtbot, panel, session, **training):
    """A run of six steps that is to go on with other settings; the question that this raises."""
    train_out(qtbot, panel)
    session.edit("other", training=replace(session.document.training, steps=12, **training))
    press(panel._transport.go)
    return panel.findChild(ResumeQuestion)


def test_more_steps_are_no_reason_to_ask(qtbot, panel, session, place):
    assert changed_and_resumed(qtbot, panel, session) is None
    wait(qtbot, lambda: panel._run.state is State.IDLE)
    assert Run.open(place / "stripes-1").document == session.document
    assert panel._step == 12


def test_a_changed_document_is_shown_and_can_replace_the_run_s(qtbot, panel, session, place):
    question = changed_and_resumed(qtbot, panel, session, rate=5e-3)
    assert "training.rate: 0.01 → 0.005" in question.informativeText()
    press(question.new)
    wait(qtbot, lambda: panel._step == 12 and panel._run.state is State.IDLE)
    assert Run.open(place / "stripes-1").document.training.rate == 5e-3


def test_a_changed_document_can_give_way_to_the_run_s_and_that_can_be_undone(qtbot, panel, session, place):
    question = changed_and_resumed(qtbot, panel, session, rate=5e-3)
    press(question.old)
    wait(qtbot, lambda: panel._run.state is State.IDLE)
    assert (session.document.training.rate, session.document.training.steps) == (1e-2, 6)
    session.undo_stack.undo()
    assert session.document.training.rate == 5e-3


def test_leaving_the_question_changes_nothing(qtbot, panel, session, place):
    question = changed_and_resumed(qtbot, panel, session, rate=5e-3)
    QTest.keyClick(question, Qt.Key.Key_Escape)
    assert panel._run.state is State.IDLE
    assert Run.open(place / "stripes-1").document.training.rate == 1e-2
    assert session.document.training.rate == 5e-3


def test_another_network_is_refused_and_the_run_is_as_it_was(qtbot, panel, session, place, reported):
    train_out(qtbot, panel)
    before = {path: path.read_bytes() for path in (place / "stripes-1").rglob("*") if path.is_file()}
    training = replace(session.document.training, steps=12)
    session.edit("other", network=replace(session.document.network, width=16), training=training)
    press(panel._transport.go)
    press(panel.findChild(ResumeQuestion).new)
    wait(qtbot, lambda: bool(reported))
    wait(qtbot, lambda: panel._run.state is State.IDLE)
    assert "of another network" in reported[0]
    assert {path: path.read_bytes() for path in (place / "stripes-1").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"network": UNet(width=8, multipliers=(1, 1, 1, 1), groups=4)}, "cannot be halved 3 times"),
        ({"schedule": Cosine(T=20, zero_terminal_snr=True), "objective": Simple(target=Target.EPS)}, "predict v or x0"),
    ],
)
def test_what_cannot_be_trained_is_said_beside_it_and_on_start_and_nothing_is_made(
    qtbot, panel, session, place, reported, changes, said
):
    session.edit("impossible", **changes)
    wait(qtbot, lambda: said in panel._controls.cost.text())
    train_out(qtbot, panel)
    assert len(reported) == 1
    assert said in reported[0]
    assert not place.exists()
    session.undo_stack.undo()
    wait(qtbot, lambda: "parameters" in panel._controls.cost.text())


def test_a_batch_larger_than_the_data_set_is_refused(qtbot, panel, session, place, reported):
    session.edit("impossible", training=replace(session.document.training, batch=64))
    train_out(qtbot, panel)
    assert "a batch of 64 is more than the 32 pictures" in reported[0]
    assert not place.exists()


@pytest.mark.parametrize("count", [1, 0])
def test_one_picture_or_none_is_no_data_set_to_train_on(qtbot, panel, session, place, reported, tmp_path, count):
    np.savez(tmp_path / "few.npz", arr_0=pictures()[:count])
    training = replace(session.document.training, batch=1)
    session.edit("few", dataset=str(tmp_path / "few.npz"), training=training)
    train_out(qtbot, panel)
    assert reported
    assert not place.exists()


def test_a_rate_of_zero_is_refused_and_the_last_good_one_is_back(qtbot, panel, session, reported):
    box = panel._controls.training.control("rate")
    box.selectAll()
    QTest.keyClicks(box, "0")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert "rate" in reported[0]
    assert session.document.training.rate == 1e-2
    assert box.value == 1e-2


def test_settings_are_edited_as_undo_steps_and_come_back(qtbot, panel, session):
    before = session.document
    box = panel._controls.training.control("batch")
    box.selectAll()
    QTest.keyClicks(box, "12")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert session.document.training.batch == 12
    panel._controls.preset.setCurrentIndex(panel._controls.preset.findData("tiny"))
    panel._controls.preset.activated.emit(panel._controls.preset.currentIndex())
    assert session.document.network == PRESETS["tiny"]
    kind = panel._controls.objective.kind
    kind.setCurrentIndex(kind.findData("bound"))
    kind.activated.emit(kind.currentIndex())
    assert session.document.objective == Bound(target=Target.V)
    assert session.undo_stack.count() == 3
    for _ in range(3):
        session.undo_stack.undo()
    assert session.document == before
    assert (box.value, kind.currentText()) == (8, "simple")
    assert panel._controls.preset.currentText() == "custom"


def test_the_weight_is_drawn_as_it_counts(panel, session):
    session.edit("objective", objective=Bound(target=Target.X0))
    drawn = panel._controls.weight.numbers()["weight"]
    np.testing.assert_array_equal(drawn, Bound(target=Target.X0).weights(session.document.schedule))


def choose_folder(monkeypatch, folder):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))


def menu_entry(panel, text):
    panel._folder.menu.aboutToShow.emit()
    return next(action for action in panel._folder.menu.actions() if action.text() == text)


def test_a_folder_that_is_no_run_is_refused(qtbot, panel, tmp_path, monkeypatch, reported, dataset):
    chosen = panel._folder.path
    choose_folder(monkeypatch, tmp_path)  # the data set lies in it
    menu_entry(panel, "Open a run…").trigger()
    assert "is not a run" in reported[0]
    assert panel._folder.path == chosen


def test_a_run_can_be_written_where_one_likes(qtbot, panel, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    choose_folder(monkeypatch, tmp_path / "mine")
    menu_entry(panel, "New run in a folder…").trigger()
    train_out(qtbot, panel)
    assert Run.open(tmp_path / "mine").latest is not None


def test_another_run_cannot_be_opened_while_one_is_under_way(qtbot, panel, session, reported):
    endless(session)
    press(panel._transport.go)
    wait(qtbot, lambda: panel._step >= 1)
    folder = panel._folder.path
    menu_entry(panel, "New run").trigger()
    assert "stop it first" in reported[0]
    assert (panel._folder.path, panel._run.state) == (folder, State.RUNNING)


def test_another_run_s_loss_is_drawn_for_comparison(qtbot, panel, session, place, monkeypatch, reported, tmp_path):
    train_out(qtbot, panel)
    train_out(qtbot, panel)
    compare(panel, "stripes-1")
    wait(qtbot, lambda: bool(panel._comparison.runs))
    ((curve, label),) = panel._views.plots.loss._pins
    first = Metrics(Run.open(place / "stripes-1").metrics())
    assert label.toPlainText() == "stripes-1"
    assert curve.opts["pen"].isCosmetic()  # else as wide as a step
    np.testing.assert_allclose(curve.getData()[1], np.log10(first.column("smooth")))
    compare(panel, "stripes-1")  # chosen again, it is taken away
    assert panel._views.plots.loss._pins == []
    choose_folder(monkeypatch, tmp_path)
    compare(panel, "Open a run…")
    wait(qtbot, lambda: bool(reported))
    assert "is not a run" in reported[0]


def compare(panel, text):
    """Chooses an entry of the Compare menu."""
    menu = panel._comparison.menu()
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text() == text).trigger()


def test_several_runs_are_compared_and_all_can_be_taken_away(qtbot, panel, place, session):
    for _ in range(3):
        train_out(qtbot, panel)
    for name in ("stripes-1", "stripes-2"):
        compare(panel, name)
        wait(qtbot, lambda name=name: place / name in panel._comparison.runs)
    labels = [label.toPlainText() for _, label in panel._views.plots.loss._pins]
    assert labels == ["stripes-2", "stripes-1"]
    compare(panel, "None")
    assert panel._views.plots.loss._pins == []


@pytest.mark.parametrize("when", ["running", "paused", "finished"])
def test_the_sampling_panel_is_handed_the_averaged_network(qtbot, panel, session, when):
    if when == "finished":
        train_out(qtbot, panel)
    else:
        endless(session)
        press(panel._transport.go)
        wait(qtbot, lambda: panel._step >= 5)
    if when == "paused":
        press(panel._transport.go)
        paused_at(qtbot, panel)
    step = panel._step
    press(panel._transport.sample)
    wait(qtbot, lambda: session.live is not None)
    assert session.document.denoiser == IN_TRAINING
    assert session.live.denoiser.shape == (1, 4, 4)
    assert session.live.step >= step
    if when == "paused":
        with qtbot.assertNotEmitted(panel._run.stepped, wait=100):
            assert (session.live.step, panel._step) == (step, step)


def test_the_smoothed_loss_is_the_mean_that_forgets(monkeypatch):
    losses = [3.0, 1.0, 2.0]
    metrics = Metrics({"step": step, "loss": loss} for step, loss in enumerate(losses))
    weights = [SMOOTHING ** (2 - i) for i in range(3)]
    expected = sum(w * loss for w, loss in zip(weights, losses, strict=True)) / sum(weights)
    np.testing.assert_allclose(metrics.column("smooth")[-1], expected)
    assert np.isnan(metrics.column("rate")).all()
