"""What a network's file says otherwise than the document."""

from ddpm_studio.advice import advice
from ddpm_studio.document import Document
from ddpm_studio.sampler import Ancestral, Ddim, Sigma
from ddpm_studio.schedule import Cosine, Linear


def test_that_nothing_is_said_where_the_two_agree_in_what_the_file_has_a_say_in():
    own = Document(sampler=Ancestral(steps=1000, noise=False))
    assert advice(own, Document(sampler=Ancestral(steps=7))) is None
    assert advice(Document(sampler=Ancestral(variance=1.0)), Document(sampler=Ddim())) is None  # it has no variance


def test_that_only_what_differs_is_changed():
    mine = Document(schedule=Linear(), sampler=Ancestral(steps=7))
    own = Document(schedule=Cosine(T=60), sampler=Ancestral(steps=1000, clip=False, sigma=Sigma.LEARNED, variance=1.0))
    found = advice(own, mine)
    assert found.told == ("schedule cosine, T = 60", "clip off", "sigma learned", "variance 1")
    assert found.changes == {
        "schedule": Cosine(T=60),
        "sampler": Ancestral(steps=7, clip=False, sigma=Sigma.LEARNED, variance=1.0),
    }
