"""Progressive coding: what is sent is the forward process, and the guess gets better on the way."""

import numpy as np
import torch

from ddpm_studio.denoiser import Exact
from ddpm_studio.likelihood import message, received
from ddpm_studio.schedule import Linear

SCHEDULE = Linear()


def test_the_message_ends_with_the_picture_itself():
    x0 = torch.rand(1, 4, 4)
    sent = message(SCHEDULE, x0)
    assert len(sent.times) == len(sent.states) == 257
    assert (sent.times[0], sent.times[-1]) == (1000, 0)
    torch.testing.assert_close(sent.states[-1], x0, atol=1e-5, rtol=0)
    assert [int(sent.times[sent.place(t)]) for t in (1000, 0)] == [1000, 0]
    assert 500 <= sent.times[sent.place(500)] < 505


def test_what_is_sent_is_distributed_as_the_forward_process():
    """Posteriors all the way down from q(x_T | x_0) have the marginals of the closed form."""
    x0 = torch.full((20_000,), 0.7)
    sent = message(SCHEDULE, x0, most=11)
    for t, x in zip(sent.times[:-1], sent.states[:-1], strict=True):
        assert abs(float(x.mean()) - 0.7 * SCHEDULE.sqrt_alpha_bar[t]) < 0.04
        assert abs(float(x.var()) - SCHEDULE.one_minus_alpha_bar[t]) < 0.04
    together = float(torch.corrcoef(sent.states[-3:-1])[0, 1])  # x_200 and x_100 of one chain
    expected = SCHEDULE.sqrt_alpha_bar[200] / SCHEDULE.sqrt_alpha_bar[100]
    expected *= np.sqrt(SCHEDULE.one_minus_alpha_bar[100] / SCHEDULE.one_minus_alpha_bar[200])
    assert abs(together - expected) < 0.03


def test_the_receiver_ends_with_the_picture_and_starts_from_the_mean():
    data = torch.rand(40, 1, 4, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
    sent = message(SCHEDULE, data[3])
    got = list(received(Exact.mixture(SCHEDULE, data), sent, (0, 128, 256)))
    assert [one.place for one in got] == [0, 128, 256]
    torch.testing.assert_close(got[0].x0_hat, data.mean(0), atol=0.1, rtol=0)
    assert got[0].rmse > 30
    assert got[2].rmse == 0.0
    assert torch.equal(got[2].x0_hat, sent.states[-1])


def test_the_same_seed_sends_the_same_message():
    x0 = torch.rand(2)
    one, other = message(SCHEDULE, x0, seed=1), message(SCHEDULE, x0, seed=1)
    assert torch.equal(one.states, other.states)
    assert not torch.equal(one.states, message(SCHEDULE, x0, seed=2).states)
