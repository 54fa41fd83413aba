from dataclasses import replace

import pytest

from ddpm_studio.document import Document, Noising, Sampling
from ddpm_studio.errors import UserError
from ddpm_studio.sampler import Ancestral, Ddim
from ddpm_studio.schedule import Cosine, Linear
from ddpm_studio.second import Second
from ddpm_studio.ui.session import Session

CHANGES = {
    "schedule": Cosine(),
    "dataset": "fashion",
    "noising": Noising(seed=3),
    "sampler": Ddim(),
    "sampling": Sampling(count=4),
    "second": Second(Ddim(steps=7)),
}


@pytest.fixture
def session(qapp):
    return Session()


@pytest.fixture
def heard(session):
    """(signal, value) of everything the session says, in order."""
    said = []
    for name in ("settled", "t_changed", *(f"{field}_changed" for field in CHANGES)):
        getattr(session, name).connect(lambda value, name=name: said.append((name, value)))
    return said


@pytest.mark.parametrize(("field", "value"), CHANGES.items())
def test_an_edit_is_shown_recorded_and_told_once(session, heard, field, value):
    session.edit("change it", **{field: value})
    assert getattr(session.document, field) == value
    assert session.document == session.settled_document
    assert heard == [(f"{field}_changed", value), ("settled", session.document)]
    assert session.undo_stack.undoText() == "change it"


def test_a_preview_is_shown_but_not_recorded(session, heard):
    session.preview(dataset="fashion")
    assert session.document.dataset == "fashion"
    assert session.settled_document == Document()
    assert heard == [("dataset_changed", "fashion")]
    assert session.undo_stack.count() == 0


def test_a_drag_of_many_previews_is_one_undo_step_from_where_it_began(session):
    for end in (0.03, 0.04, 0.05):
        session.preview(schedule=Linear(beta_end=end))
    session.edit("bend", schedule=Linear(beta_end=0.05))
    assert session.undo_stack.count() == 1
    session.undo_stack.undo()
    assert session.document == Document()


def test_an_edit_back_to_the_recorded_value_records_nothing_and_shows_it(session):
    session.preview(dataset="fashion")
    session.edit("nothing", dataset="pixel-faces")
    assert session.undo_stack.count() == 0
    assert session.document == Document()


def test_cancel_returns_to_what_is_recorded(session, heard):
    session.preview(schedule=Cosine(), dataset="fashion")
    session.cancel()
    assert session.document == Document()
    assert heard[-2:] == [("schedule_changed", Linear()), ("dataset_changed", "pixel-faces")]


def test_undo_and_redo_settle_the_documents_on_either_side(session, heard):
    session.edit("first", dataset="fashion")
    session.edit("second", schedule=Cosine())
    heard.clear()
    session.undo_stack.undo()
    assert heard == [("schedule_changed", Linear()), ("settled", replace(Document(), dataset="fashion"))]
    session.undo_stack.undo()
    assert session.document == Document()
    session.undo_stack.redo()
    session.undo_stack.redo()
    assert session.document == replace(Document(), dataset="fashion", schedule=Cosine())


def test_opening_a_document_forgets_the_history_and_is_clean(session, heard):
    session.edit("before", dataset="fashion")
    session.open(Document(noising=Noising(picture="coffee")))
    assert session.undo_stack.count() == 0
    assert session.undo_stack.isClean()
    assert session.document.noising.picture == "coffee"
    assert heard[-1] == ("settled", session.document)


def test_the_cursor_starts_in_the_middle_and_stays_within_the_steps(session, heard):
    assert session.t == 500
    session.set_t(-7)
    session.set_t(10**6)
    session.set_t(1000)
    assert heard == [("t_changed", 0), ("t_changed", 1000)]


def test_the_cursor_keeps_its_place_in_the_chain_when_the_number_of_steps_changes(session, heard):
    session.set_t(333)
    session.edit("fewer", schedule=Linear(T=100))
    assert session.t == 33
    assert ("t_changed", 33) in heard


def test_dragging_the_number_of_steps_away_and_back_loses_neither_the_cursor_nor_the_samplers_steps(session):
    session.set_t(333)
    for T in (500, 20, 2, 20, 1000):
        session.preview(schedule=Linear(T=T))
        assert session.document.sampler.steps <= T
    assert session.t == 333
    assert session.document == Document()


def test_fewer_steps_than_the_sampler_takes_shorten_it_and_undo_restores_it(session):
    session.edit("shorter", schedule=Linear(T=10, beta_end=0.5))
    assert session.document.sampler == Ancestral(steps=10)
    session.undo_stack.undo()
    assert session.document.sampler == Ancestral(steps=100)


def test_a_schedule_and_a_sampler_can_change_together(session):
    session.edit("both", schedule=Linear(T=50), sampler=Ddim(steps=100))
    assert session.document.sampler == Ddim(steps=50)


def test_a_value_that_cannot_be_leaves_everything_as_it_was(session, heard):
    with pytest.raises(UserError, match="beta_end"):
        session.preview(schedule=Linear(beta_end=7.0))
    assert heard == []
    assert session.document == Document()
