"""`ddpm-studio train`: a network from a data set, written down in a run's folder as it learns."""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ddpm_studio.cli.flags import NETWORK, OBJECTIVE, SCHEDULE, TRAINING, Subcommands, whole
from ddpm_studio.cli.guard import INTERRUPTED
from ddpm_studio.cli.opened import document_in, located
from ddpm_studio.cli.plane import names_points, on_data, tell_left_out
from ddpm_studio.cli.progress import Told
from ddpm_studio.document import Document
from ddpm_studio.errors import UserError

if TYPE_CHECKING:
    import torch

    from ddpm_studio.record import Event, Recorder
    from ddpm_studio.run import Run

EXAMPLES = """\
examples:
  ddpm-studio train --dataset pixel-faces --network tiny --target v --schedule cosine --steps 5000
  ddpm-studio train swiss-roll --steps 2500 --out runs/roll          points in the plane: a few seconds
  ddpm-studio train mine.ddpm.json --out runs/mine --batch 32 --json
  ddpm-studio train --resume runs/mine                            to the bit as if it had never stopped
  torchrun --nproc-per-node=4 -m ddpm_studio train mine.ddpm.json --out runs/mine
"""


def add(commands: Subcommands, name: str) -> None:
    """Declares the command."""
    parser = commands.add_parser(
        name,
        help="train a network",
        description="Trains a network. The run is a folder: document.json, metrics.jsonl, previews and checkpoints,\n"
        "readable while it grows. Ctrl+C saves; --resume goes on with the same numbers.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "document", nargs="?", metavar="DOCUMENT|D", help="a document, an export or a data set; flags override it"
    )
    parser.add_argument(
        "--dataset",
        metavar="D",
        help="pixel-faces, fashion, a folder of pictures, .npz, IDX …; or points: swiss-roll, rings, .csv …",
    )
    parser.add_argument("--out", metavar="RUN", help="the run's folder (default: runs/ and the data set's name)")
    parser.add_argument("--resume", metavar="RUN", help="go on with a run")
    parser.add_argument("--yes", action="store_true", help="with --resume: go on although the document was changed")
    parser.add_argument("--device", metavar="D", default="auto", help="auto, cpu, cuda, cuda:1, mps (default auto)")
    parser.add_argument("--threads", metavar="N", help="of the CPU (default: as many as there are cores)")
    parser.add_argument("--json", action="store_true", help="print each line of the metrics on stdout")
    parser.add_argument(
        "--prove-resume", action="store_true", help="train 20 steps twice, once with a stop, and compare checksums"
    )
    NETWORK.add_flags(parser)
    OBJECTIVE.add_flags(parser)
    TRAINING.add_flags(parser, choice=False)
    SCHEDULE.add_flags(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    if args.resume is not None and (args.out is not None or args.prove_resume):
        raise UserError("--resume goes on where the run is; leave --out and --prove-resume out")
    threads = None if args.threads is None else whole(args.threads, "--threads", 1, 1024)

    import torch  # noqa: PLC0415 - not needed for --help

    from ddpm_studio.device import chosen  # noqa: PLC0415 - torch
    from ddpm_studio.ranks import joined, local_device  # noqa: PLC0415 - torch
    from ddpm_studio.record import Recorder  # noqa: PLC0415 - torch

    if threads is not None:
        torch.set_num_threads(threads)
    device = local_device(chosen(args.device))
    if args.prove_resume:
        return _prove(_document(args, None), device)
    with joined(device) as ranks, ExitStack() as stack:
        run = _shared(_begun(args, stack) if ranks.first else None, ranks.world)
        return _run_out(Recorder.of(run, device, ranks), as_json=args.json)


def _run_out(recorder: "Recorder", *, as_json: bool) -> int:
    """Trains to the end or to the first Ctrl+C; the exit code."""
    learner, first = recorder.learner, recorder.learner.ranks.first
    if first:
        for note in (*learner.notes, *([recorder.data.note] if recorder.data.skipped else [])):
            _say(note)
        tell_left_out(recorder.data)
        _say(f"{recorder.run.folder}: step {learner.step} of {learner.recipe.training.steps} on {learner.device}")
    events = recorder.events()
    report = Told(learner.recipe.training.steps, "step", learner.step)
    with _asked_to_stop() as asked:
        for event in events:
            if first:
                _tell(event, recorder, report, as_json=as_json)
            if asked:
                events.close()
    report.end()
    if not first:
        return INTERRUPTED if asked else 0
    if asked:
        _say(f"interrupted; step {learner.step} is saved; go on with: ddpm-studio train --resume {recorder.run.folder}")
        return INTERRUPTED
    _say(f"{recorder.run.latest}: done")
    return 0


def _tell(event: "Event", recorder: "Recorder", report: Told, *, as_json: bool) -> None:
    from ddpm_studio.learner import TrainStep  # noqa: PLC0415 - torch
    from ddpm_studio.record import Looked, Working  # noqa: PLC0415 - torch

    if isinstance(event, TrainStep):
        report.reached(event.step, f", loss {event.loss:.4f}")
        training = recorder.learner.recipe.training
        if as_json and (event.step % training.log_every == 0 or event.step == training.steps):
            print(json.dumps(recorder.told, ensure_ascii=False), flush=True)
    elif isinstance(event, Working):
        report.reached(recorder.learner.step, f", {event.what} {event.done}/{event.total}")
    elif isinstance(event, Looked):
        report.end()
        if as_json:
            print(json.dumps(recorder.told, ensure_ascii=False), flush=True)
        else:
            _say(f"step {event.step}: {event.verdict}")


def _begun(args: argparse.Namespace, stack: ExitStack) -> "Run":
    """The run that is to be gone on with, or a new one; nobody else writes to it until the stack is closed."""
    from ddpm_studio.lock import held  # noqa: PLC0415 - filelock, not needed for --help
    from ddpm_studio.record import alters, differences  # noqa: PLC0415 - torch
    from ddpm_studio.run import Run  # noqa: PLC0415 - torch

    if args.resume is None:
        document = _document(args, None)
        _refuse_impossible(document)  # before there is a folder
        run = Run.create(Path(args.out) if args.out else _free_folder(document.dataset), document)
        stack.enter_context(held(run.folder))
        return run
    run = Run.open(Path(args.resume))
    stack.enter_context(held(run.folder))
    document = _document(args, run.document)
    changes = differences(run.document, document)
    if not changes:
        return run
    if not args.yes and any(alters(change, document) for change in changes):
        _ask(changes)
    return run.changed(document)


def _refuse_impossible(document: Document) -> None:
    from ddpm_studio.data import load  # noqa: PLC0415 - Pillow, not needed for --help

    data = load(document.dataset).holding_out(document.training.held_out)
    document.recipe.refuse_impossible(data.shape, len(data.train))


def _ask(changes: list[str]) -> None:
    """Goes on only if the person at the terminal agrees; UserError otherwise."""
    if not sys.stdin.isatty():
        raise UserError(
            f"the run began with another document ({'; '.join(changes)}); add --yes to go on with the new one"
        )
    for change in changes:
        _say(change)
    print("go on with the changed document? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UserError("nothing was changed")


def _document(args: argparse.Namespace, current: Document | None) -> Document:
    """The document that is given, else `current`, else the default one, with what the flags say."""
    from ddpm_studio.data import DATASETS  # noqa: PLC0415 - Pillow, not needed for --help

    named = args.document if args.document and (args.document in DATASETS or names_points(args.document)) else None
    base = document_in(Path(args.document)) if args.document and not named else current or Document()
    base = on_data(base, located(args.dataset or named or base.dataset, DATASETS))
    return replace(
        base,
        schedule=SCHEDULE.chosen(args, args.schedule, base.schedule),
        network=NETWORK.chosen(args, args.network, base.network),
        objective=OBJECTIVE.chosen(args, args.objective, base.objective),
        training=TRAINING.chosen(args, None, base.training),
    )


def _free_folder(dataset: str) -> Path:
    name = Path(dataset.partition(":")[0]).stem or "run"
    return next(path for n in range(1, 1_000_000) if not (path := Path("runs") / f"{name}-{n}").exists())


def _shared(run: "Run | None", world: int) -> "Run":
    """The first process's run, on all of them."""
    if world > 1:
        from torch import distributed  # noqa: PLC0415 - torch

        box = [run]
        distributed.broadcast_object_list(box)
        run = box[0]
    assert run is not None
    return run


def _prove(document: Document, device: "torch.device") -> int:
    from ddpm_studio.record import prove_resume  # noqa: PLC0415 - torch

    with tempfile.TemporaryDirectory() as folder:
        straight, resumed = prove_resume(document, device, Path(folder))
    print(f"20 steps in one go        {straight}")
    print(f"10, stop, resume, 10 more {resumed}")
    print("equal" if straight == resumed else "NOT EQUAL")
    return 0 if straight == resumed else 1


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """A list that is empty until Ctrl+C or a SIGTERM; the second one interrupts at once."""
    asked: list[int] = []

    def ask(number: int, _frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
