"""Tensors into a safetensors file: whole or not at all, and a full disk is told as such."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from ddpm_studio.files import writing


def save_tensors(path: Path, tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> None:
    """Writes contiguous tensors on the CPU, and texts beside them, as its metadata.

    Raises:
        UserError: as `files.writing`.
    """
    with writing(path) as part:
        mode = part.stat().st_mode
        try:
            save_file(dict(tensors), part, metadata=dict(texts))
        except SafetensorError as error:
            raise _of_the_system(error) from error
        part.chmod(mode)  # safetensors makes its files for their owner alone


def _of_the_system(error: SafetensorError) -> Exception:
    """What the system has refused, which safetensors tells in words alone: "… (os error 28)"; else the error itself."""
    found = re.search(r"\(os error (\d+)\)", str(error))
    if found is None:
        return error
    number = int(found[1])
    return OSError(number, os.strerror(number))
