"""What checkpoints cost a run at the default interval: `python benchmarks/checkpoint_share.py [--network small]`.

Steps and saves take turns; each is told in seconds of the clock, and the share is that of a save after `save_every`
steps.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from ddpm_studio.device import chosen
from ddpm_studio.document import Document
from ddpm_studio.learner import TrainStep
from ddpm_studio.networks import PRESETS
from ddpm_studio.record import Recorder, Saved
from ddpm_studio.run import Run
from ddpm_studio.training import Training


def main():
    args = parsed()
    training = Training(steps=args.steps, batch=args.batch, save_every=args.every, preview_every=10_000_000, keep=1)
    document = Document(dataset=args.dataset, network=PRESETS[args.network], training=training)
    with tempfile.TemporaryDirectory() as place:
        run = Run.create(Path(place) / "run", document)
        steps, saves = measured(Recorder.of(run, chosen(args.device)))
        size = run.latest.stat().st_size
    step, save = statistics.median(steps), statistics.median(saves)
    share = save / (save + step * Training().save_every)
    print(f"{args.network}, {args.dataset}, batch {args.batch}, {args.device}, {size / 2**20:.1f} MiB")
    print(f"a step {1000 * step:.1f} ms, a checkpoint {1000 * save:.1f} ms")
    print(f"every {Training().save_every} steps that is {100 * share:.2f} % of the time (wanted: ≤ 2 %)")


def measured(recorder):
    """Seconds of each step but the first, and of each save."""
    steps, saves = [], []
    events = recorder.events()
    for event in events:
        if isinstance(event, TrainStep):
            steps.append(event.seconds)
        elif isinstance(event, Saved):
            saves.append(event.seconds)
            if event.step == recorder.learner.recipe.training.steps:
                events.close()
    return steps[1:], saves


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="small", choices=[n for n in PRESETS if n != "points"])
    parser.add_argument("--dataset", default="pixel-faces")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--every", type=int, default=5, help="steps between two saves here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
