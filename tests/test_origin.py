"""Where chains begin: the state they are given, the noise in it, and what the command line makes of it."""

import numpy as np
import pytest
import torch
from PIL import Image

from ddpm_studio.cli import main
from ddpm_studio.denoiser import Exact
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError
from ddpm_studio.export import read_provenance
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.origin import ORIGINS, Between, Encoded, FromNoise, FromPicture, Origin, Repair
from ddpm_studio.origin.canvas import INLINE, fitted, mask_of, reference_of
from ddpm_studio.origin.start import Start, begin, reverse
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral, Ddim
from ddpm_studio.schedule import Linear

SHAPE = (3, 8, 8)
SCHEDULE = Linear(T=100, scaled=True)


@pytest.fixture
def pictures(tmp_path):
    """Two 8 × 8 colour pictures and a mask whose right half is white."""
    left = np.zeros((8, 8, 3), np.uint8)
    left[..., 0] = 255
    right = np.full((8, 8, 3), 40, np.uint8)
    mask = np.zeros((8, 8), np.uint8)
    mask[:, 4:] = 255
    for name, picture in (("a", left), ("b", right), ("mask", mask)):
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
    return {name: str(tmp_path / f"{name}.png") for name in ("a", "b", "mask")}


def data() -> Exact:
    return Exact.mixture(SCHEDULE, torch.rand(20, *SHAPE, generator=torch.Generator().manual_seed(1)) * 2 - 1)


def started(origin: Origin, count: int = 5, samples: range | None = None, sampler=None) -> Start:
    *_, start = begin(origin, data(), sampler or Ddim(steps=20), seed=3, samples=samples or range(count), count=count)
    assert isinstance(start, Start)
    return start


def unit(ref: str) -> torch.Tensor:
    picture = np.asarray(Image.open(ref).convert("RGB"), np.float32).transpose(2, 0, 1)
    return torch.from_numpy(picture / 127.5 - 1)


@pytest.mark.parametrize("kind", ORIGINS)
def test_every_origin_comes_back_from_json_and_a_document_without_one_begins_in_noise(kind):
    document = Document(origin=ORIGINS[kind]())
    assert Document.from_json(document.to_json()) == document
    old = {key: value for key, value in document.to_json().items() if key != "origin"}
    assert Document.from_json(old).origin == FromNoise()


def test_pure_noise_is_what_sample_begins_with_by_itself():
    start, sampler = started(FromNoise(), 3), Ancestral(steps=20)
    own = next(sample(data(), sampler, seed=3, samples=range(3)))
    assert torch.equal(start.x, own.x)
    assert start.stops == sampler.stops(100)
    steps = reverse(FromNoise(), data(), sampler, seed=3, samples=range(3), count=3)
    assert torch.equal(next(steps).next, own.next)


def test_a_picture_is_noised_to_t_by_the_closed_form(pictures):
    start = started(FromPicture(picture=pictures["a"], t=37))
    eps = gaussian(SHAPE, seed=3, samples=range(5), t=37, purpose=Purpose.START)
    expected = SCHEDULE.sqrt_alpha_bar[37] * unit(pictures["a"]) + SCHEDULE.sqrt_one_minus_alpha_bar[37] * eps
    torch.testing.assert_close(start.x, expected.float())
    assert start.stops == (37, 35, 30, 25, 20, 15, 10, 5, 0)


def test_a_t_beyond_the_schedule_is_its_T(pictures):
    assert started(FromPicture(picture=pictures["a"], t=4000)).stops[0] == 100


def test_what_lies_between_two_pictures_has_their_noise_and_nothing_else_differs(pictures):
    start = started(Between(picture=pictures["a"], other=pictures["b"], t=50))
    assert start.numbers == (0,) * 5
    eps = gaussian(SHAPE, seed=3, samples=[0], t=50, purpose=Purpose.START)[0]
    for i, x in enumerate(start.x):
        mixed = (1 - i / 4) * unit(pictures["a"]) + i / 4 * unit(pictures["b"])
        expected = SCHEDULE.sqrt_alpha_bar[50] * mixed + SCHEDULE.sqrt_one_minus_alpha_bar[50] * eps
        torch.testing.assert_close(x, expected.float())


def test_noises_of_their_own_are_mixed_to_variance_1(pictures):
    origin = Between(picture=pictures["a"], other=pictures["b"], t=50, own_noise=True)
    many = [next(begin(origin, data(), Ddim(steps=20), seed=seed, samples=[1], count=3)).x[0] for seed in range(60)]
    mixed = (unit(pictures["a"]) + unit(pictures["b"])) / 2
    noise = (torch.stack(many) - float(SCHEDULE.sqrt_alpha_bar[50]) * mixed) / float(
        SCHEDULE.sqrt_one_minus_alpha_bar[50]
    )
    assert float(noise.var()) == pytest.approx(1.0, abs=4 * (2 / noise.numel()) ** 0.5)


def test_a_part_of_the_batch_begins_as_it_does_in_the_whole(pictures):
    origin = Between(picture=pictures["a"], other=pictures["b"], t=50)
    assert torch.equal(started(origin, 5, range(3, 5)).x, started(origin, 5).x[3:])


def test_an_encoded_picture_is_decoded_to_itself(pictures):
    """Data N(0, 1): the ODE is the identity in the limit, and Euler's error shrinks with the steps."""
    denoiser, apart = Exact.gaussian(SCHEDULE, 1.0, SHAPE), []
    for steps in (10, 50):
        sampler = Ddim(steps=steps, clip=False)
        chain = reverse(Encoded(picture=pictures["b"]), denoiser, sampler, seed=0, samples=[0, 1], count=2)
        *_, last = chain
        apart.append(float((last.next - unit(pictures["b"])).abs().max()))
    assert apart[1] < 0.5 * apart[0]


def test_a_repair_keeps_the_black_part_of_the_mask_exactly(pictures):
    origin = Repair(picture=pictures["a"], mask=pictures["mask"], resamplings=2)
    *_, last = reverse(origin, data(), Ancestral(steps=10), seed=0, samples=[0, 1], count=2)
    kept = unit(pictures["a"])[..., :4]
    assert torch.equal(last.next[..., :4], kept.expand(2, 3, 8, 4))
    assert not torch.equal(last.next[0, ..., 4:], unit(pictures["a"])[..., 4:])


def test_a_mask_goes_into_a_document_and_comes_back(pictures):
    mask = mask_of(pictures["mask"], SHAPE)
    assert reference_of(mask).startswith(INLINE)
    assert np.array_equal(mask_of(reference_of(mask), SHAPE), mask)
    assert reference_of(np.zeros((8, 8), np.bool_)) == ""
    assert not mask_of("", SHAPE).any()


@pytest.mark.parametrize("text", [INLINE + "AAAA", INLINE + "%%%", INLINE])
def test_a_damaged_mask_is_refused_in_one_line(text):
    with pytest.raises(UserError, match="picture in this document is damaged"):
        mask_of(text, SHAPE)


def test_a_mask_without_white_is_refused(pictures, tmp_path):
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "black.png")
    with pytest.raises(UserError, match="white"):
        mask_of(str(tmp_path / "black.png"), SHAPE)


def test_it_is_said_how_a_picture_was_made_to_fit(pictures, tmp_path):
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(tmp_path / "wide.png")
    found = fitted(str(tmp_path / "wide.png"), (1, 8, 8))
    assert found.picture.shape == (8, 8, 1)
    assert found.told == "30 × 20 colour, cut and resized to 8 × 8 grey"
    assert fitted(pictures["a"], SHAPE).told == ""


def test_points_begin_in_noise_only(pictures):
    with pytest.raises(UserError, match="no square pictures"):
        fitted(pictures["a"], (2,))


@pytest.fixture
def folder(tmp_path):
    """A data set of six 8 × 8 pictures."""
    place = tmp_path / "set"
    place.mkdir()
    for i in range(6):
        Image.fromarray(np.full((8, 8, 3), 40 * i, np.uint8)).save(place / f"{i}.png")
    return str(place)


RUN = ["--T", "100", "--scaled", "--sampler", "ddim", "--steps", "10"]


def test_sample_begins_in_a_picture_and_says_so_in_the_file(pictures, folder, tmp_path, capsys):
    out = tmp_path / "out.png"
    begun = ["--from", pictures["a"], "--from-t", "30"]
    assert not main(["sample", "--exact", folder, *RUN, "-n", "2", *begun, "--out", str(out)])
    assert "8 × 8 colour, resized to" in capsys.readouterr().err
    assert read_provenance(out)["document"]["origin"] == {"kind": "picture", "picture": pictures["a"], "t": 30}


def test_interpolate_draws_a_strip_with_both_pictures_at_its_ends(pictures, folder, tmp_path):
    out = tmp_path / "strip.png"
    assert not main(
        ["interpolate", pictures["a"], pictures["b"], "--exact", folder, *RUN, "-n", "3", "--out", str(out)]
    )
    strip = np.asarray(Image.open(out).convert("RGB"))
    assert (strip[0, 0] == [255, 0, 0]).all()
    assert (strip[-1, -1] == [40, 40, 40]).all()
    assert read_provenance(out)["document"]["origin"]["t"] == 50


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--mask", "m.png"], "--mask belongs to a picture"),
        (["--from", "A", "--from-t", "101"], "--from-t must be between 1 and 100"),
        (["--from", "A", "--encode", "--from-t", "3"], "leave --from-t out"),
        (["--from", "A", "--resamplings", "3"], "nothing is repaired without --mask"),
        (["--from", "nowhere.png"], "no picture named 'nowhere.png'"),
    ],
)
def test_flags_that_do_not_go_together_are_refused_in_one_line(pictures, folder, tmp_path, capsys, flags, told):
    flags = [pictures["a"] if flag == "A" else flag for flag in flags]
    assert main(["sample", "--exact", folder, *RUN, *flags, "--out", str(tmp_path / "o.png")]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "o.png").exists()
