"""The plane: density and score of 2,000 points, scrubbing t in the panel, and training beside the shown panel.

    python benchmarks/plane.py [field|scrub|train]...

`field` is the core alone at 128×128. `scrub` is a move of the cursor to the painted panel. `train` holds the steps of
the panel's own run, with the panel shown and redrawn, against a bare loop of the same network: same batch, target,
clipping, optimiser and average, its draws by torch's own generator. The two take turns in one thread. Each number is
also told in processor time, which other programs on the machine change least.
"""

import os
import sys
from dataclasses import replace
from time import perf_counter, sleep, thread_time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from PySide6.QtCore import QEventLoop, QTimer

from ddpm_studio.data import load
from ddpm_studio.denoiser import Exact
from ddpm_studio.document import Document
from ddpm_studio.networks.build import fresh
from ddpm_studio.plane import learning
from ddpm_studio.plane.choices import Look, Plane
from ddpm_studio.plane.density import Lattice, density
from ddpm_studio.schedule import Linear
from ddpm_studio.ui.application import make_application
from ddpm_studio.ui.panels.plane import PlanePanel
from ddpm_studio.ui.plane import training as plane_training
from ddpm_studio.ui.session import Session

SIZE = 1580, 950
STEPS, BARE, TURNS = 500, 250, 12


def median(times):
    return f"median {np.median(times) * 1e3:.1f} ms, p99 {np.percentile(times, 99) * 1e3:.1f} ms"


def timed(act, values, clock):
    times = []
    for value in values:
        begun = clock()
        act(value)
        times.append(clock() - begun)
    return times


def field():
    exact = Exact.finite(Linear(), load("swiss-roll"))
    frame = lambda t: density(exact, t, Lattice(128)).score()  # noqa: E731
    frame(500)
    for name, clock in (("wall", perf_counter), ("processor", thread_time)):
        times = timed(frame, range(1, 1000, 10), clock)
        print(f"density and score, {len(exact.means)} points, 128×128, {name}: {median(times)} (wanted ≤ 16)")


def scrub(app):
    for look, finite in ((Look.EXACT, True), (Look.EXACT, False), (Look.DIFFERENCE, False)):
        session = Session(Document(plane=Plane(look=look, finite=finite)))
        panel = shown(session)

        def move(t, session=session):
            session.set_t(t)
            app.processEvents()

        move(400)
        for name, clock in (("wall", perf_counter), ("processor", thread_time)):
            times = timed(move, range(1, 1000, 10), clock)
            print(f"scrubbing, {look}, {'points' if finite else 'density'}, {name}: {median(times)} (wanted ≤ 16)")
        panel.close_jobs()
        panel.deleteLater()


def shown(session):
    panel = PlanePanel(session)
    panel.resize(*SIZE)
    panel.show()
    settle(panel)
    return panel


def settle(panel):
    """Waits until bounds and walks have been worked out."""
    done = lambda: panel._state.judgement is not None and not panel._work._walker.walking  # noqa: E731
    loop = QEventLoop()
    settled = QTimer(interval=500)
    settled.timeout.connect(lambda: loop.quit() if done() else None)
    settled.start()
    loop.exec()


class Bare:
    """A hand-written loop of the same network."""

    def __init__(self, document, data):
        plane, schedule = document.plane, document.schedule
        self.module = fresh(plane.mlp, (2,), 0)
        self.optimiser = torch.optim.AdamW(self.module.parameters(), plane.rate, weight_decay=0.0, fused=True)
        self.average = [p.detach().clone() for p in self.module.parameters()]
        self.x0, self.batch, self.T = torch.from_numpy(data.x0()), plane.batch, schedule.T
        self.signal = torch.tensor(schedule.sqrt_alpha_bar, dtype=torch.float32)
        self.noise = torch.tensor(schedule.sqrt_one_minus_alpha_bar, dtype=torch.float32)

    def step(self):
        t = torch.randint(1, self.T + 1, (self.batch,))
        x0, eps = self.x0[torch.randint(len(self.x0), (self.batch,))], torch.randn(self.batch, 2)
        a, b = self.signal[t][:, None], self.noise[t][:, None]
        loss = (self.module(a * x0 + b * eps, t - 1) - (a * eps - b * x0)).square().mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        with torch.no_grad():
            torch._foreach_lerp_(self.average, list(self.module.parameters()), 0.01)
        return loss.item()


def run(step, count):
    """Seconds a step, by the clock and of this thread's processor time."""
    clocks = perf_counter(), thread_time()
    for _ in range(count):
        step()
    return [(now - then) / count for now, then in zip((perf_counter(), thread_time()), clocks, strict=True)]


def taking_turns(values, bare, panel, ours, theirs):
    """The panel's own run, and each time STEPS of it have been taken and drawn, BARE steps of the bare loop."""
    taken, clocks = 0, (perf_counter(), thread_time())
    for value in values:
        taken += value is None
        yield value
        if value is None or taken < STEPS:
            continue
        ours.append([(now - then) / taken for now, then in zip((perf_counter(), thread_time()), clocks, strict=True)])
        while panel._work._walker.walking:
            sleep(0.1)
        sleep(0.1)  # the panel draws
        theirs.append(run(bare.step, BARE))
        taken, clocks = 0, (perf_counter(), thread_time())


def train():
    torch.set_num_threads(1)
    session, ours, theirs = Session(), [], []
    panel = shown(session)
    settle(panel)
    data = panel._state.data
    bare = Bare(Document(), data)
    run(bare.step, 50)
    session.edit("run", plane=replace(session.document.plane, steps=2 * (TURNS + 1) * STEPS))
    plane_training.learned = lambda document, points: taking_turns(
        learning.learned(document, points), bare, panel, ours, theirs
    )
    loop = QEventLoop()
    panel._training.progressed.connect(lambda _: loop.quit() if len(theirs) > TURNS else None)
    panel._training.failed.connect(sys.exit)
    panel._on_go()
    loop.exec()
    panel.close_jobs()
    ours, theirs = np.array(ours[1 : TURNS + 1]), np.array(theirs[1 : TURNS + 1])  # the first turn warms up
    for name, which in (("wall", 0), ("processor", 1)):
        mine, bares, ratios = ours[:, which], theirs[:, which], theirs[:, which] / ours[:, which]
        print(f"a training step with the panel shown, {name}: {mine.mean() * 1e3:.2f} ms; bare loop "
              f"{bares.mean() * 1e3:.2f} ms; {bares.mean() / mine.mean():.3f} of its speed in {TURNS} turns of "
              f"{ratios.min():.2f} to {ratios.max():.2f}, median {np.median(ratios):.3f} (wanted ≥ 0.95)")  # fmt: skip


def main():
    app = make_application()
    asked = sys.argv[1:] or ["field", "scrub", "train"]
    if "field" in asked:
        field()
    if "scrub" in asked:
        scrub(app)
    if "train" in asked:
        train()


if __name__ == "__main__":
    main()
