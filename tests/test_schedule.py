"""Schedules against REFERENCE's numbers, against diffusers' tables, and against the identities they must obey."""

from dataclasses import replace
from itertools import accumulate
from operator import mul

import numpy as np
import pytest
from diffusers import DDPMScheduler
from diffusers.schedulers.scheduling_ddim import rescale_zero_terminal_snr
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose  # a hundred times as fast on a table as `pytest.approx`

from ddpm_studio.curve import monotone_cubic
from ddpm_studio.errors import UserError
from ddpm_studio.schedule import (
    LIMITS,
    SCHEDULES,
    Constant,
    Cosine,
    Drawn,
    Jsd,
    Linear,
    Quadratic,
    ScaledLinear,
    Schedule,
    Sigmoid,
    Space,
    curve_of,
)

LENGTHS = [2, 3, 20, 50, 1000, 4000]
TABLES = [
    "beta",
    "alpha",
    "alpha_bar",
    "log_alpha_bar",
    "one_minus_alpha_bar",
    "sqrt_alpha_bar",
    "sqrt_one_minus_alpha_bar",
    "snr",
    "log_snr",
    "floored_log_snr",
    "snr_db",
    "posterior_variance",
]
SCALABLE = [Linear, Quadratic, ScaledLinear, Sigmoid, Constant]
ENDS = {Linear: 0.02, Quadratic: 0.02, ScaledLinear: 0.012, Sigmoid: 0.019951, Constant: 0.01}
"""The largest β of each, unscaled."""


@pytest.mark.parametrize(
    ("schedule", "quarter", "half", "three_quarters", "last", "log_snr", "crossing"),
    [
        (Linear(), 0.52408537, 0.078587243, 0.0033505504, 4.035829765e-5, -10.11767, 260),
        (Cosine(), 0.84701216, 0.49384359, 0.1442721, 2.428766907e-9, -19.83588, 497),
        (Quadratic(), 0.82152134, 0.33318777, 0.038605512, 7.334124596e-4, -7.21707, 419),
        (ScaledLinear(), 0.67543241, 0.27766965, 0.056623492, 4.660098513e-3, -5.36405, 355),
    ],
)
def test_the_published_schedules_have_the_reference_values(
    schedule, quarter, half, three_quarters, last, log_snr, crossing
):
    assert schedule.alpha_bar[[250, 500, 750]] == pytest.approx([quarter, half, three_quarters], rel=1e-7)
    assert schedule.alpha_bar[-1] == pytest.approx(last, rel=1e-9)
    assert schedule.log_snr[-1] == pytest.approx(log_snr, abs=5e-6)
    assert int(np.argmax(schedule.snr < 1.0)) == crossing


@pytest.mark.parametrize(("T", "last"), [(50, 0.60295), (100, 0.36356), (250, 0.0797025), (500, 0.0063527)])
def test_linear_kept_unscaled_at_fewer_steps_leaves_the_picture_in_x_t(T, last):
    assert Linear(T=T).alpha_bar[-1] == pytest.approx(last, rel=1e-5)


def test_scaled_linear_betas_at_21_steps_still_give_a_schedule():
    assert Linear(T=21, scaled=True).beta[-1] == pytest.approx(20 / 21, rel=1e-12)
    assert 0.0 < Linear(T=21, scaled=True).alpha_bar[-1] < 1e-4


def test_scaled_linear_betas_at_20_steps_end_at_exactly_1():
    assert Linear(T=20, scaled=True).beta[-1] == 1.0
    assert Linear(T=20, scaled=True).alpha_bar[-1] == 0.0


@pytest.mark.parametrize("T", range(2, 20))
def test_scaled_linear_betas_below_20_steps_are_refused_with_t_value_and_remedy(T):
    betas = 1000 / T * np.linspace(1e-4, 0.02, T)
    first = int(np.argmax(betas > 1.0)) + 1
    with pytest.raises(UserError) as refusal:
        Linear(T=T, scaled=True)
    assert f"T = {T}" in str(refusal.value)
    assert f"β_{first} = {betas[first - 1]:.6g} at t = {first}" in str(refusal.value)
    assert "switch scaled off" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_posterior_variance_of_linear_has_the_reference_values():
    assert Linear().posterior_variance[[2, 488, 1000]] == pytest.approx([5.45319e-5, 0.00979157, 0.019999984], rel=1e-6)
    assert Linear().posterior_variance[[0, 1]].tolist() == [0.0, 0.0]


def test_the_weight_of_the_bound_with_beta_has_the_reference_values():
    weight = Linear().loss_weight(Linear().beta)
    expected = [0.50005, 0.272692, 0.073717, 0.0100813, 0.00550343, 0.0102045]
    assert weight[[1, 2, 10, 100, 500, 1000]] == pytest.approx(expected, rel=5e-6)
    assert weight[0] == 0.0


def test_the_weight_of_the_bound_with_beta_tilde_has_the_reference_values():
    weight = Linear().loss_weight(Linear().posterior_variance)
    assert weight[[2, 10, 100]] == pytest.approx([0.599672, 0.0864366, 0.010267], rel=5e-6)
    assert weight[1] == np.inf


def test_zero_terminal_snr_of_linear_has_the_reference_values():
    schedule = Linear(zero_terminal_snr=True)
    assert schedule.beta[-1] == 1.0
    assert schedule.beta[-2] == pytest.approx(0.752267, abs=5e-7)
    assert schedule.alpha_bar[-2] == pytest.approx(4.2133e-9, rel=1e-5)
    assert schedule.alpha_bar[-1] == 0.0
    assert schedule.log_snr[-1] == -np.inf
    assert schedule.floored_log_snr[-1] == -30.0
    assert np.array_equal(schedule.floored_log_snr[:-1], schedule.log_snr[:-1])


def test_jsd_gives_an_alpha_bar_that_is_a_straight_line_to_0():
    assert Jsd(T=50).alpha_bar == pytest.approx(1 - np.arange(51) / 50, abs=1e-14)


def test_constant_gives_powers_of_one_alpha():
    assert Constant(T=30, beta_value=0.1).alpha_bar == pytest.approx(0.9 ** np.arange(31), rel=1e-12)


@pytest.mark.parametrize("T", [10, 100, 1000, 4000])
@pytest.mark.parametrize(
    ("kind", "name", "numbers"),
    [
        (Linear, "linear", {}),
        (Linear, "linear", {"beta_start": 0.001, "beta_end": 0.05}),
        (Quadratic, "scaled_linear", {}),
        (ScaledLinear, "scaled_linear", {}),
        (Cosine, "squaredcos_cap_v2", {}),
        (Sigmoid, "sigmoid", {}),
    ],
)
def test_the_tables_equal_those_of_diffusers(kind, name, numbers, T):
    schedule = kind(T=T, **numbers)
    ends = {} if kind is Cosine else {"beta_start": schedule.beta_start, "beta_end": schedule.beta_end}
    theirs = DDPMScheduler(num_train_timesteps=T, beta_schedule=name, **ends)
    assert_allclose(schedule.beta[1:], theirs.betas.double().numpy(), rtol=2e-5, atol=1e-9)
    assert_allclose(schedule.alpha_bar[1:], theirs.alphas_cumprod.double().numpy(), rtol=2e-3, atol=1e-7)


@pytest.mark.parametrize("T", [10, 100, 1000])
@pytest.mark.parametrize("kind", [Linear, ScaledLinear, Cosine, Sigmoid])
def test_the_rescaled_tables_equal_diffusers_rescale(kind, T):
    """Their function is given our float64 betas; the tolerance is that of α = ᾱ_t/ᾱ_{t−1} where ᾱ is tiny."""
    torch = pytest.importorskip("torch")
    theirs = rescale_zero_terminal_snr(torch.from_numpy(kind(T=T).beta[1:].copy())).numpy()
    assert kind(T=T, zero_terminal_snr=True).beta[1:] == pytest.approx(theirs, rel=1e-9)


def every_schedule():
    """Each kind at each length with each of its switches: (a name for the report, the kind, its fields)."""
    for name, kind in SCHEDULES.items():
        for T in LENGTHS:
            for zero in (False, True):
                for scaled in (False, True) if kind in SCALABLE else (None,):
                    switches = {"zero_terminal_snr": zero} | ({} if scaled is None else {"scaled": scaled})
                    yield pytest.param(kind, {"T": T, **switches}, id=f"{name}-{T}-{zero}-{scaled}")


@pytest.mark.parametrize(("kind", "fields"), [*every_schedule()])
def test_every_kind_obeys_the_identities_or_is_refused_by_name(kind, fields):
    largest = 1000 / fields["T"] * ENDS[kind] if fields.get("scaled") else 0.0
    if largest > 1.0:
        with pytest.raises(UserError, match=rf"T = {fields['T']}: β_\d+ = .* at t = \d+; "):
            kind(**fields)
    else:
        check_identities(kind(**fields))


def check_identities(schedule: Schedule) -> None:
    """Everything REFERENCE §1 says of a schedule's tables, computed here a second time."""
    beta, alpha_bar, noise = schedule.beta, schedule.alpha_bar, schedule.one_minus_alpha_bar
    assert all(getattr(schedule, name).shape == (schedule.T + 1,) for name in TABLES)
    assert not any(np.isnan(getattr(schedule, name)).any() for name in TABLES)
    assert (beta[0], alpha_bar[0], schedule.log_snr[0]) == (0.0, 1.0, np.inf)
    assert (beta[1:] > 0.0).all()
    assert (beta[1:-1] < 1.0).all()
    assert beta[-1] <= 1.0
    assert (np.diff(alpha_bar) < 0.0).all()
    assert (np.diff(schedule.log_snr[1:]) <= 0.0).all()
    assert (np.diff(schedule.log_snr[1:])[beta[2:] > 1e-13] < 0.0).all()  # a smaller fall is lost in rounding
    assert_allclose(alpha_bar, [*accumulate(1 - beta, mul)], rtol=1e-9)
    assert_allclose(alpha_bar + noise, 1.0, rtol=0, atol=1e-12)
    assert_allclose(schedule.sqrt_alpha_bar**2 + schedule.sqrt_one_minus_alpha_bar**2, 1.0, rtol=0, atol=1e-12)
    check_ratio(schedule)
    check_posterior(schedule)


def check_ratio(schedule: Schedule) -> None:
    snr = schedule.alpha_bar[1:] / schedule.one_minus_alpha_bar[1:]
    assert_allclose(schedule.snr[1:], snr, rtol=1e-9)
    with np.errstate(divide="ignore"):
        assert_allclose(schedule.snr_db[1:], 10 * np.log10(snr), rtol=0, atol=1e-8)


def check_posterior(schedule: Schedule) -> None:
    """β̃_t is what the product of the two Gaussians q(x_{t−1} | x_0) and q(x_t | x_{t−1}) leaves."""
    t = np.arange(2, schedule.T + 1)
    precision = schedule.alpha[t] / schedule.beta[t] + 1.0 / schedule.one_minus_alpha_bar[t - 1]
    assert_allclose(schedule.posterior_variance[t], 1.0 / precision, rtol=1e-9)
    assert (schedule.posterior_variance <= schedule.beta).all()


@pytest.mark.parametrize("kind", SCALABLE)
@pytest.mark.parametrize("T", [50, 250, 4000])
def test_scaling_keeps_the_shape_of_alpha_bar_when_T_changes(kind, T):
    full, scaled = kind(), kind(T=T, scaled=True)
    u = np.arange(T + 1) / T
    expected = np.interp(u, np.arange(1001) / 1000, full.alpha_bar)
    assert_allclose(scaled.alpha_bar, expected, rtol=0, atol=2 / min(T, 1000))


def test_one_minus_alpha_bar_keeps_its_digits_where_subtraction_loses_them():
    schedule = Constant(T=2, beta_value=1e-6)
    assert schedule.one_minus_alpha_bar[2] == pytest.approx(2e-6 - 1e-12, rel=1e-14)


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_cannot_be_written_to(name):
    with pytest.raises(ValueError, match="read-only"):
        getattr(Linear(T=5), name)[1] = 0.5


def test_schedules_with_the_same_numbers_are_equal_and_hash_alike():
    assert Linear(T=5) == Linear(T=5)
    assert hash(Linear(T=5)) == hash(Linear(T=5))
    assert Linear(T=5) != Linear(T=6)
    assert Quadratic(beta_start=0.00085, beta_end=0.012) != ScaledLinear()


@pytest.mark.parametrize("T", [1, 0, -3, 4001])
def test_a_length_outside_2_to_4000_is_refused(T):
    with pytest.raises(UserError, match=f"T must be between 2 and 4000, but is {T}"):
        Linear(T=T)


def test_every_registered_kind_is_reached_by_its_own_name():
    assert {kind: cls.kind for kind, cls in SCHEDULES.items()} == {kind: kind for kind in SCHEDULES}
    assert set(SCHEDULES) == {"linear", "scaled-linear", "quadratic", "cosine", "sigmoid", "constant", "jsd", "drawn"}


@st.composite
def falling_knots(draw, space):
    """Knots with u from 0 to 1 and values that fall within the space's range, or with any values in β."""
    low, high = (1e-9, 1.0) if space is Space.ALPHA_BAR else LIMITS[space]
    inner = draw(st.lists(st.integers(1, 99), max_size=6, unique=True))
    u = [0.0, *(i / 100 for i in sorted(inner)), 1.0]
    values = draw(st.lists(st.floats(low, high), min_size=len(u), max_size=len(u), unique=True))
    if space is not Space.BETA:
        values.sort(reverse=True)
    return tuple(zip(u, values, strict=True))


@pytest.mark.parametrize("space", [Space.LOG_SNR, Space.ALPHA_BAR])
@given(data=st.data(), T=st.sampled_from([2, 3, 20, 200, 1000]))
def test_falling_knots_give_a_falling_alpha_bar_unless_they_are_too_flat_for_float64(space, data, T):
    """A refusal is right only where the curve itself is flat, or where it starts at ᾱ_1 = 1, to rounding."""
    knots = data.draw(falling_knots(space))
    try:
        schedule = Drawn(T=T, space=space, knots=knots)
    except UserError:
        values = np.array([value for _, value in knots])
        alpha_bar = values if space is Space.ALPHA_BAR else 1 / (1 + np.exp(-values))
        slack = 1e-12 * T
        assert (-np.diff(alpha_bar) / alpha_bar[:-1]).min() < slack or alpha_bar[0] > 1 - slack
    else:
        check_identities(schedule)
        off = np.abs(curve_of(schedule, space) - expected_curve(schedule)).max()
        assert off < {Space.LOG_SNR: 5e-3, Space.ALPHA_BAR: 1e-12}[space]  # β near 1 keeps few digits of ᾱ = e^−30


def expected_curve(schedule: Drawn) -> np.ndarray:
    u, values = np.array(schedule.knots).T
    return monotone_cubic(u, values, np.linspace(0.0, 1.0, schedule.T))


@given(knots=falling_knots(Space.BETA), T=st.sampled_from([2, 20, 1000]))
def test_a_curve_drawn_in_beta_is_beta(knots, T):
    assume(all(value < 0.99 for _, value in knots))
    schedule = Drawn(T=T, space=Space.BETA, knots=knots)
    assert_allclose(schedule.beta[1:], expected_curve(schedule), rtol=1e-12)


@pytest.mark.parametrize(
    ("knots", "space", "part"),
    [
        (((0.0, 0.5),), Space.BETA, "at least two"),
        (((0.0, 0.5), (0.9, 0.4)), Space.BETA, "from exactly 0 to exactly 1"),
        (((0.0, 0.5), (0.5, 0.4), (0.5, 0.3), (1.0, 0.2)), Space.BETA, "u rising"),
        (((0.0, 0.5), (1.0, 1.5)), Space.BETA, "the knot at u = 1 is 1.5; beta goes from 1e-06 to 1"),
        (((0.0, 20.0), (1.0, 0.0)), Space.LOG_SNR, "the knot at u = 0 is 20; log_snr goes from -30 to 15"),
        (((0.0, float("nan")), (1.0, 0.5)), Space.BETA, "the knot at u = 0 is nan"),
        (((0.0, 0.5), (1.0, 0.6)), Space.ALPHA_BAR, "let ᾱ and log SNR fall"),
        (((0.0, 0.9), (0.5, 0.5), (1.0, 0.5)), Space.ALPHA_BAR, "let ᾱ and log SNR fall"),
        (((0.0, 1.0), (1.0, 0.1)), Space.ALPHA_BAR, "β_1 = 0 at t = 1"),
        (((0.0, 0.1), (0.5, 1.0), (1.0, 0.1)), Space.BETA, "at t = 6"),
    ],
)
def test_impossible_knots_are_refused_with_the_reason(knots, space, part):
    with pytest.raises(UserError) as refusal:
        Drawn(T=11, space=space, knots=knots)
    assert part in str(refusal.value)


@pytest.mark.parametrize("space", Space)
@pytest.mark.parametrize("source", [Linear(), Cosine(), Sigmoid(T=200), ScaledLinear(T=50), Constant(T=3)])
def test_a_traced_curve_stays_close_to_its_source_with_12_knots(space, source):
    drawn = Drawn.tracing(source, space, knots=12)
    assert len(drawn.knots) <= 12
    assert drawn.alpha_bar == pytest.approx(source.alpha_bar, abs=0.02)


@pytest.mark.parametrize("space", Space)
def test_a_drawn_curve_can_be_carried_from_T_to_T(space):
    short = replace(Drawn.tracing(Linear(), space), T=100)
    assert len(short.beta) == 101
    assert curve_of(short, space)[[0, -1]] == pytest.approx(curve_of(Linear(), space)[[0, -1]], rel=1e-6)
