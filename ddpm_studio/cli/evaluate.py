"""`ddpm-studio evaluate`: how well a trained network does, level by level."""

import argparse
import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ddpm_studio.cli.flags import Subcommands, whole
from ddpm_studio.cli.progress import watched
from ddpm_studio.cli.weights import add_weights_flags, weights_of
from ddpm_studio.errors import UserError
from ddpm_studio.files import expect_writable, write_text

if TYPE_CHECKING:
    from ddpm_studio.checkpoint import AnyCheckpoint

EXAMPLES = """\
examples:
  ddpm-studio evaluate --checkpoint runs/mine --loss-per-level
  ddpm-studio evaluate --checkpoint mine.safetensors --loss-per-level --out levels.csv
"""

SUFFIXES = (".csv", ".json", ".png")
COLUMNS = ("t", "log_snr", "error", "wiener", "optimum")


def add(commands: Subcommands, name: str) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        name,
        help="how well a network does at each noise level",
        description="The mean squared error of ε̂ on held-out pictures at 24 noise levels, beside that of the Wiener\n"
        "filter (the best linear guess) and of the exact optimum of the training set. ε̂ = 0 has the error 1.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--checkpoint", metavar="FILE|RUN", required=True, help="a trained network")
    parser.add_argument("--loss-per-level", action="store_true", required=True, help="the error at each noise level")
    parser.add_argument("--dataset", metavar="D", help="measure on other pictures than those it was trained on")
    add_weights_flags(parser)
    parser.add_argument("-n", dest="count", metavar="N", default="64", help="held-out pictures (default 64)")
    parser.add_argument("--device", metavar="D", default="cpu", help="auto, cpu, cuda, mps (default cpu)")
    parser.add_argument("--out", metavar="FILE", help=f"a file ending in {' or '.join(SUFFIXES)} (default: a table)")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> None:
    out, count = None if args.out is None else Path(args.out), whole(args.count, "-n", 1, 100_000)
    if out is not None:
        if out.suffix.lower() not in SUFFIXES:
            raise UserError(f"{out.name} must end in {' or '.join(SUFFIXES)}")
        expect_writable(out)

    from ddpm_studio.run import checkpoint_at  # noqa: PLC0415 - torch, not needed for --help

    told = _measured(checkpoint_at(Path(args.checkpoint)), args.dataset, count, args.device, weights_of(args))
    if out is None:
        print(_table(told))
    elif out.suffix.lower() == ".json":
        write_text(out, json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    elif out.suffix.lower() == ".png":
        _draw(told, out)
    else:
        write_text(out, _csv(told))


def _measured(
    checkpoint: "AnyCheckpoint", dataset: str | None, count: int, device: str, group: str
) -> Mapping[str, object]:
    from ddpm_studio.data import load  # noqa: PLC0415 - see above
    from ddpm_studio.device import chosen  # noqa: PLC0415
    from ddpm_studio.levels import Baselines, Probe, errors, told  # noqa: PLC0415

    header, document = checkpoint.header, checkpoint.header.document
    data = load(dataset or document.dataset).holding_out(document.training.held_out)
    if data.shape != header.shape:
        raise UserError(f"{data.name} has samples of shape {data.shape}, the network takes {header.shape}")
    denoiser = checkpoint.denoiser(group, chosen(device))
    probe = Probe.of(data, document.schedule, count)
    found = list(watched(errors(denoiser, probe), len(probe.times), "noise levels"))
    return {"checkpoint": checkpoint.path.name, "step": header.step} | told(
        Baselines.of(data, document.schedule, probe), found
    )


def _rows(told: Mapping[str, object]) -> list[list[float]]:
    levels = told["levels"]
    assert isinstance(levels, list)
    return [[level[name] for name in COLUMNS] for level in levels]


def _csv(told: Mapping[str, object]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(told))
    return text.getvalue()


def _draw(told: Mapping[str, object], out: Path) -> None:
    from ddpm_studio import export  # noqa: PLC0415 - Pillow, not needed for --help
    from ddpm_studio.export.chart import line_chart  # noqa: PLC0415 - Pillow

    _, log_snr, error, wiener, optimum = zip(*_rows(told), strict=True)
    names = {
        "this network": error,
        "Wiener filter": wiener,
        "training set by heart": optimum,
        "zero": [1.0] * len(error),
    }
    chart = line_chart(log_snr, names, "log SNR (much noise to little)", "mean squared error of the predicted noise")
    export.save_picture(out, chart, {"app": "DDPM Studio", "command": "evaluate", **told})


def _table(told: Mapping[str, object]) -> str:
    lines = ["    t  log SNR     error    Wiener   optimum"]
    lines += [
        f"{t:5.0f} {lam:8.2f} {error:9.5f} {wiener:9.5f} {best:9.5f}" for t, lam, error, wiener, best in _rows(told)
    ]
    return "\n".join([*lines, str(told["verdict"])])
