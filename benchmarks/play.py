"""Play a network's reverse chain in the sampling panel: what it costs over the bare network, and how late timers are.

    python benchmarks/play.py [STEPS] [--count N] [--rate N] [--checkpoint NAME] [--back]

Plays STEPS steps of a shipped checkpoint's chain (T = 1000, every t), drawn in the window, and compares the CPU time of
the whole process with that of the network's forward passes in the same steps, timed one by one: on a busy machine they
take longer than alone, and alone, before and after, is told too. A step's time by the clock, in the thread that walks
while the window draws in its own, is held against the forward pass in it as well. Then it plays STEPS // 2 more, with
a timer of 10 ms running; its lateness is the window's. With --back it walks STEPS steps instead, then goes back from
steps here and there: one step each after a look of 300 ms, one step at once after the jump, and ten as fast as the
frames come. It tells how long each frame took to come and be drawn (wanted: ≤ 100 ms from any t to t + 1).
"""

import argparse
import os
import sys
from time import perf_counter, process_time, thread_time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

from ddpm_studio import denoiser as core
from ddpm_studio.assets import SHIPPED
from ddpm_studio.document import Document, Sampling
from ddpm_studio.run import checkpoint_named
from ddpm_studio.sampler import Ancestral
from ddpm_studio.trajectory import BUDGET
from ddpm_studio.ui.job import _Worker
from ddpm_studio.ui.panels.sampling import SamplingPanel
from ddpm_studio.ui.session import Session

SIZE = 1200, 460
TICK = 10  # ms


def forward(name, count, times):
    """CPU milliseconds of one bare forward pass at this batch, in the window's number of threads."""
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    denoiser = checkpoint_named(f"{SHIPPED}{name}").denoiser()
    x, t = torch.randn(count, *denoiser.shape), torch.full((count,), 500)
    spent = []
    with torch.no_grad():
        for _ in range(times):
            start = process_time()
            denoiser.module(x, t)
            spent.append(1e3 * (process_time() - start))
    return float(np.median(spent))


def until(condition, signal):
    """Runs the event loop, to hear a signal, until the condition holds."""
    loop = QEventLoop()
    check = lambda *_: loop.quit() if condition() else None  # noqa: E731
    signal.connect(check)
    if not condition():
        loop.exec()
    signal.disconnect(check)


class Lateness:
    """How much later than asked each tick of a timer came, ms."""

    def __init__(self):
        self.late, self._last = [], perf_counter()
        self.timer = QTimer(interval=TICK, timerType=Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._on_tick)
        self.timer.start()

    def _on_tick(self):
        now = perf_counter()
        self.late.append(1e3 * (now - self._last) - TICK)
        self._last = now


class Calls:
    """What each of the network's forward passes takes, and each step around it in the thread that walks."""

    def __init__(self):
        self.seconds, self.clock, self.steps = [], [], []  # CPU; by the clock; by the clock, the steps
        self._asked, self._pull = core.asked, _Worker._pull
        core.asked = self._timed
        _Worker._pull = lambda worker: self._stepped(worker)

    def _timed(self, *given):
        start, begun = thread_time(), perf_counter()
        answer = self._asked(*given)
        self.seconds.append(thread_time() - start)
        self.clock.append(perf_counter() - begun)
        return answer

    def _stepped(self, worker):
        asked, begun = len(self.clock), perf_counter()
        self._pull(worker)
        if len(self.clock) == asked + 1:  # one reverse step, and nothing else that was pulled
            self.steps.append(perf_counter() - begun)


def played(panel, steps):
    """CPU milliseconds a step and steps a second of playing to state `steps`."""
    wall, cpu = perf_counter(), process_time()
    begun = panel._chain.trail.front
    panel._player.play()
    until(lambda: panel._chain.frame.index >= steps, panel._chain.shown)
    panel._player.pause()
    taken = panel._chain.trail.front - begun
    return 1e3 * (process_time() - cpu) / max(taken, 1), taken / (perf_counter() - wall)


def went_back(panel, steps, look, times):
    """Milliseconds from each key to its painted frame, `times` steps back from states here and there.

    Before the first of them, a person looks for `look` ms at where it begins.
    """
    spent = []
    for state in np.random.default_rng(4).integers(times, steps + 1, 20).tolist():
        panel._player.go(state)
        until(lambda state=state: panel._chain.frame.index == state, panel._chain.shown)
        looking = QEventLoop()
        QTimer.singleShot(look, looking.quit)
        looking.exec()
        for before in range(state - 1, state - 1 - times, -1):
            start = perf_counter()
            panel._player.step(-1)
            until(lambda before=before: panel._chain.frame.index == before, panel._chain.shown)
            QApplication.processEvents()
            spent.append(1e3 * (perf_counter() - start))
    return spent


def back(panel, steps):
    """Walks and goes back; tells how long the frames took."""
    panel._player.go(steps)
    until(lambda: panel._chain.frame is not None and panel._chain.frame.index == steps, panel._chain.shown)
    tree = panel._chain._walked.tree
    stride = panel._chain.trail.path.stride
    print(f"kept: {tree.nbytes / 2**20:.0f} MiB (at most {BUDGET / 2**20:.0f}), stride {stride}")
    for what, look, times in (("after a look", 300, 1), ("at once after a jump", 0, 1), ("key held down", 0, 10)):
        spent = went_back(panel, steps, look, times)
        told = ", ".join(f"{name} {np.percentile(spent, p):.0f}" for name, p in (("median", 50), ("p95", 95)))
        print(f"one step back, {what}: {told}, worst {max(spent):.0f} ms (wanted: ≤ 100)")


def play(panel, args):
    """Plays, and tells what it took."""
    bare = forward(args.checkpoint, args.count, 30)
    panel._player.speed.setValue(args.rate)
    calls = Calls()
    each, rate = played(panel, args.steps)
    inside = 1e3 * float(np.mean(calls.seconds))
    after = forward(args.checkpoint, args.count, 30)
    print(f"bare forward at batch {args.count}: {inside:.1f} ms of CPU; played and drawn: {each:.1f} ms a step")
    print(f"{each / inside:.2f} × the bare forward (wanted: ≤ 1.10) at {rate:.1f} steps/s")
    over = np.median(calls.steps) / np.median(calls.clock)
    print(f"{over:.2f} × by the clock, in the thread that walks: the window is drawn beside it (wanted: ≤ 1.10)")
    print(f"the same forward alone, before and after: {bare:.1f} and {after:.1f} ms")
    watch = Lateness()
    played(panel, args.steps * 3 // 2)
    watch.timer.stop()
    late = watch.late
    print(f"10 ms timer late by: median {np.median(late):.1f}, p99 {np.percentile(late, 99):.1f} ms (wanted: p99 ≤ 16)")


def main():
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("steps", nargs="?", type=int, default=300)
    given.add_argument("--count", type=int, default=16)
    given.add_argument("--rate", type=int, default=30)
    given.add_argument("--checkpoint", default="pixel-faces")
    given.add_argument("--back", action="store_true")
    args = given.parse_args()
    app = QApplication(sys.argv[:1])
    app.setStyle("Fusion")
    document = Document(
        denoiser=f"{SHIPPED}{args.checkpoint}", sampler=Ancestral(steps=1000), sampling=Sampling(count=args.count)
    )
    panel = SamplingPanel(Session(document))
    panel.resize(*SIZE)
    panel.show()
    until(lambda: panel._chain.frame is not None, panel._chain.shown)
    if args.back:
        back(panel, args.steps)
    else:
        play(panel, args)
    panel.close_jobs()


if __name__ == "__main__":
    main()
