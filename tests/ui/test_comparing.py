"""The pictures near the steps of a network's walk: looked for in the background, where they are missing."""

import numpy as np
import torch
from PySide6.QtCore import QObject

from ddpm_studio.denoiser import Exact
from ddpm_studio.neighbours import near
from ddpm_studio.route import trunk
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ancestral
from ddpm_studio.schedule import Linear
from ddpm_studio.tree import Tree
from ddpm_studio.ui.sampling.comparing import Comparing

PICTURES = torch.rand(20, 1, 4, 4, generator=torch.Generator().manual_seed(3)) * 2 - 1


def test_missing_ones_are_filled_in_up_to_the_first_that_is_known(qtbot):
    exact, sampler = Exact.mixture(Linear(T=60), PICTURES), Ancestral(steps=8)
    along, tree = trunk(sampler, 0, 3, sampler.stops(60)), Tree(exact)
    steps = list(sample(exact, sampler, seed=0, samples=range(3)))
    for step in steps:
        tree.append(along.legs[0], step)
    known = [near(exact, step) for step in steps]
    parent = QObject()
    comparing, found = Comparing(parent), {}
    comparing.filled.connect(found.update)
    with qtbot.waitSignal(comparing.ended, timeout=5000):
        comparing.fill(tree.path(along), exact, [*known[:2], None, None, None, *known[5:7], None])
    assert sorted(found) == [2, 3, 4]
    assert all(np.array_equal(found[i].nearest, known[i].nearest) for i in found)
    with qtbot.assertNotEmitted(comparing.filled, wait=50):
        comparing.fill(tree.path(along), exact, known)
    comparing.close()
    parent.deleteLater()


def test_whether_they_are_wanted_is_known_to_every_thread(qtbot):
    parent = QObject()
    comparing = Comparing(parent)
    assert comparing.wanted()
    comparing.want(False)
    assert not comparing.wanted()
    parent.deleteLater()
