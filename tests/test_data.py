"""Data sets by name and by path; what is damaged or unfit is refused in one line."""

import gzip
import io
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from ddpm_studio.data import DATASETS, ImageData, load_pictures, open_source, to_channels, to_unit
from ddpm_studio.data.folders import read_folder
from ddpm_studio.data.pictures import Fit, open_picture
from ddpm_studio.data.source import LONGEST
from ddpm_studio.errors import UserError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (5, 7, 6), dtype=np.uint8)
RGB = RNG.integers(0, 256, (5, 7, 6, 3), dtype=np.uint8)


def refused(ref, told, size=None):
    with pytest.raises(UserError, match=told) as error:
        load_pictures(str(ref), size)
    assert "\n" not in str(error.value)


def npz(tmp_path, **arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    return tmp_path / "a.npz"


def idx(array, code=8):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape) + array.tobytes()


# what ships


@pytest.mark.parametrize(
    ("name", "shape", "train", "moment"),
    [("pixel-faces", (3, 16, 16), 12000, 0.42005), ("fashion", (1, 28, 28), 10000, 0.68015)],
)
def test_the_shipped_sets(name, shape, train, moment):
    data = load_pictures(name)
    assert (data.name, data.shape, len(data.train), len(data.test)) == (name, shape, train, 2000)
    assert data.train.dtype == np.uint8
    assert data.second_moment == pytest.approx(moment, abs=1e-5)
    assert load_pictures(name) is data
    assert "\n" not in data.note


def test_the_faces_are_said_not_to_be_photographs():
    assert "not photographs" in load_pictures("pixel-faces").note
    assert "hand-drawn" in load_pictures("pixel-faces").note


def test_a_shipped_set_at_another_size_is_made_once():
    assert load_pictures("fashion", 7).shape == (1, 7, 7)
    assert load_pictures("fashion", 7) is load_pictures("fashion", 7)
    assert load_pictures("fashion", 28) is load_pictures("fashion")


@pytest.mark.parametrize("ref", ["mnist", "", "n" * 5000, "~nobody-of-that-name/x", "a\0b"])
def test_an_unknown_name_lists_the_names(ref):
    refused(ref, "the shipped sets are pixel-faces, fashion, swiss-roll, .*, mixture; or give a path")


def test_the_registry_holds_the_names_that_ship():
    assert list(DATASETS) == ["pixel-faces", "fashion"]


# the value


def test_the_second_moment_is_that_of_the_values_a_network_sees():
    data = ImageData("x", np.tile(RGB, (500, 1, 1, 1)), RGB[:0])
    assert data.second_moment == pytest.approx(np.mean(to_unit(RGB).astype(np.float64) ** 2), rel=1e-6)
    assert ImageData("x", np.zeros((2, 4, 4, 1), np.uint8), RGB[:0]).second_moment == 1


def test_the_arrays_cannot_be_written_and_the_callers_own_still_can():
    mine = RGB.copy()
    data = ImageData("x", mine, mine[:2])
    for array in (data.train, data.test):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    mine[0] = 0


# npz


@pytest.mark.parametrize("key", ["train_images", "arr_0", "samples", "images", "x"])
def test_an_archive_of_bytes_is_taken_as_it_is(tmp_path, key):
    assert np.array_equal(load_pictures(str(npz(tmp_path, **{key: RGB}))).train, RGB)
    assert np.array_equal(load_pictures(str(npz(tmp_path, **{key: GREY}))).train, GREY[..., None])


def test_held_out_pictures_come_along(tmp_path):
    data = load_pictures(str(npz(tmp_path, train_images=GREY, test_images=GREY[:2], train_labels=np.arange(5))))
    assert np.array_equal(data.test, GREY[:2, ..., None])
    assert len(load_pictures(str(npz(tmp_path, arr_0=RGB))).test) == 0


def test_floats_from_minus_one_channels_first_are_the_same_pictures(tmp_path):
    assert np.array_equal(load_pictures(str(npz(tmp_path, samples=to_unit(RGB)))).train, RGB)
    assert np.array_equal(load_pictures(str(npz(tmp_path, x=to_unit(RGB).astype(np.float64)))).train, RGB)


def test_floats_without_a_negative_are_read_from_0_to_1(tmp_path):
    assert np.array_equal(load_pictures(str(npz(tmp_path, x=RGB / 255))).train, RGB)


def test_a_little_overshoot_is_clipped(tmp_path):
    found = load_pictures(str(npz(tmp_path, samples=np.array([[[[-1.2, 1.3]]]], np.float32)))).train
    assert found.ravel().tolist() == [0, 255]


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"x": np.where(GREY > 200, np.nan, 0.5)}, "x contains NaN"),
        ({"x": np.where(GREY > 200, np.inf, 0.5)}, "x contains NaN or infinite"),
        ({"x": GREY.astype(np.float32)}, "x holds floats from 0 to 2"),
        ({"x": GREY.astype(np.int64)}, "x holds int64; expected"),
        ({"x": GREY > 9}, "x holds bool; expected"),
        ({"x": GREY.astype("U3")}, "x holds <U3; expected"),
        ({"x": GREY.astype(complex)}, "x holds complex128; expected"),
        ({"samples": np.zeros((10, 2), np.float32)}, "has points; choose it in the Plane"),
        ({"x": np.zeros((3, 8, 8, 4), np.uint8)}, r"\(3, 8, 8, 4\); expected"),
        ({"x": GREY[:0]}, r"\(0, 7, 6\); expected"),
        ({"x": np.uint8(3)}, r"\(\); expected"),
        ({"pixels": GREY, "y": GREY}, "holds pixels, y; the pictures must be named train_images or arr_0"),
        ({"train_images": GREY, "test_images": RGB}, r"test_images are \(7, 6, 3\) and train_images are \(7, 6, 1\)"),
        ({"train_images": GREY, "test_images": GREY / 0.5}, "test_images holds floats from"),
        ({}, "holds nothing"),
    ],
)
def test_an_archive_that_holds_no_pictures_is_refused(tmp_path, arrays, told):
    refused(npz(tmp_path, **arrays), told)


class Trap:
    """Unpickling it would be seen."""

    sprung = False

    def __reduce__(self):
        return setattr, (Trap, "sprung", True)


def test_an_archive_of_python_objects_is_refused_and_never_unpickled(tmp_path):
    refused(npz(tmp_path, arr_0=np.array([Trap(), Trap()])), "arr_0 is damaged or holds Python objects")
    np.save(tmp_path / "b", np.array([Trap()]))
    (tmp_path / "b.npy").rename(tmp_path / "b.npz")
    refused(tmp_path / "b.npz", "damaged")
    assert not Trap.sprung


@pytest.mark.parametrize("kept", [0, 10, 300, 900])
def test_an_archive_cut_short_is_refused(tmp_path, kept):
    path = npz(tmp_path, train_images=RGB)
    assert path.stat().st_size > 900 or kept < 900
    path.write_bytes(path.read_bytes()[:kept])
    refused(path, "a.npz: it is damaged")


def test_an_archive_whose_header_promises_more_than_there_is_is_refused(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (2**40, 64, 64)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", header.getvalue() + bytes(100))
    refused(tmp_path / "a.npz", "damaged|more memory than there is")


def test_an_archive_whose_content_was_changed_is_refused(tmp_path):
    path = npz(tmp_path, train_images=RGB)
    content = bytearray(path.read_bytes())
    content[400] ^= 255
    path.write_bytes(content)
    refused(path, "damaged")


def test_a_single_array_is_not_an_archive(tmp_path):
    np.save(tmp_path / "a.npy", GREY)
    (tmp_path / "a.npy").rename(tmp_path / "a.npz")
    refused(tmp_path / "a.npz", "a single array, not an .npz archive")


def test_an_array_above_the_limit_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = npz(tmp_path, x=GREY)
    monkeypatch.setattr("ddpm_studio.data.npz.MAX_BYTES", 100)
    refused(path, "x takes 338 bytes, more than 100")


# IDX and CIFAR


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-images.idx3-ubyte", "anything.gz"])
def test_idx_is_known_by_its_content_zipped_or_not(tmp_path, name):
    content = idx(GREY)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    data = load_pictures(str(tmp_path / name))
    assert np.array_equal(data.train, GREY[..., None])
    assert len(data.test) == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (idx(GREY)[:-1], "promises 210 bytes and there are 209"),
        (idx(GREY) + b"x", "promises 210 bytes and there are more"),
        (idx(GREY)[:9], "not an IDX file of bytes"),
        (idx(GREY, code=9), "not a picture"),
        (gzip.compress(idx(GREY, code=13)), "not an IDX file of bytes"),
        (gzip.compress(idx(GREY))[:-9], "damaged"),
        (b"\x1f\x8b\x08garbage garbage garbage", "damaged"),
        (idx(np.arange(5, dtype=np.uint8)), r"has the shape \(5,\); expected"),
        (idx(GREY[:0]), r"has the shape \(0, 7, 6\)"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "more than 4,294,967,296"),
        (b"\0\0\x08\x00", "not an IDX file"),
    ],
)
def test_a_damaged_idx_file_is_refused(tmp_path, content, told):
    (tmp_path / "file").write_bytes(content)
    refused(tmp_path / "file", told)


def cifar(pictures, labels):
    return b"".join(
        bytes([label]) + picture.transpose(2, 0, 1).tobytes() for picture, label in zip(pictures, labels, strict=True)
    )


CIFAR = RNG.integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)


def write_cifar(folder):
    folder.mkdir(parents=True)
    (folder / "data_batch_1.bin").write_bytes(cifar(CIFAR[:2], [0, 9]))
    (folder / "data_batch_2.bin").write_bytes(cifar(CIFAR[2:4], [1, 2]))
    (folder / "test_batch.bin").write_bytes(cifar(CIFAR[4:], [3, 4]))


def write_mnist(folder, zipped=False):
    folder.mkdir(parents=True)
    for part, pictures in (("train", GREY), ("t10k", GREY[:2])):
        content = idx(pictures)
        name = f"{part}-images-idx3-ubyte" + ".gz" * zipped
        (folder / name).write_bytes(gzip.compress(content) if zipped else content)


@pytest.mark.parametrize("named", ["", "cifar-10-batches-bin"])
def test_cifar_is_found_from_torchvisions_root_or_its_own_folder(tmp_path, named):
    write_cifar(tmp_path / "cifar-10-batches-bin")
    data = load_pictures(str(tmp_path / named))
    assert np.array_equal(data.train, CIFAR[:4])
    assert np.array_equal(data.test, CIFAR[4:])


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("named", ["", "FashionMNIST", "FashionMNIST/raw"])
def test_mnists_descendants_are_found_from_torchvisions_root_or_below(tmp_path, named, zipped):
    write_mnist(tmp_path / "FashionMNIST" / "raw", zipped)
    data = load_pictures(str(tmp_path / named))
    assert np.array_equal(data.train, GREY[..., None])
    assert np.array_equal(data.test, GREY[:2, ..., None])


def test_a_root_with_two_data_sets_asks_which(tmp_path):
    write_cifar(tmp_path / "cifar-10-batches-bin")
    write_mnist(tmp_path / "MNIST" / "raw")
    refused(tmp_path, "holds 2 data sets; name one of them")


def test_a_missing_half_is_named(tmp_path):
    write_cifar(tmp_path / "c")
    (tmp_path / "c" / "test_batch.bin").unlink()
    refused(tmp_path / "c", "has no test_batch.bin")
    write_mnist(tmp_path / "m")
    (tmp_path / "m" / "t10k-images-idx3-ubyte").unlink()
    refused(tmp_path / "m", "has no t10k-images-idx3-ubyte")


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "0 bytes are not whole"), (bytes(3072), "3,072 bytes"), (cifar(CIFAR[:1], [10]), "a label is 10")],
)
def test_a_damaged_cifar_file_is_refused(tmp_path, content, told):
    write_cifar(tmp_path / "c")
    (tmp_path / "c" / "data_batch_2.bin").write_bytes(content)
    refused(tmp_path / "c", told)


# folders and single pictures


def pictures_in(folder, *names, array=RGB[0]):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(folder / name)


def test_a_folder_is_read_deep_sorted_and_at_one_size(tmp_path):
    for value, name in enumerate(["b/a.png", "a.png", "c.PNG", "b/deep/er.bmp"]):
        pictures_in(tmp_path, name, array=np.full((40 + value, 50, 3), value, np.uint8))
    data = load_pictures(str(tmp_path))
    assert data.train.shape == (4, 32, 32, 3)
    assert data.train[:, 0, 0, 0].tolist() == [1, 0, 3, 2]
    assert load_pictures(str(tmp_path), 8).shape == (3, 8, 8)


def test_grey_pictures_stay_grey_and_one_in_colour_makes_all_rgb(tmp_path):
    pictures_in(tmp_path, "a.png", "b.png", array=GREY[0])
    assert load_pictures(str(tmp_path), 4).shape == (1, 4, 4)
    pictures_in(tmp_path, "c.png")
    data = load_pictures(str(tmp_path), 6)
    assert data.shape == (3, 6, 6)
    assert np.array_equal(data.train[0], to_channels(read_folder(tmp_path, 6).pictures[0], 3))
    assert np.ptp(data.train[0], axis=-1).max() == 0


def test_what_cannot_be_read_is_skipped_counted_and_named(tmp_path):
    pictures_in(tmp_path, "good.png")
    for number in range(5):
        (tmp_path / f"bad{number}.jpg").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("not meant as a picture")
    (tmp_path / ".hidden").mkdir()
    pictures_in(tmp_path, ".hidden/x.png", "._good.png")
    data = load_pictures(str(tmp_path), 4)
    assert len(data.train) == 1
    assert data.skipped == tuple(f"bad{number}.jpg" for number in range(5))
    assert "5 could not be read: bad0.jpg, bad1.jpg, bad2.jpg, …" in data.note


def test_a_folder_without_pictures_is_refused(tmp_path):
    refused(tmp_path, "there is no picture in")
    (tmp_path / "bad.png").write_bytes(b"")
    refused(tmp_path, "none of the 1 pictures in .* can be read: bad.png is the first")


def test_a_bad_size_is_told_as_such_and_not_as_unreadable_pictures(tmp_path):
    pictures_in(tmp_path, "good.png")
    refused(tmp_path, "1 to 4096 pixels, but is 0", size=0)


def test_a_folder_can_be_padded(tmp_path):
    pictures_in(tmp_path, "a.png", array=np.full((2, 8, 3), 9, np.uint8))
    assert read_folder(tmp_path, 8, Fit.PAD).pictures[0, :, 0, 0].tolist() == [0, 0, 0, 9, 9, 0, 0, 0]


def test_a_single_picture_is_a_data_set_of_one(tmp_path):
    pictures_in(tmp_path, "a.png")
    assert load_pictures(str(tmp_path / "a.png")).train.shape == (1, 32, 32, 3)
    assert load_pictures(str(tmp_path / "a.png"), 6).train.shape == (1, 6, 6, 3)


def test_an_archive_at_another_size(tmp_path):
    assert load_pictures(str(npz(tmp_path, train_images=RGB, test_images=RGB[:1])), 3).test.shape == (1, 3, 3, 3)


# the picture that is drowned


def test_a_source_is_a_photograph_a_data_set_picture_or_a_file(tmp_path):
    assert open_source("chelsea").shape == (256, 256, 3)
    assert open_source("camera").shape == (256, 256, 1)
    assert np.array_equal(open_source("fashion:7"), load_pictures("fashion").train[7])
    pictures_in(tmp_path, "a.png")
    assert np.array_equal(open_source(str(tmp_path / "a.png")), RGB[0])


def test_a_source_comes_at_the_size_asked_for_and_in_grey():
    assert open_source("chelsea", 64).shape == (64, 64, 3)
    assert np.array_equal(open_source("chelsea", None, True), to_channels(open_source("chelsea"), 1))
    face = load_pictures("pixel-faces").train[0]
    assert np.array_equal(open_source("pixel-faces:0", 64), face.repeat(4, axis=0).repeat(4, axis=1))


def test_a_large_file_is_shrunk_in_its_proportions(tmp_path):
    pictures_in(tmp_path, "a.png", array=np.zeros((300, 2 * LONGEST, 3), np.uint8))
    assert open_picture(tmp_path / "a.png").shape == (300, 1024, 3)
    assert open_source(str(tmp_path / "a.png")).shape == (150, 512, 3)


@pytest.mark.parametrize(
    ("ref", "told"),
    [
        ("fashion:10000", "fashion:0 to fashion:9999"),
        ("fashion:-1", "fashion:0 to fashion:9999"),
        (f"fashion:{'9' * 5000}", "fashion:0 to fashion:9999"),
        ("pixel-faces:", "pixel-faces:0 to pixel-faces:11999"),
        ("pixel-faces", "pixel-faces:0 to pixel-faces:11999"),
        ("fashion:²", "there is no fashion:²"),
        ("dog", "'dog'; the shipped photographs are astronaut, camera, chelsea"),
        ("mnist:3", "a data-set picture such as fashion:7"),
    ],
)
def test_a_source_that_does_not_exist_is_refused_with_what_does(ref, told):
    with pytest.raises(UserError, match=told):
        open_source(ref)


def test_a_source_of_a_bad_size_is_refused():
    with pytest.raises(UserError, match="1 to 4096"):
        open_source("chelsea", 5000)
