"""What the open window costs a training run, and the run the window: `python benchmarks/train_in_window.py`.

Turns alternate in one process, so that a busy machine is busy for all:

    headless   the run's own loop, in the main thread, with no event loop turning; as many threads as in the window
    window     the same run started by the button of the shown window, which plots it
    idle       the window with no run

The ratio is steps in the window over steps without it, turn by turn, and the median of these: by the clock, and by the
processor time of all threads but the window's own, which other processes on the machine change little. Meanwhile a
timer of 10 ms in the window's thread tells how late it is called. Previews and checkpoints are left out of the timed
turns: they cost the same in both.
"""

import argparse
import os
import shutil
import statistics
import tempfile
from contextlib import closing
from pathlib import Path
from time import perf_counter, process_time, thread_time

os.environ["HOME"] = tempfile.mkdtemp()  # where the window keeps its runs
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the application

import numpy as np
import torch
from PySide6.QtCore import QEventLoop, QObject, QSettings, Qt, QTimer, Signal
from PySide6.QtTest import QTest

from ddpm_studio.data import DATASETS
from ddpm_studio.document import Document
from ddpm_studio.networks import PRESETS
from ddpm_studio.record import Recorder
from ddpm_studio.run import Run
from ddpm_studio.training import Training
from ddpm_studio.ui.application import make_application
from ddpm_studio.ui.panels.training import TrainingPanel
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.training.run import State, TrainingRun
from ddpm_studio.ui.window.main_window import MainWindow

PLACE = Path(os.environ["HOME"])
BEAT = 10  # ms
WARM = 5  # steps before the clock starts
NEVER = 10_000_000


class Pulse(QObject):
    """A timer that notes how late it is called, in ms."""

    def __init__(self):
        super().__init__()
        self.late = []
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=BEAT)
        self._timer.timeout.connect(self._on_beat)
        self._last = perf_counter()
        self._timer.start()

    def _on_beat(self):
        now = perf_counter()
        self.late.append(max(0.0, 1e3 * (now - self._last) - BEAT))
        self._last = now

    def stop(self):
        self._timer.stop()
        return self.late


class Watch(QObject):
    """Counts the steps of a run in the window, from the first that is told on."""

    enough = Signal()

    def __init__(self, run, seconds):
        super().__init__()
        self._seconds, self._first, self.speed = seconds, None, None
        run.stepped.connect(self._on_stepped)

    def _on_stepped(self, step):
        if step.step < WARM or self.speed is not None:
            return
        now = np.array([perf_counter(), process_time() - thread_time()])
        if self._first is None:
            self._first = now, step.step
        elif (now - self._first[0])[0] > self._seconds:
            self.speed = (step.step - self._first[1]) / (now - self._first[0])
            self.enough.emit()


def main():
    args = parsed()
    training = Training(
        steps=NEVER, batch=args.batch, save_every=NEVER, preview_every=NEVER, log_every=args.log_every, warmup=0
    )
    document = Document(dataset=args.dataset, network=PRESETS[args.network], training=training)
    app = make_application()  # must outlive the window
    window = shown(document)
    speeds, late, shares = {"headless": [], "window": []}, {"idle": [], "window": []}, []
    for turn in range(args.turns):
        late["idle"] += idled(args.seconds / 2)
        speeds["headless"].append(headless(document, args.seconds, PLACE / f"headless-{turn}"))
        speed, lateness, share = in_window(window, args.seconds)
        speeds["window"].append(speed)
        late["window"] += lateness
        shares.append(share)
    report(args, speeds, late, shares)
    window.close()
    app.processEvents()
    shutil.rmtree(PLACE)


def shown(document):
    """The main window at work: every panel in its place, the Train workspace in front."""
    window = MainWindow(Session(document), QSettings(f"{PLACE}/settings.ini", QSettings.Format.IniFormat))
    loop = QEventLoop()
    window.ready.connect(loop.quit)
    window.show()
    loop.exec()
    window.choose_workspace("train")
    used = -1.0
    while process_time() - used > 0.05:  # the panels read and measure by themselves
        used = process_time()
        idled(1.0)
    return window


def headless(document, seconds, folder):
    """Steps a second of a run that nobody watches, by the clock and by processor time."""
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    recorder = Recorder.of(Run.create(folder, document), torch.device("cpu"))
    begun = first = None
    with closing(recorder.events()) as events:
        for _ in events:
            if recorder.learner.step < WARM:
                continue
            now = np.array([perf_counter(), process_time()])
            if begun is None:
                begun, first = now, recorder.learner.step
            elif (now - begun)[0] > seconds:
                return (recorder.learner.step - first) / (now - begun)
    raise AssertionError("the run came to its end")


def in_window(window, seconds):
    """As `headless` for a run in the window; how late its timer was, in ms, and its thread's share of a core."""
    panel, run = window.findChild(TrainingPanel), window.findChild(TrainingRun)
    loop, watch = QEventLoop(), Watch(run, seconds)
    watch.enough.connect(loop.quit)
    panel._on_new_asked()
    QTest.mouseClick(panel._transport.go, Qt.MouseButton.LeftButton)
    pulse, begun, used = Pulse(), perf_counter(), thread_time()
    loop.exec()
    late, share = pulse.stop(), (thread_time() - used) / (perf_counter() - begun)
    ended = QEventLoop()
    run.changed.connect(lambda state: ended.quit() if state is State.IDLE else None)
    QTest.mouseClick(panel._transport.stop, Qt.MouseButton.LeftButton)
    ended.exec()
    run.stepped.disconnect(watch._on_stepped)
    return watch.speed, late, share


def idled(seconds):
    """How late the timer is in a window that has nothing to do, in ms."""
    loop, pulse = QEventLoop(), Pulse()
    QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec()
    return pulse.stop()


def report(args, speeds, late, shares):
    ratio, worked = np.median(np.array(speeds["window"]) / np.array(speeds["headless"]), axis=0)
    print(f"{args.network}, {args.dataset}, batch {args.batch}, {args.turns} turns of {args.seconds:g} s")
    for name, values in speeds.items():
        print(f"{name:9} {np.median(values, axis=0)[0]:8.2f} steps/s")
    print(f"window/headless {ratio:.3f} (wanted: ≥ 0.93); by processor time {worked:.3f}")
    for name, values in late.items():
        p50, p95, p99 = np.percentile(values, [50, 95, 99])
        print(f"{name:9} timer late by p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f}, at worst {max(values):.1f} ms")
    print(f"wanted: p99 ≤ 16 ms; the window's own thread took {100 * statistics.median(shares):.0f} % of a core")


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="small", choices=[n for n in PRESETS if n != "points"])
    parser.add_argument("--dataset", default="pixel-faces", choices=list(DATASETS))
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--log-every", type=int, default=1, help="steps between two points of the plots")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15.0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
