"""`ddpm-studio info`: what is installed and what can be asked for; or what a file is and what made it."""

import argparse
import json
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ddpm_studio import __version__, log, schedule_files
from ddpm_studio.assets import asset, photographs
from ddpm_studio.cli.flags import NETWORK, OBJECTIVE, SAMPLER, SCHEDULE, Family, P, Subcommands
from ddpm_studio.cli.opened import provenance_of
from ddpm_studio.container import Container, container_of
from ddpm_studio.document import load
from ddpm_studio.errors import UserError
from ddpm_studio.files import reading
from ddpm_studio.params import Parameter, parameters

LIBRARIES = ("torch", "numpy", "pillow", "PySide6-Essentials", "pyqtgraph", "safetensors")


def add(commands: Subcommands, name: str) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        name,
        help="versions, device, schedules, samplers, data sets; or what a file is",
        description="Without FILE: versions, the device, where the shipped files are, and every schedule, sampler and\n"
        "data set with its flags. With FILE: what it is, and the document that made it.",
    )
    parser.add_argument(
        "file", nargs="?", metavar="FILE", help="a document, an export, a checkpoint, a picture or a data set"
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    for line in _program() if args.file is None else _file(Path(args.file)):
        print(line)


def _program() -> Iterator[str]:
    yield f"DDPM Studio {__version__}"
    yield f"Python      {platform.python_version()} on {platform.platform()}"
    yield f"libraries   {', '.join(f'{name} {_version(name)}' for name in LIBRARIES)}"
    yield f"device      {_device()}"
    yield f"assets      {asset('datasets').parent}"
    yield f"log         {log.to_file()}"
    yield f"photographs {', '.join(photographs())}"
    yield from _family(SCHEDULE)
    yield from _family(SAMPLER)
    yield from _family(NETWORK)
    yield from _family(OBJECTIVE)
    yield from _datasets()


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "(not installed)"


def _device() -> str:
    import torch  # noqa: PLC0415 - slow to import, and the other half of this command does without

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    return f"{device}, {torch.get_num_threads()} threads"


def _family(family: Family[P]) -> Iterator[str]:
    yield ""
    yield f"{family.noun}s"
    for kind, cls in family.kinds.items():
        yield f"  {kind:15} {_first_line(cls.__doc__)}"
        yield f"  {'':15} {' '.join(map(_flag, parameters(cls)))}"


def _datasets() -> Iterator[str]:
    from ddpm_studio.data import CLOUDS, DATASETS  # noqa: PLC0415 - Pillow

    yield ""
    yield "data sets (for --exact; a folder of pictures, a picture, an .npz or an IDX file will do too)"
    for name, open_it in (*DATASETS.items(), *CLOUDS.items()):
        yield f"  {name:15} {_first_line(open_it.__doc__)}"


def _file(path: Path) -> Iterator[str]:
    """What the file is, and what it says of its making, as JSON."""
    from ddpm_studio.data.point_files import TABLES, holds_points  # noqa: PLC0415 - Pillow

    if path.suffix.lower() in (".json", *TABLES):
        yield from _text_file(path)
        return
    if container_of(path) is not Container.OTHER:
        yield from _checkpoint(path)
        return
    from ddpm_studio.data.idx import is_idx  # noqa: PLC0415 - Pillow

    if path.is_dir() or is_idx(path):
        yield _pictures_in(path)
        return
    if path.suffix.lower() == ".npz" and holds_points(path):
        yield from _points_in(path)
    provenance = provenance_of(path)
    yield f"{path}: {_arrays(path) if path.suffix.lower() == '.npz' else _picture(path)}"
    yield "not made by DDPM Studio" if provenance is None else _json(provenance)


def _text_file(path: Path) -> Iterator[str]:
    with reading(path):
        is_document = b'"ddpm-studio document"' in path.read_bytes()
    try:
        found = load(path) if is_document else schedule_files.read(path)
    except UserError:
        if path.suffix.lower() == ".json":
            raise
        yield from _points_in(path)
    else:
        yield f"{path}: a {'document' if is_document else 'schedule'}"
        yield _json(found.to_json())


def _points_in(path: Path) -> Iterator[str]:
    from ddpm_studio.data.point_files import described  # noqa: PLC0415 - Pillow

    what, made = described(path)
    yield f"{path}: {what}"
    yield f"read as {made}"


def _pictures_in(path: Path) -> str:
    from ddpm_studio import data  # noqa: PLC0415 - Pillow

    found = data.load(str(path))
    channels, height, width = found.shape
    return f"{found.note}; {width} × {height}, {'grey' if channels == 1 else 'RGB'}"


def _checkpoint(path: Path) -> Iterator[str]:
    from ddpm_studio.networks.build import skeleton  # noqa: PLC0415 - torch
    from ddpm_studio.run import checkpoint_at  # noqa: PLC0415 - torch

    checkpoint = checkpoint_at(path)
    header = checkpoint.header
    parameters = sum(weights.numel() for weights in skeleton(header.document.network, header.shape).parameters())
    yield f"{path}: a network of {parameters:,} parameters for {header.shape}, after {header.step:,} steps"
    yield f"holds {', '.join(sorted(checkpoint.groups))}; sha256 {checkpoint.sha256}"
    yield _json(header.to_json())


def _arrays(path: Path) -> str:
    from ddpm_studio.data.npz import open_npz  # noqa: PLC0415 - Pillow

    with open_npz(path) as archive:
        return f"arrays {', '.join(archive.files)}"


def _picture(path: Path) -> str:
    from ddpm_studio.data.pictures import opened  # noqa: PLC0415 - Pillow
    from ddpm_studio.export.film_file import film_text, is_mp4  # noqa: PLC0415 - Pillow

    if is_mp4(path):
        return film_text(path)[0]
    with opened(path) as image:
        frames = getattr(image, "n_frames", 1)
        return f"{image.format} {image.width} × {image.height} {image.mode}{f', {frames} frames' if frames > 1 else ''}"


def _json(content: dict[str, object]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().partition("\n")[0]


def _flag(parameter: Parameter) -> str:
    """The flag with its default, as one would type it."""
    default = parameter.default
    if isinstance(default, bool):
        return parameter.flag if default else parameter.flag.replace("--", "--no-", 1)
    if parameter.many and isinstance(default, tuple):
        return f"{parameter.flag} {','.join(map(str, default)) or 'none'}"
    if isinstance(default, tuple):
        return f"{parameter.flag} {','.join(f'{u:g}:{value:g}' for u, value in default)}"
    return f"{parameter.flag} {default:g}" if isinstance(default, float) else f"{parameter.flag} {default}"
