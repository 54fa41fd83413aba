"""An export that is opened finds the checkpoint that drew it, wherever it is now, or says which one is missing."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ddpm_studio.assets import asset
from ddpm_studio.document import EXACT, Document, provenance
from ddpm_studio.export import save_picture
from ddpm_studio.opening import Restored, read
from ddpm_studio.run import checkpoint_named

SHIPPED = asset("checkpoints", "pixel-faces.safetensors")


@pytest.fixture
def checkpoint(tmp_path):
    """A checkpoint in a folder of its own."""
    (tmp_path / "mine").mkdir()
    return Path(shutil.copy(SHIPPED, tmp_path / "mine" / "faces.safetensors"))


@pytest.fixture
def export(tmp_path, checkpoint):
    """A picture that the checkpoint drew, somewhere else."""
    (tmp_path / "pictures").mkdir()
    told = {"file": checkpoint.name, "sha256": checkpoint_named(str(checkpoint)).sha256, "weights": "ema"}
    document = replace(Document(), denoiser=str(checkpoint))
    path = tmp_path / "pictures" / "a.png"
    save_picture(
        path, np.zeros((8, 8, 3), np.uint8), provenance(document, t=[1000, 700, 300], sample=5, checkpoint=told)
    )
    return path


def test_a_checkpoint_in_its_place_is_used_and_the_place_is_where_the_film_ends(export, checkpoint):
    restored = read(export)
    assert isinstance(restored, Restored)
    assert (restored.document.denoiser, restored.warning) == (str(checkpoint), "")
    assert (restored.t, restored.sample) == (300, 5)


@pytest.mark.parametrize("where", ["beside the export", "a recent file", "beside a recent file", "another name"])
def test_a_checkpoint_that_was_moved_is_found(export, checkpoint, tmp_path, where):
    (tmp_path / "new").mkdir()
    recent = ()
    if where == "beside the export":
        moved = shutil.move(checkpoint, export.parent / checkpoint.name)
    elif where == "another name":
        moved = shutil.move(checkpoint, tmp_path / "new" / "renamed.safetensors")
        recent = (moved,)
    else:
        moved = shutil.move(checkpoint, tmp_path / "new" / checkpoint.name)
        recent = (moved,) if where == "a recent file" else (tmp_path / "new" / "other.ddpm.json",)
    restored = read(export, recent)
    assert (restored.document.denoiser, restored.warning) == (str(moved), "")


@pytest.mark.parametrize("how", ["gone", "another one"])
def test_a_checkpoint_that_is_not_found_is_named_and_all_else_is_restored(export, checkpoint, tmp_path, how):
    sha256 = checkpoint_named(str(checkpoint)).sha256
    checkpoint.unlink()
    if how == "another one":
        shutil.copy(asset("checkpoints", "fashion.safetensors"), checkpoint)
    (tmp_path / "broken.safetensors").write_bytes(b"no checkpoint")
    restored = read(export, (tmp_path / "broken.safetensors", tmp_path))
    assert restored.document == Document(denoiser=EXACT)
    assert "faces.safetensors" in restored.warning
    assert sha256[:12] in restored.warning
    assert ("changed or replaced" if how == "another one" else "not there any more") in restored.warning
    assert "\n" not in restored.warning


def test_what_the_shipped_network_drew_needs_no_search(tmp_path):
    told = {"file": SHIPPED.name, "sha256": checkpoint_named(str(SHIPPED)).sha256, "weights": "ema"}
    document = replace(Document(), denoiser="checkpoint:pixel-faces")
    save_picture(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8), provenance(document, t=0, checkpoint=told))
    assert read(tmp_path / "a.png").document.denoiser == "checkpoint:pixel-faces"


def test_an_export_of_the_command_line_is_looked_at_from_its_end(tmp_path):
    told = provenance(Document(), command="sample", t=0)
    save_picture(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8), told)
    assert (read(tmp_path / "a.png").t, read(tmp_path / "a.png").sample) == (0, 0)
    save_picture(tmp_path / "b.png", np.zeros((8, 8, 3), np.uint8), provenance(Document(), t=40))
    assert (read(tmp_path / "b.png").t, read(tmp_path / "b.png").sample) == (40, None)
