import numpy as np
import pytest
from PIL import Image

from ddpm_studio.cli import main
from ddpm_studio.export import read_provenance
from ddpm_studio.run import Run, checkpoint_in


def test_that_points_are_trained_by_name_with_the_planes_settings_and_sampled_from(tmp_path, capsys):
    run = tmp_path / "run"
    assert main(["train", "swiss-roll", "--steps", "3", "--batch", "32", "--out", str(run), "--threads", "1"]) == 0
    document = Run.open(run).document
    assert document.dataset == "swiss-roll"
    assert document.network.kind == "mlp"
    assert (document.training.steps, document.training.batch) == (3, 32)
    assert checkpoint_in(run).header.shape == (2,)
    with Image.open(run / "previews" / "step-00000003.png") as picture:
        assert picture.width == picture.height

    out = tmp_path / "points.npz"
    assert main(["sample", "--checkpoint", str(run), "--steps", "4", "-n", "7", "--out", str(out)]) == 0
    with np.load(out) as arrays:
        assert arrays["samples"].shape == (7, 2)
    assert read_provenance(out)["document"]["dataset"] == "swiss-roll"


def test_that_the_exact_denoiser_of_points_draws_them_as_a_picture(tmp_path, capsys):
    out = tmp_path / "points.png"
    assert main(["sample", "--exact", "mixture:0.5,0.5", "--steps", "5", "-n", "50", "--out", str(out)]) == 0
    with Image.open(out) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    rows, columns = np.nonzero((pixels != 255).any(2))
    assert columns.mean() / pixels.shape[1] == pytest.approx((0.5 + 1.5) / 3.0, abs=0.03)
    assert rows.mean() / pixels.shape[0] == pytest.approx((1.5 - 0.5) / 3.0, abs=0.03)


BAD = {
    "one.csv": ("0.5,0.5\n", "one point"),
    "same.csv": ("1,2\n" * 5, "5 points in one place"),
    "nan.csv": ("0,0\nnan,1\n", "point 2 is NaN"),
    "text.csv": ("x,y\n0,0\nleft,right\n", "line 3: 'left right' is no point"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", [["train"], ["sample", "--exact"]])
def test_that_bad_points_are_refused_in_one_line(tmp_path, capsys, command, name):
    content, told = BAD[name]
    (tmp_path / name).write_text(content)
    assert main([*command, str(tmp_path / name), "--out", str(tmp_path / "out.npz")]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert told in line
    assert not (tmp_path / "out.npz").exists()


def test_that_a_file_of_a_million_points_is_used_and_what_was_kept_of_it_is_told(tmp_path, capsys):
    path = tmp_path / "many.npz"
    np.savez(path, points=np.random.default_rng(0).standard_normal((1_000_000, 2), np.float32))
    small = ["--steps", "2", "--threads", "1"]
    assert main(["train", str(path), *small, "--batch", "16", "--out", str(tmp_path / "run")]) == 0
    assert "5,000 of 1,000,000 points, evenly chosen" in capsys.readouterr().err
    assert main(["sample", "--exact", str(path), "--steps", "2", "-n", "3", "--out", str(tmp_path / "o.npz")]) == 0
    assert "5,000 of 1,000,000 points, evenly chosen" in capsys.readouterr().err


def test_that_samples_of_points_still_name_the_document_they_were_made_by(tmp_path, capsys):
    out = tmp_path / "made.npz"
    assert main(["sample", "--exact", "rings", "--steps", "2", "-n", "5", "--out", str(out)]) == 0
    assert (
        main(["train", str(out), "--steps", "1", "--batch", "8", "--out", str(tmp_path / "run"), "--threads", "1"]) == 0
    )
    assert Run.open(tmp_path / "run").document.dataset == "rings"


def test_that_a_table_with_text_is_refused_in_one_line(tmp_path, capsys):
    path = tmp_path / "bad.csv"
    path.write_text("1,2\nthree,4\n")
    assert main(["train", str(path), "--out", str(tmp_path / "run")]) == 2
    assert main(["train", "--dataset", str(path), "--out", str(tmp_path / "run")]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert "line 2: 'three 4' is no point" in told[-1]
    assert not (tmp_path / "run").exists()


def test_info_of_points_says_how_many_where_they_lie_and_what_is_kept(tmp_path, capsys):
    path = tmp_path / "line.csv"
    path.write_text("x,y\n" + "".join(f"{i},{-2 * i}\n" for i in range(6000)))
    assert main(["info", str(path)]) == 0
    told = capsys.readouterr().out
    assert "6,000 points in 2 dimensions, x from 0 to 5999, y from -11998 to 0" in told
    assert "5,000 of 6,000 points, evenly chosen, from" in told
    np.savez(tmp_path / "p.npz", points=np.array([[0.0, 1.0], [2.0, 5.0]]))
    assert main(["info", str(tmp_path / "p.npz")]) == 0
    assert "2 points in 2 dimensions, x from 0 to 2, y from 1 to 5" in capsys.readouterr().out
