"""What is exported comes back: the pixels, the numbers, and where they came from."""

import math
import weakref

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from ddpm_studio.assets import asset
from ddpm_studio.data import open_picture, open_source, to_bytes, to_unit
from ddpm_studio.data.npz import read_npz
from ddpm_studio.errors import UserError
from ddpm_studio.export import (
    SUFFIXES,
    Film,
    Kind,
    enlarge,
    grid,
    kind_of,
    read_provenance,
    save_animation,
    save_picture,
    save_samples,
    saving_animation,
    strip,
    visible_scale,
)
from ddpm_studio.export.chart import HEIGHT, LEFT, RIGHT, WIDTH, Axis, line_chart

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (6, 20, 24, 3), dtype=np.uint8)  # six frames
GREY = RGB[..., :1]
SAMPLES = RNG.uniform(-1, 1, (4, 3, 5, 6)).astype(np.float32)
PROVENANCE = {
    "app": "DDPM Studio",
    "version": "0.1.0",
    "seed": 2**63 - 1,
    "document": {"note": "β ᾱ_t ε̂ 日本語 😀 \u2028\0\x7f\n'\"</x>" * 900, "list": [1, 2.5, None, True, {}]},
}


FILMS = ["a.gif", "a.webp", "a.apng", "a.mp4"]


def save(path, provenance=PROVENANCE):
    """Something of the right kind under this name."""
    if kind_of(path) is Kind.PICTURE:
        save_picture(path, RGB[0], provenance)
    elif kind_of(path) is Kind.ANIMATION:
        save_animation(path, RGB, 20, provenance)
    else:
        save_samples(path, SAMPLES, provenance)


def frames_of(path):
    """The frames of an animation as RGB, and the milliseconds each stays."""
    pictures, durations = [], []
    with Image.open(path) as image:
        for index in range(image.n_frames):
            image.seek(index)
            image.load()
            pictures.append(np.asarray(image.convert("RGB")))
            durations.append(image.info["duration"])
    return np.stack(pictures), durations


# layout


@given(
    pictures=npst.arrays(np.uint8, st.tuples(*[st.integers(1, 7)] * 3, st.sampled_from([1, 3]))),
    columns=st.none() | st.integers(1, 9),
    gap=st.integers(0, 3),
    background=st.integers(0, 255),
    scale=st.integers(1, 3),
)
def test_every_picture_of_a_grid_is_in_its_cell_and_all_else_is_background(pictures, columns, gap, background, scale):
    sheet = grid(pictures, columns, gap, background, scale)
    count, height, width, channels = pictures.shape
    across = min(count, columns or math.ceil(math.sqrt(count)))
    down = math.ceil(count / across)
    height, width = height * scale, width * scale
    assert sheet.shape == (down * (height + gap) - gap, across * (width + gap) - gap, channels)
    rest = sheet.copy()
    for index, picture in enumerate(pictures):
        top, left = index // across * (height + gap), index % across * (width + gap)
        cell = (slice(top, top + height), slice(left, left + width))
        assert np.array_equal(sheet[cell], np.kron(picture, np.ones((scale, scale, 1), np.uint8)))
        rest[cell] = background
    assert (rest == background).all()


@given(count=st.integers(1, 200))
def test_a_grid_is_near_the_square_and_has_no_empty_row(count):
    rows, columns, _ = grid(np.zeros((count, 1, 1, 1), np.uint8), gap=0, scale=1).shape
    assert 0 <= columns - rows <= 1
    assert (rows - 1) * columns < count <= rows * columns


def test_a_strip_is_one_row():
    assert np.array_equal(strip(RGB, gap=0, scale=1), np.concatenate(list(RGB), axis=1))
    assert strip(RGB, gap=2, scale=1).shape == (20, 6 * 26 - 2, 3)


@pytest.mark.parametrize(("side", "scale"), [(1, 64), (16, 4), (28, 3), (32, 2), (63, 2), (64, 1), (256, 1)])
def test_small_pictures_are_enlarged_until_they_can_be_seen(side, scale):
    pictures = np.zeros((1, side, 2 * side, 3), np.uint8)
    assert visible_scale(pictures) == scale
    assert grid(pictures).shape == (side * scale, 2 * side * scale, 3)


def test_impossible_layouts_are_refused():
    with pytest.raises(UserError, match="at least 1 column"):
        grid(RGB, columns=0)
    with pytest.raises(UserError, match="gap of at least 0"):
        grid(RGB, gap=-1)
    with pytest.raises(UserError, match="whole number from 1, but is 0"):
        enlarge(RGB, 0)


def test_a_film_is_the_grids_of_a_trajectory():
    trajectory = np.stack([SAMPLES, -SAMPLES])
    film = Film(trajectory, columns=4, gap=1, background=7, scale=2)
    assert len(film) == 2
    assert np.array_equal(film[1], grid(to_bytes(-SAMPLES), 4, 1, 7, 2))


# pixels and times


def test_a_png_holds_the_picture_exactly(tmp_path):
    for picture in (RGB[0], GREY[0]):
        save_picture(tmp_path / "a.png", picture, {})
        assert np.array_equal(open_picture(tmp_path / "a.png"), picture)


@pytest.mark.parametrize("name", ["a.webp", "a.apng"])
def test_webp_and_apng_hold_every_frame_exactly(tmp_path, name):
    for frames in (RGB, GREY):
        save_animation(tmp_path / name, frames, 20, {})
        found, durations = frames_of(tmp_path / name)
        assert np.array_equal(found, np.broadcast_to(frames, RGB.shape))
        assert durations == [50] * 5 + [1500]


def test_a_gif_holds_every_grey_level_exactly(tmp_path):
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    frames = np.concatenate([levels, 255 - levels, levels.swapaxes(1, 2)])
    save_animation(tmp_path / "a.gif", frames, 10, {})
    found, durations = frames_of(tmp_path / "a.gif")
    assert np.array_equal(found, frames.repeat(3, axis=3))
    assert durations == [100, 100, 1500]


def test_a_gif_of_noise_that_becomes_a_photograph_is_close_above_all_at_the_end(tmp_path):
    x0 = to_unit(open_source("chelsea", 64))
    noise = RNG.standard_normal(x0.shape).astype(np.float32)
    frames = to_bytes(np.stack([math.sqrt(a) * x0 + math.sqrt(1 - a) * noise for a in np.linspace(0, 1, 9)]))
    save_animation(tmp_path / "a.gif", frames, 10, {})
    found, _ = frames_of(tmp_path / "a.gif")
    rms = np.sqrt(np.mean((found.astype(float) - frames) ** 2, axis=(1, 2, 3)))
    assert rms.max() < 22
    assert rms[-1] < 6


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.apng"])
def test_one_frame_is_an_animation_too(tmp_path, name):
    save_animation(tmp_path / name, GREY[:1], 10, PROVENANCE)
    assert np.array_equal(open_picture(tmp_path / name)[..., :1], GREY[0])
    assert read_provenance(tmp_path / name) == PROVENANCE


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.apng"])
def test_an_animation_repeats_for_ever(tmp_path, name):
    save(tmp_path / name)
    with Image.open(tmp_path / name) as image:
        assert image.info["loop"] == 0


@pytest.mark.parametrize("fps", [0, -3, 0.09, 51, math.nan, math.inf])
def test_an_impossible_speed_is_refused(tmp_path, fps):
    with pytest.raises(UserError, match=r"from 0\.1 to 50, but are"):
        save_animation(tmp_path / "a.gif", RGB, fps, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.apng"])
def test_the_slowest_animation_can_be_written(tmp_path, name):
    save_animation(tmp_path / name, RGB[:2], 0.1, {})
    assert frames_of(tmp_path / name)[1] == [10_000, 10_000]


@pytest.mark.parametrize("name", FILMS)
def test_no_frames_are_refused(tmp_path, name):
    with pytest.raises(UserError, match="at least one frame"):
        save_animation(tmp_path / name, RGB[:0], 10, {})


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.apng"])
def test_only_the_part_that_changes_is_written_and_every_frame_is_whole(tmp_path, name):
    frames = np.full((4, 200, 300, 1), 90, np.uint8)
    frames[1:, 31, 77:80], frames[2:, 199, 299], frames[3] = 7, 250, RNG.integers(0, 256, (200, 300, 1))
    save_animation(tmp_path / name, frames[:3], 10, {})
    assert np.array_equal(frames_of(tmp_path / name)[0], frames[:3].repeat(3, axis=3))
    small = (tmp_path / name).stat().st_size
    save_animation(tmp_path / name, frames, 10, {})
    assert np.array_equal(frames_of(tmp_path / name)[0], frames.repeat(3, axis=3))
    assert (tmp_path / name).stat().st_size > small + 50_000  # noise is what takes room


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.apng"])
def test_equal_neighbours_become_one_frame_that_stays_longer(tmp_path, name):
    save_animation(tmp_path / name, RGB[[0, 0, 0, 1, 1, 2]], 20, {}, hold=0)
    found, durations = frames_of(tmp_path / name)
    assert np.array_equal(found, RGB[:3]) or name == "a.gif"
    assert durations == [150, 100, 50]


@pytest.mark.parametrize("side", [64, 63])
def test_an_mp4_shows_every_frame_at_its_time_and_holds_the_last(tmp_path, side):
    frames = np.linspace(0, 255, 5)[:, None, None, None] * np.ones((5, side, side, 3))
    frames[:, 10:20, 10:30, 0] = 200
    save_animation(tmp_path / "a.mp4", frames.astype(np.uint8), 10, {}, hold=2)
    with av.open(str(tmp_path / "a.mp4")) as film:
        shown = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in film.decode(video=0)]
        assert float(film.duration) / av.time_base == pytest.approx(2.4, abs=0.02)
        assert film.streams.video[0].pix_fmt == "yuv420p"
    assert [time for time, _ in shown] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 2.399], abs=1e-3)
    for (_, found), frame in zip(shown, frames, strict=False):
        assert found.shape == (64, 64, 3)
        assert np.abs(found[:side, :side].astype(float) - frame).mean() < 3
    with (tmp_path / "a.mp4").open("rb") as file:  # what says how to play it stands before the pictures
        content = file.read()
    assert content.index(b"moov") < content.index(b"mdat")


def test_an_mp4_too_large_for_players_is_refused(tmp_path):
    with pytest.raises(UserError, match="4096 pixels a side, not 4098 × 2"):
        save_animation(tmp_path / "a.mp4", np.zeros((2, 2, 4098, 1), np.uint8), 10, {})


@pytest.mark.parametrize("name", FILMS)
def test_a_film_tells_each_frame_and_may_be_left_at_any(tmp_path, name):
    save(tmp_path / name)
    before = (tmp_path / name).read_bytes()
    told = saving_animation(tmp_path / name, RGB, 20, {})
    assert [next(told), next(told)] == [1, 2]
    told.close()
    assert (tmp_path / name).read_bytes() == before
    assert list(tmp_path.iterdir()) == [tmp_path / name]
    assert list(saving_animation(tmp_path / name, RGB, 20, {})) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("hold", [-1, 61, math.nan])
def test_an_impossible_hold_is_refused(tmp_path, hold):
    with pytest.raises(UserError, match="from 0 to 60 seconds"):
        save_animation(tmp_path / "a.gif", RGB, 20, {}, hold)


def test_a_webp_too_wide_for_the_format_is_refused(tmp_path):
    with pytest.raises(UserError, match="16383 pixels a side and this is 16384 × 1"):
        save_animation(tmp_path / "a.webp", np.zeros((2, 1, 16384, 1), np.uint8), 10, {})


class CountedFrames:
    """Frames drawn when asked for; knows how many of them were alive at once."""

    def __init__(self):
        self.alive = self.most = self.asked = 0

    def __len__(self):
        return 30

    def __getitem__(self, index, /):
        self.asked += index > 0 or not self.asked
        frame = np.full((40, 40, 3), 5 * index, np.uint8)
        frame[index, index] = 255 - index
        self.alive += 1
        self.most = max(self.most, self.alive)
        weakref.finalize(frame, self._gone)
        return frame

    def _gone(self):
        self.alive -= 1


@pytest.mark.parametrize("name", FILMS)
def test_an_animation_is_drawn_frame_by_frame_and_not_held_whole(tmp_path, name):
    frames = CountedFrames()
    save_animation(tmp_path / name, frames, 10, {})
    assert frames.asked == 30 or name == "a.gif"  # which chooses its colours first
    assert frames.most <= 4


# numbers


def test_samples_come_back_as_numbers_and_as_fid_tools_read_them(tmp_path):
    save_samples(tmp_path / "a.npz", SAMPLES, PROVENANCE)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert set(archive.files) == {"arr_0", "samples", "provenance"}
        assert archive["samples"].dtype == np.float32
        assert np.array_equal(archive["samples"], SAMPLES)
        assert archive["arr_0"].dtype == np.uint8
        assert np.array_equal(archive["arr_0"], to_bytes(SAMPLES))
    assert np.array_equal(read_npz(tmp_path / "a.npz")[0], to_bytes(SAMPLES))


def test_a_trajectory_comes_with_its_predictions_and_timesteps(tmp_path):
    trajectory = np.stack([SAMPLES, SAMPLES / 2, SAMPLES / 4])
    save_samples(tmp_path / "a.npz", SAMPLES, {}, trajectory=trajectory, x0_hat=-trajectory, t=np.array([1000, 500, 0]))
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert set(archive.files) == {"arr_0", "samples", "provenance", "trajectory", "x0_hat", "t"}
        assert np.array_equal(archive["trajectory"], trajectory)
        assert np.array_equal(archive["x0_hat"], -trajectory)
        assert archive["t"].tolist() == [1000, 500, 0]


def test_points_have_no_pictures(tmp_path):
    save_samples(
        tmp_path / "a.npz", np.zeros((9, 2), np.float32), PROVENANCE, trajectory=np.zeros((3, 9, 2), np.float32)
    )
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert set(archive.files) == {"samples", "provenance", "trajectory"}
        assert archive["samples"].shape == (9, 2)
    assert read_provenance(tmp_path / "a.npz") == PROVENANCE


def test_arrays_that_do_not_belong_together_are_a_fault_of_the_program(tmp_path):
    trajectory = np.stack([SAMPLES, SAMPLES])
    for wrong in (
        {"trajectory": trajectory[:, :2]},
        {"x0_hat": SAMPLES},
        {"trajectory": trajectory, "t": np.arange(3)},
    ):
        with pytest.raises(ValueError, match=r"stack of|entry per frame"):
            save_samples(tmp_path / "a.npz", SAMPLES, {}, **wrong)
    assert list(tmp_path.iterdir()) == []


# provenance


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_provenance_of_any_length_and_script_comes_back(tmp_path, suffix):
    assert len(str(PROVENANCE)) > 20_000
    save(tmp_path / f"a{suffix}")
    assert read_provenance(tmp_path / f"a{suffix}") == PROVENANCE
    (tmp_path / f"a{suffix}").rename(tmp_path / "renamed.dat")
    assert read_provenance(tmp_path / "renamed.dat") == PROVENANCE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(provenance=st.dictionaries(st.text(), JSON, max_size=4), suffix=st.sampled_from(sorted(SUFFIXES)))
def test_provenance_of_any_json_comes_back(tmp_path_factory, provenance, suffix):
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    save(path, provenance)
    assert read_provenance(path) == provenance


def test_nan_is_no_json(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        save_picture(tmp_path / "a.png", RGB[0], {"x": math.nan})


def test_files_of_others_carry_none(tmp_path):
    image = Image.fromarray(RGB[0])
    image.save(tmp_path / "a.gif", comment="made by hand")
    image.save(tmp_path / "a.png")
    image.save(tmp_path / "a.jpg")
    image.save(tmp_path / "a.webp")
    np.savez(tmp_path / "a.npz", x=RGB)
    assert [read_provenance(path) for path in sorted(tmp_path.iterdir())] == [None] * 5
    assert read_provenance(asset("images", "chelsea.png")) is None
    assert read_provenance(asset("datasets", "fashion.npz")) is None


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kept", [0, 3, 200, 20_000])
def test_an_export_cut_short_is_refused(tmp_path, suffix, kept):
    path = tmp_path / f"a{suffix}"
    save(path)
    assert path.stat().st_size > kept
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match="cannot read") as error:
        read_provenance(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["{", "[1]", "", "[" * 100_000])
def test_provenance_that_is_no_object_is_refused(tmp_path, text):
    np.savez(tmp_path / "a.npz", provenance=np.array(text))
    with pytest.raises(UserError, match="provenance that is damaged"):
        read_provenance(tmp_path / "a.npz")


def test_what_is_neither_picture_nor_archive_is_told(tmp_path):
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(UserError, match="not a picture"):
        read_provenance(tmp_path / "a.txt")
    with pytest.raises(UserError, match="no such file"):
        read_provenance(tmp_path / "absent.png")


# suffixes and whole files


def test_an_unknown_suffix_lists_the_known_ones(tmp_path):
    for name in ("a.avi", "a", ".png"):
        with pytest.raises(UserError, match=r"must end in \.png or \.gif or \.webp or \.apng or \.mp4 or \.npz"):
            kind_of(tmp_path / name)


def test_a_suffix_of_another_kind_names_the_fitting_ones(tmp_path):
    with pytest.raises(UserError, match=r"a picture needs a name that ends in \.png"):
        save_picture(tmp_path / "a.gif", RGB[0], {})
    with pytest.raises(UserError, match=r"an animation needs a name that ends in \.gif or \.webp or \.apng or \.mp4"):
        save_animation(tmp_path / "a.png", RGB, 10, {})
    with pytest.raises(UserError, match=r"arrays needs? a name that ends in \.npz"):
        save_samples(tmp_path / "a.webp", SAMPLES, {})
    assert list(tmp_path.iterdir()) == []


def test_capitals_in_a_suffix_are_fine(tmp_path):
    save(tmp_path / "a.PNG")
    save(tmp_path / "a.GIF")
    assert read_provenance(tmp_path / "a.GIF") == PROVENANCE


class FailingFrames(CountedFrames):
    def __getitem__(self, index, /):
        if index == 20:
            raise RuntimeError("the denoiser has failed")
        return super().__getitem__(index)


@pytest.mark.parametrize("name", FILMS)
def test_a_film_that_fails_half_way_leaves_the_old_file(tmp_path, name):
    save(tmp_path / name)
    before = (tmp_path / name).read_bytes()
    with pytest.raises(RuntimeError, match="denoiser has failed"):
        save_animation(tmp_path / name, FailingFrames(), 10, {})
    assert (tmp_path / name).read_bytes() == before
    assert list(tmp_path.iterdir()) == [tmp_path / name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_the_old_file(tmp_path, suffix):
    resource = pytest.importorskip("resource")
    path = tmp_path / f"a{suffix}"
    save(path, {})
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, hard))  # every write beyond 600 bytes of a file fails
    try:
        with pytest.raises(UserError, match=f"cannot write .*a{suffix}: ") as error:
            save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(error.value)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("axis", "written"),
    [
        (Axis.linear(range(2, 1001)), ["0", "200", "400", "600", "800", "1000"]),
        (Axis.linear(range(1, 41)), ["5", "10", "15", "20", "25", "30", "35", "40"]),
        (Axis.linear([1e-5, 0.3, 1.2]), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "1.2"]),
        (
            Axis.linear([-0.31, 0.07], whole=True),
            ["-0.35", "-0.30", "-0.25", "-0.20", "-0.15", "-0.10", "-0.05", "0.00", "0.05", "0.10"],
        ),
        (Axis.linear([3.0, 3.0]), ["3.0", "3.2"]),
        (Axis.decades([0.0, 0.02, 5.0]), ["0.01", "0.1", "1", "10"]),
        (Axis.decades([]), ["0.1", "1"]),
    ],
)
def test_an_axis_of_a_chart_has_round_numbers_and_whole_ones_for_timesteps(axis, written):
    assert [text for _, text in axis.numbers()] == written


def test_a_logarithmic_axis_leaves_out_what_it_cannot_show():
    axis = Axis.decades([1e-30, 1e-3, 1.0])
    assert axis.place(1e-30) < 0.0
    assert axis.place(0.0) == axis.place(-1.0) == -np.inf
    assert axis.place(1.0) == 1.0


def test_a_chart_s_curve_rises_where_its_numbers_do():
    chart = line_chart([0.0, 1.0, 2.0], {"rising": [0.01, 0.1, 1.0]}, "x", "y")
    assert chart.shape == (HEIGHT, WIDTH, 3)
    rows, columns = np.nonzero((chart[:, : WIDTH - RIGHT] == (0x00, 0x72, 0xB2)).all(2))
    assert (columns.min(), columns.max()) == pytest.approx((LEFT, WIDTH - RIGHT), abs=6)
    assert np.corrcoef(rows, columns)[0, 1] < -0.999  # a straight line up: three decades, logarithmic
