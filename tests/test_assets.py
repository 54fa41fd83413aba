"""What ships is found, complete, and has its source and licence named."""

import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

import ddpm_studio
from ddpm_studio.assets import asset, checkpoints, photographs
from ddpm_studio.errors import UserError

PACKAGE = Path(ddpm_studio.__file__).parent


def test_the_six_photographs_are_named_and_are_256_pixels_square():
    assert photographs() == ("astronaut", "camera", "chelsea", "coffee", "hubble_deep_field", "rocket")
    for name in photographs():
        with Image.open(asset("images", f"{name}.png")) as image:
            assert image.size == (256, 256)
            assert image.mode == ("L" if name == "camera" else "RGB")


def test_shipped_checkpoints_are_those_that_are_there(tmp_path, monkeypatch):
    monkeypatch.setattr("ddpm_studio.assets.ROOTS", (tmp_path / "wheel", tmp_path / "checkout"))
    assert checkpoints() == ()
    (tmp_path / "checkout" / "checkpoints").mkdir(parents=True)
    for name in ("small.safetensors", "large.safetensors", "notes.txt"):
        (tmp_path / "checkout" / "checkpoints" / name).touch()
    assert checkpoints() == ("large", "small")


def test_a_missing_asset_says_what_to_do():
    with pytest.raises(UserError, match=r"assets/images/nothing\.png is missing; install"):
        asset("images", "nothing.png")


def icon_in(folder: Path) -> Path:
    (folder / "icons").mkdir(parents=True)
    return Path(shutil.copy(asset("icons", "ddpm-studio.svg"), folder / "icons")).resolve()


def icon_found_in(site: Path) -> Path:
    """Where a copy of the package in `site` finds the icon."""
    (site / "ddpm_studio").mkdir(exist_ok=True)
    for name in ("__init__.py", "assets.py", "errors.py"):
        shutil.copy(PACKAGE / name, site / "ddpm_studio")
    code = "from ddpm_studio.assets import asset; print(asset('icons', 'ddpm-studio.svg'))"
    told = subprocess.run([sys.executable, "-c", code], cwd=site, capture_output=True, text=True, check=True)
    return Path(told.stdout.strip())


def test_assets_lie_beside_the_package_in_a_checkout(tmp_path):
    expected = icon_in(tmp_path / "assets")
    assert icon_found_in(tmp_path) == expected


def test_assets_lie_inside_the_package_in_a_wheel_whatever_else_is_installed(tmp_path):
    icon_in(tmp_path / "assets")  # some other distribution's folder in site-packages
    expected = icon_in(tmp_path / "ddpm_studio" / "assets")
    assert icon_found_in(tmp_path) == expected


def test_every_shipped_file_is_named_in_the_readme():
    text = asset("README.md").read_text(encoding="utf-8")
    shipped = [p for folder in ("datasets", "images", "icons", "licenses") for p in asset(folder).iterdir()]
    assert len(shipped) >= 12
    assert [p.name for p in shipped if p.name not in text] == []


def test_the_icon_is_a_square_drawing_and_its_picture_shows_the_same_file():
    root = ElementTree.parse(asset("icons", "ddpm-studio.svg")).getroot()
    assert root.get("viewBox") == "0 0 256 256"
    with Image.open(asset("icons", "ddpm-studio.png")) as image:
        assert (image.size, image.mode) == ((256, 256), "RGBA")
