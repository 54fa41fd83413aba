"""Time from asking for a shipped network to its first picture in the sampling panel, PyTorch being loaded.

    python benchmarks/open_checkpoint.py [ROUNDS]

Each round is a fresh process, so nothing is remembered: it imports the panel (not counted), shows it with the exact
denoiser of a few pictures, asks for the network as a drop on the window does, and waits for the first state of its
chain. Needs a display, or QT_QPA_PLATFORM=offscreen. Header and weights are then read once more, alone. The processor's
time is that of all threads: on a busy machine it says more than the clock.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from ddpm_studio.checkpoint import Checkpoint

ROOT = Path(__file__).resolve().parent.parent

SCRIPT = """
import json, sys, time
import numpy as np
from PySide6.QtCore import QEventLoop, QTimer
from ddpm_studio.ui.application import make_application
from ddpm_studio.ui.panels.sampling import SamplingPanel
from ddpm_studio.ui.session import Session
from ddpm_studio.document import Document, Sampling
from ddpm_studio.run import checkpoint_named
name, small, told = sys.argv[1], sys.argv[2], {}
np.savez(small, train_images=np.zeros((4, 8, 8, 3), np.uint8), test_images=np.zeros((1, 8, 8, 3), np.uint8))
app = make_application()
session = Session(Document(dataset=small, sampling=Sampling(count=16)))
panel = SamplingPanel(session)
panel.resize(1200, 500)
panel.show()
def wait(done):  # without turning in circles: that would take the time of what is measured
    loop, timer = QEventLoop(), QTimer(interval=2)
    timer.timeout.connect(lambda: done() and loop.quit())
    timer.start()
    loop.exec()
    timer.stop()
wait(lambda: panel._chain.frame is not None)
start, busy = time.perf_counter(), time.process_time()
session.edit("open", denoiser=f"checkpoint:{name}")
chain = panel._chain
wait(lambda: chain.model is not None and chain.model.network is not None and chain.frame is not None)
told["first picture"], told["processor"] = time.perf_counter() - start, time.process_time() - busy
start = time.perf_counter()
checkpoint = checkpoint_named(f"checkpoint:{name}")
told["header read"] = time.perf_counter() - start
start = time.perf_counter()
checkpoint.denoiser()
told["weights read"] = time.perf_counter() - start
panel.close_jobs()
print(json.dumps(told))
"""


def measured(name: str, folder: Path) -> dict[str, float]:
    """Seconds of each part in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, name, str(folder / "small.npz")],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return json.loads(run.stdout.splitlines()[-1])


def has_pictures(path: Path) -> bool:
    """Whether a network makes pictures and not points."""
    return len(Checkpoint.open(path).header.shape) == 3


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted((ROOT / "assets" / "checkpoints").glob("*.safetensors")):
            if not has_pictures(path):
                continue
            found = [measured(path.stem, Path(folder)) for _ in range(rounds)]
            for part in found[0]:
                seconds = statistics.median(run[part] for run in found)
                target = "   (≤ 1 s)" if part == "first picture" else ""
                print(f"{path.stem:14s} {part:15s} {seconds:6.3f} s{target}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
