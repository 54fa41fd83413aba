"""TensorBoard event files: what the metrics say; nothing where the package is missing or the disk is full."""

import sys

import pytest
import torch
from training_runs import data, document

from ddpm_studio.events import Events
from ddpm_studio.learner import TrainStep
from ddpm_studio.record import Recorder
from ddpm_studio.run import Run

CPU = torch.device("cpu")


class Spoken:
    """Stands in for a SummaryWriter and remembers what it is told."""

    def __init__(self, folder="", purge_step=None, flush_secs=120):
        self.purge_step, self.scalars, self.images, self.closed = purge_step, [], [], False

    def add_scalar(self, tag, scalar_value, global_step):
        self.scalars.append((tag, scalar_value, global_step))

    def add_image(self, tag, img_tensor, global_step, *, dataformats):
        self.images.append((tag, img_tensor.shape, global_step, dataformats))

    def close(self):
        self.closed = True


class Full(Spoken):
    def add_scalar(self, tag, scalar_value, global_step):
        raise OSError(28, "No space left on device")


class Module:
    """Stands in for torch.utils.tensorboard."""

    def __init__(self, writer):
        self.made = []
        self.SummaryWriter = lambda *args, **options: self.made.append(writer(*args, **options)) or self.made[-1]


@pytest.fixture
def tensorboard(monkeypatch):
    module = Module(Spoken)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    return module


def recorder(folder, **changes):
    run = Run.open(folder) if folder.exists() else Run.create(folder, document(**changes))
    return Recorder.of(run, CPU, data=data())


def test_tensorboard_is_told_every_number_of_the_metrics_and_every_preview(tmp_path, tensorboard):
    list(recorder(tmp_path / "run").events())
    (writer,) = tensorboard.made
    lines = Run.open(tmp_path / "run").metrics()
    losses = [(line["loss"], line["step"]) for line in lines if "loss" in line]
    assert [(value, step) for tag, value, step in writer.scalars if tag == "loss"] == losses
    assert {"rate", "gradient_norm", "steps_per_second"} <= {tag for tag, _, _ in writer.scalars}
    levels = lines[-1]["levels"]
    told = [value for tag, value, step in writer.scalars if tag.startswith("error at log SNR/") and step == 6]
    assert told == [level["error"] for level in levels]
    assert "step" not in {tag for tag, _, _ in writer.scalars}
    ((tag, shape, step, formats),) = writer.images
    assert (tag, len(shape), step, formats) == ("preview", 3, 6, "HWC")
    assert writer.closed


def test_a_resumed_run_takes_back_what_was_told_of_later_steps(tmp_path, tensorboard):
    events = recorder(tmp_path / "run").events()
    for event in events:
        if isinstance(event, TrainStep) and event.step == 4:
            events.close()
    assert tensorboard.made[0].closed
    list(recorder(tmp_path / "run").events())
    assert [writer.purge_step for writer in tensorboard.made] == [None, 5]


def test_without_the_package_a_run_is_written_as_ever(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)  # makes its import fail
    list(recorder(tmp_path / "run").events())
    assert not list((tmp_path / "run").glob("events.*"))
    assert Run.open(tmp_path / "run").metrics()


def test_event_files_that_cannot_be_written_do_not_end_a_run(tmp_path, monkeypatch):
    module = Module(Full)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    list(recorder(tmp_path / "run").events())
    assert len(module.made) == 1
    assert not module.made[0].images  # it was given up at the first number
    assert Run.open(tmp_path / "run").latest is not None


def test_tensorboard_reads_them(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    list(recorder(tmp_path / "run").events())
    found = accumulator.EventAccumulator(str(tmp_path / "run"))
    found.Reload()
    lines = [line for line in Run.open(tmp_path / "run").metrics() if "loss" in line]
    assert [scalar.step for scalar in found.Scalars("loss")] == [line["step"] for line in lines]
    assert [scalar.value for scalar in found.Scalars("loss")] == pytest.approx([line["loss"] for line in lines])
    assert [image.step for image in found.Images("preview")] == [6]


def test_events_without_a_writer_take_everything_and_close_twice():
    events = Events(None)
    events.tell({"step": 1, "loss": 1.0})
    events.close()
    events.close()
    assert events.writer is None
