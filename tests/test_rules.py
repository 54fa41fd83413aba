"""Samplers that ask more than once, learned and optimal variances, and the known part of a picture."""

from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
import torch
from diffusers import DDPMScheduler
from torch import Tensor

from ddpm_studio.denoiser import Exact, Prediction
from ddpm_studio.errors import UserError
from ddpm_studio.neighbours import watch
from ddpm_studio.noise import Purpose
from ddpm_studio.origin.encode import encode
from ddpm_studio.process import x0_from_eps
from ddpm_studio.rules import langevin_move
from ddpm_studio.sample import Known, Step, sample
from ddpm_studio.sampler import (
    SAMPLERS,
    Ancestral,
    Ddim,
    DpmSolver,
    Heun,
    Langevin,
    Predictor,
    PredictorCorrector,
    Sampler,
    Sigma,
)
from ddpm_studio.schedule import Cosine, Linear, Schedule
from ddpm_studio.step import Chain, Noise

SHORT = Linear(T=200, scaled=True)
EVERY = [
    Ancestral(steps=7, sigma=Sigma.OPTIMAL),
    DpmSolver(steps=7),
    Heun(steps=7),
    Langevin(steps=7),
    PredictorCorrector(steps=7),
    PredictorCorrector(steps=7, predictor=Predictor.DDIM, corrections=3),
]


def wide(schedule: Schedule = SHORT, s2: float = 0.25, size: int = 512) -> Exact:
    return Exact.gaussian(schedule, s2, (size,))


def chain_of(sampler: Sampler, denoiser: Exact, count: int = 4) -> list[Step]:
    return list(sample(denoiser, sampler, seed=4, samples=range(count)))


def same(one: Step, other: Step) -> bool:
    pairs = [(getattr(one, name), getattr(other, name)) for name in ("x", "eps", "x0", "mean", "z", "next")]
    return all(torch.equal(a, b) for a, b in pairs) and (one.t, one.s) == (other.t, other.s)


@pytest.mark.parametrize("sampler", EVERY, ids=str)
def test_every_sampler_goes_on_from_any_of_its_steps_to_the_bit(sampler):
    steps = chain_of(sampler, wide())
    for i, step in enumerate(steps):
        again = sample(wide(), sampler, seed=4, samples=range(4), x=step.x, start=step.t, before=step.before)
        assert all(same(a, b) for a, b in zip(again, steps[i:], strict=True))


@pytest.mark.parametrize("sampler", EVERY, ids=str)
def test_a_step_of_every_sampler_is_told_by_its_own_numbers(sampler):
    steps = chain_of(sampler, wide())
    for step, after in pairwise([*steps, None]):
        torch.testing.assert_close(step.next, step.mean + step.sigma * step.z)
        torch.testing.assert_close(step.x, _mixed(step))
        assert after is None or after.x is step.next
    assert sum(step.evaluations for step in steps) == sampler.evaluations(len(steps))
    assert not steps[-1].z.any()


def _mixed(step: Step) -> Tensor:
    return float(SHORT.sqrt_alpha_bar[step.t]) * step.x0 + float(SHORT.sqrt_one_minus_alpha_bar[step.t]) * step.eps


@pytest.mark.parametrize("sampler", EVERY, ids=str)
def test_a_sample_of_any_sampler_does_not_depend_on_its_batch(sampler):
    together = list(sample(wide(), sampler, seed=4, samples=[3, 8, 5]))[-1].next[2]
    alone = list(sample(wide(), sampler, seed=4, samples=[5]))[-1].next[0]
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", SAMPLERS)
def test_every_sampler_ends_at_the_data_of_two_points(kind):
    points = Exact.mixture(SHORT, torch.tensor([[1.0], [-1.0]]))
    end = list(sample(points, SAMPLERS[kind](steps=100), seed=2, samples=range(1000)))[-1].next
    assert (end.abs() - 1).abs().max() < 2e-2
    assert abs(float(end.mean())) < 4 / 1000**0.5


@pytest.mark.parametrize(
    ("sampler", "within"),
    [
        (Ancestral(steps=200, sigma=Sigma.OPTIMAL, clip=False), 0.002),
        (DpmSolver(steps=50, clip=False), 0.002),
        (Heun(steps=200, clip=False), 0.002),
        (Langevin(steps=100, corrections=20, snr=0.3, clip=False), 0.01),
        (PredictorCorrector(steps=100, corrections=5, snr=0.3, clip=False), 0.01),
    ],
    ids=lambda v: getattr(v, "kind", ""),
)
def test_the_chain_of_a_wide_gaussian_ends_with_its_variance(sampler, within):
    """Over 64 · 512 values, whose own error is 0.002."""
    end = chain_of(sampler, wide(), 64)[-1].next.double()
    assert float(end.var()) == pytest.approx(0.25, abs=within + 4 * 0.25 * (2 / end.numel()) ** 0.5)


def test_the_optimal_variance_closes_the_gap_that_beta_tilde_leaves():
    """Ten steps over N(0, ¼): the variance that is missing at the end."""
    missing = {
        sigma: 0.25 - float(chain_of(Ancestral(steps=10, sigma=sigma, clip=False), wide(), 32)[-1].x.var())
        for sigma in (Sigma.BETWEEN, Sigma.OPTIMAL)
    }
    t = chain_of(Ancestral(steps=10), wide(), 1)[-1].t
    right = float(SHORT.alpha_bar[t] * 0.25 + SHORT.one_minus_alpha_bar[t])
    off = {sigma: right - (0.25 - value) for sigma, value in missing.items()}
    assert off[Sigma.BETWEEN] > 0.02
    assert abs(off[Sigma.OPTIMAL]) < 4 * right * (2 / (32 * 512)) ** 0.5


def test_an_optimal_variance_needs_an_error_that_is_known():
    faces = Exact.mixture(SHORT, torch.tensor([[1.0], [-1.0]]))
    with pytest.raises(UserError, match="error of this denoiser"):
        next(sample(faces, Ancestral(steps=5, sigma=Sigma.OPTIMAL), seed=0, samples=[0]))


def test_a_learned_variance_needs_a_network_that_has_learned_one():
    with pytest.raises(UserError, match="has not learned a variance"):
        next(sample(wide(), Ancestral(steps=5, sigma=Sigma.LEARNED), seed=0, samples=[0]))


@dataclass(frozen=True)
class Saying:
    """A denoiser that says a variance: `raw` in [−1, 1] at every value."""

    schedule: Schedule
    raw: Tensor
    shape: tuple[int, ...] = (3, 4, 4)

    def __call__(self, x: Tensor, t: int) -> Prediction:
        eps = torch.tanh(x)
        return Prediction(x0_from_eps(self.schedule, x, t, eps), eps, v=(self.raw.expand_as(x) + 1) / 2)


@pytest.mark.parametrize("steps", [1000, 50])
def test_a_learned_variance_is_that_of_diffusers(steps):
    raw = torch.linspace(-1, 1, 48).reshape(1, 3, 4, 4)
    theirs = DDPMScheduler(variance_type="learned_range", timestep_spacing="leading", clip_sample=False)
    theirs.set_timesteps(steps)
    sampler = Ancestral(steps=steps, sigma=Sigma.LEARNED, spacing="leading", clip=False)
    x = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    for t in sampler.times(1000).tolist()[:: steps // 5][:-1]:
        step = next(sample(Saying(Linear(), raw), sampler, seed=0, samples=[0], x=x, start=t))
        log_variance = theirs._get_variance(t - 1, predicted_variance=raw)
        torch.testing.assert_close(step.sigma, torch.exp(0.5 * log_variance), rtol=2e-4, atol=0)


@pytest.mark.parametrize(("v", "variance"), [(-1.0, 0.0), (0.0, 0.5), (1.0, 1.0)])
def test_a_learned_variance_that_is_the_same_everywhere_is_the_one_between(v, variance):
    learned = next(
        sample(Saying(Linear(), torch.tensor(v)), Ancestral(steps=50, sigma=Sigma.LEARNED), seed=0, samples=[0])
    )
    fixed = Ancestral(steps=50, variance=variance).move(Linear(), learned.t, learned.s).sigma
    torch.testing.assert_close(learned.sigma, torch.full_like(learned.sigma, fixed))


@pytest.mark.parametrize("t", [20, 120])
def test_langevin_moves_come_to_the_distribution_of_their_level(t):
    """N(0, v): x → (1 − δ/v)x + √(2δ)z comes to the variance v/(1 − δ/2v), δ = 2r²(1 − ᾱ)."""
    denoiser, r = wide(size=4096), 0.4
    chain = Chain(denoiser, Langevin(clip=False), Noise(1, range(8)))
    x = 2.0 * chain.noise.like(torch.zeros(8, 4096), 1, Purpose.START)
    for turn in range(200):
        mean, sigma, z = langevin_move(chain, x, t, denoiser(x, t), r, turn)
        x = mean + sigma * z
    v = float(SHORT.alpha_bar[t] * 0.25 + SHORT.one_minus_alpha_bar[t])
    excess = 1 / (1 - r**2 * float(SHORT.one_minus_alpha_bar[t]) / v)
    assert excess > 1.05
    assert float(x.var()) == pytest.approx(v * excess, rel=4 * (2 / x.numel()) ** 0.5)
    assert float((x**4).mean() / x.var() ** 2) == pytest.approx(3.0, abs=0.1)


def test_a_corrector_mends_what_a_predictor_of_few_steps_leaves_wrong():
    """The variance at the last level before the data, with 10 steps of DDPM with β̃ alone and with corrections."""
    plain = chain_of(Ancestral(steps=10, clip=False), wide(), 32)[-1]
    mended = chain_of(PredictorCorrector(steps=10, corrections=10, snr=0.3, clip=False), wide(), 32)[-1]
    right = float(SHORT.alpha_bar[plain.t] * 0.25 + SHORT.one_minus_alpha_bar[plain.t])
    assert abs(float(mended.x.var()) - right) < 0.5 * abs(float(plain.x.var()) - right)


@pytest.mark.parametrize("sampler", [Heun(steps=6), PredictorCorrector(steps=6), Langevin(steps=6)], ids=str)
def test_the_neighbours_of_a_step_are_those_of_its_x_t_however_often_it_asks(sampler):
    data = Exact.mixture(Cosine(T=60), torch.rand(40, 6, generator=torch.Generator().manual_seed(1)) * 2 - 1)
    for seen in watch(data, lambda witness: sample(witness, sampler, seed=1, samples=[0, 1])):
        odds = data.odds(seen.step.x, seen.step.t)
        torch.testing.assert_close(torch.from_numpy(seen.neighbours.entropy), odds.entropy)


def half_known(resamplings: int) -> tuple[Exact, Known]:
    """Eight pictures, four of which begin with 1 and four with −1; their first half is known to be −1."""
    signs = torch.tensor([[1.0, 1.0], [-1.0, -1.0]]).repeat_interleave(4, 0)
    data = torch.cat([signs, signs * torch.tensor([0.5, 1.0])], 1)
    known = Known(torch.full((1, 4), -1.0), torch.tensor([[0.0, 0.0, 1.0, 1.0]]), resamplings)
    return Exact.mixture(SHORT, data), known


@pytest.mark.parametrize("sampler", [Ancestral(steps=50), Ddim(steps=50), DpmSolver(steps=30)], ids=str)
def test_a_repair_keeps_what_is_known_and_fits_the_rest_to_it(sampler):
    denoiser, known = half_known(10)
    end = list(sample(denoiser, sampler, seed=1, samples=range(50), known=known))[-1].next
    assert torch.equal(end[:, :2], torch.full((50, 2), -1.0))
    fitting = ((end[:, 2:] - torch.tensor([-0.5, -1.0])).abs().max(1).values < 0.05).float().mean()
    assert fitting > 0.9


def test_resampling_makes_the_new_part_fit_the_known_one_more_often():
    def fitting(resamplings: int) -> float:
        denoiser, known = half_known(resamplings)
        free = replace(known, mask=torch.tensor([[0.0, 1.0, 1.0, 1.0]]))
        end = list(sample(denoiser, Ancestral(steps=10), seed=1, samples=range(200), known=free))[-1].next
        return float((end[:, 3] < 0).float().mean())

    assert fitting(10) > fitting(1) + 0.03


def test_a_repair_goes_on_from_any_step_to_the_bit_and_counts_its_calls():
    denoiser, known = half_known(3)
    steps = list(sample(denoiser, DpmSolver(steps=8), seed=1, samples=[0, 1], known=known))
    assert [step.evaluations for step in steps] == [3] * 7 + [1]
    assert [step.t for step in steps] == DpmSolver(steps=8).times(200).tolist()
    for step in steps:
        torch.testing.assert_close(step.next, step.mean + step.sigma * step.z)
        again = sample(
            denoiser,
            DpmSolver(steps=8),
            seed=1,
            samples=[0, 1],
            x=step.x,
            start=step.t,
            before=step.before,
            known=known,
        )
        assert torch.equal(list(again)[-1].next, steps[-1].next)


def round_trip(steps: int) -> float:
    """How far DDIM leads from where its inverse has led to, for data N(0, ¼)."""
    sampler = Ddim(steps=steps, clip=False)
    denoiser = Exact.mixture(Linear(), torch.zeros(1, 8, dtype=torch.float64), 0.25)
    x0 = torch.linspace(-1, 1, 16, dtype=torch.float64).reshape(2, 8)
    *_, coded = encode(denoiser, x0, sampler.stops(1000))
    *_, back = sample(denoiser, sampler, seed=0, samples=[0, 1], x=coded.next, start=1000)
    return float((back.next - x0).abs().max())


def test_what_is_encoded_and_decoded_comes_back_the_nearer_the_more_steps():
    errors = [round_trip(steps) for steps in (20, 40, 80, 160)]
    assert all(fine < 0.7 * coarse for coarse, fine in pairwise(errors))
    assert errors[-1] < 0.04


def test_encoding_stretches_a_gaussian_to_the_noise_it_came_from():
    x0 = torch.tensor([[0.5, -0.25]], dtype=torch.float64)
    denoiser = Exact.mixture(Linear(), torch.zeros(1, 2, dtype=torch.float64), 0.25)
    steps = list(encode(denoiser, x0, Ddim(steps=1000).stops(1000)))
    assert [(step.t, step.s) for step in steps[:2]] == [(0, 1), (1, 2)]
    torch.testing.assert_close(steps[-1].next, x0 / 0.5, rtol=1e-2, atol=0)
