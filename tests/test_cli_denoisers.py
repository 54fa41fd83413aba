"""What the commands that take no document denoise with."""

import argparse
from dataclasses import replace

import pytest

from ddpm_studio.branch import TRUNK, Branch
from ddpm_studio.cli import denoisers
from ddpm_studio.document import EXACT
from ddpm_studio.errors import UserError
from ddpm_studio.run import checkpoint_named
from ddpm_studio.sampler import Ddim

NAME = "checkpoint:swiss-roll"


def typed(*words):
    parser = argparse.ArgumentParser()
    denoisers.add_denoiser_flags(parser)
    return parser.parse_args(words)


def test_an_exact_denoiser_has_no_checkpoint():
    document, checkpoint = denoisers.opened(typed("--exact", "rings"))
    assert (document.dataset, document.denoiser, checkpoint) == ("rings", EXACT, None)


def test_a_network_brings_its_own_document_but_none_of_its_branches(monkeypatch):
    shipped = checkpoint_named(NAME)
    own = shipped.header.document
    branched = replace(own, branches=(Branch(TRUNK, 40, Ddim(), 1, (0,), (0,), "of the window"),), branch=0)
    found = replace(shipped, header=replace(shipped.header, document=branched))
    monkeypatch.setattr(denoisers, "checkpoint_of", lambda args, ref: found)
    document, checkpoint = denoisers.opened(typed("--checkpoint", NAME))
    assert checkpoint is found
    assert (document.branches, document.branch) == ((), TRUNK)
    assert (document.schedule, document.dataset, document.denoiser) == (own.schedule, own.dataset, NAME)


@pytest.mark.parametrize(
    ("words", "told"),
    [((), "say what to sample from"), (("--exact", "rings", "--checkpoint", NAME), "two ways to guess x_0")],
)
def test_none_and_two_denoisers_are_refused(words, told):
    with pytest.raises(UserError, match=told):
        denoisers.opened(typed(*words))


def test_a_network_that_ships_goes_by_its_name_where_no_file_has_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert typed("--checkpoint", "swiss-roll").checkpoint == NAME
    assert typed("--checkpoint", NAME).checkpoint == NAME
    assert typed("--checkpoint", "swiss").checkpoint == "swiss"
    (tmp_path / "swiss-roll").mkdir()  # a run
    assert typed("--checkpoint", "swiss-roll").checkpoint == "swiss-roll"
