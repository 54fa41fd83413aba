import numpy as np
import pytest

from ddpm_studio.document import EXACT, Document
from ddpm_studio.ui.sampling.denoiser_choice import DenoiserChoice
from ddpm_studio.ui.sampling.model import Source
from ddpm_studio.ui.session import Session

PATIENCE = 60_000  # ms


@pytest.fixture
def session(tmp_path):
    path = tmp_path / "pictures.npz"
    np.savez(path, arr_0=np.random.default_rng(0).integers(0, 256, (32, 6, 6, 3), np.uint8))
    return Session(Document(dataset=str(path)))


@pytest.fixture
def choice(qtbot, session):
    choice = DenoiserChoice(session)
    yield choice
    choice.close()


def test_a_data_set_that_can_be_read_is_the_documents_once_it_has_been(qtbot, choice, session):
    models = []
    choice.read.connect(lambda model: models.append((model, session.document.dataset)))
    before = session.document.dataset
    with qtbot.waitSignals([choice.begun, choice.read, choice.made], timeout=PATIENCE):
        choice.of_dataset("fashion")
    (model, then), *_ = models
    assert (model.source, model.data.train.shape) == (Source(EXACT, "fashion"), (10000, 28, 28, 1))
    assert then == before  # it was told before the document said so
    assert (session.document.dataset, session.undo_stack.undoText()) == ("fashion", "data set")


def test_one_that_cannot_be_read_is_a_line_and_changes_nothing(qtbot, choice, session, tmp_path):
    (tmp_path / "empty").mkdir()
    before = session.document
    with qtbot.waitSignal(choice.failed, timeout=PATIENCE) as failed:
        choice.of_dataset(str(tmp_path / "empty"))
    assert "\n" not in failed.args[0]
    assert (session.document, session.undo_stack.count()) == (before, 0)


def test_the_one_that_is_there_already_is_made_again_and_records_nothing(qtbot, choice, session):
    with qtbot.waitSignal(choice.made, timeout=PATIENCE):
        choice.of_denoiser(EXACT)
    assert session.undo_stack.count() == 0


def test_of_two_asked_for_at_once_the_last_one_counts(qtbot, choice, session):
    made = []
    choice.made.connect(lambda: made.append(session.document.dataset))
    choice.of_dataset("fashion")
    with qtbot.waitSignal(choice.made, timeout=PATIENCE):
        choice.of_dataset("pixel-faces")
    assert made == ["pixel-faces"]
