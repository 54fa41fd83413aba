"""Bad input: one line on stderr that says what is wrong, exit code 2, nothing on stdout, no file made or changed."""

import json

import numpy as np
import pytest
from PIL import Image

from ddpm_studio.cli import main
from ddpm_studio.document import Document

PICTURE = ("noise", "chelsea", "--out", "x.png")
SAMPLE = ("sample", "--exact", "pixel-faces", "--steps", "2", "-n", "1", "--out", "x.png")

EXACT = ["sample", "--exact", "pixel-faces", "--steps", "2"]
BAD = {
    "no such command": (["sampel"], "did you mean sample?"),
    "no such command at all": (["frobnicate"], "gui, schedule, noise"),
    "no such flag of ours": (["--frobnicate"], "--help"),
    "a file that is not there": (["gui", "nowhere.png"], "nowhere.png"),
    "no such schedule": (["schedule", "parabolic"], "linear, scaled-linear, quadratic, cosine"),
    "no such schedule for noising": ([*PICTURE, "--schedule", "parabolic"], "unknown schedule 'parabolic'"),
    "no such sampler": ([*SAMPLE, "--sampler", "euler"], "ancestral, ddim"),
    "no such flag": (["schedule", "cosine", "--beta-finish", "1"], "--T, --zero-terminal-snr, --s, --max-beta"),
    "a flag of another kind": (["schedule", "cosine", "--beta-end", "0.1"], "cosine schedule has no --beta-end"),
    "a flag of another sampler": ([*SAMPLE, "--eta", "1"], "ancestral sampler has no --eta"),
    "a flag cut short": (["schedule", "linear", "--beta-e", "0.1"], "--beta-e"),
    "one word too many": (["schedule", "linear", "cosine"], "cosine"),
    "nothing after a flag": (["schedule", "linear", "--T"], "--T"),
    "T below 2": (["schedule", "linear", "--T", "1"], "T must be between 2 and 4000, but is 1"),
    "T above 4000": (["schedule", "linear", "--T", "4001"], "4001"),
    "T no number": (["schedule", "linear", "--T", "many"], "'many' is not a whole number"),
    "T no whole number": (["schedule", "linear", "--T", "10.5"], "'10.5' is not a whole number"),
    "beta above 1": (["schedule", "linear", "--beta-end", "1.5"], "beta_end must be between 1e-06 and 0.9999"),
    "beta below 0": (["schedule", "linear", "--beta-start", "-0.1"], "beta_start must be between"),
    "beta that is no number": (["schedule", "linear", "--beta-end", "nan"], "nan"),
    "an infinite beta": (["schedule", "linear", "--beta-end", "inf"], "inf"),
    "betas that reach 1": (["schedule", "linear", "--T", "10", "--scaled"], "at t = 6"),
    "knots that are none": (["schedule", "drawn", "--knots", "0,1"], "u:value"),
    "knots that rise in alpha-bar": (
        ["schedule", "drawn", "--space", "alpha_bar", "--knots", "0:0.5,1:0.9"],
        "β must be above 0",
    ),
    "no such space": (["schedule", "drawn", "--space", "sigma"], "beta, alpha_bar, log_snr"),
    "no such format": (["schedule", "linear", "--format", "xml"], "table, json, csv, npz, diffusers"),
    "an archive on the terminal": (["schedule", "linear", "--format", "npz"], "--out"),
    "a schedule's suffix": (["schedule", "linear", "--out", "x.xml"], "x.xml"),
    "no such picture": (["noise", "nobody", "--out", "x.png"], "chelsea"),
    "an index past the end": (["noise", "fashion:10000", "--out", "x.png"], "fashion:9999"),
    "t above T": ([*PICTURE, "--t", "0,1001"], "--t must be between 0 and 1000, but is 1001"),
    "t below 0": ([*PICTURE, "--t=-1"], "--t must be between 0 and 1000"),
    "t no number": ([*PICTURE, "--t", "0,now"], "'now' is not a whole number"),
    "no t": ([*PICTURE, "--t", ","], "--t needs at least one timestep"),
    "a range of t backwards": ([*PICTURE, "--t", "10:0"], "--t must be between 10 and 1000"),
    "a range of four": ([*PICTURE, "--t", "1:2:3:4"], "from:to:by"),
    "no size": ([*PICTURE, "--size", "0"], "--size must be between 1 and 4096"),
    "a negative seed": ([*PICTURE, "--seed", "-1"], "--seed must be between 0"),
    "a seed past 64 bits": ([*SAMPLE, "--seed", str(2**63)], "--seed must be between 0"),
    "a suffix that is none": (
        ["noise", "chelsea", "--out", "x.tiff"],
        ".png or .gif or .webp or .apng or .mp4 or .npz",
    ),
    "no suffix": (["sample", "--exact", "fashion", "--out", "x"], ".png or .gif or .webp or .apng or .mp4 or .npz"),
    "no output": (["sample", "--exact", "fashion"], "--out"),
    "nothing to sample from": (["sample", "--out", "x.png"], "--exact"),
    "no such data set": (["sample", "--exact", "imagenet", "--out", "x.png"], "pixel-faces, fashion"),
    "the home of nobody": (["sample", "--exact", "~nobody-at-all/x", "--out", "x.png"], "no data set or file named"),
    "no such document": (["sample", "gone.ddpm.json", "--out", "x.png"], "gone.ddpm.json"),
    "more steps than T": ([*SAMPLE, "--T", "50", "--steps", "51"], "between 1 and T = 50 steps, not 51"),
    "no steps": ([*SAMPLE, "--steps", "0"], "steps must be between 1 and 4000"),
    "no pictures": ([*SAMPLE, "-n", "0"], "-n must be between 1"),
    "no batch": ([*SAMPLE, "--batch", "0"], "--batch must be between 1"),
    "eta above 1": ([*SAMPLE, "--sampler", "ddim", "--eta", "1.1"], "eta must be between 0 and 1"),
    "a variance that is none": ([*SAMPLE, "--variance", "big"], "'big' is not a number"),
    "no such spacing": ([*SAMPLE, "--spacing", "random"], "linspace, leading, trailing, quadratic"),
    "frames too fast": ([*SAMPLE[:-1], "x.gif", "--fps", "51"], "--fps must be between 1 and 50"),
    "speed of a picture that stands still": ([*SAMPLE, "--fps", "5"], "--fps means nothing to a picture"),
    "columns of numbers": ([*SAMPLE[:-1], "x.npz", "--columns", "5"], "--columns means nothing to arrays"),
    "a hold that is no number": ([*SAMPLE[:-1], "x.gif", "--hold", "long"], "'long' is not a number"),
    "a hold without end": ([*SAMPLE[:-1], "x.gif", "--hold", "61"], "from 0 to 60 seconds"),
    "every zeroth step": ([*SAMPLE[:-1], "x.gif", "--every", "0"], "--every must be between 1"),
    "two ways to choose the steps": ([*SAMPLE[:-1], "x.gif", "--every", "2", "--log", "3"], "not allowed with"),
    "no such quantity": ([*SAMPLE, "--quantity", "x1"], "x_t, x0_hat, eps_hat, side-by-side"),
    "a quantity of arrays": ([*SAMPLE[:-1], "x.npz", "--quantity", "x_t"], "--quantity means nothing to arrays"),
    "a way of many": ([*SAMPLE[:-1], "many/", "--trajectory"], "--trajectory means nothing to a folder"),
    "steps of many": ([*SAMPLE[:-1], "many/", "--every", "2"], "--every means nothing to a folder"),
    "bytes of a picture": ([*SAMPLE, "--uint8"], "--uint8 is for an .npz"),
    "two ways to say how many": ([*SAMPLE, "-n", "3", "--samples", "1"], "leave one out"),
    "samples backwards": ([*EXACT, "--out", "x.png", "--samples", "7-3"], "--samples must be between 7"),
    "samples that are no numbers": ([*EXACT, "--out", "x.png", "--samples", "a"], "'a' is not a whole number"),
    "too many samples for a list of them": (
        [*EXACT, "--out", "many/", "--samples", "0-9"],
        "--samples is for what fits into one batch",
    ),
    "a trajectory larger than memory": (
        ["sample", "--exact", "fashion", "-n", "100000", "--trajectory", "--out", "x.npz"],
        "GB",
    ),
    "a folder that is not there": ([*SAMPLE[:-1], "nowhere/x.png"], "the folder nowhere does not exist"),
    "a schedule into a folder that is not there": (["schedule", "linear", "--out", "nowhere/x.csv"], "nowhere"),
    "info of nothing": (["info", "gone.png"], "gone.png"),
    "export of nothing": (["export", "gone.npz", "--out", "x.png"], "gone.npz"),
    "screenshots into a file's place": (["screenshots", "file"], "file"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The working directory, with one file in it."""
    (tmp_path / "file").write_text("mine")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def refused(capsys, folder):
    """Runs a command that must fail and leave the folder as it was; its one line."""

    def run(*argv):
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert main([str(word) for word in argv]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
        assert err.startswith("ddpm-studio: ")
        assert err.count("\n") == 1
        return err

    return run


@pytest.mark.parametrize(("argv", "told"), BAD.values(), ids=BAD)
def test_bad_input_is_told_in_one_line(argv, told, refused):
    assert told in refused(*argv)


def test_a_picture_that_is_cut_short_is_named(folder, refused):
    noise = np.random.default_rng(0).integers(0, 255, (50, 50), np.uint8)
    Image.fromarray(noise).save(folder / "whole.png")
    (folder / "short.png").write_bytes((folder / "whole.png").read_bytes()[:1000])
    assert "short.png" in refused("noise", "short.png", "--out", "x.png")
    assert "short.png" in refused("info", "short.png")
    assert "short.png" in refused("sample", "short.png", "--out", "x.png")


def test_a_text_is_no_picture(refused):
    assert "file" in refused("noise", "file", "--out", "x.png")


def test_a_folder_without_pictures_is_no_data_set(folder, refused):
    (folder / "empty").mkdir()
    assert "empty" in refused("sample", "--exact", "empty", "--out", "x.png")


def test_an_archive_with_nan_is_no_data_set(folder, refused):
    np.savez(folder / "nan.npz", samples=np.full((2, 3, 8, 8), np.nan, np.float32))
    assert "NaN" in refused("sample", "--exact", "nan.npz", "--out", "x.png")
    assert "NaN" in refused("export", "nan.npz", "--out", "x.png")


def test_an_archive_of_python_objects_is_never_loaded(folder, refused):
    np.savez(folder / "objects.npz", samples=np.array([object()]), allow_pickle=True)
    assert "never loaded" in refused("export", "objects.npz", "--out", "x.png")
    assert "never loaded" in refused("sample", "--exact", "objects.npz", "--out", "x.png")


def test_samples_alone_have_no_trajectory(folder, refused):
    np.savez(folder / "s.npz", samples=np.zeros((2, 3, 8, 8), np.float32))
    assert "--trajectory" in refused("export", "s.npz", "--out", "x.gif")
    assert "x_t, x0_hat" in refused("export", "s.npz", "--quantity", "mean", "--out", "x.gif")


def test_numbers_that_are_no_pictures_are_not_drawn(folder, refused):
    np.savez(folder / "s.npz", samples=np.zeros((2, 8), np.float32))
    assert "(2, 8)" in refused("export", "s.npz", "--out", "x.png")


def test_a_drawing_is_not_drawn_anew(folder, refused):
    Image.new("L", (8, 8)).save(folder / "p.png")
    assert "only an .npz" in refused("export", "p.png", "--out", "x.gif")
    assert "no document in it" in refused("export", "p.png", "--out", "x.ddpm.json")
    assert "no document in it" in refused("sample", "p.png", "--out", "x.png")


@pytest.mark.parametrize(("command", "out"), [("sample", "x.png"), ("noise", "x.png"), ("export", "x.ddpm.json")])
def test_a_document_from_a_newer_version_asks_for_an_update(folder, refused, command, out):
    (folder / "new.ddpm.json").write_text(json.dumps({"format": "ddpm-studio document", "version": 99}))
    assert "update DDPM Studio" in refused(command, "new.ddpm.json", "--out", out)


def test_a_document_with_an_unknown_key_names_it(folder, refused):
    (folder / "odd.ddpm.json").write_text(json.dumps(Document().to_json() | {"colour": "red"}))
    assert "unknown 'colour'" in refused("sample", "odd.ddpm.json", "--out", "x.png")


def test_what_cannot_be_written_is_said_before_the_work(folder, refused, monkeypatch):
    (folder / "is-a-folder.png").mkdir()
    monkeypatch.setattr("ddpm_studio.data.load", lambda *_: pytest.fail("the work has begun"))
    assert "is-a-folder.png" in refused("sample", "--exact", "fashion", "--out", "is-a-folder.png")
