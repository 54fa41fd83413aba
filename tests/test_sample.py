"""The reverse chain against diffusers, against REFERENCE's vectors, and against what is known of its end."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from diffusers.schedulers import scheduling_ddpm
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ddpm_studio.denoiser import Exact, Prediction
from ddpm_studio.errors import UserError
from ddpm_studio.noise import Purpose, gaussian
from ddpm_studio.process import eps_from_v, x0_from_eps, x0_from_v
from ddpm_studio.sample import Step, sample
from ddpm_studio.sampler import Ancestral, Ddim, Sampler, Spacing
from ddpm_studio.schedule import SCHEDULES, Cosine, Jsd, Linear, Schedule

COLLAPSED = Ancestral(steps=20, noise=False)
"""Posterior means alone lead every sample to the same picture."""
ALL_SAMPLERS = [
    Ancestral(steps=20),
    Ancestral(steps=7, variance=1.0, clip=False),
    COLLAPSED,
    Ddim(steps=7),
    Ddim(steps=20, eta=1.0, spacing=Spacing.QUADRATIC),
]


@dataclass(frozen=True)
class Toy:
    """The denoiser of diffusers' own tests, m = x·τ/(τ+1) with τ = t − 1, read as ε or as v."""

    schedule: Schedule
    shape: tuple[int, ...] = (3, 8, 8)
    v: bool = False

    def __call__(self, x: Tensor, t: int) -> Prediction:
        output = toy_output(x, t)
        if self.v:
            return Prediction(x0_from_v(self.schedule, x, t, output), eps_from_v(self.schedule, x, t, output))
        return Prediction(x0_from_eps(self.schedule, x, t, output), output)


def toy_output(x: Tensor, t: int) -> Tensor:
    return x * (t - 1) / t


def toy_start() -> Tensor:
    """arange(4·3·8·8)/768 as (3, 8, 8, 4), permuted to (4, 3, 8, 8)."""
    return (torch.arange(768).reshape(3, 8, 8, 4) / 768).permute(3, 0, 1, 2)


def last(steps: Iterator[Step]) -> Tensor:
    *_, step = steps
    return step.next


@pytest.mark.parametrize(("v", "total", "mean"), [(False, 172.0065, 0.2239668), (True, 52.5301, 0.0683986)])
def test_ddim_on_the_toy_denoiser_has_the_reference_values(v, total, mean):
    sampler = Ddim(steps=10, spacing=Spacing.LEADING)
    x0 = last(sample(Toy(Linear(), v=v), sampler, seed=0, samples=range(4), x=toy_start(), start=901))
    assert float(x0.abs().sum()) == pytest.approx(total, abs=1e-3)
    assert float(x0.abs().mean()) == pytest.approx(mean, abs=1e-6)


def states(t: int) -> tuple[Tensor, Tensor]:
    """Some x_t and some model output of its size, float64 (2, 4, 3, 8, 8)."""
    x, eps = torch.randn(2, 4, 3, 8, 8, generator=torch.Generator().manual_seed(t), dtype=torch.float64)
    return x, eps


@dataclass(frozen=True)
class Fixed:
    """A denoiser whose ε̂ is the same whatever it is given."""

    schedule: Schedule
    eps: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.eps.shape[1:])

    def __call__(self, x: Tensor, t: int) -> Prediction:
        return Prediction(x0_from_eps(self.schedule, x, t, self.eps), self.eps)


def first_step(schedule: Schedule, sampler: Sampler, t: int) -> Step:
    x, eps = states(t)
    return next(sample(Fixed(schedule, eps), sampler, seed=5, samples=range(4), x=x, start=t))


def in_float64(theirs: DDPMScheduler | DDIMScheduler) -> None:
    """Their float32 β, carried on in float64: what differs then is the arithmetic, not its rounding."""
    theirs.betas = theirs.betas.double()
    theirs.alphas = 1 - theirs.betas
    theirs.alphas_cumprod = theirs.alphas.cumprod(0)


def assert_close(ours: Tensor, theirs: Tensor) -> None:
    """Within 1e-5 of the largest value: unclipped, x̂_0 = …/√ᾱ_t grows to hundreds."""
    assert float((ours - theirs).abs().max()) <= 1e-5 * max(1.0, float(theirs.abs().max()))


NAMES = {"linear": "linear", "cosine": "squaredcos_cap_v2"}


@pytest.mark.parametrize("schedule", [Linear(), Cosine()], ids=lambda s: s.kind)
@pytest.mark.parametrize(("variance", "name"), [(0.0, "fixed_small"), (1.0, "fixed_large")])
@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize(("steps", "spacing"), [(1000, Spacing.LEADING), (50, Spacing.LEADING), (50, Spacing.TRAILING)])
def test_an_ancestral_step_is_that_of_diffusers_given_the_same_noise(
    monkeypatch, schedule, variance, name, clip, steps, spacing
):
    theirs = DDPMScheduler(
        beta_schedule=NAMES[schedule.kind], variance_type=name, clip_sample=clip, timestep_spacing=str(spacing)
    )
    in_float64(theirs)
    theirs.set_timesteps(steps)
    sampler = Ancestral(steps=steps, spacing=spacing, clip=clip, variance=variance)
    visited = sampler.times(1000).tolist()
    for t in [*visited[:: len(visited) // 4], visited[-1]]:
        step = first_step(schedule, sampler, t)
        monkeypatch.setattr(scheduling_ddpm, "randn_tensor", lambda *_, z=step.z, **__: z)
        x, eps = states(t)
        assert_close(step.next, theirs.step(eps, t - 1, x).prev_sample)


@pytest.mark.parametrize("schedule", [Linear(), Cosine()], ids=lambda s: s.kind)
@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize(
    ("steps", "spacing"), [(1000, Spacing.LINSPACE), (50, Spacing.LEADING), (20, Spacing.TRAILING)]
)
def test_a_ddim_step_is_that_of_diffusers_given_the_same_noise(schedule, eta, clip, steps, spacing):
    theirs = DDIMScheduler(beta_schedule=NAMES[schedule.kind], clip_sample=clip, timestep_spacing=str(spacing))
    in_float64(theirs)
    theirs.set_timesteps(steps)
    sampler = Ddim(steps=steps, spacing=spacing, clip=clip, eta=eta)
    visited = sampler.times(1000).tolist()
    assert visited == (theirs.timesteps + 1).tolist()
    for t in [*visited[:: len(visited) // 4], visited[-1]]:
        step = first_step(schedule, sampler, t)
        x, eps = states(t)
        expected = theirs.step(eps, t - 1, x, eta=eta, variance_noise=step.z).prev_sample
        assert_close(step.next, expected)


def test_a_whole_ancestral_chain_is_that_of_diffusers_given_the_same_noise(monkeypatch):
    schedule, sampler = Linear(T=100, scaled=True), Ancestral(steps=100)
    theirs = DDPMScheduler(trained_betas=schedule.beta[1:].copy(), clip_sample=True)
    in_float64(theirs)
    x = toy_start().double()
    for step in sample(Toy(schedule), sampler, seed=0, samples=range(4), x=x, start=100):
        monkeypatch.setattr(scheduling_ddpm, "randn_tensor", lambda *_, z=step.z, **__: z)
        x = theirs.step(toy_output(x, step.t), step.t - 1, x).prev_sample
    assert_close(step.next, x)


@pytest.mark.parametrize("sampler", ALL_SAMPLERS, ids=str)
def test_each_step_is_told_by_its_own_numbers(sampler):
    """x_s = mean + σ·z; mean = a·x̂_0 + b·x_t + c·ε̂ with x̂_0 clipped or not; t falls to 0 without a gap."""
    schedule = Cosine(T=20)
    denoiser = Exact.mixture(schedule, torch.linspace(-2.0, 5.0, 12).reshape(6, 2))
    steps = list(sample(denoiser, sampler, seed=1, samples=range(3)))
    moves = [sampler.move(schedule, t, s) for t, s in pairwise([*sampler.times(20).tolist(), 0])]
    assert [(step.t, step.s, step.sigma) for step in steps] == [(m.t, m.s, m.sigma) for m in moves]
    for step, move, after in zip(steps, moves, [*steps[1:], None], strict=True):
        used = step.x0.clamp(-1, 1) if sampler.clip else step.x0
        assert torch.equal(step.x0_clipped, used)
        torch.testing.assert_close(step.mean, move.a * used + move.b * step.x + move.c * step.eps)
        torch.testing.assert_close(step.next, step.mean + step.sigma * step.z)
        assert after is None or after.x is step.next
    assert any((step.x0.abs() > 1).any() for step in steps)
    assert not steps[-1].z.any()


def test_the_noise_of_start_and_steps_is_that_of_noise_py():
    steps = list(sample(Exact.gaussian(Linear(T=50), 1.0, (2,)), Ancestral(steps=5), seed=9, samples=[3, 8]))
    assert torch.equal(steps[0].x, gaussian((2,), seed=9, samples=[3, 8], t=50, purpose=Purpose.START))
    for step in steps[:-1]:
        assert torch.equal(step.z, gaussian((2,), seed=9, samples=[3, 8], t=step.t, purpose=Purpose.STEP))


def faces() -> Exact:
    """Forty random pictures (3, 4, 4)."""
    data = torch.rand(40, 3, 4, 4, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return Exact.mixture(Cosine(T=20), data)


@pytest.mark.parametrize("sampler", ALL_SAMPLERS, ids=str)
@settings(max_examples=15)
@given(batch=st.lists(st.integers(0, 1000), min_size=1, max_size=6, unique=True))
def test_a_sample_does_not_depend_on_its_batch(sampler, batch):
    """The noise to the bit, the pictures to rounding."""
    together = list(sample(faces(), sampler, seed=4, samples=batch))
    alone = list(sample(faces(), sampler, seed=4, samples=batch[-1:]))
    for many, one in zip(together, alone, strict=True):
        assert torch.equal(many.z[-1], one.z[0])
        torch.testing.assert_close(many.x[-1], one.x[0], rtol=0, atol=1e-4)
    assert torch.equal(together[0].x[-1], alone[0].x[0])


@pytest.mark.parametrize("sampler", ALL_SAMPLERS, ids=str)
def test_the_same_seed_gives_the_same_bits_and_another_other_ones(sampler):
    one, again, other = (last(sample(faces(), sampler, seed=seed, samples=range(3))) for seed in (4, 4, 5))
    assert torch.equal(one, again)
    assert sampler == COLLAPSED or not torch.equal(one, other)


@pytest.mark.parametrize("sampler", ALL_SAMPLERS, ids=str)
def test_going_on_from_any_step_gives_the_same_bits(sampler):
    steps = list(sample(faces(), sampler, seed=4, samples=range(3)))
    for step in steps:
        resumed = last(sample(faces(), sampler, seed=4, samples=range(3), x=step.x, start=step.t))
        assert torch.equal(resumed, steps[-1].next)


@pytest.mark.parametrize("start", [0, 21, -1])
def test_a_start_outside_1_to_T_is_refused(start):
    with pytest.raises(UserError, match=f"not from t = {start}"):
        next(sample(faces(), Ancestral(steps=2), seed=0, samples=[0], start=start))


@pytest.mark.parametrize(("start", "stops"), [(20, [20, 10]), (19, [19, 10]), (10, [10]), (3, [3])])
def test_a_chain_goes_on_from_any_t_to_those_that_the_sampler_visits_below(start, stops):
    steps = list(sample(faces(), Ancestral(steps=2), seed=0, samples=[0], start=start))
    assert [step.t for step in steps] == stops
    assert [step.s for step in steps] == [*stops[1:], 0]


def test_more_steps_than_T_are_refused():
    with pytest.raises(UserError, match="between 1 and T = 20 steps, not 21"):
        next(sample(faces(), Ddim(steps=21), seed=0, samples=[0]))


def test_a_chain_begun_in_float64_stays_in_float64():
    denoiser = Exact.mixture(Linear(T=50), torch.tensor([[1.0, 0.5], [-1.0, 0.0]], dtype=torch.float64))
    x = torch.ones(2, 2, dtype=torch.float64)
    for step in sample(denoiser, Ancestral(steps=50), seed=0, samples=[0, 1], x=x, start=50):
        assert {v.dtype for v in (step.x, step.eps, step.x0, step.x0_clipped, step.mean, step.z)} == {torch.float64}


@settings(max_examples=25)
@given(
    st.sampled_from([(1,), (2,), (1, 2, 3), (3, 4, 4)]),
    st.integers(1, 3),
    st.sampled_from(ALL_SAMPLERS),
    st.sampled_from(list(SCHEDULES)),
)
def test_every_shape_and_every_schedule_ends_finite_and_at_the_shape_it_began(shape, batch, sampler, kind):
    """On every schedule the exact denoiser of one picture leads to that picture."""
    only = torch.rand(1, *shape, generator=torch.Generator().manual_seed(2)) * 2 - 1
    denoiser = Exact.mixture(SCHEDULES[kind](T=20), only)
    for step in sample(denoiser, sampler, seed=0, samples=range(batch)):
        assert step.x.shape == step.mean.shape == step.z.shape == (batch, *shape)
        assert torch.isfinite(step.next).all()
    torch.testing.assert_close(step.next, only.expand(batch, *shape), rtol=0, atol=1e-5)


@pytest.mark.parametrize("sampler", [Ancestral(steps=50), Ddim(steps=50), Ddim(steps=50, eta=1.0)], ids=str)
@pytest.mark.parametrize("schedule", [Jsd(T=50), Linear(T=50, scaled=True, zero_terminal_snr=True)])
def test_zero_terminal_snr_leads_from_pure_noise_to_the_data(schedule, sampler):
    data = torch.tensor([[1.0, -1.0], [-1.0, 1.0], [0.5, 0.5]])
    x0 = last(sample(Exact.mixture(schedule, data), sampler, seed=0, samples=range(30)))
    nearest = torch.cdist(x0, data).min(1)
    assert nearest.values.max() < 1e-3
    assert set(nearest.indices.tolist()) == {0, 1, 2}


def gaussian_end(sampler: Sampler, s2: float) -> Tensor:
    """x_0 of 16 samples of 2048 values each, driven by the oracle of N(0, s²)."""
    return last(sample(Exact.gaussian(Linear(), s2, (2048,)), sampler, seed=11, samples=range(16))).double()


@pytest.mark.parametrize(
    ("s2", "variance", "expected"),
    [(1.0, 1.0, 0.99990000), (1.0, 0.0, 0.99106738), (0.25, 1.0, 0.25075208), (0.25, 0.0, 0.24612521)],
)
def test_a_simulated_gaussian_chain_ends_with_the_reference_variance(s2, variance, expected):
    """Within four standard errors of 32768 values."""
    end = gaussian_end(Ancestral(steps=1000, variance=variance, clip=False), s2)
    n = end.numel()
    assert float(end.var()) == pytest.approx(expected, rel=4 * (2 / n) ** 0.5)
    assert abs(float(end.mean())) < 4 * (expected / n) ** 0.5
    assert float((end**4).mean() / end.var() ** 2) == pytest.approx(3.0, abs=4 * (24 / n) ** 0.5)


def test_ddim_stretches_gaussian_noise_as_the_probability_flow_does():
    """x_0 = x_T √(v_0/v_T), value by value; 1000 steps of a method of order 1 come within a third of a percent."""
    sampler, schedule = Ddim(steps=1000, clip=False), Linear()
    steps = list(sample(Exact.gaussian(schedule, 0.25, (16,)), sampler, seed=3, samples=range(4)))
    end = schedule.alpha_bar[-1] * 0.25 + 1 - schedule.alpha_bar[-1]
    torch.testing.assert_close(steps[-1].next, steps[0].x * (0.25 / end) ** 0.5, rtol=4e-3, atol=0)


@pytest.mark.parametrize(
    "sampler",
    [Ancestral(steps=100), Ancestral(steps=100, variance=1.0), Ddim(steps=50), Ddim(steps=50, eta=1.0)],
    ids=str,
)
def test_two_points_are_reached_equally_often_and_exactly(sampler):
    points = Exact.mixture(Linear(T=100, scaled=True), torch.tensor([[1.0], [-1.0]]))
    end = last(sample(points, sampler, seed=2, samples=range(2000))).double()
    assert (end.abs() - 1).abs().max() < 1e-3
    assert abs(float(end.mean())) < 4 / 2000**0.5
    assert float(end.var()) == pytest.approx(1.0, abs=0.01)


def test_unequal_points_are_reached_as_often_as_they_occur():
    data = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    mixture = Exact.mixture(Linear(T=100, scaled=True), data, log_weights=torch.tensor([0.8, 0.2]).log())
    end = last(sample(mixture, Ancestral(steps=100), seed=2, samples=range(2000)))
    assert float((end[:, 0] > 0).double().mean()) == pytest.approx(0.8, abs=4 * (0.16 / 2000) ** 0.5)


def test_a_mixture_of_wide_gaussians_is_reached_in_its_mean_and_variance():
    """Means ±0.6, width 0.2, two dimensions. With 200 steps β̃ adds too little noise and β too much (§3.2)."""
    means = torch.tensor([[0.6, 0.0], [-0.6, 0.0]])
    mixture = Exact.mixture(Linear(T=200, scaled=True), means, variance=0.04)
    small, large = (
        last(sample(mixture, Ancestral(steps=200, variance=v), seed=2, samples=range(2000))).double()
        for v in (0.0, 1.0)
    )
    for end in (small, large):
        assert end.mean(0).numpy() == pytest.approx(np.zeros(2), abs=4 * (0.4 / 2000) ** 0.5)
        assert float((end[:, 0].abs() - 0.6).mean()) == pytest.approx(0.0, abs=0.02)
    assert 0.8 * 0.04 < small[:, 1].var() < 0.04 < large[:, 1].var() < 1.2 * 0.04


def test_nothing_a_step_holds_is_changed_by_the_steps_after_it():
    chain = sample(faces(), Ancestral(steps=20), seed=4, samples=range(2))
    first = next(chain)
    before = [v.clone() for v in (first.x, first.eps, first.x0, first.x0_clipped, first.mean, first.z, first.next)]
    list(chain)
    after = [first.x, first.eps, first.x0, first.x0_clipped, first.mean, first.z, first.next]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_gradients_are_on_again_between_the_steps():
    chain = sample(faces(), Ancestral(steps=3), seed=4, samples=[0])
    next(chain)
    assert torch.is_grad_enabled()
