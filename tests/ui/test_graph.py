import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddpm_studio.schedule import Constant, Cosine, Linear, Space
from ddpm_studio.ui.plots.graph import BETA, EDITED, PLOTS, at_least, decades, from_zero, spread


@given(T=st.integers(2, 4000), pixels=st.integers(2, 2000))
def test_a_curve_is_drawn_through_both_ends_and_their_neighbours_and_few_points_more_than_pixels(T, pixels):
    times = spread(T, -0.1 * T, 1.1 * T, pixels)
    assert set(times[:3]) == {0, 1, 2}
    assert set(times[-3:]) == {T - 2, T - 1, T}
    assert np.all(np.diff(times) > 0)
    assert len(times) <= pixels + 20
    assert np.diff(times).max() <= max(1.0, 4.0 * T / pixels) + 1


def test_a_part_is_drawn_one_step_beyond_what_is_seen():
    times = spread(1000, 400.4, 410.6, 300)
    assert times.tolist() == list(range(400, 412))


def test_a_logarithmic_plot_leaves_out_what_is_zero_or_infinite():
    weight = PLOTS[-1]
    tilde, plain = weight.quantities
    assert weight.heights(tilde, Linear(), np.arange(1001))[0].tolist() == list(range(2, 1001))
    times, heights = weight.heights(plain, Linear(), np.arange(1001))
    assert times[0] == 1
    assert 10 ** heights[0] == pytest.approx(0.50005, rel=1e-5)


def test_beta_starts_at_the_first_step():
    assert EDITED[Space.BETA, False].heights(BETA, Linear(), np.arange(3))[0].tolist() == [1, 2]


@pytest.mark.parametrize("schedule", [Linear(), Cosine(), Constant(beta_value=1e-6), Constant(beta_value=0.9999)])
def test_a_linear_beta_axis_holds_the_curve_with_room_above(schedule):
    low, high = from_zero(schedule.beta[1:].min(), schedule.beta.max())
    assert low < 0
    assert min(1.2 * schedule.beta.max(), 1.0) <= high <= 1.05


def test_a_usual_range_is_left_only_as_far_as_the_data_go():
    span = at_least(-60.0, 60.0, 20.0, 300.0)
    assert span(-40.0, 40.0) == (-60.0, 60.0)
    assert span(-61.0, 79.0) == (-80.0, 80.0)
    assert span(-9999.0, 40.0) == (-300.0, 60.0)


def test_decades_enclose_the_data_and_never_shrink_to_nothing():
    assert decades(-3.4, -1.2) == (-4.0, -1.0)
    assert decades(-2.0, -2.0) == (-2.0, -1.0)
