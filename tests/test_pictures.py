"""Pictures from files of every kind, to another size, to [-1, 1] and back."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from ddpm_studio.data.inline import INLINE, from_inline, to_inline
from ddpm_studio.data.pictures import (
    MAX_PIXELS,
    MAX_SIZE,
    Fit,
    fit,
    open_picture,
    resize,
    shrink,
    to_bytes,
    to_channels,
    to_image,
    to_unit,
)
from ddpm_studio.data.source import open_source
from ddpm_studio.errors import UserError

RGB = np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8)
GREY = RGB[..., :1]

pictures = npst.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.sampled_from([1, 3])))


def saved(tmp_path, image, name="a.png", **options):
    path = tmp_path / name
    image.save(path, **options)
    return path


def refused(path, told):
    with pytest.raises(UserError, match=told) as error:
        open_picture(path)
    assert "\n" not in str(error.value)
    assert path.name in str(error.value)


# files


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".ppm"])
def test_lossless_files_come_back_exactly(tmp_path, suffix):
    assert np.array_equal(open_picture(saved(tmp_path, Image.fromarray(RGB), "a" + suffix)), RGB)
    assert np.array_equal(open_picture(saved(tmp_path, to_image(GREY), "g" + suffix)), GREY)


def test_a_bilevel_picture_is_black_and_white(tmp_path):
    path = saved(tmp_path, to_image(GREY).point(lambda level: 255 * (level > 99)).convert("1"))
    assert np.array_equal(open_picture(path), np.where(GREY > 99, 255, 0))


@pytest.mark.parametrize(("name", "mode"), [("a.png", "I;16"), ("a.tiff", "I;16"), ("a.tiff", "I;16B"), ("a.pgm", "I")])
def test_sixteen_bits_are_scaled_to_eight_and_not_clipped(tmp_path, name, mode):
    levels = np.array([[0, 128, 129, 257, 32768, 65278, 65407, 65535]], np.uint16)
    image = Image.fromarray(levels)
    if mode == "I;16B":
        image = Image.frombytes(mode, image.size, levels.astype(">u2").tobytes())
    path = saved(tmp_path, image, name)
    with Image.open(path) as stored:
        assert stored.mode == mode
    assert open_picture(path)[0, :, 0].tolist() == [0, 0, 1, 1, 128, 254, 255, 255]


def test_float_pictures_are_read_from_0_to_1_and_others_are_refused(tmp_path):
    levels = np.array([[0, 0.25, 1]], np.float32)
    assert open_picture(saved(tmp_path, Image.fromarray(levels), "a.tiff"))[0, :, 0].tolist() == [0, 64, 255]
    for bad in (levels * 255, levels - 1, np.where(levels == 0, np.nan, levels)):
        refused(saved(tmp_path, Image.fromarray(bad.astype(np.float32)), "a.tiff"), "neither 0..65535 nor floats 0..1")


def test_integers_beyond_sixteen_bits_are_refused(tmp_path):
    refused(saved(tmp_path, Image.fromarray(np.array([[0, 70000]], np.int32)), "a.tiff"), "neither 0..65535")


def test_a_palette_becomes_rgb_and_a_grey_palette_becomes_grey(tmp_path):
    colours = Image.fromarray(RGB).quantize(16)
    found = open_picture(saved(tmp_path, colours))
    assert np.array_equal(found, np.asarray(colours.convert("RGB")))
    greys = Image.fromarray(GREY[..., 0] // 64).convert("P")
    greys.putpalette([level for entry in (0, 80, 160, 255) for level in (entry,) * 3])
    assert np.array_equal(open_picture(saved(tmp_path, greys)), np.array([0, 80, 160, 255], np.uint8)[GREY // 64])


def test_transparency_lies_on_white(tmp_path):
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[0, :, 0] = 200
    rgba[0, :, 3] = [0, 255, 51]
    assert open_picture(saved(tmp_path, Image.fromarray(rgba)))[0].tolist() == [
        [255, 255, 255],
        [200, 0, 0],
        [244, 204, 204],
    ]


def test_grey_with_transparency_stays_one_channel_on_white(tmp_path):
    levels, alpha = Image.new("L", (2, 1), 100), Image.fromarray(np.array([[0, 255]], np.uint8))
    assert open_picture(saved(tmp_path, Image.merge("LA", [levels, alpha])))[0].tolist() == [[255], [100]]
    keyed = saved(tmp_path, levels, transparency=100)  # one grey level declared transparent
    assert open_picture(keyed)[0].tolist() == [[255], [255]]


def test_a_transparent_palette_entry_is_white(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    assert open_picture(saved(tmp_path, image, "a.gif", transparency=0))[0].tolist() == [[255] * 3, [40, 50, 60]]


def test_cmyk_becomes_rgb(tmp_path):
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    found = open_picture(saved(tmp_path, red, "a.jpg"))
    assert found.shape == (8, 8, 3)
    assert np.abs(found.astype(int) - [255, 0, 0]).max() < 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_rotation_in_exif_is_applied(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = {
        1: RGB,
        2: RGB[:, ::-1],
        3: RGB[::-1, ::-1],
        4: RGB[::-1],
        5: RGB.swapaxes(0, 1),
        6: np.rot90(RGB, -1),
        7: RGB[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(RGB),
    }
    path = saved(tmp_path, Image.fromarray(RGB), exif=exif)
    assert np.array_equal(open_picture(path), turned[orientation])


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.tiff"])
def test_the_first_frame_stands_for_an_animation(tmp_path, name):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if name == "a.webp" else {}
    path = saved(tmp_path, frames[0], name, save_all=True, append_images=frames[1:], **options)
    assert open_picture(path).tolist() == [[[255, 0, 0]] * 4] * 4


def test_what_is_no_picture_is_told(tmp_path):
    for name, content in (("note.txt", b"hello"), ("empty.png", b""), ("a.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n")):
        (tmp_path / name).write_bytes(content)
        refused(tmp_path / name, "not a picture")
    refused(tmp_path / "absent.png", "no such file")
    (tmp_path / "folder.png").mkdir()
    refused(tmp_path / "folder.png", "it is a folder")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.webp", "a.tiff", "a.bmp"])
@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
def test_a_picture_cut_short_is_refused(tmp_path, name, kept):
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    path = saved(tmp_path, noise, name)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    refused(path, "cannot read")


@settings(max_examples=150)
@given(
    format_=st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM"]),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damaged_bytes_give_a_picture_or_one_line(tmp_path_factory, format_, changes):
    stream = io.BytesIO()
    Image.fromarray(RGB).save(stream, format_)
    content = bytearray(stream.getvalue())
    for position, value in changes:
        content[position % len(content)] = value
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(content)
    told = ""
    try:
        assert open_picture(path).dtype == np.uint8
    except UserError as error:
        told = str(error)
    assert "\n" not in told


def png_header(width, height):
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8193, 12000, 20000, 60000])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path, side):
    assert side**2 > MAX_PIXELS
    (tmp_path / "bomb.png").write_bytes(png_header(side, side))
    refused(tmp_path / "bomb.png", "more than 67,108,864 pixels")


# sizes


@given(picture=pictures, size=st.integers(1, 40), how=st.sampled_from(Fit))
def test_a_fitted_picture_is_a_square_of_the_size_asked_for(picture, size, how):
    found = fit(picture, size, how)
    assert found.shape == (size, size, picture.shape[2])
    assert found.dtype == np.uint8


@pytest.mark.parametrize("how", Fit)
def test_a_picture_that_fits_is_left_as_it_is(how):
    assert np.array_equal(fit(RGB[:, :9], 9, how), RGB[:, :9])


def test_crop_takes_the_centre():
    assert np.array_equal(fit(RGB, 9), RGB[:, 1:10])
    assert np.array_equal(fit(RGB.swapaxes(0, 1), 9), RGB.swapaxes(0, 1)[1:10])


def test_pad_keeps_the_whole_picture_between_black_bars():
    found = fit(RGB[:6], 12, Fit.PAD)
    assert np.array_equal(found[3:9], RGB[:6])
    assert not found[:3].any()
    assert not found[9:].any()


def test_a_whole_reduction_is_the_mean_of_blocks():
    blocks = RGB[:8].reshape(2, 4, 3, 4, 3).mean(axis=(1, 3))
    assert np.abs(resize(RGB[:8], 2, 3).astype(float) - blocks).max() <= 0.5 + 1e-9


def test_a_whole_enlargement_of_pixel_art_repeats_pixels():
    assert np.array_equal(fit(RGB[:, :9], 27), RGB[:, :9].repeat(3, axis=0).repeat(3, axis=1))


def test_other_reductions_do_not_alias():
    stripes = np.zeros((100, 100, 1), np.uint8)
    stripes[:, ::2] = 255
    assert np.ptp(fit(stripes, 30)[:, 3:-3].astype(int)) < 30


def test_shrink_keeps_the_proportions_and_never_enlarges():
    assert shrink(RGB, 8).shape == (6, 8, 3)
    assert shrink(RGB, 12) is RGB
    assert shrink(np.zeros((1000, 1, 3), np.uint8), 10).shape == (10, 1, 3)


@pytest.mark.parametrize("size", [0, -1, MAX_SIZE + 1])
def test_a_size_out_of_range_is_refused(size):
    with pytest.raises(UserError, match=f"1 to {MAX_SIZE} pixels, but is {size}"):
        fit(RGB, size)


# channels and values


@given(picture=pictures.filter(lambda p: p.shape[2] == 3))
def test_grey_is_the_luma_that_pillow_computes(picture):
    assert np.array_equal(to_channels(picture, 1)[..., 0], np.asarray(Image.fromarray(picture).convert("L")))


@given(picture=pictures)
def test_channels_and_back_leaves_grey_as_it_was(picture):
    grey = picture[..., :1]
    assert np.array_equal(to_channels(to_channels(grey, 3), 1), grey)


def test_a_stack_changes_its_channels_too():
    assert to_channels(np.stack([RGB, RGB]), 1).shape == (2, 9, 12, 1)


@given(stack=npst.arrays(np.uint8, st.tuples(st.integers(0, 3), *[st.integers(1, 6)] * 2, st.sampled_from([1, 3]))))
def test_bytes_to_floats_to_bytes_is_the_identity(stack):
    unit = to_unit(stack)
    assert unit.dtype == np.float32
    assert unit.shape == (stack.shape[0], stack.shape[3], *stack.shape[1:3])
    assert np.array_equal(to_bytes(unit), stack)
    assert all(np.array_equal(to_unit(picture), unit[index]) for index, picture in enumerate(stack))


def test_0_is_minus_one_and_255_is_one_exactly():
    assert to_unit(np.array([[[0], [255]]], np.uint8)).ravel().tolist() == [-1, 1]


def test_floats_are_rounded_and_clipped_and_nan_is_black():
    values = np.array([[[-9, -1, -0.999, 0.999, 1, 9, np.nan, np.inf, -np.inf, 0.5 / 255]]], np.float32)
    with np.errstate(all="raise"):
        assert to_bytes(values)[0, :, 0].tolist() == [0, 0, 0, 255, 255, 255, 0, 255, 0, 128]


@given(values=npst.arrays(np.float64, (1, 3, 3), elements=st.floats(-1, 1)))
def test_rounding_is_to_the_nearest_level(values):
    assert np.abs(to_unit(to_bytes(values)) - values).max() <= 1 / 255 + 1e-6


# in the document itself


@given(picture=pictures)
def test_a_picture_as_text_is_the_same_picture_also_as_a_source(picture):
    assert np.array_equal(from_inline(to_inline(picture)), picture)
    assert np.array_equal(open_source(to_inline(picture)), picture)


@pytest.mark.parametrize("text", [INLINE, f"{INLINE}!!", f"{INLINE}aGVsbG8=", to_inline(RGB)[:-30]])
def test_a_damaged_picture_in_a_document_is_one_line(text):
    with pytest.raises(UserError, match="damaged; paint or paste it again"):
        open_source(text)
