"""Many samples: the same as few, batch by batch, kept whatever happens, put together without being held."""

import shutil
import signal
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ddpm_studio.bulk import generate
from ddpm_studio.bulk_store import ORDER, PARTS, store_for
from ddpm_studio.data import ImageData, load, open_picture, to_bytes
from ddpm_studio.data.npz import read_npz
from ddpm_studio.denoiser import Exact
from ddpm_studio.document import Document, Sampling, provenance
from ddpm_studio.errors import UserError
from ddpm_studio.export import read_provenance
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ddim
from ddpm_studio.schedule import Linear

STEPS = 3
DOCUMENT = Document(
    schedule=Linear(T=50, scaled=True), sampler=Ddim(steps=STEPS, eta=1.0), sampling=Sampling(count=7, seed=5)
)
RNG = np.random.default_rng(0)
EXACT = Exact.of_pictures(DOCUMENT.schedule, RNG.integers(0, 256, (9, 4, 5, 3), dtype=np.uint8))


def walk(numbers):
    return sample(EXACT, DOCUMENT.sampler, seed=5, samples=numbers)


def at_once(count):
    *_, last = walk(range(count))
    return last.next.numpy()


def store(out, document=DOCUMENT, **more):
    return store_for(out, provenance(document), **more)


def run(out, count=7, batch=3, **more):
    return list(generate(walk, STEPS, count, batch, store(out, **more)))


def left_after(out, steps, count=7, batch=3):
    """What a run that was killed after so many reports leaves."""
    told = generate(walk, STEPS, count, batch, store(out))
    for _ in range(steps):
        next(told)
    return told


def contents(path):
    """The bytes of a file, or of every file of a folder."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [(file.name, file.read_bytes()) for file in files]


def test_batches_on_the_disk_are_the_samples_of_one_batch_in_memory(tmp_path):
    told = run(tmp_path / "many.npz")
    with np.load(tmp_path / "many.npz") as archive:
        assert np.allclose(archive["samples"], at_once(7), atol=1e-6)
        assert np.array_equal(archive["arr_0"], to_bytes(archive["samples"]))
        assert archive["arr_0"].shape == (7, 4, 5, 3)
    assert read_npz(tmp_path / "many.npz")[0].shape == (7, 4, 5, 3)
    assert Document.from_json(read_provenance(tmp_path / "many.npz")["document"]) == DOCUMENT
    assert [made.finished for made in told] == [False] * (len(told) - 1) + [True]
    assert [path.name for path in tmp_path.iterdir()] == ["many.npz"]


def test_every_reverse_step_is_told(tmp_path):
    told = [made for made in run(tmp_path / "many.npz") if made.written is None]
    assert [(made.pictures, made.under_way) for made in told][:4] == [(0, 1.0), (0, 2.0), (0, 3.0), (3, 0.0)]
    assert (told[-1].pictures, told[-1].count) == (7, 7)


def test_pixels_alone_take_a_fifth_and_are_the_same(tmp_path):
    run(tmp_path / "all.npz")
    run(tmp_path / "pixels.npz", pixels_only=True)
    with np.load(tmp_path / "all.npz") as everything, np.load(tmp_path / "pixels.npz") as pixels:
        assert set(pixels.files) == {"arr_0", "provenance"}
        assert np.array_equal(everything["arr_0"], pixels["arr_0"])


def test_a_folder_has_a_picture_for_each_and_each_says_where_it_comes_from(tmp_path):
    run(tmp_path / "many")
    names = sorted(path.name for path in (tmp_path / "many").glob("*.png"))
    assert names == [f"{number:08d}.png" for number in range(7)]
    found = np.stack([open_picture(tmp_path / "many" / name) for name in names])
    assert np.array_equal(found, to_bytes(at_once(7)))
    said = read_provenance(tmp_path / "many" / names[4])
    assert (said["sample"], Document.from_json(said["document"])) == (4, DOCUMENT)
    assert isinstance(load(str(tmp_path / "many")), ImageData)  # a FID tool, or we ourselves, take it as data


@pytest.mark.parametrize("name", ["many.npz", "many"])
def test_what_was_broken_off_goes_on_and_nothing_is_drawn_twice(tmp_path, name):
    whole = tmp_path / "whole" / name
    whole.parent.mkdir()
    run(whole)
    left_after(tmp_path / name, 6).close()  # in the second batch
    told = run(tmp_path / name)
    assert told[0].pictures == 3
    if name == "many":
        assert all(
            (whole / f"{i:08d}.png").read_bytes() == (tmp_path / name / f"{i:08d}.png").read_bytes() for i in range(7)
        )
    else:
        assert whole.read_bytes() == (tmp_path / name).read_bytes()


def test_more_can_be_asked_for_than_was_begun(tmp_path):
    left_after(tmp_path / "many.npz", 6).close()
    more = replace(DOCUMENT, sampling=replace(DOCUMENT.sampling, count=11))
    told = list(generate(walk, STEPS, 11, 4, store(tmp_path / "many.npz", more)))
    assert told[0].pictures == 3
    with np.load(tmp_path / "many.npz") as archive:
        assert np.allclose(archive["samples"], at_once(11), atol=1e-6)


KILLED = """
import sys; sys.path.insert(0, {tests!r})
import test_bulk
from pathlib import Path
for made in test_bulk.generate(test_bulk.walk, 3, 7, 3, test_bulk.store(Path({out!r}))):
    if made.pictures == 3 and made.under_way:
        print("ready", flush=True); sys.stdin.read()
"""


def test_a_killed_process_loses_no_finished_batch(tmp_path):
    code = KILLED.format(tests=str(Path(__file__).parent), out=str(tmp_path / "many.npz"))
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    (tmp_path / ("many.npz" + PARTS) / ".part-012345.npy").write_bytes(b"half a file")  # killed in a write
    assert run(tmp_path / "many.npz")[0].pictures == 3
    assert [path.name for path in tmp_path.iterdir()] == ["many.npz"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sampler": Ddim(steps=4)}, "sampler"),
        ({"sampling": Sampling(count=7, seed=6)}, "sampling"),
        ({"dataset": "fashion"}, "dataset"),
    ],
)
def test_parts_of_another_order_are_neither_used_nor_touched(tmp_path, change, said):
    left_after(tmp_path / "many.npz", 6).close()
    folder = tmp_path / ("many.npz" + PARTS)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(UserError, match=f"another order \\({said} differ") as error:
        store(tmp_path / "many.npz", replace(DOCUMENT, **change))
    assert "\n" not in str(error.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_another_checkpoint_is_another_order(tmp_path):
    told = provenance(DOCUMENT, checkpoint={"file": "a.safetensors", "sha256": "00"})
    store_for(tmp_path / "many", told)
    with pytest.raises(UserError, match=r"another order \(checkpoint differ"):
        store_for(tmp_path / "many", told | {"checkpoint": {"file": "a.safetensors", "sha256": "11"}})


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "many").mkdir()
    (tmp_path / "many" / "00000000.png").write_bytes(b"mine")
    with pytest.raises(UserError, match="not of our making"):
        store(tmp_path / "many")
    assert [path.name for path in (tmp_path / "many").iterdir()] == ["00000000.png"]


def test_a_damaged_order_is_told(tmp_path):
    left_after(tmp_path / "many.npz", 6).close()
    (tmp_path / ("many.npz" + PARTS) / ORDER).write_text("{")
    with pytest.raises(UserError, match="cannot read"):
        store(tmp_path / "many.npz")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("can't allocate memory"),
        RuntimeError("MPS backend out of memory (max allowed: 9 GB). Tried to allocate 6 MB on private pool."),
    ],
)
def test_a_batch_that_does_not_fit_is_halved_and_nothing_is_lost(tmp_path, error):
    asked = []

    def tight(numbers):
        asked.append(len(numbers))
        for taken, step in enumerate(walk(numbers)):
            if len(numbers) > 2 and taken == 1:
                raise error
            yield step

    told = list(generate(tight, STEPS, 7, 6, store(tmp_path / "many.npz")))
    assert asked == [6, 3, 1, 1, 1, 1, 1, 1, 1]
    assert told[-1].batch == 1
    with np.load(tmp_path / "many.npz") as archive:
        assert np.allclose(archive["samples"], at_once(7), atol=1e-6)


def test_where_not_even_one_fits_what_is_there_is_kept(tmp_path):
    def full(numbers):
        if 3 in numbers:
            raise MemoryError
        yield from walk(numbers)

    with pytest.raises(UserError, match=r"not even one picture fits .*; 3 pictures are kept in .*many\.npz\.parts"):
        list(generate(full, STEPS, 7, 3, store(tmp_path / "many.npz")))
    assert run(tmp_path / "many.npz")[0].pictures == 3


def test_another_error_is_not_taken_for_a_lack_of_memory(tmp_path):
    def broken(numbers):
        raise RuntimeError("shapes differ")
        yield

    with pytest.raises(RuntimeError, match="shapes differ"):
        list(generate(broken, STEPS, 7, 3, store(tmp_path / "many.npz")))


@pytest.mark.parametrize("name", ["many.npz", "many"])
def test_a_full_disk_is_one_line_and_what_is_there_goes_on(tmp_path, name):
    resource = pytest.importorskip("resource")
    told = left_after(tmp_path / name, 5)  # the first batch is kept
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, hard))
    try:
        with pytest.raises(UserError, match=r"cannot write .*; 3 pictures are kept in") as error:
            list(told)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(error.value)
    assert run(tmp_path / name)[0].pictures == 3


@pytest.mark.parametrize("name", ["many.npz", "many"])
def test_a_folder_that_is_removed_meanwhile_is_one_line_that_claims_nothing_is_kept(tmp_path, name):
    told = left_after(tmp_path / name, 5)  # the first batch is on the disk
    shutil.rmtree(store(tmp_path / name).folder)
    with pytest.raises(UserError, match=r"cannot write .* does not exist") as error:
        list(told)
    assert "kept" not in str(error.value)
    assert run(tmp_path / name)[-1].finished


def test_putting_together_holds_one_part_and_not_the_archive(tmp_path):
    many = 400

    def noise(numbers):
        step = next(iter(walk(range(1))))
        shape = (len(numbers), 3, 64, 64)
        mean = torch.from_numpy(np.random.default_rng(numbers.start).random(shape, dtype=np.float32))
        yield replace(step, s=0, mean=mean, sigma=0.0)

    out = tmp_path / "many.npz"
    tracemalloc.start()
    try:
        list(generate(noise, 1, many, 20, store(out)))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert out.stat().st_size > 5 * many * 3 * 64 * 64
    assert most < out.stat().st_size / 4


def test_an_archive_that_is_left_while_it_is_put_together_can_be_put_together_again(tmp_path):
    told = generate(walk, STEPS, 7, 3, store(tmp_path / "many.npz"))
    next(made for made in told if made.written is not None)
    told.close()
    assert not (tmp_path / "many.npz").exists()
    assert run(tmp_path / "many.npz")[0].written is not None
    assert [path.name for path in tmp_path.iterdir()] == ["many.npz"]
