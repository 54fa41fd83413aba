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


def test_that_a_table_with_text_is_refused_in_one_line(tmp_path, capsys):
    path = tmp_path / "bad.csv"
    path.write_text("1,2\nthree,4\n")
    assert main(["train", str(path), "--out", str(tmp_path / "run")]) == 2
    assert main(["train", "--dataset", str(path), "--out", str(tmp_path / "run")]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert "line 2: 'three 4' is no point" in told[-1]
    assert not (tmp_path / "run").exists()
