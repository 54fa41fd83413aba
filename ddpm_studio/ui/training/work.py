"""What the training panel's jobs do: generators that touch no widget and run in a job's thread."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from ddpm_studio.container import is_run
from ddpm_studio.data import load
from ddpm_studio.device import chosen
from ddpm_studio.document import Document
from ddpm_studio.lock import held
from ddpm_studio.record import Looked, Recorder
from ddpm_studio.run import Run, checkpoint_in
from ddpm_studio.ui.live import LiveNetwork

TRAINED = ("schedule", "dataset", "network", "objective", "training")
"""The fields of a document that decide what a training does."""

Line = Mapping[str, object]
"""One line of metrics.jsonl."""


@dataclass(frozen=True, eq=False)
class Known:
    """A run's folder as it was found."""

    run: Run
    step: int  # of the latest checkpoint
    lines: Sequence[Line]
    previews: Sequence[Path]


@dataclass(frozen=True, eq=False)
class Begun:
    """A run is open and its next step is about to be taken."""

    known: Known
    device: str
    notes: Sequence[str]  # what was asked for and cannot be had, in a line each


@dataclass(frozen=True, eq=False)
class Logged:
    """A line has been added to the metrics."""

    line: Line


def trained(folder: Path, document: Document, device: str, wanted: Event) -> Iterator[object]:
    """Begins a run in `folder`, or goes on with the one that is there, with the training settings of `document`.

    Yields Begun, then the recorder's events; Logged for each line of the metrics; and a LiveNetwork, between two
    steps, whenever `wanted` is set. However it is left, the last step is saved.

    Raises:
        UserError: data, network, objective and schedule do not go together (nothing is made then), another program
            writes to the folder, or as `Recorder.of` and `Recorder.events`.
    """
    place = chosen(device)
    data = load(document.dataset).holding_out(document.training.held_out)
    document.recipe.refuse_impossible(data.shape, len(data.train))
    old = Run.open(folder).document if is_run(folder) else None
    run = Run.create(folder, document) if old is None else Run(folder, with_training_of(old, document))
    with held(folder):
        recorder = Recorder.of(run, place, data=data)
        run.changed(run.document)  # once it is known that the run can go on with it
        learner = recorder.learner
        notes = (*learner.notes, *([data.note] if data.skipped else []))
        yield Begun(_known(run, learner.step), str(place), notes)
        with closing(_told(recorder)) as values:
            for value in values:
                yield value
                if wanted.is_set():
                    wanted.clear()
                    yield LiveNetwork(run.document, learner.step, learner.denoiser())


def known(folder: Path) -> Iterator[Known]:
    """Reads a run's folder. UserError: it is none."""
    run = Run.open(folder)
    yield _known(run, run.step)


def saved_network(folder: Path) -> Iterator[LiveNetwork]:
    """The averaged weights of a run's latest checkpoint. UserError: there is none, or it is damaged."""
    checkpoint = checkpoint_in(folder)
    yield LiveNetwork(checkpoint.header.document, checkpoint.header.step, checkpoint.denoiser())


def with_training_of(document: Document, other: Document) -> Document:
    """`document` with all that decides the training taken from `other`; its previews stay what they were."""
    taken = {field: getattr(other, field) for field in TRAINED}
    sampler = replace(document.sampler, steps=min(document.sampler.steps, other.schedule.T))
    return replace(document, **taken, sampler=sampler)


def _told(recorder: Recorder) -> Generator[object]:
    """The recorder's events, and the lines it adds to the metrics."""
    told = recorder.told
    with closing(recorder.events()) as events:
        for event in events:
            line = [] if recorder.told is told else [Logged(recorder.told)]
            told = recorder.told
            # a look is told after its line, which is drawn with it; a step before: whoever stops then has heard of it
            yield from (*line, event) if isinstance(event, Looked) else (event, *line)


def _known(run: Run, step: int) -> Known:
    return Known(run, step, run.metrics(), run.previews)
