"""`ddpm-studio fan` and the core's walk along a document's branch."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ddpm_studio.branch import TRUNK, Branch
from ddpm_studio.branching import broken, walk_along, ways
from ddpm_studio.cli import main
from ddpm_studio.data import load
from ddpm_studio.denoiser import Exact
from ddpm_studio.document import Document, Sampling, save
from ddpm_studio.export import read_provenance
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral, Ddim
from ddpm_studio.schedule import Linear


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "pictures.npz"
    np.savez(path, arr_0=np.random.default_rng(0).integers(0, 256, (40, 6, 6, 3), np.uint8))
    return str(path)


def fan(data, out, *more: str) -> int:
    return main(["fan", "--exact", data, "--steps", "30", "-k", "5", "--sample", "2", *more, "--out", str(out)])


def test_the_children_of_a_fan_are_made_again_from_what_its_file_says(data, tmp_path, capsys):
    assert fan(data, tmp_path / "fan.npz", "--t", "900", "--seed", "4") == 0
    told = read_provenance(tmp_path / "fan.npz")
    document = Document.from_json(told["document"])
    assert document.branches[0].rows == (2,) * 5
    exact = Exact.of(document.schedule, load(data))
    *_, last = walk_along(document, exact)
    with np.load(tmp_path / "fan.npz") as arrays:
        assert arrays["samples"].shape == (5, 3, 6, 6)
        assert np.array_equal(arrays["samples"], last.next.numpy())
        assert f"5 children: {arrays['samples'].std(0).mean():.4f}" in capsys.readouterr().out


def test_the_picture_of_a_fan_shows_where_it_leaves_how_it_spreads_and_the_children(data, tmp_path):
    assert fan(data, tmp_path / "fan.png", "--t", "500") == 0
    assert read_provenance(tmp_path / "fan.png")["command"] == "fan"


@pytest.mark.parametrize(
    ("more", "part"),
    [(["--t", "0"], "--t must be between 1"), (["-k", "1"], "-k must be between 2"), (["--t", "x"], "--t: 'x'")],
)
def test_a_fan_that_cannot_be_is_refused_by_name(data, tmp_path, capsys, more, part):
    assert fan(data, tmp_path / "fan.png", *more) == 2
    assert part in capsys.readouterr().err


def test_a_fan_is_no_animation(data, tmp_path, capsys):
    assert fan(data, tmp_path / "fan.gif") == 2
    assert "a PNG or an NPZ" in capsys.readouterr().err


def test_a_document_without_branches_is_walked_along_its_trunk(data):
    document = Document(schedule=Linear(T=60), dataset=data, sampler=Ddim(steps=12), sampling=Sampling(3, seed=1))
    exact = Exact.of(document.schedule, load(data))
    *_, last = walk_along(document, exact)
    *_, expected = sample(exact, document.sampler, seed=1, samples=range(3))
    assert torch.equal(last.next, expected.next)


def test_a_branch_that_leaves_at_the_very_start_walks_nothing_of_the_trunk(data):
    branch = Branch(TRUNK, 60, Ancestral(steps=10), 2, (1,), (0,))
    document = Document(
        schedule=Linear(T=60), dataset=data, sampler=Ddim(steps=12), sampling=Sampling(3), branches=(branch,), branch=0
    )
    steps = list(walk_along(document, Exact.of(document.schedule, load(data))))
    assert [step.t for step in steps] == list(Ancestral(steps=10).stops(60)[:-1])
    assert "draw more samples" in broken(replace(document, sampling=Sampling(1)), 0)


def test_the_way_of_a_child_goes_through_the_noise_of_its_parent(data):
    stem = Branch(TRUNK, 40, Ddim(steps=12), 2, (2, 0), (0, 1))
    twig = Branch(0, 20, Ancestral(steps=10), 3, (1, 0, 1), (0, 1, 2))
    document = Document(
        Linear(T=60), data, sampler=Ddim(steps=12), sampling=Sampling(3), branches=(stem, twig), branch=1
    )
    exact = Exact.of(document.schedule, load(data))
    whole, some = list(walk_along(document, exact)), list(ways(document, exact, (2, 1)))
    assert torch.equal(some[0].x, whole[0].x[[0, 2]])
    assert [step.t for step in some] == [step.t for step in whole]
    assert torch.equal(some[-1].next, whole[-1].next[[2, 1]])


def test_sampling_from_the_file_of_a_fan_draws_its_children_and_their_way(data, tmp_path):
    assert fan(data, tmp_path / "fan.npz", "--t", "500") == 0
    assert main(["sample", str(tmp_path / "fan.npz"), "--trajectory", "--out", str(tmp_path / "way.npz")]) == 0
    with np.load(tmp_path / "fan.npz") as fanned, np.load(tmp_path / "way.npz") as way:
        assert np.array_equal(way["samples"], fanned["samples"])
        apart = [bool((frame[0] != frame[1]).any()) for frame in way["trajectory"]]
        assert apart == [t < 500 for t in way["t"]]


def test_some_children_and_the_trunk_are_drawn_on_request(data, tmp_path):
    assert fan(data, tmp_path / "fan.npz", "--t", "500", "--seed", "4") == 0
    file = str(tmp_path / "fan.npz")
    assert main(["sample", file, "--samples", "3,1", "--out", str(tmp_path / "some.npz")]) == 0
    assert main(["sample", file, "--trunk", "--out", str(tmp_path / "trunk.npz")]) == 0
    with np.load(file) as fanned, np.load(tmp_path / "some.npz") as some, np.load(tmp_path / "trunk.npz") as trunk:
        np.testing.assert_allclose(some["samples"], fanned["samples"][[3, 1]], atol=1e-5)
        assert trunk["samples"].shape == (3, 3, 6, 6)


@pytest.mark.parametrize(
    ("more", "part"),
    [
        (["-n", "6"], "-n must be between 1 and 5"),
        (["--samples", "5"], "--samples must be between 0 and 4"),
        (["--eta", "1"], "see --trunk"),
    ],
)
def test_what_a_branch_cannot_be_asked_for_is_refused(data, tmp_path, capsys, more, part):
    document = Document(dataset=data, branches=(Branch(TRUNK, 500, Ddim(steps=9), 2, (1,) * 5, tuple(range(5))),))
    save(replace(document, branch=0), tmp_path / "d.ddpm.json")
    assert main(["sample", str(tmp_path / "d.ddpm.json"), *more, "--out", str(tmp_path / "s.png")]) == 2
    assert part in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "alike"), [(("--sampler", "ddim"), True), (("--sampler", "ddim", "--eta", "1"), False)]
)
def test_children_that_cannot_differ_are_told(data, tmp_path, capsys, more, alike):
    assert fan(data, tmp_path / "fan.npz", "--t", "900", *more) == 0
    assert ("draws no noise" in capsys.readouterr().err) is alike
