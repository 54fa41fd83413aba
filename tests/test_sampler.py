"""The numbers of every move: timesteps, variances, closed-form chains and the order of convergence (NumPy only)."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from diffusers import DDIMScheduler
from hypothesis import given
from hypothesis import strategies as st

from ddpm_studio.errors import UserError
from ddpm_studio.sampler import (
    SAMPLERS,
    Ancestral,
    Ddim,
    Move,
    PredictorCorrector,
    Sampler,
    Spacing,
    timesteps,
)
from ddpm_studio.schedule import Cosine, Jsd, Linear, Schedule

lengths = st.integers(2, 4000).flatmap(lambda T: st.tuples(st.just(T), st.integers(1, T)))


@given(lengths, st.sampled_from(Spacing))
def test_the_timesteps_are_distinct_falling_as_many_as_asked_and_within_1_to_T(length, spacing):
    T, steps = length
    t = timesteps(T, steps, spacing)
    assert t.shape == (steps,)
    assert (np.diff(t) < 0).all()
    assert t[-1] >= 1
    assert t[0] <= T


@given(lengths)
def test_each_spacing_reaches_the_ends_it_promises(length):
    T, steps = length
    for spacing in (Spacing.LINSPACE, Spacing.TRAILING, Spacing.QUADRATIC):
        assert timesteps(T, steps, spacing)[0] == T
    for spacing in (Spacing.LINSPACE, Spacing.QUADRATIC) if steps > 1 else ():
        assert timesteps(T, steps, spacing)[-1] == 1
    assert timesteps(T, steps, Spacing.LEADING)[-1] == 1


@pytest.mark.parametrize("spacing", Spacing)
@pytest.mark.parametrize("T", [2, 3, 1000])
def test_as_many_steps_as_T_visit_every_t(spacing, T):
    assert timesteps(T, T, spacing).tolist() == list(range(T, 0, -1))


def test_quadratic_spacing_is_dense_near_1():
    gaps = -np.diff(timesteps(1000, 20, Spacing.QUADRATIC))
    assert (np.diff(gaps) <= 0).all()
    assert gaps[0] > 10 * gaps[-1]


@pytest.mark.parametrize("spacing", [Spacing.LINSPACE, Spacing.LEADING, Spacing.TRAILING])
@pytest.mark.parametrize(
    ("T", "steps"), [(1000, 1000), (1000, 50), (1000, 7), (1000, 10), (100, 33), (50, 2), (4000, 99)]
)
def test_the_timesteps_are_those_of_diffusers_plus_1(spacing, T, steps):
    theirs = DDIMScheduler(num_train_timesteps=T, timestep_spacing=str(spacing))
    theirs.set_timesteps(steps)
    assert timesteps(T, steps, spacing).tolist() == (theirs.timesteps + 1).tolist()


@pytest.mark.parametrize("steps", [0, -1, 51])
def test_steps_outside_1_to_T_are_refused(steps):
    with pytest.raises(UserError, match=f"between 1 and T = 50 steps, not {steps}"):
        timesteps(50, steps, Spacing.LINSPACE)


def moves_of(sampler: Sampler, schedule: Schedule) -> list[Move]:
    """Every move of the chain, from the first timestep down to 0."""
    return [sampler.move(schedule, t, s) for t, s in pairwise([*sampler.times(schedule.T).tolist(), 0])]


@pytest.mark.parametrize("sampler", [Ancestral(steps=7), Ddim(steps=7, eta=0.5), PredictorCorrector(steps=7)])
@pytest.mark.parametrize("spacing", Spacing)
def test_every_move_of_a_stochastic_sampler_but_the_last_adds_noise(sampler, spacing):
    chain = moves_of(replace(sampler, spacing=spacing), Linear(T=50))
    assert all(move.sigma > 0.0 for move in chain[:-1])
    assert (chain[-1].s, chain[-1].sigma) == (0, 0.0)


@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("schedule", [Linear(T=50), Jsd(T=50), Cosine(T=50)], ids=lambda s: s.kind)
def test_the_last_move_of_every_sampler_goes_to_the_guess_and_adds_nothing(kind, schedule):
    last = moves_of(SAMPLERS[kind](steps=7), schedule)[-1]
    assert (last.s, last.a, last.b, last.c, last.d, last.sigma) == pytest.approx((0, 1.0, 0.0, 0.0, 0.0, 0.0))


def test_a_chain_may_begin_between_the_timesteps_that_are_visited():
    sampler = Ddim(steps=5)
    assert sampler.stops(50) == (50, 40, 30, 20, 10, 0)
    assert sampler.stops(50, 30) == (30, 20, 10, 0)
    assert sampler.stops(50, 33) == (33, 30, 20, 10, 0)
    with pytest.raises(UserError, match=r"1\.\.T = 50, not from t = 51"):
        sampler.stops(50, 51)


SCHEDULES = [Linear(), Cosine(T=100), Jsd(T=30), Linear(T=100, zero_terminal_snr=True)]
samplers = st.builds(Ancestral, variance=st.floats(0, 1)) | st.builds(Ddim, eta=st.floats(0, 1))


@given(samplers, st.sampled_from(SCHEDULES), st.data())
def test_a_move_with_the_true_x0_and_eps_lands_on_q_of_x_s(sampler, schedule, data):
    """x_s must have the mean √ᾱ_s x_0 and, with β̃ or any η, the variance 1 − ᾱ_s given x_0."""
    t = data.draw(st.integers(1, schedule.T))
    s = data.draw(st.integers(0, t - 1))
    move = sampler.move(schedule, t, s)
    signal_t, noise_t = schedule.sqrt_alpha_bar[t], schedule.sqrt_one_minus_alpha_bar[t]
    assert move.a + move.b * signal_t == pytest.approx(schedule.sqrt_alpha_bar[s], abs=1e-12)
    if isinstance(sampler, Ddim) or sampler.variance == 0.0 or s == 0:
        variance = (move.b * noise_t + move.c) ** 2 + move.sigma**2
        assert variance == pytest.approx(schedule.one_minus_alpha_bar[s], rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(("variance", "table"), [(0.0, "posterior_variance"), (1.0, "beta")])
def test_ancestral_moves_of_one_step_have_the_schedule_s_variance(schedule, variance, table):
    for t in range(2, schedule.T + 1):
        sigma = Ancestral(variance=variance).move(schedule, t, t - 1).sigma
        assert sigma**2 == pytest.approx(getattr(schedule, table)[t], rel=1e-9)


def test_the_variance_between_is_the_geometric_mean_of_both():
    schedule = Linear()
    small, large, middle = (Ancestral(variance=v).move(schedule, 20, 10).sigma for v in (0.0, 1.0, 0.5))
    assert middle == pytest.approx((small * large) ** 0.5, rel=1e-12)


def test_switching_the_noise_off_changes_sigma_alone():
    on, off = Ancestral().move(Linear(), 20, 10), Ancestral(noise=False).move(Linear(), 20, 10)
    assert on.sigma > off.sigma == 0.0
    assert (on.a, on.b, on.c) == (off.a, off.b, off.c)


@given(st.sampled_from(SCHEDULES), st.data())
def test_ddim_with_eta_1_is_ancestral_with_beta_tilde(schedule, data):
    """As functions of (x̂_0, x_t): ε̂ = (x_t − √ᾱ_t x̂_0)/√(1−ᾱ_t)."""
    t = data.draw(st.integers(1, schedule.T))
    s = data.draw(st.integers(0, t - 1))
    ddim, ancestral = Ddim(eta=1.0).move(schedule, t, s), Ancestral(variance=0.0).move(schedule, t, s)
    from_xt = ddim.c / schedule.sqrt_one_minus_alpha_bar[t]
    assert ddim.sigma == pytest.approx(ancestral.sigma, rel=1e-9)
    assert from_xt == pytest.approx(ancestral.b, rel=1e-6, abs=1e-9)
    assert ddim.a - from_xt * schedule.sqrt_alpha_bar[t] == pytest.approx(ancestral.a, rel=1e-6, abs=1e-9)


def gains(schedule: Schedule, sampler: Sampler, s2: float) -> tuple[np.ndarray, np.ndarray]:
    """For N(0, s²) data every step is x_s = k·x_t + σ·z: all k and σ, in the order they are taken."""
    moves = moves_of(sampler, schedule)
    t = np.array([m.t for m in moves])
    spread = schedule.alpha_bar[t] * s2 + 1 - schedule.alpha_bar[t]
    x0, eps = schedule.alpha_bar[t] ** 0.5 * s2 / spread, (1 - schedule.alpha_bar[t]) ** 0.5 / spread
    k = [m.a * g + m.b + m.c * e for m, g, e in zip(moves, x0, eps, strict=True)]
    return np.array(k), np.array([m.sigma for m in moves])


@pytest.mark.parametrize(
    ("s2", "variance", "expected"),
    [(1.0, 1.0, 0.99990000), (1.0, 0.0, 0.99106738), (0.25, 1.0, 0.25075208), (0.25, 0.0, 0.24612521)],
)
def test_the_variance_of_the_gaussian_chain_has_the_reference_value(s2, variance, expected):
    total = 1.0
    for k, sigma in zip(*gains(Linear(), Ancestral(steps=1000, variance=variance), s2), strict=True):
        total = k**2 * total + sigma**2
    assert total == pytest.approx(expected, abs=5e-9)


def ddim_error(steps: int, s2: float = 0.25) -> float:
    """How far DDIM's x_0 is from the probability-flow ODE's, which only stretches: x_0 = x_T √(v_0/v_T)."""
    schedule = Linear(T=4000, scaled=True)
    k, _ = gains(schedule, Ddim(steps=steps, spacing=Spacing.LINSPACE), s2)
    end = schedule.alpha_bar[-1] * s2 + 1 - schedule.alpha_bar[-1]
    return abs(float(np.prod(k)) - (s2 / end) ** 0.5)


def test_ddim_converges_to_the_probability_flow_with_order_1():
    errors = [ddim_error(steps) for steps in (50, 100, 200, 400, 800)]
    ratios = [coarse / fine for coarse, fine in pairwise(errors)]
    assert errors[0] > 1e-3
    assert ratios == pytest.approx([2.0] * 4, abs=0.15)


def test_ancestral_sampling_with_noise_off_is_not_the_probability_flow():
    """The test above can fail: the posterior means alone collapse N(0, ¼) to far less."""
    k, _ = gains(Linear(T=4000, scaled=True), Ancestral(steps=800, noise=False), 0.25)
    assert float(np.prod(k)) < 0.3


@pytest.mark.parametrize("variance", [0.0, 1.0])
def test_the_ancestral_variance_converges_to_the_data_s_with_order_1(variance):
    errors = []
    for steps in (250, 500, 1000):
        total = 1.0
        for k, sigma in zip(
            *gains(Linear(T=4000, scaled=True), Ancestral(steps=steps, variance=variance), 0.25), strict=True
        ):
            total = k**2 * total + sigma**2
        errors.append(abs(total - 0.25))
    assert [coarse / fine for coarse, fine in pairwise(errors)] == pytest.approx([2.0, 2.0], abs=0.4)
