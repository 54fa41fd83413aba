from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from ddpm_studio import document as documents
from ddpm_studio.checkpoint import Checkpoint, Header, save, slim
from ddpm_studio.data import load, to_unit
from ddpm_studio.document import EXACT, TRAINING, Document, Sampling
from ddpm_studio.export import read_provenance
from ddpm_studio.networks import UNet
from ddpm_studio.networks.build import fresh
from ddpm_studio.objective import Simple, Target
from ddpm_studio.opening import read
from ddpm_studio.run import Run
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral, Ddim, Sigma
from ddpm_studio.schedule import Cosine, Linear
from ddpm_studio.second import SAME, Second
from ddpm_studio.tree import Tree
from ddpm_studio.ui.live import LiveNetwork
from ddpm_studio.ui.panels.sampling import SamplingPanel
from ddpm_studio.ui.sampling import compare_view
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.window.document_file import DocumentFile

STEPS = 10
NETWORK = UNet(width=8, multipliers=(1, 2), blocks=1, attention=(), groups=4)


@pytest.fixture
def pictures(tmp_path):
    path, generator = tmp_path / "pictures.npz", np.random.default_rng(0)
    train, test = (generator.integers(0, 256, (count, 8, 8, 3), np.uint8) for count in (32, 6))
    np.savez(path, train_images=train, test_images=test)
    return path


@pytest.fixture
def trained_by(pictures):
    """What the tests' networks say they were trained by: another schedule than the session's."""
    objective = Simple(target=Target.V)
    return Document(schedule=Cosine(T=60), dataset=str(pictures), network=NETWORK, objective=objective)


@pytest.fixture
def session(pictures):
    sampling = Sampling(count=3, seed=5)
    return Session(
        Document(schedule=Linear(T=100), dataset=str(pictures), sampler=Ancestral(steps=STEPS), sampling=sampling)
    )


@pytest.fixture
def make_panel(qtbot):
    made = []

    def make(session):
        panel = SamplingPanel(session)
        made.append(panel)
        qtbot.addWidget(panel)
        panel.resize(1200, 440)
        panel.show()
        panel.activateWindow()
        panel.setFocus()
        return panel

    yield make
    for panel in made:
        panel.close_jobs()


@pytest.fixture
def panel(qtbot, session, make_panel):
    panel = make_panel(session)
    qtbot.waitUntil(lambda: at(panel) == 0, timeout=5000)
    return panel


def weights(seed=3):
    """Of a network whose last layer is not silent, so that what it guesses depends on what it is shown."""
    generator = torch.Generator().manual_seed(seed)
    module = fresh(NETWORK, (3, 8, 8), seed)
    return {
        f"ema.{n}": p.detach() + 0.05 * torch.randn(p.shape, generator=generator) for n, p in module.named_parameters()
    }


def checkpoint(path, document, seed=3, digest=None):
    """A file of such a network; as if it had been trained on the document's data set, unless it has another digest."""
    data = load(document.dataset).holding_out(document.training.held_out)
    save(
        path,
        Header(document, (3, 8, 8), 1200, len(data.train), data.digest if digest is None else digest),
        weights(seed),
    )
    return path


@pytest.fixture
def file(tmp_path, trained_by):
    return checkpoint(tmp_path / "tiny.safetensors", trained_by)


def at(panel):
    """The state that is on the screen."""
    return -1 if panel._chain.frame is None else panel._chain.frame.index


def network_of(panel):
    """What the chain's network says of itself, once a state of its chain is on the screen."""
    model = panel._chain.model
    return None if model is None or at(panel) < 0 else model.network


def choose(qtbot, panel, ref):
    """Asks for a denoiser as the combo does, and waits for its chain."""
    with qtbot.waitSignal(panel._session.settled, timeout=10000):
        panel._controls.denoiser.asked.emit(str(ref))
    qtbot.waitUntil(lambda: network_of(panel) is not None, timeout=10000)


def press(qtbot, panel, key, index):
    QTest.keyClick(panel._player.slider, key)
    qtbot.waitUntil(lambda: at(panel) == index, timeout=10000)
    return panel._chain.frame


def test_the_chain_of_a_checkpoint_is_that_of_its_network_under_its_schedule(qtbot, panel, session, file):
    choose(qtbot, panel, file)
    assert session.undo_stack.undoText() == "denoiser"
    assert session.document.denoiser == str(file)
    assert panel._chain.frame.t == 60
    last = press(qtbot, panel, Qt.Key.Key_End, STEPS)
    *_, expected = sample(Checkpoint.open(file).denoiser(), Ancestral(steps=STEPS), seed=5, samples=range(3))
    torch.testing.assert_close(last.x, expected.next, rtol=1e-4, atol=1e-4)  # other threads, other rounding
    assert session.t == 0


def test_stepping_back_and_forth_shows_the_same_pictures_to_the_bit(qtbot, panel, session, file):
    choose(qtbot, panel, file)
    frames = [panel._chain.frame, *(press(qtbot, panel, Qt.Key.Key_Right, index) for index in range(1, 6))]
    for index in (4, 3, 2, 1, 0, 1, 2):
        again = press(qtbot, panel, Qt.Key.Key_Left if index <= at(panel) else Qt.Key.Key_Right, index)
        for name in ("x", "eps", "x0", "mean", "z", "next"):
            assert torch.equal(getattr(again.step, name), getattr(frames[index].step, name))
    assert session.t == round(panel._chain.frame.t / 60 * 100)  # the cursor is the document's, at the same t/T


def test_half_precision_is_walked_in_single(qtbot, panel, file, tmp_path):
    slim(file, tmp_path / "half.safetensors")
    choose(qtbot, panel, tmp_path / "half.safetensors")
    assert {p.dtype for p in panel._chain.model.denoiser.module.parameters()} == {torch.float32}
    assert panel._chain.frame.step.x0.dtype == torch.float32


def test_undo_goes_back_to_the_exact_denoiser_and_redo_to_the_network(qtbot, panel, session, file):
    choose(qtbot, panel, file)
    assert not panel._controls.dataset.isVisibleTo(panel)
    session.undo_stack.undo()
    qtbot.waitUntil(lambda: at(panel) == 0 and panel._chain.model.network is None, timeout=5000)
    assert panel._controls.denoiser.names.currentData() == EXACT
    assert panel._controls.dataset.isVisibleTo(panel)
    assert panel._controls.note.text.text().startswith("Exact denoiser of 32 pictures")
    assert panel._chain.frame.t == 100
    session.undo_stack.redo()
    qtbot.waitUntil(lambda: network_of(panel) is not None, timeout=5000)
    assert panel._controls.denoiser.names.currentText() == "tiny"
    assert panel._controls.note.text.text() == "Network trained for 1,200 steps on pictures.npz, predicting v."


def test_a_document_brings_its_checkpoint_back(qtbot, panel, session, make_panel, file, tmp_path):
    choose(qtbot, panel, file)
    documents.save(session.document, tmp_path / "mine.ddpm.json")
    again = documents.load(tmp_path / "mine.ddpm.json")
    assert again == session.document
    other = make_panel(Session(again))
    qtbot.waitUntil(lambda: network_of(other) is not None, timeout=5000)
    assert torch.equal(other._chain.frame.x, panel._chain.frame.x)
    assert len(other._chain.trail.course.times) == STEPS + 1 == other._player.slider.maximum() + 1


def test_another_schedule_is_told_and_taken_over_by_the_button(qtbot, panel, session, file):
    note = panel._controls.note
    assert not note.use.isVisibleTo(panel)
    choose(qtbot, panel, file)
    assert note.use.isVisibleTo(panel)
    assert note.differs.text() == "It says otherwise: schedule cosine, T = 60."
    before = panel._chain.frame
    with qtbot.assertNotEmitted(panel._chain.opened, wait=200):
        note.use.click()
    assert session.document.schedule == Cosine(T=60)
    assert not note.use.isVisibleTo(panel)
    assert panel._chain.frame is before
    session.undo_stack.undo()
    assert session.document.schedule == Linear(T=100)
    assert note.use.isVisibleTo(panel)


def test_clipping_and_variance_are_advice_too_and_may_be_declined(qtbot, panel, session, file, tmp_path, trained_by):
    note = panel._controls.note
    other = replace(trained_by, schedule=Linear(T=100), sampler=Ancestral(steps=30, clip=False, variance=1.0))
    choose(qtbot, panel, checkpoint(tmp_path / "other.safetensors", other, seed=4))
    assert note.differs.text() == "It says otherwise: clip off; variance 1."
    note.keep.click()
    assert session.document.sampler == Ancestral(steps=STEPS)
    assert not note.use.isVisibleTo(panel)
    choose(qtbot, panel, file)
    assert note.use.isVisibleTo(panel)  # of another network it is said all the same
    choose(qtbot, panel, tmp_path / "other.safetensors")
    assert not note.use.isVisibleTo(panel)


def test_the_file_s_advice_on_sampling_is_taken_as_one_undo_step(qtbot, panel, session, tmp_path, trained_by):
    other = replace(trained_by, sampler=Ancestral(clip=False))
    choose(qtbot, panel, checkpoint(tmp_path / "other.safetensors", other))
    panel._controls.note.use.click()
    assert session.document.sampler == Ancestral(steps=STEPS, clip=False)
    assert session.document.schedule == Cosine(T=60)
    session.undo_stack.undo()
    assert (session.document.sampler, session.document.schedule) == (Ancestral(steps=STEPS), Linear(T=100))


def test_bending_the_schedule_does_not_touch_the_chain_of_a_network(qtbot, panel, session, file):
    choose(qtbot, panel, file)
    panel._controls.note.use.click()
    with qtbot.assertNotEmitted(panel._chain.opened, wait=200):
        session.preview(schedule=Cosine(T=60, s=0.05))
        assert panel._controls.note.use.isVisibleTo(panel)
        session.edit("schedule", schedule=Cosine(T=60, s=0.05))
    assert panel._chain.model.denoiser.schedule == Cosine(T=60)


def test_more_steps_than_the_network_has_are_as_many_as_it_has(qtbot, panel, session, file):
    session.edit("sampler", sampler=Ddim(steps=80))
    choose(qtbot, panel, file)
    assert panel._chain.trail.course.times == (*range(60, 0, -1), 0)
    assert panel._player.slider.maximum() == 60


def test_samples_are_compared_with_the_pictures_the_network_was_trained_on(qtbot, panel, session, file):
    choose(qtbot, panel, file)
    panel._inspector.show_view(panel._inspector.data)
    frame = press(qtbot, panel, Qt.Key.Key_End, STEPS)
    train = to_unit(load(session.document.dataset).train).reshape(32, -1)
    x0 = frame.step.x0[0].numpy().ravel()
    nearest = np.sqrt(((train - x0) ** 2).mean(1)).min()
    assert frame.neighbours.distance[0] == pytest.approx(nearest, rel=1e-4)
    test = to_unit(load(session.document.dataset).test).reshape(6, 1, -1)
    unseen = np.sort(np.sqrt(((test - train) ** 2).mean(2)).min(1))[2]  # the lower of the two in the middle
    assert panel._inspector.data.verdict.text() == (
        f"the guess differs by {nearest:.2f} RMS from the most alike of these; unseen pictures do by {unseen:.2f}"
    )
    assert "exact p(i | xₜ)" in panel._inspector.data.entropy.plotItem.titleLabel.text
    assert panel._inspector.data.neighbours.isVisibleTo(panel._inspector.data)


@pytest.mark.parametrize("why", ["others", "gone", "too many"])
def test_pictures_that_cannot_be_compared_with_are_not_shown(qtbot, panel, trained_by, tmp_path, monkeypatch, why):
    path = checkpoint(tmp_path / "other.safetensors", trained_by, digest="0" * 64 if why == "others" else None)
    if why == "gone":
        Path(trained_by.dataset).unlink()
    elif why == "too many":
        monkeypatch.setattr("ddpm_studio.ui.sampling.model.MOST", 32 * 192 - 1)
    choose(qtbot, panel, path)
    inspector = panel._inspector.data
    assert not any(each.isVisibleTo(inspector) for each in (inspector.neighbours, inspector.verdict, inspector.entropy))
    press(qtbot, panel, Qt.Key.Key_Right, 1)
    assert panel._chain.frame.neighbours is None
    if why != "gone":
        panel._session.undo_stack.undo()
        qtbot.waitUntil(lambda: at(panel) >= 0 and panel._chain.model.network is None, timeout=5000)
        assert inspector.neighbours.isVisibleTo(inspector)


def damaged(tmp_path, trained_by, how):
    path = checkpoint(tmp_path / "bad.safetensors", trained_by)
    whole = path.read_bytes()
    if how == "cut short":
        path.write_bytes(whole[:-100])
    elif how == "damaged":
        path.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
    elif how == "does not hold the network":
        save(path, Header(replace(trained_by, network=replace(NETWORK, width=16)), (3, 8, 8), 1), weights())
    elif how == "there is no file":
        path.unlink()
    else:
        path.write_bytes(b"hello")
    return path


@pytest.mark.parametrize("how", ["cut short", "damaged", "does not hold the network", "no such", "is cut short or no"])
def test_what_is_no_good_checkpoint_is_one_line_and_what_was_there_stays(
    qtbot, panel, session, file, trained_by, tmp_path, how
):
    choose(qtbot, panel, file)
    before, settled = press(qtbot, panel, Qt.Key.Key_Right, 1), session.settled_document
    path = tmp_path / "nothing.safetensors" if how == "no such" else damaged(tmp_path, trained_by, how)
    with qtbot.waitSignal(session.reported, timeout=5000) as reported:
        panel._controls.denoiser.asked.emit(str(path))
    assert how in reported.args[0].lower()
    assert "\n" not in reported.args[0]
    assert session.settled_document == settled
    assert panel._chain.frame is before
    assert panel._controls.denoiser.names.currentText() == "tiny"
    press(qtbot, panel, Qt.Key.Key_Right, 2)


def test_a_run_is_its_newest_checkpoint_and_asked_for_again_the_one_after(qtbot, panel, session, trained_by, tmp_path):
    run = Run.create(tmp_path / "run", trained_by)
    digest = load(trained_by.dataset).digest
    for step, seed in ((10, 1), (20, 2)):
        run.save(Header(trained_by, (3, 8, 8), step, 32, digest), weights(seed), keep=2)
        if step == 10:
            choose(qtbot, panel, run.folder)
            assert network_of(panel).step == 10
    panel._controls.denoiser.asked.emit(str(run.folder))
    qtbot.waitUntil(lambda: network_of(panel) is not None and network_of(panel).step == 20, timeout=5000)
    assert session.undo_stack.count() == 1


def test_a_network_in_training_is_handed_over_in_one_go_and_again(qtbot, panel, session, file, trained_by):
    assert panel._controls.denoiser.names.findData(TRAINING) == -1
    session.sample_from(LiveNetwork(trained_by, 500, Checkpoint.open(file).denoiser()))
    assert (session.document.denoiser, session.undo_stack.count()) == (TRAINING, 1)
    qtbot.waitUntil(lambda: network_of(panel) is not None, timeout=5000)
    assert panel._controls.denoiser.names.currentText() == "in training: step 500"
    assert panel._inspector.data.neighbours.isVisibleTo(panel._inspector.data)
    first = press(qtbot, panel, Qt.Key.Key_End, STEPS).x
    later = Checkpoint.open(checkpoint(file.with_name("later.safetensors"), trained_by, seed=9)).denoiser()
    session.sample_from(LiveNetwork(trained_by, 700, later))
    qtbot.waitUntil(lambda: network_of(panel) is not None and network_of(panel).step == 700, timeout=5000)
    qtbot.waitUntil(lambda: at(panel) == STEPS, timeout=5000)
    assert session.undo_stack.count() == 1
    assert not torch.allclose(panel._chain.frame.x, first, atol=1e-2)


def test_a_newer_network_in_training_leaves_another_denoiser_alone(qtbot, panel, session, file, trained_by):
    before = panel._chain.frame
    with qtbot.assertNotEmitted(panel._chain.opened, wait=200):
        session.set_live(LiveNetwork(trained_by, 500, Checkpoint.open(file).denoiser()))
    assert panel._chain.frame is before
    assert panel._controls.denoiser.names.findData(TRAINING) > 0


def test_a_document_of_a_network_in_training_that_is_gone_says_so(qtbot, session, make_panel):
    session.open(replace(session.document, denoiser=TRAINING))
    reported = []
    session.reported.connect(reported.append)
    panel = make_panel(session)
    qtbot.waitUntil(lambda: len(reported) == 1, timeout=5000)
    assert reported[0].startswith("no network is in training here")
    assert panel._status.text() == "no chain"
    assert panel._controls.denoiser.names.currentText() == "in training"


def test_a_checkpoint_that_has_gone_leaves_no_chain_until_another_choice(qtbot, session, make_panel, tmp_path):
    session.open(replace(session.document, denoiser=str(tmp_path / "gone.safetensors")))
    with qtbot.waitSignal(session.reported, timeout=5000) as reported:
        panel = make_panel(session)
    assert "gone.safetensors" in reported.args[0]
    assert (panel._status.text(), panel._controls.note.text.text()) == ("no chain", "")
    panel._controls.denoiser.asked.emit(EXACT)
    qtbot.waitUntil(lambda: at(panel) == 0, timeout=5000)
    assert session.document.denoiser == EXACT


def test_a_thinned_chain_of_a_network_is_recalled_to_the_bit(qtbot, panel, file, monkeypatch):
    monkeypatch.setitem(Tree.__init__.__kwdefaults__, "budget", 20_000)
    choose(qtbot, panel, file)
    first = [panel._chain.frame, *(press(qtbot, panel, Qt.Key.Key_Right, index) for index in range(1, STEPS + 1))]
    assert panel._chain.trail.path.stride > 1
    for index in range(STEPS - 1, -1, -1):
        assert torch.equal(press(qtbot, panel, Qt.Key.Key_Left, index).step.next, first[index].step.next)


def test_the_algorithm_reads_a_networks_answer_as_before_where_its_errors_have_been_measured(
    qtbot, panel, session, file
):
    choose(qtbot, panel, file)
    algorithm = panel._inspector.algorithm
    panel._inspector.show_view(algorithm)
    between = [line.markup for line in algorithm._written]
    assert between[0].startswith("@v = v_")
    session.edit("σ²", sampler=replace(session.document.sampler, sigma=Sigma.OPTIMAL))
    qtbot.waitUntil(lambda: [line.markup for line in algorithm._written] != between, timeout=5000)
    optimal = [line.markup for line in algorithm._written]
    assert optimal[:6] == between[:6]


def test_shipped_checkpoints_are_offered_where_there_are_any(qtbot, panel, session, trained_by, tmp_path, monkeypatch):
    monkeypatch.setattr("ddpm_studio.assets.ROOTS", (tmp_path / "assets",))
    names = panel._controls.denoiser.names
    panel._controls.show_document(session.document)
    assert names.count() == 1
    (tmp_path / "assets" / "checkpoints").mkdir(parents=True)
    checkpoint(tmp_path / "assets" / "checkpoints" / "small.safetensors", trained_by)
    panel._controls.show_document(session.document)
    assert [names.itemData(i) for i in range(names.count())] == [EXACT, "checkpoint:small"]
    names.setCurrentIndex(1)
    names.activated.emit(1)
    qtbot.waitUntil(lambda: network_of(panel) is not None, timeout=5000)
    assert session.document.denoiser == "checkpoint:small"


def test_what_is_exported_says_which_network_drew_it(qtbot, panel, session, file, tmp_path, monkeypatch):
    choose(qtbot, panel, file)
    press(qtbot, panel, Qt.Key.Key_End, STEPS)
    monkeypatch.setattr("ddpm_studio.ui.widgets.export_button.ask_target", lambda *_: tmp_path / "grid.png")
    with qtbot.waitSignal(session.noticed, timeout=10000):
        panel._export.menu().actions()[0].trigger()
    told = read_provenance(tmp_path / "grid.png")
    assert told["checkpoint"]["sha256"] == Checkpoint.open(file).sha256
    restored = Document.from_json(told["document"])
    assert (restored.denoiser, restored.schedule) == (str(file), Cosine(T=60))


@pytest.mark.parametrize("what", ["file", "run"])
def test_opening_a_checkpoint_chooses_it_as_one_undo_step(qtbot, session, settings, file, trained_by, tmp_path, what):
    if what == "run":
        run = Run.create(tmp_path / "run", trained_by)
        run.save(Header(trained_by, (3, 8, 8), 10), weights(), keep=1)
    path = tmp_path / "run" if what == "run" else file
    window = QWidget()
    qtbot.addWidget(window)
    files = DocumentFile(session, settings, window)
    with qtbot.waitSignal(files.opened, timeout=5000):
        files.open(path)
    assert session.document.denoiser == str(path)
    assert session.undo_stack.undoText() == f"open checkpoint {path.name}"
    (tmp_path / "bad.safetensors").write_bytes(file.read_bytes()[:-7])
    with qtbot.waitSignals([session.reported, files.opened], timeout=5000):
        files.open(tmp_path / "bad.safetensors")
    assert session.undo_stack.count() == 1


def test_a_comparison_that_is_opened_finds_the_network_of_b_where_it_was_moved_to(
    qtbot, panel, session, file, tmp_path, monkeypatch
):
    compared, second = panel._inspector.compare, Second(Ddim(steps=2), str(file))
    panel._inspector.show_view(compared)
    session.edit("compare", second=second)
    press(qtbot, panel, Qt.Key.Key_End, STEPS)
    compared.start.click()
    qtbot.waitUntil(compared.export.isEnabled, timeout=10000)
    monkeypatch.setattr(compare_view, "ask_target", lambda *_: tmp_path / "apart.png")
    with qtbot.waitSignal(session.noticed, timeout=5000):
        compared.export.click()
    (tmp_path / "new").mkdir()
    moved = file.rename(tmp_path / "new" / "renamed.safetensors")
    opened = read(tmp_path / "apart.png", [moved])
    assert opened.document == replace(session.document, second=replace(second, denoiser=str(moved)))
    assert opened.warning == ""
    moved.unlink()
    opened = read(tmp_path / "apart.png", [moved])
    assert opened.document == replace(session.document, second=replace(second, denoiser=SAME))
    assert opened.warning.startswith(f"the checkpoint {file.name} (sha256 ")
    assert "that drew B is not there any more" in opened.warning
