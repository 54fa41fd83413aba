"""`evaluate`: the bound, rate and distortion, and the errors, as tables and as files."""

import csv
import json
from math import e, log2, pi

import numpy as np
import pytest
from training_runs import document, pictures

from ddpm_studio.checkpoint import Header, save
from ddpm_studio.cli import main
from ddpm_studio.data import load
from ddpm_studio.likelihood.variational import step_bits
from ddpm_studio.networks import UNet
from ddpm_studio.networks.build import fresh

SHORT = ("--schedule", "linear", "--scaled", "--T", "40")


@pytest.fixture
def stripes(tmp_path):
    path = tmp_path / "stripes.npz"
    np.savez(path, arr_0=pictures())
    return str(path)


@pytest.fixture
def points(tmp_path):
    path = tmp_path / "points.npz"
    np.savez(path, arr_0=np.random.default_rng(0).normal(size=(400, 2)))
    return str(path)


def evaluated(tmp_path, *flags):
    out = tmp_path / "out.json"
    assert main(["evaluate", *flags, "--out", str(out)]) == 0
    return json.loads(out.read_text())


def test_the_bound_as_json_is_indexed_by_t(tmp_path, stripes):
    found = evaluated(tmp_path, "--exact", stripes, "--bound", *SHORT)
    assert len(found["L_t"]) == 41
    assert found["L_t"][0] == 0.0
    assert found["total_bits_per_dim"] == pytest.approx(found["L_T"] + sum(found["L_t"]))
    assert found["stderr"] > 0
    assert found["sigma"] == "beta"
    assert found["samples"] == 40


def test_the_bound_of_a_gaussian_cloud_is_near_its_entropy(tmp_path):
    found = evaluated(tmp_path, "--exact", "mixture:0,0", "--bound", "--sigma", "optimum", "-n", "4000", *SHORT)
    variance = load("mixture:0,0").mixture.variance
    assert found["total_bits_per_dim"] == pytest.approx(
        0.5 * log2(2 * pi * e * variance), abs=5 * found["stderr"] + 0.01
    )


def test_the_exact_denoiser_does_better_on_the_samples_it_knows(tmp_path, stripes):
    other = tmp_path / "other.npz"
    np.savez(other, arr_0=pictures(seed=3))
    known = evaluated(tmp_path, "--exact", stripes, "--training", "--bound", "--sigma", "optimum", *SHORT)
    unknown = evaluated(tmp_path, "--exact", stripes, "--data", str(other), "--bound", "--sigma", "optimum", *SHORT)
    assert known["which"] == "of the training set"
    assert known["total_bits_per_dim"] < log2(40) / 16 + 0.5 < unknown["total_bits_per_dim"]


def test_a_quick_estimate_agrees_with_every_t_within_its_error_bar(tmp_path, stripes, capsys):
    whole = evaluated(tmp_path, "--exact", stripes, "--bound", *SHORT)
    quick = evaluated(tmp_path, "--exact", stripes, "--bound", "--seconds", "2", *SHORT)
    assert abs(quick["total_bits_per_dim"] - whole["total_bits_per_dim"]) < 4 * quick["stderr"]
    assert quick["draws"] >= 16
    main(["evaluate", "--exact", stripes, "--bound", "--seconds", "1", *SHORT])
    assert "bits/dim from" in capsys.readouterr().out


def test_tables_charts_and_csv(tmp_path, stripes, capsys):
    for what, header in (("--bound", "t,L_t,sigma2,eps_mse,x0_mse,rate,rmse"), ("--rate-distortion", "t,rate,rmse")):
        main(["evaluate", "--exact", stripes, what, *SHORT, "--out", str(tmp_path / "a.csv")])
        rows = list(csv.reader((tmp_path / "a.csv").read_text().splitlines()))
        assert ",".join(rows[0]) == header
        assert len(rows) == 42
        main(["evaluate", "--exact", stripes, what, *SHORT, "--out", str(tmp_path / "a.png")])
        assert (tmp_path / "a.png").stat().st_size > 5000
        main(["evaluate", "--exact", stripes, what, *SHORT])
        assert len(capsys.readouterr().out.splitlines()) > 10


@pytest.mark.parametrize(
    "what", [("--bound",), ("--bound", "--seconds", "1"), ("--rate-distortion",), ("--loss-per-level",)]
)
def test_what_a_chart_says_is_in_signs_that_its_font_has(tmp_path, stripes, monkeypatch, what):
    said = []

    def chart(_x, curves, *titles, log):
        said.extend((*curves, *titles))
        return np.zeros((4, 4, 3), np.uint8)

    monkeypatch.setattr("ddpm_studio.export.chart.line_chart", chart)
    assert main(["evaluate", "--exact", stripes, *what, *SHORT, "--out", str(tmp_path / "a.png")]) == 0
    assert len(said) >= 3
    assert all(text.isascii() for text in said)


def test_several_results_go_into_one_json(tmp_path, stripes):
    found = evaluated(tmp_path, "--exact", stripes, "--bound", "--rate-distortion", "--loss-per-level", *SHORT)
    rate = found["rate_distortion"]["rate"]
    assert rate[0] == pytest.approx(found["total_bits_per_dim"], rel=0.05)
    assert {"levels", "verdict", "L_T"} <= found.keys()


def test_the_learned_variance_of_a_network_is_measured_at_every_t(tmp_path, stripes):
    settings = UNet(width=8, multipliers=(1,), blocks=1, attention=(), learned_variance=True)
    doc = document(stripes, network=settings)
    module = fresh(settings, (1, 4, 4), seed=0)
    tensors = {f"ema.{name}": tensor for name, tensor in module.state_dict().items()}
    save(tmp_path / "net.safetensors", Header(doc, (1, 4, 4), 1), tensors)
    found = evaluated(tmp_path, "--checkpoint", str(tmp_path / "net.safetensors"), "--bound", "--sigma", "learned")
    schedule, t = doc.schedule, np.arange(2, doc.schedule.T + 1)
    amid = np.sqrt(schedule.beta[t] * schedule.posterior_variance[t])  # an untrained network says v = ½
    expected = step_bits(schedule, t, amid, np.array(found["x0_mse"])[t])
    np.testing.assert_allclose(found["L_t"][2:], expected, rtol=1e-3)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--bound",), "say whose"),
        (("--exact", "a", "--checkpoint", "b", "--bound"), "one of the two"),
        (("--exact", "swiss-roll"), "say what to measure"),
        (("--exact", "swiss-roll", "--bound", "--sigma", "large"), "--sigma is one of"),
        (("--exact", "swiss-roll", "--bound", "--sigma", "learned", *SHORT), "has learned no variance"),
        (("--exact", "swiss-roll", "--bound", "--rate-distortion", "--out", "a.csv"), "holds one result"),
        (("--exact", "swiss-roll", "--rate-distortion", "--seconds", "3"), "goes with --bound"),
        (("--exact", "swiss-roll", "--dataset", "pixel-faces", "--bound"), "shape"),
        (("--checkpoint", "checkpoint:pixel-faces", "--bound", "--T", "10"), "belongs to its schedule"),
    ],
)
def test_what_does_not_go_together_is_said_in_a_line(capsys, flags, said):
    assert main(["evaluate", *flags]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert len(err.splitlines()) == 1
