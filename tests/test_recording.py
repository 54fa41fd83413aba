"""What is seen of a chain: which of its states, which quantity, in which order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddpm_studio.data import to_bytes
from ddpm_studio.errors import UserError
from ddpm_studio.export import EPS_RANGE, Moment, Moments, Quantity, Recording, Which, recording
from ddpm_studio.export.recording import SIDE_GAP

RNG = np.random.default_rng(0)


def moment(t, count=2):
    x, x0_hat, eps_hat = RNG.standard_normal((3, count, 3, 64, 64)).astype(np.float32)
    return Moment(t, x, x0_hat, eps_hat)


@given(which=st.sampled_from(Which), count=st.integers(1, 60), states=st.integers(1, 300))
def test_the_states_chosen_rise_and_end_with_the_last(which, count, states):
    chosen = Moments(which, count).of(states)
    assert list(chosen) == sorted(set(chosen))
    assert chosen[-1] == states - 1
    assert chosen[0] >= 0


@given(which=st.sampled_from([Which.EVENLY, Which.LOG]), count=st.integers(2, 60), states=st.integers(2, 300))
def test_n_states_are_n_and_begin_with_the_noise(which, count, states):
    chosen = Moments(which, count).of(states)
    assert len(chosen) == min(count, states)
    assert chosen[0] == 0


def test_all_every_third_evenly_and_logarithmically():
    assert Moments(Which.ALL, 5).of(4) == (0, 1, 2, 3)
    assert Moments(Which.EVERY, 3).of(11) == (1, 4, 7, 10)
    assert Moments(Which.EVENLY, 3).of(11) == (0, 5, 10)
    assert Moments(Which.LOG, 5).of(1001) == (0, 900, 990, 999, 1000)


def test_each_quantity_is_painted_on_its_own_range():
    one = moment(7)
    assert np.array_equal(Recording.of([one], Quantity.X0_HAT).panes[0][0], to_bytes(one.x0_hat))
    eps = Recording.of([one], Quantity.EPS_HAT).panes[0][0]
    assert np.array_equal(eps, to_bytes(one.eps_hat / np.float32(EPS_RANGE)))


def test_side_by_side_stand_the_state_the_guess_and_the_noise():
    moments = [moment(9), moment(0)]
    film = Recording.of(moments, Quantity.ALL).film(columns=1, scale=1)
    assert len(film) == 2
    height = 2 * 64 + 2
    for frame, one in zip((film[0], film[1]), moments, strict=True):
        assert frame.shape == (height, 3 * 64 + 2 * SIDE_GAP, 3)
        for at, quantity in enumerate((Quantity.X_T, Quantity.X0_HAT, Quantity.EPS_HAT)):
            left = at * (64 + SIDE_GAP)
            below = frame[66:, left : left + 64]
            assert np.array_equal(below, Recording.of([one], quantity).panes[0][0, 1])


def test_a_strip_has_a_row_for_each_sample_and_quantity_and_a_column_for_each_moment():
    moments = [moment(9), moment(4), moment(0)]
    strip = Recording.of(moments, Quantity.ALL).strip(scale=1)
    assert strip.shape == (6 * 66 - 2, 3 * 66 - 2, 3)
    second_guess_in_the_middle = strip[4 * 66 : 4 * 66 + 64, 66:130]
    assert np.array_equal(second_guess_in_the_middle, to_bytes(moments[1].x0_hat[1]))


def test_a_recording_that_would_fill_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr(recording, "BUDGET", 2**31 // 2**16)
    with pytest.raises(UserError, match="fewer steps or samples"):
        Recording.of((moment(t) for t in range(1000)), Quantity.X_T)
