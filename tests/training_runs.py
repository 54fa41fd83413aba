"""What the tests of training share: a network of a few hundred weights and pictures of 4 × 4."""

import numpy as np

from ddpm_studio.data import ImageData
from ddpm_studio.document import Document, Sampling
from ddpm_studio.networks import UNet
from ddpm_studio.objective import Simple, Target
from ddpm_studio.sampler import Ancestral
from ddpm_studio.schedule import Cosine
from ddpm_studio.training import Training

NETWORK = UNet(width=8, multipliers=(1, 2), blocks=1, attention=(), groups=4)
TRAINING = Training(
    steps=6, batch=8, warmup=2, rate=1e-2, ema=0.9, log_every=2, save_every=3, preview_every=1000, keep=2, seed=1
)


def pictures(count=40, seed=0):
    """Grey pictures of 4 × 4: stripes of two levels."""
    generator = np.random.default_rng(seed)
    rows = generator.integers(0, 2, (count, 4, 1, 1)) * 200 + generator.integers(0, 40, (count, 4, 4, 1))
    return rows.astype(np.uint8)


def data(count=40, held_out=8):
    return ImageData("stripes", pictures(count), pictures(held_out, seed=1))


def document(dataset="stripes", network=NETWORK, objective=None, schedule=None, **training):
    """A document whose training takes a moment."""
    return Document(
        schedule=schedule or Cosine(T=20),
        dataset=str(dataset),
        sampler=Ancestral(steps=5),
        sampling=Sampling(count=2),
        network=network,
        objective=objective or Simple(target=Target.V),
        training=Training(**({name: getattr(TRAINING, name) for name in vars(TRAINING)} | training)),
    )
