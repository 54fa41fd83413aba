"""The document: to JSON and back, and what is refused on the way."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddpm_studio import __version__
from ddpm_studio.branch import TRUNK, Branch
from ddpm_studio.document import VERSION, Document, Noising, Sampling, load, provenance, save
from ddpm_studio.errors import UserError
from ddpm_studio.sampler import SAMPLERS, Ancestral, Ddim, Spacing
from ddpm_studio.schedule import (
    SCHEDULES,
    Constant,
    Cosine,
    Drawn,
    Jsd,
    Linear,
    Quadratic,
    ScaledLinear,
    Sigmoid,
    Space,
)
from ddpm_studio.second import SAME, Second

START = {"format": "ddpm-studio document", "version": VERSION}

common = {"T": st.integers(21, 4000), "zero_terminal_snr": st.booleans()}
ends = {"beta_start": st.floats(1e-5, 1e-3), "beta_end": st.floats(2e-3, 0.02), "scaled": st.booleans()}
drawn = st.builds(
    lambda T, values: Drawn(
        T=T, space=Space.LOG_SNR, knots=tuple(zip((0.0, 0.3, 1.0), sorted(values)[::-1], strict=True))
    ),
    common["T"],
    st.tuples(st.floats(4, 10), st.floats(-2, 2), st.floats(-12, -6)),
)
schedules = st.one_of(
    *(st.builds(kind, **common, **ends) for kind in (Linear, Quadratic, ScaledLinear)),
    st.builds(Sigmoid, **common, **ends, span=st.floats(0.5, 20.0)),
    st.builds(Cosine, **common, s=st.floats(0.001, 0.1), max_beta=st.floats(0.5, 0.9999)),
    st.builds(Constant, **common, beta_value=st.floats(1e-6, 0.02)),
    st.builds(Jsd, **common),
    drawn,
)
walk = {"steps": st.integers(1, 4000), "spacing": st.sampled_from(Spacing), "clip": st.booleans()}
samplers = st.builds(Ancestral, **walk, variance=st.floats(0, 1), noise=st.booleans()) | st.builds(
    Ddim, **walk, eta=st.floats(0, 1)
)
seeds = st.integers(0, 2**63 - 1)
documents = st.builds(
    Document,
    schedule=schedules,
    dataset=st.text(),
    denoiser=st.text(),
    noising=st.builds(Noising, picture=st.text(), grey=st.booleans(), seed=seeds),
    sampler=samplers,
    sampling=st.builds(Sampling, count=st.integers(1, 64), seed=seeds),
)


@given(documents)
def test_a_document_comes_back_from_json_equal_and_with_the_same_hash(document):
    back = Document.from_json(json.loads(json.dumps(document.to_json())))
    assert back == document
    assert hash(back) == hash(document)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_every_kind_of_schedule_comes_back_as_its_own_class(kind):
    document = Document(schedule=SCHEDULES[kind](T=30))
    back = Document.from_json(document.to_json())
    assert type(back.schedule) is SCHEDULES[kind]
    assert back == document


@pytest.mark.parametrize("kind", SAMPLERS)
def test_every_kind_of_sampler_comes_back_as_its_own_class(kind):
    document = Document(sampler=SAMPLERS[kind](steps=7))
    assert type(Document.from_json(document.to_json()).sampler) is SAMPLERS[kind]


def test_what_a_document_leaves_out_takes_its_default():
    assert Document.from_json(START) == Document()
    assert Document.from_json({**START, "sampling": {"count": 4}}) == Document(sampling=Sampling(count=4))


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"colour": 1, "zebra": 2}, "document: unknown 'colour', 'zebra'; known are"),
        ({"schedule": {"kind": "linear", "beta": 1}}, "schedule: unknown 'beta'; known are"),
        ({"sampler": {"kind": "ddim", "variance": 1}}, "sampler: unknown 'variance'; known are"),
        ({"noising": {"size": 1}}, "noising: unknown 'size'"),
        ({"noising": {"kind": "linear"}}, "noising: unknown 'kind'"),
        ({"schedule": {"kind": "wave"}}, "schedule: unknown kind 'wave'; known are linear"),
        ({"schedule": {"T": 100}}, "schedule: unknown kind None"),
        ({"schedule": []}, "schedule must be a JSON object, but is list"),
        ({"sampling": 5}, "sampling must be a JSON object, but is int"),
        ({"sampling": None}, "sampling must be a JSON object, but is NoneType"),
        ({"schedule": {"kind": "linear", "T": "many"}}, "T must be a whole number, but is 'many'"),
        ({"schedule": {"kind": "linear", "T": 5000}}, "T must be between 2 and 4000, but is 5000"),
        ({"schedule": {"kind": "linear", "T": 10, "scaled": True}}, "β_6 = 1.11556 at t = 6"),
        ({"schedule": {"kind": "drawn", "knots": 5}}, "knots must be pairs of numbers"),
        ({"schedule": {"kind": "drawn", "knots": [[0, None], [1, 0.1]]}}, "knots must be pairs of numbers"),
        ({"schedule": {"kind": "drawn", "space": "gamma"}}, "space must be one of beta, alpha_bar, log_snr"),
        ({"schedule": {"kind": "drawn", "space": {}}}, "space must be one of beta, alpha_bar, log_snr"),
        ({"sampler": {"kind": "ddim", "eta": -0.5}}, "eta must be between 0 and 1, but is -0.5"),
        ({"sampler": {"kind": "ddim", "spacing": "random"}}, "spacing must be one of"),
        ({"sampling": {"count": 65}}, "count must be between 1 and 64, but is 65"),
        ({"branches": 5}, "branches must be a list, but is int"),
        ({"branch": 0}, "branch must be −1 (the trunk) or one of 0 from 0 on, but is 0"),
        ({"branch": "trunk"}, "branch must be a whole number"),
        ({"second": 5}, "second must be a JSON object, but is int"),
        ({"second": {}}, "second: sampler missing"),
        ({"second": {"sampler": {"kind": "ddim"}, "steps": 3}}, "second: unknown 'steps'; known are"),
        ({"second": {"sampler": {"kind": "wave"}}}, "second: sampler: unknown kind 'wave'"),
        ({"second": {"sampler": {"kind": "ddim"}, "denoiser": None}}, "second: denoiser must be text, but is None"),
        ({"dataset": 5}, "document: dataset must be text, but is 5"),
        ({"denoiser": None}, "document: denoiser must be text, but is None"),
        ({"version": VERSION + 1}, "update DDPM Studio"),
        ({"version": "1"}, "version must be a whole number"),
        ({"version": True}, "version must be a whole number"),
        ({"version": 0}, "version must be a whole number from 1"),
        ({"format": "another"}, "this is not a DDPM Studio document"),
    ],
)
def test_a_wrong_document_is_refused_in_one_line_that_names_the_fault(change, part):
    with pytest.raises(UserError) as refusal:
        Document.from_json({**START, **change})
    assert part in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("data", [None, 5, [], "text", {}, {"version": 1}])
def test_json_that_is_no_document_is_refused(data):
    with pytest.raises(UserError, match="this is not a DDPM Studio document"):
        Document.from_json(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["schedule", "dataset", "denoiser", "noising", "sampler", "sampling"]),
    st.sampled_from(["linear", "drawn", "ancestral"]),
    st.sampled_from(["T", "knots", "space", "scaled", "steps", "count", "seed", "variance", "picture"]),
)
def test_no_json_at_all_is_answered_with_a_traceback(value, part, kind, key):
    for data in ({**START, part: value}, {**START, part: {"kind": kind, key: value}}):
        try:
            assert isinstance(Document.from_json(data), Document)
        except UserError as error:
            assert "\n" not in str(error)  # noqa: PT017, either outcome is right


def test_a_saved_document_is_loaded_equal(tmp_path):
    document = Document(
        schedule=Cosine(T=77), dataset="fashion", noising=Noising(picture="fashion:7"), sampler=Ddim(eta=0.3)
    )
    save(document, tmp_path / "mine.ddpm.json")
    assert load(tmp_path / "mine.ddpm.json") == document
    assert [p.name for p in tmp_path.iterdir()] == ["mine.ddpm.json"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b'{"format": ', b"[" * 100_000, b"1" * 10_000, b'{"a": NaN'],
    ids=["empty", "open", "binary", "cut", "deep", "digits", "nan"],
)
def test_a_file_that_is_not_json_is_refused_by_name(tmp_path, content):
    (tmp_path / "broken.ddpm.json").write_bytes(content)
    with pytest.raises(UserError, match=r"broken\.ddpm\.json is not a DDPM Studio document") as refusal:
        load(tmp_path / "broken.ddpm.json")
    assert "\n" not in str(refusal.value)


def test_what_is_wrong_in_a_file_is_told_with_its_name(tmp_path):
    (tmp_path / "bent.ddpm.json").write_text(json.dumps({**START, "sampling": {"count": 65}}))
    with pytest.raises(UserError, match=r"bent\.ddpm\.json: sampling: count must be between 1 and 64, but is 65"):
        load(tmp_path / "bent.ddpm.json")


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(UserError, match=r"cannot read .*absent\.ddpm\.json: there is no such file"):
        load(tmp_path / "absent.ddpm.json")


def test_a_shorter_schedule_keeps_the_sampler_within_its_steps():
    document = Document(sampler=Ddim(steps=500, eta=0.5), schedule=Linear(T=50))
    assert document.sampler == Ddim(steps=50, eta=0.5)
    assert replace(document, schedule=Linear(T=1000)).sampler.steps == 50


@given(samplers, schedules)
def test_whatever_sampler_and_schedule_are_put_together_can_be_run(sampler, schedule):
    document = Document(schedule=schedule, sampler=sampler)
    assert document.sampler == replace(sampler, steps=min(sampler.steps, schedule.T))
    assert len(document.sampler.times(schedule.T)) == document.sampler.steps


def test_a_file_that_asks_for_more_steps_than_its_schedule_has_is_opened_with_all_there_are():
    data = {**START, "schedule": {"kind": "linear", "T": 50}, "sampler": {"kind": "ddim", "steps": 2000}}
    assert Document.from_json(data).sampler == Ddim(steps=50)


def test_branches_come_back_and_their_samplers_keep_within_a_shorter_schedule():
    branch = Branch(TRUNK, 30, Ddim(steps=400), seed=3, rows=(0, 0), samples=(0, 1), name="mine")
    document = Document(branches=(branch, replace(branch, parent=0)), branch=1)
    assert Document.from_json(json.loads(json.dumps(document.to_json()))) == document
    assert [each.sampler.steps for each in replace(document, schedule=Linear(T=50)).branches] == [50, 50]


def test_what_is_compared_comes_back_and_keeps_within_a_shorter_schedule():
    document = Document(second=Second(Ddim(steps=400, eta=0.5), "checkpoint:fashion"))
    assert Document.from_json(json.loads(json.dumps(document.to_json()))) == document
    assert replace(document, schedule=Linear(T=50)).second == Second(Ddim(steps=50, eta=0.5), "checkpoint:fashion")


@pytest.mark.parametrize("kind", SAMPLERS)
def test_where_nothing_is_chosen_another_kind_with_as_many_steps_is_compared(kind):
    document = Document(sampler=SAMPLERS[kind](steps=7, clip=False))
    other = document.contrasted
    assert (other.sampler.steps, other.sampler.clip, other.denoiser) == (7, False, SAME)
    assert other.sampler.kind != kind
    assert replace(document, second=Second(document.sampler)).contrasted.sampler == document.sampler


def test_documents_differ_where_a_single_choice_differs():
    document = Document()
    assert replace(document, sampling=Sampling(seed=1)) != document
    assert replace(document, sampling=Sampling(seed=0)) == document


def test_provenance_carries_version_document_and_whatever_else_is_told():
    told = provenance(Document(dataset="fashion"), t=5)
    assert told["version"] == __version__
    assert told["t"] == 5
    assert Document.from_json(told["document"]) == Document(dataset="fashion")
