"""Tensors in a file that `torch.save` wrote (.pt, .pth, .bin, .ckpt): read without running anything in it.

Such a file is a zip archive of a pickle and of the tensors' bytes. A pickle is a program; PyTorch's own reader for
weights alone (`weights_only`) builds tensors and containers and refuses whatever else the program asks for.
"""

import pickle
import pickletools
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from ddpm_studio.container import Container, container_of
from ddpm_studio.errors import UserError
from ddpm_studio.files import reading
from ddpm_studio.interop.strangers import EDM, StrangerError
from ddpm_studio.tensor_file import Spec

DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}

USUAL = ("torch._utils.", "torch.FloatStorage", "torch.HalfStorage", "torch.LongStorage", "collections.")
"""What the pickle of plain weights calls."""

BEGINNING = 2**20
"""Bytes of a pickle that are looked at to tell what it would call."""

Names = Mapping[str, object]


def read(path: Path) -> Names:
    """What stands at the top of the file: tensors by name, or what holds them.

    Raises:
        UserError: it holds more than tensors and plain containers, is damaged, or of an age with no archive.
    """
    with reading(path):
        if container_of(path) is Container.PICKLE:
            raise _of_pickle(path)
        _refuse_more_than_there_is(path)
        try:
            with path.open("rb") as file:  # given a name, PyTorch goes by its suffix
                found = torch.load(file, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            raise UserError(
                f"{path} holds more than weights ({_called(_program(path))}), a program that would run when read "
                "and was not; ask for a safetensors file or a diffusers folder"
            ) from error
    if not isinstance(found, Mapping) or not all(isinstance(key, str) for key in found):
        raise UserError(f"{path} holds no tensors by name; it is no checkpoint")
    stated = sum(tensor.numel() * tensor.element_size() for tensor in tensors(found).values())
    if stated > path.stat().st_size:  # a tensor may show one number many times
        raise UserError(f"{path} declares {stated:,} bytes of weights and is smaller; take another copy")
    return found


def tensors(found: Names) -> dict[str, Tensor]:
    """Those of the top that are tensors."""
    return {name: value.detach() for name, value in found.items() if isinstance(value, Tensor)}


def specs(weights: Mapping[str, Tensor]) -> dict[str, Spec]:
    """What they are."""
    return {name: Spec(DTYPES.get(t.dtype, str(t.dtype)), tuple(t.shape)) for name, t in weights.items()}


def _refuse_more_than_there_is(path: Path) -> None:
    """PyTorch stores its bytes as they are; an archive that unfolds into more was made to fill the memory."""
    with zipfile.ZipFile(path) as archive:
        declared = sum(member.file_size for member in archive.infolist())
    size = path.stat().st_size
    if declared > size:
        raise UserError(f"{path} declares {declared:,} bytes and has {size:,}; take another copy")


def _of_pickle(path: Path) -> UserError:
    """What to tell of a bare pickle."""
    with path.open("rb") as file:
        called = _called(file.read(BEGINNING))
    if EDM.fits((called,)):
        return StrangerError(path, EDM.what, EDM.remedy)
    return UserError(
        f"{path} is a bare pickle ({called}), a program that would run when read, or of a PyTorch before 1.6; ask "
        "for a safetensors file or a diffusers folder"
    )


def _program(path: Path) -> bytes:
    """The pickle in an archive, or its beginning."""
    with zipfile.ZipFile(path) as archive:
        member = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        with archive.open(member) as file:
            return file.read(BEGINNING)


def _called(program: bytes) -> str:
    """What a pickle would call beside what weights need, by name, the first three; it is listed, not run."""
    asked: list[str] = []
    texts: list[str] = []
    with suppress(ValueError):  # cut off
        for code, argument, _ in pickletools.genops(program):
            if code.name == "GLOBAL":
                asked.append(str(argument).replace(" ", "."))
            elif code.name == "STACK_GLOBAL":
                asked.append(".".join(texts[-2:]))
            elif isinstance(argument, str):
                texts.append(argument)
    strange = [name for name in dict.fromkeys(asked) if not name.startswith(USUAL)]
    return ", ".join(sorted(strange, key=lambda name: not name.startswith(EDM.marks))[:3]) or "objects"
