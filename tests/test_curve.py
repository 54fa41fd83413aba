"""The monotone cubic and the tracing of a curve by a few of its points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddpm_studio.curve import monotone_cubic, traced


@st.composite
def knots(draw):
    """Strictly rising x and any y: (x, y), 2 to 8 of them."""
    gaps = draw(st.lists(st.floats(0.01, 10.0), min_size=1, max_size=7))
    x = np.concatenate(([0.0], np.cumsum(gaps)))
    y = draw(st.lists(st.floats(-100.0, 100.0), min_size=len(x), max_size=len(x)))
    return x, np.array(y)


def between(x, per_interval=50):
    """Points of every interval, its ends included, shape (K − 1, per_interval)."""
    return np.linspace(x[:-1], x[1:], per_interval, axis=1)


@given(knots())
def test_the_curve_passes_through_its_knots(points):
    x, y = points
    assert monotone_cubic(x, y, x) == pytest.approx(y, abs=1e-9)


@given(knots())
def test_the_curve_stays_between_neighbouring_knots_and_never_turns_between_them(points):
    x, y = points
    curve = monotone_cubic(x, y, between(x))
    slack = 1e-12 * (1.0 + np.abs(y).max())
    assert (curve >= np.minimum(y[:-1], y[1:])[:, None]).all()
    assert (curve <= np.maximum(y[:-1], y[1:])[:, None]).all()
    assert (np.diff(curve, axis=1) * np.sign(np.diff(y))[:, None] >= -slack).all()


@given(knots(), st.floats(-3.0, 3.0), st.floats(-50.0, 50.0))
def test_the_curve_moves_and_stretches_with_its_values(points, factor, shift):
    x, y = points
    plain, changed = monotone_cubic(x, y, between(x)), monotone_cubic(x, factor * y + shift, between(x))
    assert changed == pytest.approx(factor * plain + shift, abs=1e-6)


@given(knots())
def test_the_curve_is_its_own_mirror_image(points):
    x, y = points
    at = between(x).ravel()
    mirrored = monotone_cubic(-x[::-1], y[::-1], -at)
    assert mirrored == pytest.approx(monotone_cubic(x, y, at), abs=1e-8)


@given(knots())
def test_the_slope_has_no_jump_at_a_knot(points):
    """Left and right of each inner knot, as a fraction of the steepest secant beside it."""
    x, y = points
    h = 1e-6 * np.diff(x).min()
    inner, values = x[1:-1], y[1:-1]
    left = (values - monotone_cubic(x, y, inner - h)) / h
    right = (monotone_cubic(x, y, inner + h) - values) / h
    secants = np.abs(np.diff(y) / np.diff(x))
    steepest = np.maximum(secants[:-1], secants[1:])
    assert (np.abs(left - right) <= 1e-3 * steepest + 1e-6 * (1 + np.abs(y).max()) / np.diff(x).min()).all()


@pytest.mark.parametrize("count", [2, 3, 7])
def test_knots_on_a_straight_line_give_that_line(count):
    x = np.linspace(0.0, 1.0, count) ** 2
    at = np.linspace(0.0, 1.0, 31)
    assert monotone_cubic(x, 3.0 - 2.0 * x, at) == pytest.approx(3.0 - 2.0 * at, abs=1e-12)


def test_the_slope_at_a_knot_is_the_weighted_harmonic_mean_of_its_secants():
    """Fritsch & Butland's own formula by hand: h = 1, 2 and secants 1, 4 give 9 / (5/1 + 4/4) = 1.5."""
    x, y, h = np.array([0.0, 1.0, 3.0]), np.array([0.0, 1.0, 9.0]), 1e-6
    slope = (monotone_cubic(x, y, np.array([1.0 + h])) - 1.0) / h
    assert slope == pytest.approx([1.5], abs=1e-4)


def test_nearly_equal_secants_next_to_denormal_ones_do_not_overflow():
    y = np.array([0.0, -2e-313, -2e-299, -12.0])
    assert np.isfinite(monotone_cubic(np.arange(4.0), y, np.linspace(0.0, 3.0, 31))).all()


@pytest.mark.parametrize("count", [2, 3, 5, 9])
def test_tracing_uses_points_of_the_curve_both_ends_and_no_more_than_asked(count):
    x = np.linspace(0.0, 1.0, 101)
    chosen = traced(x, np.exp(-5 * x), count)
    assert len(chosen) == count
    assert set(chosen) <= set(zip(x.tolist(), np.exp(-5 * x).tolist(), strict=True))
    assert (chosen[0][0], chosen[-1][0]) == (0.0, 1.0)
    assert sorted(chosen) == list(chosen)


def test_tracing_a_straight_line_takes_its_two_ends():
    x = np.linspace(0.0, 1.0, 101)
    assert traced(x, 2 - x, 9) == ((0.0, 2.0), (1.0, 1.0))


def test_tracing_with_every_point_gives_the_curve_back():
    x, y = np.arange(6.0), np.array([0.0, 1.0, 0.5, 4.0, 4.0, 3.0])
    assert traced(x, y, 100) == tuple(zip(x, y, strict=True))


def test_tracing_puts_the_next_knot_where_the_relative_error_is_largest():
    """From 1 to 1e-4 geometrically: the absolute error peaks early, the relative one late."""
    x = np.linspace(0.0, 1.0, 101)
    y = 1e-4**x
    (_, absolute, _), (_, relative, _) = traced(x, y, 3), traced(x, y, 3, tolerance=y)
    line = y[0] + (y[-1] - y[0]) * x
    assert absolute[0] == x[np.argmax(np.abs(line - y))]
    assert relative[0] == x[np.argmax(np.abs(line - y) / y)]
    assert absolute[0] < relative[0]
