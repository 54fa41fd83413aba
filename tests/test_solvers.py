"""Solvers of the probability-flow ODE: their order on data where the answer is known, and against diffusers."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler
from torch import Tensor

from ddpm_studio.denoiser import Exact, Prediction
from ddpm_studio.process import x0_from_eps
from ddpm_studio.sample import sample
from ddpm_studio.sampler import Ddim, DpmSolver, Heun, Sampler, Spacing
from ddpm_studio.schedule import Cosine, Jsd, Linear, Schedule

FINE = Linear(T=4000, scaled=True)
END = 200  # t where the order is measured: beyond it the last step, of order 1, is the same for all
S2 = 0.25


def ending(sampler: Sampler, denoiser: Exact, x: Tensor, steps: int) -> Tensor:
    """x at t = END, walked from T in so many steps, even in log SNR, in float64."""
    log_snr = FINE.log_snr
    wanted = np.linspace(log_snr[FINE.T], log_snr[END], steps + 1)
    times = [int(np.abs(log_snr - each).argmin()) for each in wanted]
    *_, last = sample(denoiser, sampler, seed=0, samples=range(len(x)), x=x, start=FINE.T, stops=[*times, 0])
    return last.x


def fitted_order(errors: list[float], steps: list[int]) -> float:
    return -float(np.polyfit(np.log(steps), np.log(errors), 1)[0])


def gaussian_error(sampler: Sampler, steps: int) -> float:
    """Data N(0, s²): the ODE only stretches, x_t = x_T √(v_t/v_T) with v = ᾱ s² + 1 − ᾱ."""
    x = torch.tensor([[1.0], [-0.7]], dtype=torch.float64)
    spread = FINE.alpha_bar * S2 + FINE.one_minus_alpha_bar
    end = ending(sampler, Exact.mixture(FINE, torch.zeros(1, 1, dtype=torch.float64), S2), x, steps)
    return float((end - x * (spread[END] / spread[-1]) ** 0.5).abs().max())


def two_point_error(sampler: Sampler, steps: int) -> float:
    """Data ±1: the ODE keeps the quantile, P(x_t ≤ x) under ½N(√ᾱ, 1−ᾱ) + ½N(−√ᾱ, 1−ᾱ)."""
    x = torch.tensor([[-0.9], [0.3], [1.2]], dtype=torch.float64)
    points = Exact.mixture(FINE, torch.tensor([[1.0], [-1.0]], dtype=torch.float64))
    end = ending(sampler, points, x, steps)
    return float((_quantile(end, END) - _quantile(x, FINE.T)).abs().max())


def _quantile(x: Tensor, t: int) -> Tensor:
    mean, width = FINE.sqrt_alpha_bar[t], FINE.sqrt_one_minus_alpha_bar[t]
    return (torch.special.ndtr((x - mean) / width) + torch.special.ndtr((x + mean) / width)) / 2


ORDERS = [(Ddim(steps=1, clip=False), 1.0), (DpmSolver(steps=1, clip=False), 2.0), (Heun(steps=1, clip=False), 2.0)]


@pytest.mark.parametrize("error", [gaussian_error, two_point_error])
@pytest.mark.parametrize(("sampler", "order"), ORDERS, ids=lambda v: getattr(v, "kind", v))
def test_a_solver_converges_to_the_probability_flow_with_its_order(sampler, order, error):
    steps = [64, 128, 256]  # 2M's error on a Gaussian changes its sign below
    assert fitted_order([error(sampler, n) for n in steps], steps) == pytest.approx(order, abs=0.2)


@pytest.mark.parametrize("error", [gaussian_error, two_point_error])
def test_with_as_many_calls_both_solvers_of_order_2_beat_ddim(error):
    ddim, dpm, heun = (error(each, n) for (each, _), n in zip(ORDERS, (40, 40, 20), strict=True))
    assert max(dpm, heun) < ddim / 3


@pytest.mark.parametrize("schedule", [Linear(), Cosine()], ids=lambda s: s.kind)
@pytest.mark.parametrize(("steps", "spacing"), [(10, "leading"), (20, "trailing"), (25, "linspace")])
def test_2m_is_that_of_diffusers_step_by_step(schedule, steps, spacing):
    theirs = DPMSolverMultistepScheduler(
        trained_betas=schedule.beta[1:].copy(), timestep_spacing=spacing, final_sigmas_type="zero"
    )
    theirs.alphas_cumprod = schedule.alpha_bar[1:].copy()  # as an array: NumPy warns of their tensor
    theirs.set_timesteps(steps)
    stops = [*(theirs.timesteps + 1).tolist(), 0]
    x = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    chain = sample(
        Tame(schedule), DpmSolver(steps=steps, clip=False), seed=0, samples=[0, 1], x=x, start=stops[0], stops=stops
    )
    for step in chain:
        x = theirs.step(answer(x, step.t), step.t - 1, x).prev_sample
        assert float((step.next - x).abs().max()) <= 2e-4 * max(1.0, float(x.abs().max()))
    assert step.s == 0
    assert torch.equal(step.next, step.x0)


def answer(x: Tensor, t: int) -> Tensor:
    """A model output that depends on x in a bent way, of the size of noise."""
    return torch.tanh(x) + 0.1 * (t / 1000.0) * x


class Tame:
    """A denoiser whose ε̂ is `answer`."""

    shape = (3, 4, 4)

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule

    def __call__(self, x: Tensor, t: int) -> Prediction:
        eps = answer(x, t)
        return Prediction(x0_from_eps(self.schedule, x, t, eps), eps)


@pytest.mark.parametrize("schedule", [Jsd(T=50), Linear(T=50, scaled=True, zero_terminal_snr=True)])
@pytest.mark.parametrize("kind", [DpmSolver, Heun])
def test_solvers_lead_from_pure_noise_to_the_data_where_no_signal_is_left_at_T(schedule, kind):
    data = torch.tensor([[1.0, -1.0], [-1.0, 1.0], [0.5, 0.5]])
    *_, last = sample(Exact.mixture(schedule, data), kind(steps=40), seed=0, samples=range(30))
    nearest = torch.cdist(last.next, data).min(1)
    assert nearest.values.max() < 1e-3
    assert set(nearest.indices.tolist()) == {0, 1, 2}


def test_heun_asks_twice_at_every_step_but_the_last_and_its_settings_say_so():
    steps = list(sample(Exact.gaussian(Linear(T=50), 1.0, (2,)), Heun(steps=7), seed=0, samples=[0]))
    assert [step.evaluations for step in steps] == [2] * 6 + [1]
    assert sum(step.evaluations for step in steps) == Heun(steps=7).evaluations(7)


def test_2m_hands_on_the_guess_it_looked_back_to():
    steps = list(sample(Exact.gaussian(Linear(T=50), 1.0, (2,)), DpmSolver(steps=7), seed=0, samples=[0, 1]))
    assert steps[0].before is None
    assert all(after.before is before.x0_clipped for before, after in pairwise(steps))


def test_2m_goes_on_to_the_bit_where_its_chain_began_between_the_timesteps_it_visits():
    denoiser, sampler = Exact.gaussian(Cosine(T=60), 0.5, (8,)), DpmSolver(steps=12, spacing=Spacing.LINSPACE)
    stops = sampler.stops(60, 47)
    steps = list(sample(denoiser, sampler, seed=3, samples=[0, 1], start=47))
    assert [step.t for step in steps] == list(stops[:-1])
    for step in steps[1:]:
        again = sample(
            denoiser, sampler, seed=3, samples=[0, 1], x=step.x, start=step.t, before=step.before, stops=stops
        )
        assert torch.equal(list(again)[-1].next, steps[-1].next)
