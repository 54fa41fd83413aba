"""`ddpm-studio compare`: two settings over the same noise."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ddpm_studio.assets import asset
from ddpm_studio.branch import TRUNK, Branch
from ddpm_studio.branching import walk_along
from ddpm_studio.cli import main
from ddpm_studio.data import load
from ddpm_studio.denoiser import Exact
from ddpm_studio.document import EXACT, Document, Sampling, save
from ddpm_studio.export import read_provenance
from ddpm_studio.opening import Restored, read
from ddpm_studio.origin import Repair
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral, Ddim, DpmSolver, Heun
from ddpm_studio.schedule import Linear
from ddpm_studio.second import SAME, Second


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "pictures.npz"
    np.savez(path, arr_0=np.random.default_rng(0).integers(0, 256, (40, 6, 5, 3), np.uint8))
    return str(path)


def compare(data, out, *more: str) -> int:
    words = ["--exact", data, "--T", "100", "--beta-end", "0.1", "--steps", "20", "-n", "3", "--seed", "5", *more]
    return main(["compare", *words, "--out", str(out)])


def chain(data, sampler):
    exact = Exact.of(Linear(T=100, beta_end=0.1), load(data))
    return list(sample(exact, sampler, seed=5, samples=range(3)))


def test_both_chains_are_what_their_settings_give_and_their_differences_are_counted(data, tmp_path, capsys):
    assert compare(data, tmp_path / "apart.npz", "--b-sampler", "ddim", "--b-steps", "10") == 0
    a, b = (chain(data, sampler)[-1].next.numpy() for sampler in (Ancestral(steps=20), Ddim(steps=10)))
    with np.load(tmp_path / "apart.npz") as found:
        assert np.array_equal(found["a"], a)
        assert np.array_equal(found["b"], b)
        np.testing.assert_allclose(found["rms"], np.sqrt(((a - b) ** 2).mean((1, 2, 3))), rtol=1e-5)
        np.testing.assert_allclose(found["max"], np.abs(a - b).max((1, 2, 3)), rtol=1e-5)
        np.testing.assert_allclose(found["pixel_rms"], np.sqrt(((a - b) ** 2).mean((0, 1))), rtol=1e-5)
        np.testing.assert_allclose(found["pixel_max"], np.abs(a - b).max((0, 1)), rtol=1e-5)
        assert found["t"].tolist() == [*range(100, 0, -10), 0]
        assert not found["rms_x"][0].any()  # the same noise to begin with
        np.testing.assert_allclose(found["rms_x"][-1], found["rms"], rtol=1e-5)
        assert f"median {np.median(found['rms']):.4f}" in capsys.readouterr().out


def test_the_same_setting_differs_nowhere_for_a_multistep_sampler_too(data, tmp_path):
    assert compare(data, tmp_path / "same.json", "--sampler", "dpm", "--b-sampler", "dpm") == 0
    told = json.loads((tmp_path / "same.json").read_text())
    assert not np.any(told["rms_x"])
    assert not np.any(told["rms_x0_hat"])


def test_the_picture_is_a_beside_b_beside_their_difference(data, tmp_path):
    assert compare(data, tmp_path / "c.png", "--b-sampler", "ddim", "--columns", "3", "--scale", "1") == 0
    a, b = (chain(data, sampler)[-1].next.numpy() for sampler in (Ancestral(steps=20), Ddim(steps=20)))
    with Image.open(tmp_path / "c.png") as image:
        found = np.asarray(image)
    assert found.shape == (6, 3 * 19 + 2 * 8, 3)
    first = found[:, 54:59].transpose(2, 0, 1) / 255.0  # of the difference
    np.testing.assert_allclose(first, np.abs(a - b)[0].clip(0, 1), atol=0.003)


@pytest.mark.parametrize("name", ["c.gif", "c.webp", "c.apng", "c.mp4", "c.png", "c.npz", "c.json"])
def test_whatever_is_written_opens_again_as_the_document_with_both_settings(data, tmp_path, name):
    more = () if name != "c.png" else ("--frames", "4")
    assert compare(data, tmp_path / name, "--b-eta", "0.5", "--sampler", "ddim", *more) == 0
    opened = read(tmp_path / name)
    assert isinstance(opened, Restored)
    assert opened.document.sampler == Ddim(steps=20)
    assert opened.document.second == Second(Ddim(steps=20, eta=0.5))
    assert (opened.t, opened.sample, opened.home, opened.compares) == (0, 0, None, True)
    assert main(["compare", str(tmp_path / name), "--out", str(tmp_path / "again.npz")]) == 0
    assert Document.from_json(read_provenance(tmp_path / "again.npz")["document"]) == opened.document


def test_both_networks_are_found_again_where_they_were_moved_to(tmp_path):
    (tmp_path / "old").mkdir()
    names, shipped = ("a.safetensors", "b.safetensors"), asset("checkpoints", "pixel-faces.safetensors")
    paths = [Path(shutil.copy(shipped, tmp_path / "old" / name)) for name in names]
    words = ["--checkpoint", str(paths[0]), "--b-checkpoint", str(paths[1]), "--steps", "2", "-n", "1"]
    assert main(["compare", *words, "--out", str(tmp_path / "apart.json")]) == 0
    moved = [path.rename(tmp_path / path.name) for path in paths]
    opened = read(tmp_path / "apart.json")
    assert (opened.document.denoiser, opened.document.second.denoiser) == (str(moved[0]), str(moved[1]))
    for path in moved:
        path.unlink()
    opened = read(tmp_path / "apart.json")
    assert (opened.document.denoiser, opened.document.second.denoiser) == (EXACT, SAME)
    assert opened.warning.index("that drew this is not there") < opened.warning.index("that drew B is not there")


def test_a_document_says_what_b_is_and_flags_override_it(data, tmp_path):
    sampling = Sampling(count=2, seed=3)
    document = Document(Linear(T=60), data, sampler=Ddim(steps=12), sampling=sampling, second=Second(Heun(steps=6)))
    save(document, tmp_path / "d.ddpm.json")
    out = tmp_path / "apart.npz"
    assert main(["compare", str(tmp_path / "d.ddpm.json"), "--b-steps", "9", "--out", str(out)]) == 0
    told = Document.from_json(read_provenance(out)["document"])
    assert told == replace(document, second=Second(Heun(steps=9)))


def test_a_document_that_says_nothing_of_b_is_compared_as_in_the_window(data, tmp_path):
    save(Document(Linear(T=60), data, sampler=Ddim(steps=12)), tmp_path / "d.ddpm.json")
    assert main(["compare", str(tmp_path / "d.ddpm.json"), "-n", "2", "--out", str(tmp_path / "c.png")]) == 0
    assert read(tmp_path / "c.png").document.contrasted == Second(Ancestral(steps=12))


def test_on_a_branch_b_leaves_where_the_branch_does(data, tmp_path):
    twig = Branch(TRUNK, 30, DpmSolver(steps=12), 3, (1, 0), (0, 1))
    sampling = Sampling(count=2)
    document = Document(Linear(T=60), data, sampler=Ddim(steps=12), sampling=sampling, branches=(twig,), branch=0)
    save(replace(document, second=Second(twig.sampler)), tmp_path / "d.ddpm.json")
    assert main(["compare", str(tmp_path / "d.ddpm.json"), "--out", str(tmp_path / "c.npz")]) == 0
    *_, last = walk_along(document, Exact.of(document.schedule, load(data)))
    with np.load(tmp_path / "c.npz") as found:
        assert np.array_equal(found["a"], last.next.numpy())
        assert np.array_equal(found["b"], found["a"])
        assert found["t"].tolist() == [30, 25, 20, 15, 10, 5, 0]


def test_where_a_repairs_a_picture_b_keeps_to_it_too(tmp_path):
    data = str(tmp_path / "square.npz")
    np.savez(data, arr_0=np.random.default_rng(0).integers(0, 256, (20, 6, 6, 3), np.uint8))
    Image.fromarray(np.eye(6, dtype=np.uint8) * 255).save(tmp_path / "mask.png")
    Image.fromarray(np.full((6, 6, 3), 90, np.uint8)).save(tmp_path / "p.png")
    origin = Repair(picture=str(tmp_path / "p.png"), mask=str(tmp_path / "mask.png"), resamplings=2)
    sampling = Sampling(count=2)
    save(Document(Linear(T=60), data, sampler=Ddim(steps=12), sampling=sampling, origin=origin), tmp_path / "d.json")
    assert (
        main(["compare", str(tmp_path / "d.json"), "--b-sampler", "ancestral", "--out", str(tmp_path / "c.npz")]) == 0
    )
    with np.load(tmp_path / "c.npz") as found:
        kept = ~np.eye(6, dtype=bool)
        for end in (found["a"], found["b"]):
            np.testing.assert_allclose(end[:, :, kept], 90 / 127.5 - 1, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "more", "part"),
    [
        ("c.png", (), "say what B is: --b-sampler ddim"),
        ("c.png", ("--b-steps", "200"), "200"),
        ("c.png", ("--b-eta", "1"), "sampler has no --b-eta; the flags of"),
        ("c.png", ("--b-sampler", "foo"), "unknown sampler 'foo'"),
        ("c.png", ("--b-sampler", "ddim", "--b-eta", "2"), "eta must be between 0 and 1"),
        ("c.png", ("--b-checkpoint", "missing.safetensors"), "missing.safetensors"),
        ("c.png", ("--b-checkpoint", "checkpoint:fashion"), "B makes samples of 1×28×28 values and A of 3×6×5"),
        ("c.png", ("--b-exact", "--b-checkpoint", "x"), "not allowed with"),
        ("c.npz", ("--b-steps", "9", "--frames", "3"), "--frames means nothing to numbers"),
        ("c.json", ("--b-steps", "9", "--noisy"), "--noisy means nothing to numbers"),
        ("c.foo", ("--b-steps", "9"), "the name must end in .png or .gif or .webp or .apng or .mp4 or .npz or .json"),
        ("none/c.png", ("--b-steps", "9"), "none"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(data, tmp_path, capsys, name, more, part):
    assert compare(data, tmp_path / name, *more) == 2
    told = capsys.readouterr().err
    assert part in told
    assert told.count("\n") == 1
    assert not (tmp_path / name).exists()


def test_points_are_not_compared(tmp_path, capsys):
    words = ["compare", "--exact", "swiss-roll", "--b-steps", "9", "--out", str(tmp_path / "c.png")]
    assert main(words) == 2
    assert "compare is for pictures" in capsys.readouterr().err
