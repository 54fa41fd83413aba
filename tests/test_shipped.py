"""The trained networks in the box: what they say of themselves is true, and they know their pictures."""

from dataclasses import replace

import numpy as np
import pytest

from ddpm_studio.assets import asset, checkpoints
from ddpm_studio.data import load
from ddpm_studio.document import load as load_document
from ddpm_studio.levels import Probe, Wiener, errors
from ddpm_studio.run import checkpoint_named

MOST = 12 * 2**20  # bytes
PICTURES = [name for name in checkpoints() if name in ("fashion", "pixel-faces")]


def test_both_picture_networks_ship():
    assert PICTURES == ["fashion", "pixel-faces"]


@pytest.mark.parametrize("name", PICTURES)
def test_a_shipped_network_was_trained_by_the_document_beside_it(name):
    checkpoint = checkpoint_named(f"checkpoint:{name}")
    document = load_document(asset("checkpoints", f"{name}.ddpm.json"))
    assert checkpoint.path.stat().st_size <= MOST
    assert checkpoint.header.document.recipe == document.recipe
    assert checkpoint.header.document.dataset == document.dataset
    assert checkpoint.header.step == document.training.steps
    assert checkpoint.header.digest == load(document.dataset).digest


@pytest.mark.parametrize("name", PICTURES)
def test_a_shipped_network_beats_the_wiener_filter_where_shapes_are_decided(name):
    checkpoint = checkpoint_named(f"checkpoint:{name}")
    document = checkpoint.header.document
    data = load(document.dataset)
    probe = Probe.of(data, document.schedule, 16)
    log_snr = document.schedule.log_snr[probe.times]
    probe = replace(probe, times=probe.times[(log_snr > -2.5) & (log_snr < 3.0)])
    wiener = Wiener.of_pictures(document.schedule, data.train)
    found, bound = (np.array(list(errors(each, probe))) for each in (checkpoint.denoiser(), wiener))
    assert len(found) >= 4
    assert (found < bound).all()
