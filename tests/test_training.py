"""Training's settings: the rate, the average, what is refused; and the draws of a step."""

import json
from itertools import pairwise

import numpy as np
import pytest
import torch

from ddpm_studio.document import Document
from ddpm_studio.draws import REMEMBERED, Dice, History
from ddpm_studio.errors import UserError
from ddpm_studio.networks import UNet
from ddpm_studio.objective import MinSnr, Simple, Target
from ddpm_studio.schedule import Linear
from ddpm_studio.training import Decay, Recipe, Training


def dice(**changes):
    return Dice(**({"seed": 5, "batch": 8, "count": 20, "shape": (1, 2, 2), "T": 10} | changes))


def test_the_rate_rises_and_stays():
    training = Training(rate=0.1, warmup=4, steps=10)
    assert [training.rate_at(step) for step in range(6)] == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.1, 0.1])


def test_the_rate_falls_along_a_cosine_to_nothing():
    training = Training(rate=0.1, warmup=0, steps=100, decay=Decay.COSINE)
    assert [training.rate_at(step) for step in (0, 50, 100)] == pytest.approx([0.1, 0.05, 0.0])
    assert training.rate_at(25) == pytest.approx(0.1 * (1 + 0.5**0.5) / 2)


@pytest.mark.parametrize(("ema", "steps"), [(0.999, 5000), (0.5, 3), (0.0, 2), (0.9999, 300), (0.05, 4)])
def test_the_initial_share_is_the_product_of_all_decays(ema, steps):
    training = Training(ema=ema)
    product = np.prod([training.ema_at(step) for step in range(steps)])
    assert training.initial_share(steps) == pytest.approx(product, rel=1e-9)
    assert training.initial_share(0) == 1.0


def test_without_the_warm_up_a_decay_of_09999_would_leave_37_percent_after_10000_steps():
    training = Training(ema=0.9999)
    rising = training.initial_share(89_991)
    assert training.initial_share(99_991) / rising == pytest.approx(0.37, abs=0.005)


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"rate": 0}, "rate must be between 1e-08 and 1, but is 0"),
        ({"rate": -1e-4}, "rate must be between 1e-08 and 1, but is -0.0001"),
        ({"rate": float("nan")}, "rate must be between"),
        ({"steps": 0}, "steps must be between 1"),
        ({"batch": 0}, "batch must be between 1"),
        ({"batch": 8, "micro_batch": 9}, "micro_batch must be at most batch = 8"),
        ({"ema": 1.0}, "ema must be between"),
        ({"more_ema": (0.9, 1.0)}, "more_ema must be between 0.5 and 0.999999, but is 1"),
        ({"more_ema": (0.9, 0.9)}, "more_ema must be decays that differ from each other and from ema = 0.999"),
        ({"more_ema": (0.999,)}, "more_ema must be decays that differ"),
        ({"precision": "half"}, "precision must be one of auto, float32, tf32, bf16"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(fields, part):
    with pytest.raises(UserError) as refusal:
        Training(**fields)
    assert part in str(refusal.value)


@pytest.mark.parametrize(
    ("change", "shape", "count", "part"),
    [
        ({}, (3, 8, 8), 0, "at least 2 pictures, but there is none"),
        ({}, (3, 8, 8), 1, "at least 2 pictures, but there is 1"),
        ({}, (3, 8, 8), 63, "a batch of 64 is more than the 63 pictures"),
        ({}, (3, 6, 8), 100, "6 × 8 pixels cannot be halved"),
        ({"schedule": Linear(zero_terminal_snr=True)}, (3, 8, 8), 100, "predict v or x0"),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_refused(change, shape, count, part):
    recipe = Recipe(
        **({"network": UNet(), "objective": Simple(), "schedule": Linear(), "training": Training()} | change)
    )
    with pytest.raises(UserError) as refusal:
        recipe.refuse_impossible(shape, count)
    assert part in str(refusal.value)


def test_a_document_keeps_its_recipe_and_one_from_before_there_was_any_takes_the_defaults():
    document = Document(
        network=UNet(multipliers=(1, 2), attention=()), objective=MinSnr(target=Target.V), training=Training(steps=7)
    )
    back = Document.from_json(json.loads(json.dumps(document.to_json())))
    assert back == document
    assert hash(back) == hash(document)
    old = {key: value for key, value in document.to_json().items() if key not in ("network", "objective", "training")}
    assert Document.from_json(old).recipe == Document().recipe


def test_every_epoch_shows_every_picture_once_in_another_order():
    places = np.concatenate([dice().pictures(step) for step in range(10)])  # 80 = 4 epochs of 20
    epochs = places.reshape(4, 20)
    assert (np.sort(epochs) == np.arange(20)).all()
    assert len({tuple(epoch) for epoch in epochs}) == 4


@pytest.mark.parametrize("parts", [1, 2, 3, 8])
def test_rows_are_the_same_however_a_batch_is_shared(parts):
    whole = dice(flips=True).draw(3, range(8))
    edges = [i * 8 // parts for i in range(parts + 1)]
    shared = [dice(flips=True).draw(3, range(a, b)) for a, b in pairwise(edges)]
    for name in ("pictures", "t", "eps", "mirrored", "weight"):
        assert torch.equal(torch.cat([getattr(draws, name) for draws in shared]), getattr(whole, name)), name


def test_a_step_s_draws_do_not_depend_on_the_steps_before():
    used = dice()
    for step in range(7):
        used.draw(step, range(8))
    one, other = used.draw(7, range(8)), dice().draw(7, range(8))
    assert torch.equal(one.eps, other.eps)
    assert torch.equal(one.pictures, other.pictures)
    assert not torch.equal(one.eps, dice().draw(6, range(8)).eps)
    assert not torch.equal(one.eps, dice(seed=6).draw(7, range(8)).eps)


def test_t_is_uniform_from_1_to_T_and_half_the_pictures_are_mirrored():
    many = dice(batch=20_000, count=20_000, flips=True, shape=(1,)).draw(0, range(20_000))
    counts = torch.bincount(many.t, minlength=11)
    assert counts[0] == 0
    assert (counts[1:] - 2000).abs().max() < 5 * 2000**0.5
    assert abs(int(many.mirrored.sum()) - 10_000) < 5 * 5000**0.5
    assert not dice().draw(0, range(8)).mirrored.any()
    assert (many.weight == 1).all()


def test_t_drawn_by_loss_follows_the_root_of_the_second_moment_and_the_weights_undo_it():
    history = History.empty(4)
    scale = np.array([1.0, 2.0, 3.0, 10.0])
    for _ in range(REMEMBERED - 1):
        history.add(np.arange(1, 5), scale)
    assert history.chances() is None  # not every t has been met often enough
    history.add(np.arange(1, 5), scale)
    chances = history.chances()
    np.testing.assert_allclose(chances, 0.999 * scale / scale.sum() + 0.001 / 4)
    draws = dice(T=4, batch=40_000, count=40_000, shape=(1,)).draw(0, range(40_000), chances)
    found = np.bincount(draws.t, minlength=5)[1:] / 40_000
    np.testing.assert_allclose(found, chances, atol=5 * (0.25 / 40_000) ** 0.5)
    losses = torch.as_tensor(scale)[draws.t - 1]
    assert float((losses * draws.weight).mean()) == pytest.approx(scale.mean(), rel=0.02)


def test_the_oldest_loss_is_forgotten_first():
    history = History.empty(1)
    for loss in range(REMEMBERED + 3):
        history.add(np.array([1]), np.array([float(loss)]))
    assert history.losses[0].tolist() == [float(loss) for loss in range(3, REMEMBERED + 3)]
