"""How late the window's timers come while an animation is written: 250 frames of an 8 × 8 grid, in its own job.

    python benchmarks/export.py [--frames 250] [--side 16]

A timer of 10 ms runs in the thread of the window, as while one plays or drags; what it is late by is what the user
feels. The goal is 16 ms at the 99th percentile, one frame of a screen. Beside it, the same without an export.
"""

import argparse
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QElapsedTimer, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from ddpm_studio.data import load, to_unit
from ddpm_studio.document import Document, provenance
from ddpm_studio.export import HOLD, Moment, Quantity, Recording, saving_animation
from ddpm_studio.export.progress import counted
from ddpm_studio.schedule import Linear
from ddpm_studio.ui.job import Job

INTERVAL, GOAL = 10, 16  # ms


class Lateness:
    """A timer that writes down how late it comes."""

    def __init__(self):
        self.late: list[float] = []
        self._clock, self._timer = QElapsedTimer(), QTimer(interval=INTERVAL)
        self._timer.timeout.connect(self._on_timeout)
        self._clock.start()
        self._timer.start()

    def stop(self):
        self._timer.stop()

    def _on_timeout(self):
        self.late.append(max(self._clock.nsecsElapsed() / 1e6 - INTERVAL, 0.0))
        self._clock.restart()

    def __str__(self):
        late = np.array(self.late)
        p50, p99, most = np.percentile(late, 50), np.percentile(late, 99), late.max()
        return f"late p50 {p50:5.1f}  p99 {p99:5.1f}  max {most:5.1f} ms over {len(late)} ticks"


def recording(frames, side):
    """64 faces on their way out of noise."""
    x0 = to_unit(load("pixel-faces").train[:64])
    x0 = x0.repeat(side // 16, -1).repeat(side // 16, -2)
    rng, schedule = np.random.default_rng(0), Linear(T=1000)
    moments = []
    for t in np.linspace(1000, 0, frames).astype(int).tolist():
        eps = rng.standard_normal(x0.shape, np.float32)
        x = np.float32(schedule.sqrt_alpha_bar[t]) * x0 + np.float32(schedule.sqrt_one_minus_alpha_bar[t]) * eps
        moments.append(Moment(t, x, x0, eps))
    return Recording.of(moments, Quantity.X_T)


def measured(make):
    """Runs the values of `make()` in a job; its seconds, and the lateness meanwhile."""
    loop, job = QEventLoop(), Job(make)
    job.ended.connect(loop.quit)
    lateness, start = Lateness(), time.perf_counter()
    job.play()
    loop.exec()
    seconds = time.perf_counter() - start
    lateness.stop()
    job.close()
    return seconds, lateness


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=250)
    parser.add_argument("--side", type=int, default=16, help="pixels a side of one picture; shown at 64")
    args = parser.parse_args()
    app = QApplication(sys.argv[:1])
    seen = recording(args.frames, args.side)
    film, told = seen.film(), provenance(Document())
    height, width, _ = film[0].shape
    print(f"{args.frames} frames of {width} × {height}; goal: late by {GOAL} ms at most at p99")
    idle = Lateness()
    loop = QEventLoop()
    QTimer.singleShot(3000, loop.quit)
    loop.exec()
    idle.stop()
    print(f"{'nothing':8} {'':22} {idle}")
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".gif", ".webp", ".apng", ".mp4"):
            path = Path(folder) / f"film{suffix}"
            write = partial(saving_animation, path, film, 20.0, told, HOLD)
            seconds, lateness = measured(lambda write=write: counted(write(), len(film), "frames"))
            print(f"{suffix[1:]:8} {seconds:6.1f} s {path.stat().st_size / 1e6:7.1f} MB  {lateness}")
    app.quit()


if __name__ == "__main__":
    main()
