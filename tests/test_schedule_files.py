import csv
import io
import json
import warnings
from dataclasses import replace

import numpy as np
import pytest

from ddpm_studio import document
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
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
from ddpm_studio.schedule_files import COLUMNS, FORMATS, encoded, format_of, read, write

EVERY_KIND = [
    *(cls() for cls in SCHEDULES.values()),
    Linear(T=50, scaled=True),
    Quadratic(T=250, scaled=True, zero_terminal_snr=True),
    ScaledLinear(zero_terminal_snr=True),
    Sigmoid(span=3.0),
    Cosine(T=2, s=0.02),
    Cosine(zero_terminal_snr=True),
    Constant(T=4000, scaled=True),
    Drawn(T=20, space=Space.ALPHA_BAR, knots=((0.0, 0.9), (0.4, 0.5), (1.0, 0.0))),
]
READABLE = {"json": ".json", "csv": ".csv", "npz": ".npz", "diffusers": ".json"}


def name_of(schedule):
    return f"{schedule.kind}-{schedule.T}{'-zero' * schedule.zero_terminal_snr}"


@pytest.mark.parametrize("schedule", EVERY_KIND, ids=name_of)
@pytest.mark.parametrize("format_name", READABLE)
def test_beta_survives_the_round_trip_at_every_t(schedule, format_name, tmp_path):
    path = tmp_path / f"schedule{READABLE[format_name]}"
    write(schedule, path, format_name)
    np.testing.assert_allclose(read(path).beta, schedule.beta, rtol=1e-12)


@pytest.mark.parametrize("schedule", EVERY_KIND, ids=name_of)
@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_json_and_npz_bring_back_the_very_schedule(schedule, suffix, tmp_path):
    write(schedule, tmp_path / f"s{suffix}")
    assert read(tmp_path / f"s{suffix}") == schedule


@pytest.mark.parametrize(
    "schedule", [Linear(), ScaledLinear(), Cosine(T=200), Sigmoid(), Linear(zero_terminal_snr=True)]
)
def test_diffusers_names_bring_back_the_kind(schedule, tmp_path):
    write(schedule, tmp_path / "scheduler_config.json")
    assert read(tmp_path / "scheduler_config.json") == schedule


@pytest.mark.parametrize("schedule", EVERY_KIND, ids=name_of)
def test_diffusers_loads_the_folder_and_has_the_same_betas(schedule, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # diffusers and torch warn about themselves when they are imported
        from diffusers import DDPMScheduler  # noqa: PLC0415 - several seconds, and only this test needs it
    write(schedule, tmp_path / "scheduler_config.json")
    theirs = DDPMScheduler.from_pretrained(str(tmp_path))
    assert theirs.config.num_train_timesteps == schedule.T
    np.testing.assert_allclose(theirs.betas.double().numpy(), schedule.beta[1:], atol=1e-6, rtol=0)


def test_a_kind_of_diffusers_own_is_written_by_name_and_any_other_as_betas():
    assert json.loads(encoded(Cosine(), "diffusers"))["beta_schedule"] == "squaredcos_cap_v2"
    assert json.loads(encoded(Cosine(), "diffusers"))["trained_betas"] is None
    assert json.loads(encoded(Cosine(s=0.02), "diffusers"))["trained_betas"] == Cosine(s=0.02).beta[1:].tolist()
    assert json.loads(encoded(Jsd(T=10), "diffusers"))["trained_betas"][-1] == 1.0


def test_json_has_the_promised_tables_with_an_infinite_snr_as_null():
    data = json.loads(encoded(Linear(zero_terminal_snr=True), "json"))
    assert data["kind"] == "linear"
    assert data["T"] == 1000
    assert all(len(data[name]) == 1001 for name in COLUMNS)
    assert data["snr"][0] is None
    assert data["snr"][-1] == 0.0
    assert data["alpha_bar"][0] == 1.0
    assert data["beta"][-1] == 1.0


def test_csv_has_a_row_for_every_t_from_0_to_T():
    rows = list(csv.DictReader(io.StringIO(encoded(Linear(), "csv").decode())))
    assert [row["t"] for row in rows] == [str(t) for t in range(1001)]
    assert float(rows[500]["alpha_bar"]) == pytest.approx(0.078587243, rel=1e-7)


def test_the_table_has_a_line_for_every_t_as_wide_as_its_head():
    head, *rows = encoded(Linear(), "table").decode().splitlines()
    assert len(rows) == 1001
    assert {len(row) for row in rows} == {len(head)}
    assert rows[500].split()[2] == "0.07858724"


def test_numbers_changed_in_the_file_win_over_the_name_beside_them(tmp_path):
    data = json.loads(encoded(Linear(T=10), "json"))
    data["beta"][5] = 0.3
    (tmp_path / "s.json").write_text(json.dumps(data))
    changed = read(tmp_path / "s.json")
    assert isinstance(changed, Drawn)
    assert changed.beta[5] == 0.3


def test_a_document_is_a_schedule_too(tmp_path):
    document.save(Document(schedule=Cosine(T=77)), tmp_path / "d.ddpm.json")
    assert read(tmp_path / "d.ddpm.json") == Cosine(T=77)


def test_a_diffusers_model_folder_is_read_through_its_scheduler(tmp_path):
    (tmp_path / "scheduler").mkdir()
    write(Cosine(), tmp_path / "scheduler" / "scheduler_config.json")
    assert read(tmp_path) == Cosine()


def test_trained_betas_that_ask_for_the_rescale_get_it(tmp_path):
    config = {**json.loads(encoded(Jsd(T=9), "diffusers")), "trained_betas": [0.1] * 9, "rescale_betas_zero_snr": True}
    (tmp_path / "c.json").write_text(json.dumps(config))
    assert read(tmp_path / "c.json").alpha_bar[-1] == 0.0


def test_a_column_of_alpha_bar_alone_is_enough(tmp_path):
    (tmp_path / "a.csv").write_text("t,alpha_bar\n1,0.9\n2,0.5\n3,0.1\n")
    np.testing.assert_allclose(read(tmp_path / "a.csv").alpha_bar, [1.0, 0.9, 0.5, 0.1], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.json", b"{", "not JSON"),
        ("a.json", b"\xff\xfe", "not JSON"),
        ("a.json", b"[" * 100_000, "nested"),
        ("a.json", b"[1]", "JSON object"),
        ("a.json", b"{}", "no schedule"),
        ("a.json", b'{"beta": ["x", "y"]}', "numbers"),
        ("a.json", b'{"beta": [[0.1], [0.2]]}', "one column"),
        ("a.json", b'{"beta": [0.1, null, 0.1]}', "β_2 = nan"),
        ("a.json", b'{"alpha_bar": [1.0, 0.5, 0.6]}', "1 of 2 steps, first from ᾱ_1 = 0.5 to ᾱ_2 = 0.6"),
        ("a.json", b'{"alpha_bar": [1.0, 0.5, 0.0, 0.0]}', "ᾱ does not fall at 1 of 3 steps"),
        ("a.json", b'{"alpha_bar": [1.0, null, 0.1]}', "ᾱ_1 is nan"),
        ("a.json", b'{"alpha_bar": [1.0, 0.5, -0.5]}', "ᾱ_2 = -0.5"),
        ("a.json", b'{"schedule": {"kind": "cubic"}}', "unknown kind 'cubic'"),
        ("a.json", b'{"num_train_timesteps": 9, "beta_schedule": "laplace"}', "'laplace'"),
        ("a.json", b'{"num_train_timesteps": 1}', "T must be between 2 and 4000"),
        ("a.csv", b"", "no schedule"),
        ("a.csv", b"t,beta\n1,0.1\n2\n", "β_2 = nan"),
        ("a.csv", b"t,beta\n1,0.1\n2,much\n", "numbers"),
        ("a.csv", b"\xff\xff", "not a CSV"),
        ("a.npz", b"PK\x03\x04 and then nothing", "damaged"),
        ("a.npz", b"", "damaged"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(name, content, complaint, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=complaint) as caught:
        read(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_an_archive_of_objects_is_never_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", beta=np.array([{}], dtype=object))
    with pytest.raises(UserError, match="damaged"):
        read(tmp_path / "a.npz")


def test_an_archive_that_unpacks_to_far_more_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", beta=np.zeros(2**21))
    with pytest.raises(UserError, match="larger"):
        read(tmp_path / "a.npz")


def test_a_huge_file_and_a_missing_one_are_refused(tmp_path):
    (tmp_path / "a.json").write_bytes(b" " * (2**23 + 1))
    with pytest.raises(UserError, match="larger"):
        read(tmp_path / "a.json")
    with pytest.raises(UserError, match="cannot read"):
        read(tmp_path / "b.json")


def test_the_name_of_a_file_says_its_format(tmp_path):
    names = ("a.json", "a.csv", "a.npz", "a.txt", "scheduler_config.json")
    assert [format_of(tmp_path / name) for name in names] == ["json", "csv", "npz", "table", "diffusers"]
    with pytest.raises(UserError, match=r"ends in \.json"):
        format_of(tmp_path / "a.xlsx")
    with pytest.raises(UserError, match="known are " + ", ".join(FORMATS)):
        encoded(Linear(), "yaml")


def test_a_stale_name_with_another_T_does_not_hide_the_numbers(tmp_path):
    data = json.loads(encoded(Linear(T=10), "json"))
    data["schedule"] = replace(Linear(), T=11).to_json()
    (tmp_path / "s.json").write_text(json.dumps(data))
    assert read(tmp_path / "s.json").T == 10
