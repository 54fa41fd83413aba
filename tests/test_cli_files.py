"""The command line's files: what is in them, that they are the same again, and that each says what made it."""

import json

import av
import numpy as np
import pytest
from PIL import Image

from ddpm_studio.bulk_store import Store
from ddpm_studio.cli import main
from ddpm_studio.cli.opened import document_in, provenance_of
from ddpm_studio.data import load, open_picture, open_source, to_bytes, to_unit
from ddpm_studio.document import Document, Noising, Sampling, save
from ddpm_studio.sampler import Ancestral, Ddim, Spacing
from ddpm_studio.schedule import Cosine, Linear

SAMPLE = ("sample", "--exact", "pixel-faces", "--steps", "4", "-n", "3")


@pytest.fixture
def run(tmp_path, capsys):
    """Runs a command that writes `name`; the file."""

    def run(name, *argv):
        assert main([*map(str, argv), "--out", str(tmp_path / name)]) == 0, capsys.readouterr().err
        assert capsys.readouterr().out == ""
        return tmp_path / name

    return run


def arrays(path):
    with np.load(path) as archive:
        return dict(archive)


def test_samples_of_the_exact_denoiser_are_pictures_of_the_data_set(run):
    pictures = arrays(run("s.npz", "sample", "--exact", "pixel-faces", "--steps", "20", "-n", "4"))["arr_0"]
    known = load("pixel-faces").train.astype(int)
    for picture in pictures.astype(int):
        assert np.abs(known - picture).max(axis=(1, 2, 3)).min() <= 1


def test_an_npz_holds_what_fid_tools_read_and_the_floats(run):
    found = arrays(run("s.npz", *SAMPLE))
    assert set(found) == {"arr_0", "samples", "provenance"}
    assert (found["arr_0"].dtype, found["arr_0"].shape) == (np.uint8, (3, 16, 16, 3))
    assert (found["samples"].dtype, found["samples"].shape) == (np.float32, (3, 3, 16, 16))


def test_a_trajectory_goes_from_noise_to_the_samples(run):
    found = arrays(run("s.npz", *SAMPLE, "--trajectory"))
    assert set(found) == {"arr_0", "samples", "trajectory", "x0_hat", "eps_hat", "t", "provenance"}
    assert found["t"].tolist() == [1000, 750, 500, 250, 0]
    assert found["trajectory"].shape == found["x0_hat"].shape == (5, 3, 3, 16, 16)
    np.testing.assert_array_equal(found["trajectory"][-1], found["samples"])
    np.testing.assert_array_equal(found["x0_hat"][-1], found["samples"])
    assert abs(found["trajectory"][0].std() - 1) < 0.05
    assert np.abs(found["x0_hat"][0]).max() <= 1  # a mean of pictures


@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.webp", "a.apng", "a.mp4", "a.npz"])
def test_the_same_seed_gives_the_same_bytes(run, name):
    first = run(name, *SAMPLE, "--seed", "5").read_bytes()
    assert run(name, *SAMPLE, "--seed", "5").read_bytes() == first
    assert run(name, *SAMPLE, "--seed", "6").read_bytes() != first


def test_the_batch_size_changes_no_picture(run):
    many = arrays(run("many.npz", *SAMPLE, "--trajectory", "--batch", "64"))
    few = arrays(run("few.npz", *SAMPLE, "--trajectory", "--batch", "2"))
    np.testing.assert_array_equal(many["trajectory"][0], few["trajectory"][0])
    np.testing.assert_allclose(many["samples"], few["samples"], atol=1e-4)


def test_more_pictures_begin_with_the_same_ones(run):
    few, many = (arrays(run("s.npz", "sample", "--exact", "pixel-faces", "--steps", "3", "-n", n)) for n in (2, 70))
    np.testing.assert_allclose(many["samples"][:2], few["samples"], atol=1e-4)


def test_sampler_flags_reach_the_sampler(run):
    flags = (
        "--sampler",
        "ddim",
        "--eta",
        "0.5",
        "--spacing",
        "leading",
        "--no-clip",
        "--schedule",
        "cosine",
        "--T",
        "40",
    )
    file = run("s.png", *SAMPLE, *flags, "--seed", "9")
    sampler = Ddim(steps=4, spacing=Spacing.LEADING, clip=False, eta=0.5)
    expected = Document(schedule=Cosine(T=40), sampler=sampler, sampling=Sampling(count=3, seed=9))
    assert document_in(file) == expected


@pytest.mark.parametrize(("text", "v"), [("beta", 1.0), ("beta_tilde", 0.0), ("0.25", 0.25)])
def test_the_variance_has_names_and_numbers(run, text, v):
    assert document_in(run("s.png", *SAMPLE, "--variance", text)).sampler == Ancestral(steps=4, variance=v)


def test_fewer_steps_than_the_default_are_taken_where_T_is_smaller(run):
    file = run("s.npz", "sample", "--exact", "pixel-faces", "--T", "7", "--scaled", "--beta-end", "0.005", "-n", "1")
    assert document_in(file).sampler.steps == 7


@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.webp", "a.apng", "a.mp4", "a.npz"])
def test_an_export_restores_the_document_that_made_it(run, name):
    expected = Document(sampler=Ancestral(steps=4), sampling=Sampling(count=3, seed=0))
    assert document_in(run(name, *SAMPLE)) == expected
    noised = run(name, "noise", "fashion:7", "--t", "0,9", "--seed", "3", "--T", "50", "--size", "14")
    assert document_in(noised) == Document(
        schedule=Linear(T=50), sampler=Ancestral(steps=50), noising=Noising(picture="fashion:7", seed=3)
    )


@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.webp", "a.apng", "a.mp4", "a.npz"])
def test_sampling_from_an_export_makes_it_again(run, name):
    first = run(name, *SAMPLE, "--schedule", "cosine", "--seed", "3")
    assert run("again" + name, "sample", first).read_bytes() == first.read_bytes()


@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.webp", "a.apng", "a.mp4", "a.npz"])
def test_info_prints_the_document_of_an_export(run, name, capsys):
    file = run(name, *SAMPLE, "--seed", "77")
    assert main(["info", str(file)]) == 0
    head, _, told = capsys.readouterr().out.partition("\n")
    assert head.startswith(str(file))
    assert Document.from_json(json.loads(told)["document"]) == document_in(file)
    assert json.loads(told)["seed"] == 77


def test_info_of_a_document_prints_it(tmp_path, capsys):
    document = Document(schedule=Cosine(T=33))
    save(document, tmp_path / "d.ddpm.json")
    assert main(["info", str(tmp_path / "d.ddpm.json")]) == 0
    assert Document.from_json(json.loads(capsys.readouterr().out.partition("\n")[2])) == document


def test_info_of_a_photograph_says_that_it_is_none_of_ours(tmp_path, capsys):
    Image.new("L", (30, 20)).save(tmp_path / "p.png")
    assert main(["info", str(tmp_path / "p.png")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'p.png'}: PNG 30 × 20 L\nnot made by DDPM Studio\n"


def test_info_of_a_folder_counts_its_pictures(tmp_path, capsys):
    Image.new("L", (30, 20)).save(tmp_path / "p.png")
    assert main(["info", str(tmp_path)]) == 0
    assert "1 pictures" in capsys.readouterr().out


def test_a_document_drives_sampling_and_flags_override_it(run, tmp_path):
    document = Document(
        schedule=Cosine(T=30, s=0.02),
        sampler=Ddim(steps=3, spacing=Spacing.LEADING, eta=1.0),
        sampling=Sampling(count=2, seed=4),
    )
    save(document, tmp_path / "d.ddpm.json")
    assert document_in(run("a.png", "sample", tmp_path / "d.ddpm.json")) == document
    other = document_in(
        run("b.png", "sample", tmp_path / "d.ddpm.json", "--schedule", "linear", "--sampler", "ancestral")
    )
    assert other.schedule == Linear(T=30)  # what all kinds have is kept, what cosine alone has is not
    assert other.sampler == Ancestral(steps=3, spacing=Spacing.LEADING)
    assert other.sampling == document.sampling


def test_more_pictures_than_a_document_can_speak_of_are_told_beside_it(run):
    file = run("s.npz", "sample", "--exact", "pixel-faces", "--steps", "2", "-n", "65", "--batch", "40")
    assert document_in(file).sampling.count == 64
    assert provenance_of(file)["samples"] == len(arrays(file)["samples"]) == 65


def test_a_picture_of_one_s_own_is_named_so_that_it_is_found_from_anywhere(run, tmp_path, monkeypatch):
    Image.new("RGB", (40, 40), "red").save(tmp_path / "own.png")
    monkeypatch.chdir(tmp_path)
    assert document_in(run("n.png", "noise", "own.png")).noising.picture == str(tmp_path / "own.png")
    assert document_in(run("s.png", *SAMPLE[:1], "--exact", ".", "--steps", "2", "-n", "1")).dataset == str(tmp_path)


def test_noised_pictures_follow_the_closed_form_with_one_noise(run):
    found = arrays(run("n.npz", "noise", "chelsea", "--t", "0,300,1000", "--size", "32", "--seed", "1"))
    assert found["t"].tolist() == [0, 300, 1000]
    x0, x300, x1000 = found["samples"].astype(np.float64)
    np.testing.assert_allclose(x0, to_unit(open_source("chelsea", 32)), atol=1e-6)
    linear = Linear()
    eps = [
        (x - linear.sqrt_alpha_bar[t] * x0) / linear.sqrt_one_minus_alpha_bar[t]
        for x, t in ((x300, 300), (x1000, 1000))
    ]
    np.testing.assert_allclose(eps[0], eps[1], atol=1e-5)
    assert abs(eps[0].std() - 1) < 0.05


def test_the_t_s_of_noising_are_lists_and_ranges(run):
    found = arrays(run("n.npz", "noise", "fashion:0", "--t", "5,0:1000:250,7:8"))
    assert found["t"].tolist() == [5, 0, 250, 500, 750, 1000, 7, 8]
    assert arrays(run("n.npz", "noise", "fashion:0", "--T", "200"))["t"].tolist() == [0, 20, 50, 100, 200]


def test_noising_a_document_s_picture(run, tmp_path):
    document = Document(noising=Noising(picture="camera", seed=2))
    save(document, tmp_path / "d.ddpm.json")
    assert document_in(run("n.png", "noise", tmp_path / "d.ddpm.json")) == document


def test_grey_makes_one_channel_of_three(run):
    assert arrays(run("n.npz", "noise", "chelsea", "--grey", "--size", "8"))["samples"].shape == (5, 1, 8, 8)


def test_a_film_strip_has_a_picture_for_each_t(run):
    with Image.open(run("n.png", "noise", "chelsea", "--size", "64", "--t", "0,10,20")) as image:
        assert image.size == (3 * 64 + 2 * 2, 64)


@pytest.mark.parametrize("name", ["n.gif", "n.webp"])
def test_an_animation_has_a_frame_for_each_t(run, name):
    with Image.open(run(name, "noise", "chelsea", "--size", "64", "--t", "0:90:10", "--fps", "5")) as image:
        assert (image.n_frames, image.size) == (10, (64, 64))
        image.seek(1)
        image.load()  # a WebP knows a frame's time once it is decoded
        assert image.info["duration"] == 200


def test_a_grid_png_has_the_columns_and_scale_asked_for(run):
    with Image.open(run("s.png", *SAMPLE, "--columns", "1", "--scale", "2")) as image:
        assert image.size == (32, 3 * 32 + 2 * 2)


def test_a_png_of_the_trajectory_has_a_row_for_each_sample(run):
    with Image.open(run("s.png", *SAMPLE, "--trajectory", "--scale", "1")) as image:
        assert image.size == (5 * 16 + 4 * 2, 3 * 16 + 2 * 2)
    with Image.open(run("s.png", *SAMPLE, "--frames", "2", "--scale", "1")) as image:
        assert image.size == (2 * 16 + 2, 3 * 16 + 2 * 2)


@pytest.fixture
def kept(run):
    """A trajectory kept as numbers."""
    return run("kept.npz", *SAMPLE, "--trajectory")


@pytest.mark.parametrize("name", ["e.gif", "e.webp"])
def test_an_exported_animation_is_the_one_sampling_writes(run, kept, name):
    direct = run("direct" + name, *SAMPLE, "--fps", "7", "--columns", "3")
    with Image.open(direct) as one, Image.open(run(name, "export", kept, "--fps", "7", "--columns", "3")) as other:
        assert one.n_frames == other.n_frames == 5
        for frame in range(5):
            one.seek(frame)
            other.seek(frame)
            assert one.convert("RGB").tobytes() == other.convert("RGB").tobytes()
            assert one.info["duration"] == other.info["duration"]


def test_an_exported_grid_shows_the_samples(run, kept):
    with Image.open(run("e.png", "export", kept, "--columns", "3", "--scale", "1")) as image:
        np.testing.assert_array_equal(np.asarray(image)[:, :16], arrays(kept)["arr_0"][0])


def test_the_guess_of_the_clean_picture_is_exported_on_request(run, kept):
    with Image.open(run("e.png", "export", kept, "--quantity", "x0_hat", "--scale", "1")) as image:
        first = np.asarray(image)[:16, :16].astype(float) / 127.5 - 1
    np.testing.assert_allclose(first, np.moveaxis(arrays(kept)["x0_hat"][0, 0], 0, -1), atol=1 / 127)


@pytest.mark.parametrize("quantity", ["eps_hat", "side-by-side"])
def test_every_quantity_is_exported_from_the_numbers_as_sampling_draws_it(run, kept, quantity):
    flags = ("--quantity", quantity, "--every", "2")
    with Image.open(run("d.png", *SAMPLE, *flags)) as one, Image.open(run("e.png", "export", kept, *flags)) as other:
        assert one.size == other.size
        assert one.tobytes() == other.tobytes()


def test_numbers_of_an_older_version_say_how_to_get_the_noise(kept, tmp_path, capsys):
    older = {key: array for key, array in arrays(kept).items() if key != "eps_hat"}
    np.savez(tmp_path / "older.npz", **older)
    assert main(["export", str(tmp_path / "older.npz"), "--quantity", "eps_hat", "--out", str(tmp_path / "e.png")]) == 2
    assert "no eps_hat; sample it again with --trajectory" in capsys.readouterr().err


def test_exports_of_exports_keep_the_provenance(run, kept):
    drawn = run("e.gif", "export", kept)
    assert provenance_of(drawn) == provenance_of(kept) | {"drawn": "trajectory"}
    assert document_in(run("e.ddpm.json", "export", drawn)) == document_in(kept)


@pytest.mark.parametrize("name", ["e.gif", "e.webp", "e.png"])
def test_a_picture_noised_to_numbers_is_drawn_as_if_noised_to_a_drawing(run, name):
    noise = ("noise", "fashion:7", "--t", "0:1000:250")
    numbers = run("n.npz", *noise)
    more = ("--trajectory",) if name.endswith("png") else ()
    with Image.open(run(name, "export", numbers, *more)) as drawn, Image.open(run("direct" + name, *noise)) as direct:
        assert getattr(drawn, "n_frames", 1) == getattr(direct, "n_frames", 1)
        assert drawn.size == direct.size
        assert drawn.convert("RGB").tobytes() == direct.convert("RGB").tobytes()


def frames_of(path):
    """How many frames an animation has."""
    if path.suffix == ".mp4":
        with av.open(str(path)) as film:
            return film.streams.video[0].frames - 1  # the last one stands there twice
    with Image.open(path) as image:
        return image.n_frames


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.apng", "a.mp4"])
@pytest.mark.parametrize(
    ("flags", "count"), [(("--frames", "all"), 10), (("--every", "3"), 4), (("--log", "5"), 5), (("--frames", "6"), 6)]
)
def test_the_steps_asked_for_are_the_frames(run, name, flags, count):
    film = run(name, "sample", "--exact", "pixel-faces", "--steps", "9", "-n", "1", *flags)
    assert frames_of(film) == count
    assert len(provenance_of(film)["t"]) == count


def test_every_third_step_of_nine_ends_at_the_sample(run):
    flags = ("--trajectory", "--every", "3")
    found = arrays(run("s.npz", "sample", "--exact", "pixel-faces", "--steps", "9", "-n", "1", *flags))
    assert found["t"].tolist() == [1000, 667, 333, 0]
    np.testing.assert_array_equal(found["trajectory"][-1], found["samples"])


def test_side_by_side_shows_state_guess_and_noise_of_the_same_moments(run):
    kept = arrays(run("kept.npz", *SAMPLE, "--trajectory"))
    strip = run("s.png", *SAMPLE, "--frames", "all", "--quantity", "side-by-side", "--scale", "1")
    with Image.open(strip) as image:
        found = np.asarray(image)
    assert found.shape == (9 * 18 - 2, 5 * 18 - 2, 3)
    np.testing.assert_array_equal(found[:16, 72:], to_bytes(kept["samples"][0]))
    np.testing.assert_array_equal(found[18:34, 18:34], to_bytes(kept["x0_hat"][1, 0]))
    schedule, t = document_in(strip).schedule, kept["t"][1]
    signal, noise = schedule.sqrt_alpha_bar[t], schedule.sqrt_one_minus_alpha_bar[t]
    eps = (kept["trajectory"][1, 0] - signal * kept["x0_hat"][1, 0]) / noise
    np.testing.assert_allclose(found[36:52, 18:34].astype(int), to_bytes(eps / np.float32(3)).astype(int), atol=1)
    assert provenance_of(strip)["drawn"] == "side-by-side"


def test_single_samples_are_those_of_the_whole_batch(run):
    whole = arrays(run("whole.npz", *SAMPLE[:-1], "8"))["samples"]
    some = run("some.npz", *SAMPLE[:-2], "--samples", "7,1-2")
    np.testing.assert_allclose(arrays(some)["samples"], whole[[7, 1, 2]], atol=1e-4)
    assert provenance_of(some)["numbers"] == [7, 1, 2]


def test_the_last_frame_is_held_as_long_as_asked(run):
    with Image.open(run("a.gif", *SAMPLE, "--hold", "4", "--fps", "10")) as image:
        image.seek(image.n_frames - 1)
        assert image.info["duration"] == 4000


@pytest.mark.parametrize("name", ["many.npz", "many"])
def test_more_than_a_batch_is_drawn_batch_by_batch_and_is_the_same(run, name, tmp_path):
    out = tmp_path / name
    assert main([*SAMPLE, "--batch", "2", "--out", f"{out}" if out.suffix else f"{out}/"]) == 0
    whole = arrays(run("whole.npz", *SAMPLE))
    if name == "many.npz":
        assert arrays(out)["provenance"] is not None
        np.testing.assert_allclose(arrays(out)["samples"], whole["samples"], atol=1e-5)
        found = arrays(out)["arr_0"]
    else:
        found = np.stack([open_picture(path) for path in sorted(out.glob("*.png"))])
        assert document_in(out / "00000002.png") == document_in(tmp_path / "whole.npz")
    assert np.abs(found.astype(int) - whole["arr_0"]).max() <= 1


def test_a_run_that_was_broken_off_goes_on_when_the_command_is_given_again(run, tmp_path, capsys, monkeypatch):
    command = [*SAMPLE[:-1], "8", "--batch", "2", "--uint8", "--out", str(tmp_path / "many.npz")]
    whole = arrays(run("whole.npz", *SAMPLE[:-1], "8"))["arr_0"]
    seen = []

    def interrupted(self, numbers, samples, put=Store.put):
        seen.append(numbers)
        if len(seen) == 3:
            raise KeyboardInterrupt
        put(self, numbers, samples)

    monkeypatch.setattr(Store, "put", interrupted)
    assert main(command) == 130
    assert "4 of 8 pictures are kept in" in capsys.readouterr().err
    assert main(command) == 0
    assert "4 of 8 pictures are in" in capsys.readouterr().err
    assert [numbers.start for numbers in seen] == [0, 2, 4, 4, 6]
    found = arrays(tmp_path / "many.npz")
    assert set(found) == {"arr_0", "provenance"}
    assert np.abs(found["arr_0"].astype(int) - whole).max() <= 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["many.npz", "whole.npz"]
