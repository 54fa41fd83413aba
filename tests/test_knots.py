from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddpm_studio.errors import UserError
from ddpm_studio.knots import FEWEST, MOST, TRACED, added, grabbed, moved, removed
from ddpm_studio.schedule import SCHEDULES, Cosine, Drawn, Jsd, Linear, Sigmoid, Space

KINDS = [cls for kind, cls in SCHEDULES.items() if kind != "drawn"]
CURVE = Drawn(space=Space.ALPHA_BAR, knots=((0.0, 0.999), (0.25, 0.8), (0.5, 0.4), (1.0, 0.01)))


@pytest.mark.parametrize("cls", KINDS)
@pytest.mark.parametrize("space", list(Space))
def test_every_preset_can_be_grabbed_in_every_quantity_by_few_points_and_keeps_its_alpha_bar(cls, space):
    curve = grabbed(cls(), space)
    assert curve.space is space
    assert FEWEST <= len(curve.knots) <= TRACED
    np.testing.assert_allclose(curve.alpha_bar, cls().alpha_bar, atol=0.025)


def test_a_straight_line_too_has_points_between_its_ends_and_stays_straight():
    np.testing.assert_allclose(grabbed(Linear(), Space.BETA).beta, Linear().beta, rtol=1e-9)


@pytest.mark.parametrize("T", [2, 3, 4, 7])
def test_a_short_schedule_has_no_more_points_than_steps(T):
    curve = grabbed(Jsd(T=T), Space.ALPHA_BAR)
    assert len(curve.knots) == min(T, FEWEST)
    np.testing.assert_allclose(curve.alpha_bar, Jsd(T=T).alpha_bar, atol=1e-12)


def test_a_drawn_curve_is_grabbed_by_its_own_points_only_in_its_own_quantity():
    assert grabbed(CURVE, Space.ALPHA_BAR) is CURVE
    assert grabbed(CURVE, Space.LOG_SNR).knots != CURVE.knots


def test_a_rescaled_or_crowded_curve_is_traced_because_its_points_are_not_where_it_runs():
    rescaled = Drawn(knots=((0.0, 1e-4), (1.0, 0.02)), zero_terminal_snr=True)
    assert grabbed(rescaled, Space.BETA).knots != rescaled.knots
    u = np.linspace(0.0, 1.0, MOST + 1)
    crowded = Drawn(knots=tuple(zip(u.tolist(), (1e-4 + 0.02 * u**2).tolist(), strict=True)))
    assert len(grabbed(crowded, Space.BETA).knots) <= TRACED


def test_zero_terminal_snr_is_kept_when_alpha_bar_is_grabbed():
    assert grabbed(Cosine(zero_terminal_snr=True), Space.ALPHA_BAR).alpha_bar[-1] == 0.0


def test_what_no_curve_can_follow_is_refused():
    with pytest.raises(UserError):
        grabbed(Linear(T=4000), Space.LOG_SNR)


def test_the_ends_move_up_and_down_only():
    assert moved(CURVE, 0, 0.4, 0.9).knots[0] == (0.0, 0.9)
    assert moved(CURVE, 3, 0.4, 0.1).knots[3] == (1.0, 0.1)


def test_a_point_comes_to_lie_at_a_whole_t_between_its_neighbours():
    assert moved(CURVE, 1, 0.7, 0.5).knots[1][0] * 999 == pytest.approx(499)  # the next one is at 499.5
    assert moved(CURVE, 1, -3.0, 0.5).knots[1][0] * 999 == pytest.approx(1)
    assert moved(CURVE, 1, 0.12345, 0.5).knots[1][0] * 999 == pytest.approx(123)


def test_points_side_by_side_keep_their_t():
    tight = Drawn(T=3, knots=((0.0, 0.1), (0.5, 0.2), (1.0, 0.3)))
    assert moved(tight, 1, 0.9, 0.25).knots[1] == (0.5, 0.25)


@given(
    index=st.integers(0, 3),
    u=st.floats(-2.0, 3.0),
    value=st.floats(-1e6, 1e6),
    space=st.sampled_from([Space.ALPHA_BAR, Space.LOG_SNR]),
)
def test_alpha_bar_and_log_snr_fall_wherever_a_point_is_pulled(index, u, value, space):
    curve = moved(grabbed(Sigmoid(T=50), space), index, u, value)
    values = [y for _, y in curve.knots]
    assert all(later < earlier for earlier, later in pairwise(values))
    assert np.all(np.diff(curve.alpha_bar) < 0.0)


@given(index=st.integers(0, 4), u=st.floats(0.0, 1.0), value=st.floats(-10.0, 10.0))
def test_beta_stays_within_its_limits_wherever_a_point_is_pulled(index, u, value):
    beta = moved(grabbed(Linear(T=50), Space.BETA), index, u, value).beta[1:]
    assert beta.min() >= 1e-6
    assert beta[:-1].max() < 1.0


def test_an_added_point_changes_the_curve_only_as_much_as_another_cubic_does():
    curve, index = added(CURVE, 0.7004)
    assert index == 3
    assert curve.knots[3][0] * 999 == pytest.approx(700)
    np.testing.assert_allclose(curve.alpha_bar, CURVE.alpha_bar, atol=0.01)


def test_a_point_is_not_added_where_one_is_or_where_there_are_enough():
    with pytest.raises(UserError, match="at t = 1 already"):
        added(CURVE, 0.0001)
    u = np.linspace(0.0, 1.0, MOST)
    full = Drawn(knots=tuple(zip(u.tolist(), (1e-4 + 0.02 * u).tolist(), strict=True)))
    with pytest.raises(UserError, match="at most 24 points"):
        added(full, 0.51)


def test_every_point_but_the_ends_can_be_removed():
    assert len(removed(CURVE, 1).knots) == 3
    for end in (0, 3):
        with pytest.raises(UserError, match="first and last"):
            removed(CURVE, end)
