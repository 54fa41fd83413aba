"""Objectives: the papers' weights, one error in three units, and the loss that is made of them."""

import numpy as np
import pytest
import torch
from torch import nn

from ddpm_studio.denoiser import Trained, asked, predicted
from ddpm_studio.errors import UserError
from ddpm_studio.loss import Loss
from ddpm_studio.objective import OBJECTIVES, P2, Bound, MinSnr, Simple, Target
from ddpm_studio.process import q_posterior, q_sample, v_from
from ddpm_studio.schedule import Cosine, Linear
from ddpm_studio.terms import bound_terms, decoder_nll, learned_log_variance, normal_kl

SCHEDULES = [Linear(T=50, scaled=True), Cosine(T=40), Linear(T=1000)]
WEIGHTED = [Bound, P2, MinSnr]


def weights(kind, target, schedule):
    return kind(target=target).weights(schedule)[1:]


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("kind", WEIGHTED)
def test_a_weight_is_one_weight_in_three_units(kind, schedule):
    eps, x0, v = (weights(kind, target, schedule) for target in (Target.EPS, Target.X0, Target.V))
    np.testing.assert_allclose(eps * schedule.snr[1:], x0, rtol=1e-12)
    np.testing.assert_allclose(v * (1.0 + schedule.snr[1:]), x0, rtol=1e-9)


def test_simple_weighs_every_t_alike_in_the_target_s_own_unit():
    for target in Target:
        assert (weights(Simple, target, Linear()) == 1.0).all()


def test_the_bound_s_weights_are_those_of_the_reference():
    found = Bound().weights(Linear())
    for t, expected in {
        1: 0.50005,
        2: 0.272692,
        10: 0.073717,
        100: 0.0100813,
        500: 0.00550343,
        1000: 0.0102045,
    }.items():
        assert found[t] == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(found[1:], Linear().loss_weight(Linear().beta)[1:], rtol=1e-9)


@pytest.mark.parametrize("target", Target)
def test_the_bound_s_weight_times_the_error_is_the_kullback_leibler_divergence(target):
    schedule = Linear(T=20, scaled=False, beta_end=0.3)
    generator = torch.Generator().manual_seed(0)
    x0, eps, wrong = (torch.randn(1, 5, generator=generator, dtype=torch.float64) for _ in range(3))
    for t in (2, 7, 20):
        xt = q_sample(schedule, x0, t, eps)
        mean, _ = q_posterior(schedule, x0, xt, t)
        guess, _ = q_posterior(schedule, predicted(schedule, target, xt, t, wrong).x0, xt, t)
        divergence = (mean - guess).square().sum() / (2.0 * schedule.beta[t])
        truth = {Target.EPS: eps, Target.X0: x0, Target.V: v_from(schedule, x0, t, eps)}[target]
        error = (truth - wrong).square().sum()
        assert Bound(target=target).weights(schedule)[t] * error == pytest.approx(float(divergence), rel=1e-9)


def test_min_snr_is_hang_et_al_s():
    schedule = Linear()
    snr = schedule.snr[1:]
    np.testing.assert_allclose(weights(MinSnr, Target.EPS, schedule), np.minimum(snr, 5) / snr, rtol=1e-12)
    np.testing.assert_allclose(weights(MinSnr, Target.V, schedule), np.minimum(snr, 5) / (snr + 1), rtol=1e-9)


def test_p2_is_choi_et_al_s_and_l_simple_without_gamma():
    schedule = Linear()
    np.testing.assert_allclose(P2(k=0.5, gamma=2.0).weights(schedule)[1:], (0.5 + schedule.snr[1:]) ** -2, rtol=1e-12)
    np.testing.assert_allclose(P2(gamma=0.0).weights(schedule)[1:], 1.0, rtol=1e-12)


@pytest.mark.parametrize("kind", OBJECTIVES)
@pytest.mark.parametrize("target", [Target.X0, Target.V])
def test_weights_are_finite_and_not_negative_also_where_nothing_is_left_of_the_picture(kind, target):
    for schedule in (Linear(zero_terminal_snr=True), Cosine(T=2), Linear(T=4000)):
        found = OBJECTIVES[kind](target=target).weights(schedule)
        assert np.isfinite(found).all()
        assert (found >= 0).all()
        assert found[0] == 0
        assert found.shape == (schedule.T + 1,)


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_noise_cannot_be_the_target_where_there_is_only_noise(kind):
    with pytest.raises(UserError, match="predict v or x0"):
        OBJECTIVES[kind]().weights(Linear(zero_terminal_snr=True))


class Says(nn.Module):
    """A network that gives a fixed answer."""

    def __init__(self, answer):
        super().__init__()
        self.answer = nn.Parameter(answer)
        self.tau = None

    def forward(self, x, tau):
        self.tau = tau
        return self.answer


def batch(shape=(6, 1, 4, 4)):
    generator = torch.Generator().manual_seed(3)
    x0 = torch.rand(shape, generator=generator) * 2 - 1
    return x0, torch.tensor([1, 2, 10, 25, 40, 50]), torch.randn(shape, generator=generator)


@pytest.mark.parametrize("target", Target)
def test_the_true_answer_loses_nothing_and_gives_back_x0_and_eps(target):
    schedule = SCHEDULES[0]
    x0, t, eps = batch()
    truth = {Target.EPS: eps, Target.X0: x0, Target.V: v_from(schedule, x0, t, eps)}[target]
    module = Says(truth)
    losses = Loss.of(schedule, Simple(target=target), learned_variance=False)(module, x0, t, eps)
    assert losses.weighted.abs().max() == 0
    assert module.tau.tolist() == (t - 1).tolist()
    guess = Trained(schedule, (1, 4, 4), module, target)(q_sample(schedule, x0, 25, eps), 25)
    if target is not Target.V:  # v depends on t
        torch.testing.assert_close(guess.x0 if target is Target.X0 else guess.eps, truth)


@pytest.mark.parametrize("kind", WEIGHTED)
def test_the_same_guess_costs_the_same_whatever_the_network_is_asked_for(kind):
    schedule = SCHEDULES[0]
    x0, t, eps = batch()
    xt = q_sample(schedule, x0, t, eps)
    x0_hat = x0 + 0.1
    eps_hat = eps - torch.as_tensor(schedule.snr**0.5)[t].float()[:, None, None, None] * 0.1
    answers = {Target.X0: x0_hat, Target.EPS: eps_hat, Target.V: v_from(schedule, x0_hat, t, eps_hat)}
    costs = [
        Loss.of(schedule, kind(target=target), learned_variance=False)(Says(answer), x0, t, eps).weighted
        for target, answer in answers.items()
    ]
    torch.testing.assert_close(costs[0], costs[1], rtol=1e-3, atol=1e-7)
    torch.testing.assert_close(costs[0], costs[2], rtol=1e-3, atol=1e-7)
    assert predicted(schedule, Target.V, xt, t, answers[Target.V]).x0.sub(x0_hat).abs().max() < 1e-5


def test_the_divergence_of_two_normals_is_pytorch_s():
    generator = torch.Generator().manual_seed(0)
    m1, l1, m2, l2 = (torch.randn(50, generator=generator, dtype=torch.float64) for _ in range(4))
    normal = torch.distributions.Normal
    expected = torch.distributions.kl_divergence(normal(m1, (l1 / 2).exp()), normal(m2, (l2 / 2).exp()))
    torch.testing.assert_close(normal_kl(m1, l1, m2, l2), expected)


@pytest.mark.parametrize("deviation", [1e-3, 0.05, 3.0])
def test_the_decoder_s_256_levels_have_the_probability_1_together(deviation):
    levels = torch.arange(256, dtype=torch.float64) / 127.5 - 1
    for mean in (-1.2, -1.0, 0.013, 1.0):
        log_variance = torch.tensor(2 * np.log(deviation), dtype=torch.float64)
        chances = (-decoder_nll(levels, torch.tensor(mean, dtype=torch.float64), log_variance)).exp()
        assert float(chances.sum()) == pytest.approx(1.0, abs=1e-8)
        if deviation < 1:  # else the two levels that reach to ±∞ have nearly all of it
            assert levels[chances.argmax()] == pytest.approx(min(max(mean, -1), 1), abs=1 / 127.5)


def test_the_decoder_has_finite_gradients_at_black_and_white():
    log_variance = torch.tensor([-8.0, -8.0], requires_grad=True)
    decoder_nll(torch.tensor([-1.0, 1.0]), torch.tensor([-0.9, 0.9]), log_variance).sum().backward()
    assert log_variance.grad.isfinite().all()
    assert (log_variance.grad < 0).all()  # both guesses are far off: a larger variance is better


def test_a_learned_variance_lies_between_the_two_of_the_paper():
    schedule = SCHEDULES[0]
    t = torch.tensor([2, 30])
    low, high = (learned_log_variance(schedule, t, torch.full((2, 3), said)) for said in (-1.0, 1.0))
    torch.testing.assert_close(
        low[:, 0].exp().double(), torch.as_tensor(schedule.posterior_variance[[2, 30]]), rtol=1e-5, atol=0
    )
    torch.testing.assert_close(high[:, 0].exp().double(), torch.as_tensor(schedule.beta[[2, 30]]), rtol=1e-5, atol=0)
    assert learned_log_variance(schedule, torch.tensor([1]), torch.full((1, 3), -1.0)).isfinite().all()


def test_the_bound_s_part_of_the_hybrid_loss_teaches_the_variance_and_leaves_the_mean_alone():
    schedule = SCHEDULES[0]
    x0, t, eps = batch()
    module = Says(torch.cat([torch.full_like(x0, 0.2), torch.full_like(x0, 0.1)], 1))
    losses = Loss.of(schedule, Simple(), learned_variance=True)(module, x0, t, eps)
    (losses.weighted - losses.squared).sum().backward()
    assert module.answer.grad.isfinite().all()
    assert module.answer.grad[:, 0].abs().max() == 0
    assert module.answer.grad[:, 1].abs().min() > 0


def test_the_bound_of_a_perfect_guess_with_the_true_variance_is_nothing_but_the_last_step_s():
    schedule = SCHEDULES[0]
    x0, t, eps = batch()
    xt = q_sample(schedule, x0, t, eps)
    terms = bound_terms(schedule, x0, xt, t, x0, learned_log_variance(schedule, t, torch.full_like(x0, -1.0)))
    assert terms[1:].abs().max() < 1e-4
    assert terms[0] > 0


def test_the_network_s_own_time_is_one_less():
    module = Says(torch.zeros(1, 2))
    asked(module, torch.zeros(1, 2), torch.tensor([1000]))
    assert module.tau.tolist() == [999]
