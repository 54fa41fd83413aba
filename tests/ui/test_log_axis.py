"""The logarithmic axis: numbers that have room, at places where one expects them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddpm_studio.ui.plots.log_axis import APART, LogAxis, written


@pytest.fixture(scope="module")
def axis(qapp):
    return LogAxis("left")


def numbers(axis, low, high, size):
    (spacing, numbered), (other, rest) = axis.tickValues(low, high, size)
    assert set(axis.tickStrings(rest, 1.0, other)) <= {""}
    return numbered, axis.tickStrings(numbered, 1.0, spacing)


@given(low=st.floats(-8.0, 6.0), span=st.floats(0.01, 12.0), size=st.floats(30.0, 900.0))
def test_no_two_numbers_overlap_and_all_lie_in_the_range(axis, low, span, size):
    places, _ = numbers(axis, low, low + span, size)
    pixels = (np.array(places) - low) / span * size
    assert (np.diff(pixels) >= APART - 1e-6).all()
    assert ((pixels >= -1e-6) & (pixels <= size + 1e-6)).all()


@given(low=st.floats(-8.0, 6.0), span=st.floats(0.01, 12.0))
def test_an_axis_of_a_hundred_pixels_has_numbers(axis, low, span):
    assert numbers(axis, low, low + span, 100.0)[0]


@pytest.mark.parametrize(
    ("low", "high", "size", "expected"),
    [
        (-1.0, 1.0, 120, ["0.1", "0.2", "0.5", "1", "2", "5", "10"]),
        (-1.0, 0.0, 400, ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"]),
        (-3.0, 2.0, 100, ["0.001", "0.01", "0.1", "1", "10", "100"]),
        (-6.0, 4.0, 110, ["10⁻⁶", "0.0001", "0.01", "1", "100", "10⁴"]),
        (np.log10(3.1), np.log10(3.9), 120, ["3.2", "3.4", "3.6", "3.8"]),
    ],
)
def test_numbers_stand_at_digits_decades_or_evenly(axis, low, high, size, expected):
    assert numbers(axis, low, high, size)[1] == expected


@pytest.mark.parametrize(
    ("place", "text"), [(0.0, "1"), (2.0, "100"), (-4.0, "0.0001"), (4.0, "10⁴"), (-5 + np.log10(2.0), "2·10⁻⁵")]
)
def test_what_is_written_is_what_a_person_would_write(place, text):
    assert written(place) == text
