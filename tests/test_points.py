import numpy as np
import pytest
import torch

from ddpm_studio.data import CLOUDS, ImageData, PointData, load, load_pictures
from ddpm_studio.data.clouds import drawing_ref, means_of, mixture_ref, strokes_of
from ddpm_studio.data.point_files import MOST
from ddpm_studio.denoiser import Exact
from ddpm_studio.errors import UserError
from ddpm_studio.process import q_sample
from ddpm_studio.schedule import Linear


def written(tmp_path, text, name="points.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", CLOUDS)
def test_that_a_cloud_is_the_same_every_time_and_lies_about_the_unit_square(name):
    data = load(name)
    assert isinstance(data, PointData)
    assert data.train.shape == (2000, 2)
    assert data.test.shape == (500, 2)
    assert data.train.dtype == np.float32
    assert np.abs(data.train).max() < 1.15
    assert np.abs(data.train.mean(0)).max() < 0.2
    assert np.array_equal(CLOUDS[name]().train, data.train)
    assert not np.isin(data.test[:, 0], data.train[:, 0]).any()


def test_that_points_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        load("rings").train[0] = 0.0


def test_that_points_come_from_the_density_they_say():
    data = load("swiss-roll")
    nearest = np.linalg.norm(data.test[:, None] - data.mixture.means[None], axis=2).min(1)
    assert np.sqrt((nearest**2).mean()) < 1.5 * np.sqrt(data.mixture.variance)
    assert data.second_moment == pytest.approx((data.mixture.means**2).mean() + data.mixture.variance, rel=0.05)


def test_that_a_mixtures_name_holds_its_means():
    means = ((0.5, -0.25), (-0.125, 0.75))
    ref = mixture_ref(means)
    assert means_of(ref) == means
    assert np.allclose(load(ref).mixture.means, means)
    assert means_of("mixture") == pytest.approx(np.array(means_of(mixture_ref(means_of("mixture")))))
    assert means_of("rings") == ()


def test_that_a_drawings_points_follow_its_strokes_by_length():
    strokes = (((-0.5, 0.0), (0.5, 0.0)), ((0.0, 0.8), (0.0, 0.3)))
    ref = drawing_ref(strokes)
    assert strokes_of(ref) == strokes
    points = load(ref).train
    level, upright = np.abs(points[:, 1]) < 0.1, np.abs(points[:, 0]) < 0.1
    assert (level | upright).all()
    assert np.mean(points[:, 1] > 0.15) == pytest.approx(1 / 3, abs=0.03)


def test_that_a_click_is_a_drawing_too():
    assert np.allclose(load(drawing_ref([[(0.3, 0.4)]])).train.mean(0), (0.3, 0.4), atol=0.01)


@pytest.mark.parametrize(
    "ref", ["mixture:", "mixture:1", "mixture:a,b", "mixture:nan,0", "mixture:9,0", "drawing:/", "drawing"]
)
def test_that_a_name_with_no_such_points_is_refused(ref):
    with pytest.raises(UserError, match=r"mixture|drawing"):
        load(ref)


def test_that_a_name_that_takes_no_points_says_so():
    with pytest.raises(UserError, match="rings takes nothing behind the colon"):
        load("rings:1,2")


def test_that_pictures_and_points_are_told_apart():
    assert isinstance(load("pixel-faces"), ImageData)
    with pytest.raises(UserError, match="swiss-roll has points; choose it in the Plane"):
        load_pictures("swiss-roll")


@pytest.mark.parametrize(
    "text",
    ["1,2\n3,4\n5,9\n", "x;y\n1;2\n3;4\n5;9\n", "1\t2\n3\t4\n\n5\t9", "x y\n1 2\n3 4\n5 9", "\ufeff1, 2\n3, 4\n5, 9"],
)
def test_that_tables_are_read_with_whatever_stands_between_the_columns(tmp_path, text):
    data = load(written(tmp_path, text))
    assert np.allclose(data.train, (np.array([(1, 2), (3, 4), (5, 9)]) - (3, 5.5)) / 3.5)
    assert "moved by (-3, -5.5) and divided by 3.5" in data.note


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1,2\nthree,4\n", "line 2: 'three 4' is no point"),
        ("1,2,3\n4,5,6\n", "line 1 has 3 columns"),
        ("1\n2\n", "line 1 has 1 columns"),
        ("1,2\nnan,4\n", "point 2 is NaN or infinite"),
        ("1,2\n", "holds one point"),
        ("1,2\n1,2\n1,2\n", "holds 3 points in one place"),
        ("x,y\n", "holds no point"),
        ("", "holds no point"),
    ],
)
def test_that_a_table_that_cannot_be_used_says_why(tmp_path, text, complaint):
    with pytest.raises(UserError, match=complaint) as caught:
        load(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_that_a_million_points_are_thinned_and_that_is_said(tmp_path):
    path = tmp_path / "many.npz"
    np.savez(path, points=np.random.default_rng(0).random((1_000_000, 2), np.float32))
    data = load(str(path))
    assert len(data.train) == MOST
    assert "5,000 of 1,000,000 points, evenly chosen" in data.note


def test_that_points_in_a_file_are_refused_as_pictures(tmp_path):
    with pytest.raises(UserError, match="has points; choose it in the Plane"):
        load_pictures(written(tmp_path, "1,2\n3,4\n"))


def test_that_held_out_points_leave_the_training_set(tmp_path):
    data = load(written(tmp_path, "".join(f"{i},{i * i}\n" for i in range(20)))).holding_out(0.25)
    assert len(data.train) == 15
    assert len(data.test) == 5
    assert not np.isin(data.test[:, 0], data.train[:, 0]).any()
    assert data.holding_out(0.5) is data


def test_that_the_exact_denoiser_of_points_is_that_of_their_density():
    data, schedule, t = load("mixture"), Linear(), 300
    x0 = torch.from_numpy(data.x0())
    eps = torch.from_numpy(np.random.default_rng(1).standard_normal(x0.shape).astype(np.float32))
    xt = q_sample(schedule, x0, t, eps)
    known, by_heart = Exact.of(schedule, data)(xt, t).x0, Exact.finite(schedule, data)(xt, t).x0
    assert (known - x0).square().mean() == pytest.approx(float((by_heart - x0).square().mean()), rel=0.05)
    means = torch.from_numpy(data.mixture.means)
    assert torch.equal(known, Exact.mixture(schedule, means, data.mixture.variance)(xt, t).x0)
