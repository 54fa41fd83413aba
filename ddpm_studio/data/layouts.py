"""Data sets as other tools leave them on a disk: torchvision's roots, MNIST's four files, CIFAR-10's binaries."""

from pathlib import Path

from ddpm_studio.data.cifar import read_cifar
from ddpm_studio.data.idx import read_idx
from ddpm_studio.data.pictures import Picture
from ddpm_studio.data.stack import as_stack
from ddpm_studio.errors import UserError

_CIFAR = "cifar-10-batches-bin"
_HOMES = ("", "raw", "MNIST/raw", "FashionMNIST/raw", "KMNIST/raw", _CIFAR)  # below the folder that was named


def read_layout(root: Path) -> tuple[Picture, Picture] | None:
    """Training and test pictures, (N, H, W, C) each, of the data set in `root`; None if there is none.

    `root` is what torchvision calls root, a data set's folder in it (`<root>/MNIST`), or the folder of the files.

    Raises:
        UserError: more than one data set below `root`, a file missing, or a file damaged.
    """
    homes = [root / home for home in _HOMES if _is_home(root / home)]
    if len(homes) > 1:
        raise UserError(f"{root} holds {len(homes)} data sets; name one of them: {' or '.join(map(str, homes))}")
    if not homes:
        return None
    return _read_cifar(homes[0]) if _batches(homes[0]) else _read_mnist(homes[0])


def _is_home(folder: Path) -> bool:
    return bool(_batches(folder)) or _idx(folder, "train") is not None


def _batches(folder: Path) -> list[Path]:
    return sorted(folder.glob("data_batch_*.bin"))


def _idx(folder: Path, part: str) -> Path | None:
    """The pictures of a part ("train" or "t10k"), unzipped if both are there."""
    names = [f"{part}-images{mark}idx3-ubyte{zipped}" for zipped in ("", ".gz") for mark in "-."]
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _read_cifar(folder: Path) -> tuple[Picture, Picture]:
    test = folder / "test_batch.bin"
    if not test.is_file():
        raise UserError(f"{folder} has no {test.name}; unpack the archive again")
    return read_cifar(_batches(folder)), read_cifar([test])


def _read_mnist(folder: Path) -> tuple[Picture, Picture]:
    train, test = _idx(folder, "train"), _idx(folder, "t10k")
    if train is None or test is None:
        raise UserError(f"{folder} has no t10k-images-idx3-ubyte[.gz]; name the training file itself to use it alone")
    return as_stack(read_idx(train), str(train)), as_stack(read_idx(test), str(test))
