from dataclasses import replace

import numpy as np
import pytest
import torch

from ddpm_studio.algorithm import ALGORITHMS, astray, follow, lines
from ddpm_studio.algorithm.guesses import GUESSES
from ddpm_studio.denoiser import Exact, Prediction, predicted
from ddpm_studio.objective import Target
from ddpm_studio.process import v_from
from ddpm_studio.sample import sample
from ddpm_studio.sampler import (
    SAMPLERS,
    Ancestral,
    Ddim,
    DpmSolver,
    Heun,
    Langevin,
    Predictor,
    PredictorCorrector,
    Sigma,
)
from ddpm_studio.schedule import Cosine, Linear
from ddpm_studio.symbols import SYMBOLS, Moment, names, values
from ddpm_studio.ui.typesetting.formula import Named, Part, Row
from ddpm_studio.ui.typesetting.markup import parse

SETTINGS = [
    Ancestral(steps=7),
    Ancestral(steps=7, clip=False),
    Ancestral(steps=7, variance=1.0),
    Ancestral(steps=7, variance=0.3, clip=False),
    Ancestral(steps=7, sigma=Sigma.OPTIMAL),
    Ancestral(steps=7, noise=False),
    Ancestral(steps=40, clip=False),
    Ddim(steps=7),
    Ddim(steps=7, eta=0.6, clip=False),
    DpmSolver(steps=7),
    DpmSolver(steps=7, clip=False),
    Heun(steps=7),
    Heun(steps=7, clip=False),
    Langevin(steps=5, corrections=1),
    Langevin(steps=5, corrections=1, clip=False),
    Langevin(steps=5, corrections=3),
    PredictorCorrector(steps=5, corrections=1),
    PredictorCorrector(steps=5, corrections=2, predictor=Predictor.DDIM),
]


@pytest.fixture(params=[Linear(T=40), Cosine(T=40)], ids=["linear", "cosine"])
def denoiser(request):
    pictures = np.random.default_rng(0).integers(0, 256, (9, 4, 4, 3), np.uint8)
    return Measured(Exact.of_pictures(request.param, pictures))


class Measured:
    """The exact denoiser, with an error that is known: for the optimal variance."""

    def __init__(self, exact):
        self.schedule, self.shape, self._exact = exact.schedule, exact.shape, exact

    def __call__(self, x, t):
        return replace(self._exact(x, t), mse=0.05)


def moments(denoiser, sampler):
    times = sampler.stops(denoiser.schedule.T)
    assert len(times) > 1
    for step in sample(denoiser, sampler, seed=1, samples=[0, 1]):
        yield Moment(denoiser.schedule, sampler, times, step)


def test_every_sampler_and_every_target_has_its_lines():
    assert set(ALGORITHMS) == set(SAMPLERS.values())
    assert set(GUESSES) == {None, *Target}


@pytest.mark.parametrize("sampler", SETTINGS, ids=repr)
def test_the_lines_followed_on_the_values_of_a_step_arrive_where_the_step_did(denoiser, sampler):
    for moment in moments(denoiser, sampler):
        written = lines(moment, None)
        assert astray(written, moment) < 1e-4
        found, known = follow(written, moment), values(moment)
        for line in written:
            if line.code is not None and line.gives in known:
                both = torch.broadcast_tensors(found[line.gives].double(), known[line.gives].double())
                torch.testing.assert_close(*both, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("sampler", SETTINGS, ids=repr)
def test_all_that_the_lines_take_from_a_step_is_x_and_what_is_asked_or_drawn_or_not_kept(denoiser, sampler):
    taken = {line.gives for moment in moments(denoiser, sampler) for line in lines(moment, None) if line.code is None}
    asked_or_drawn = {"x0", "z"}
    more = {
        Heun: {"there"},
        Langevin: {"mean"} if getattr(sampler, "corrections", 0) == 1 else {"mean", "score"},
        PredictorCorrector: {"mean", "score"} | ({"euler"} if sampler != SETTINGS[-1] else set()),
    }.get(type(sampler), set())
    if isinstance(sampler, Ancestral) and sampler.sigma is Sigma.OPTIMAL:
        more = {"sigma"}
    assert taken <= asked_or_drawn | more


@pytest.mark.parametrize("wrong", [{"x0": 1.01}, {"z": 1.1}, {"mean": 1.01}])
def test_lines_that_do_not_tell_what_the_step_did_are_found_out(denoiser, wrong):
    moment = list(moments(denoiser, Ancestral(steps=7)))[3]
    changed = {name: getattr(moment.step, name) * factor for name, factor in wrong.items()}
    if "x0" in changed:
        changed["x0_clipped"] = changed["x0"]
    step = replace(moment.step, **changed) if "mean" in wrong else moment.step
    if "mean" not in wrong:  # the quantity is another, what it led to is not
        step = replace(moment.step, mean=moment.step.next, sigma=0.0, **changed)
    off = replace(moment, step=step)
    assert astray(lines(replace(moment), None), off) > 1e-4


@pytest.mark.parametrize("target", Target)
def test_the_guess_follows_from_what_a_network_of_each_target_says(target):
    schedule = Cosine(T=40)
    x0, eps = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4)
    x = float(schedule.sqrt_alpha_bar[20]) * x0 + float(schedule.sqrt_one_minus_alpha_bar[20]) * eps
    answer = {Target.X0: x0, Target.EPS: eps, Target.V: v_from(schedule, x0, 20, eps)}[target]
    guess = predicted(schedule, target, x, 20, answer)

    class Said:
        shape = (3, 4, 4)

        def __call__(self, _x, _t):
            return Prediction(guess.x0, guess.eps)

    said = Said()
    said.schedule = schedule
    sampler = Ddim(steps=2, clip=False)
    (step, *_) = sample(said, sampler, seed=0, samples=[0, 1], x=x, start=20)
    found = follow(lines(moment := Moment(schedule, sampler, (20, 0), step), target), moment)
    torch.testing.assert_close(found["x0"].float(), x0, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found["eps"].float(), eps, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("sampler", SETTINGS, ids=repr)
@pytest.mark.parametrize("target", [None, *Target])
def test_every_line_can_be_read_and_names_only_symbols_that_have_been_given_before(denoiser, sampler, target):
    settings = {"x", "t", "s", "at", "as", "alpha", "beta", "eta", "mix", "snr", "ahead", "before"}
    for moment in moments(denoiser, sampler):
        given = set(settings)
        for line in lines(moment, target):
            named = set(_named(parse(line.markup, names(moment.dense))))
            assert line.gives in named
            assert named - {line.gives} <= given
            given.add(line.gives)
        assert "xs" in given


def test_that_a_chain_of_every_t_is_written_as_in_the_paper():
    assert SYMBOLS["xs"].written(dense=True) == "x_{t-1}"
    assert SYMBOLS["alpha"].written(dense=True) == r"\alpha_t"
    assert SYMBOLS["xs"].written(dense=False) == "x_s"


def _named(part: Part):
    if isinstance(part, Named):
        yield part.name
        yield from _named(part.body)
    elif isinstance(part, Row):
        for each in part.parts:
            yield from _named(each)
    else:
        for child in vars(part).values():
            if (
                not isinstance(child, str | float | bool)
                and child is not None
                and hasattr(child, "__dataclass_fields__")
            ):
                yield from _named(child)
