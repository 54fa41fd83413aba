"""The learner: the steps a hand-written loop takes, resumed to the bit, and stopped before anything is spoilt."""

import math
import os
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from training_runs import NETWORK, document, pictures

from ddpm_studio import device as devices_of
from ddpm_studio.data import to_unit
from ddpm_studio.device import Tuning, chosen, devices, explaining_memory, fitting, free_memory, sent
from ddpm_studio.draws import Dice
from ddpm_studio.errors import UserError
from ddpm_studio.learner import Learner
from ddpm_studio.networks import Mlp
from ddpm_studio.networks.build import fresh
from ddpm_studio.objective import Draw, Simple, Target
from ddpm_studio.process import q_sample, v_from
from ddpm_studio.ranks import Ranks, joined, local_device
from ddpm_studio.schedule import Linear
from ddpm_studio.source import Pictures
from ddpm_studio.train import train
from ddpm_studio.training import Compile, Precision, Switch, Training

CPU = torch.device("cpu")


def learner(device=CPU, stack=None, **changes):
    stack = pictures() if stack is None else stack
    return Learner(document(**changes).recipe, Pictures(stack, device), device)


def everything(one):
    return {name: tensor.clone() for name, tensor in one.state().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_its_steps_are_those_of_a_hand_written_loop():
    """The same batches into torch's AdamW, clipping and averaging, written out."""
    ours = learner(clip=0.5, weight_decay=0.1, flips=True, rate=1e-3)
    recipe, training = ours.recipe, ours.recipe.training
    module = fresh(NETWORK, (1, 4, 4), training.seed)
    average = [p.detach().clone() for p in module.parameters()]
    optimiser = torch.optim.AdamW(module.parameters(), lr=1.0, weight_decay=0.1, foreach=False, fused=False)
    dice = Dice(training.seed, training.batch, 40, (1, 4, 4), recipe.schedule.T, flips=True)
    for k, step in enumerate(train(ours)):
        draws = dice.draw(k, range(training.batch))
        x0 = torch.from_numpy(to_unit(pictures()[draws.pictures.numpy()]))
        x0 = torch.stack([x.flip(-1) if m else x for x, m in zip(x0, draws.mirrored, strict=True)])
        answer = module(q_sample(recipe.schedule, x0, draws.t, draws.eps), draws.t - 1)
        loss = (answer - v_from(recipe.schedule, x0, draws.t, draws.eps)).square().mean()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(module.parameters(), 0.5)
        optimiser.param_groups[0]["lr"] = training.rate_at(k)
        optimiser.step()
        optimiser.zero_grad()
        decay = training.ema_at(k)
        for mean, parameter in zip(average, module.parameters(), strict=True):
            mean.mul_(decay).add_(parameter.detach(), alpha=1 - decay)
        assert step.step == k + 1
        assert step.loss == pytest.approx(loss.item(), rel=1e-5)
        assert step.gradient_norm == pytest.approx(float(norm), rel=1e-4)
        assert step.rate == training.rate_at(k)
        assert step.t.tolist() == draws.t.tolist()
        assert step.squared.mean() == pytest.approx(loss.item(), rel=1e-5)
    assert ours.step == 6
    for (name, weight), parameter in zip(ours.weights(average=False).items(), module.parameters(), strict=True):
        torch.testing.assert_close(weight, parameter.detach(), rtol=0, atol=1e-4, msg=name)
    torch.testing.assert_close(list(ours.weights().values()), average, rtol=0, atol=1e-4)


@pytest.mark.parametrize("draw", Draw)
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_a_resumed_learner_goes_on_to_the_bit(draw, dropout):
    changes = {
        "objective": Simple(target=Target.V, draw=draw),
        "network": replace(NETWORK, dropout=dropout),
        "schedule": Linear(T=2, beta_end=0.5),
        "steps": 16,
    }
    straight, broken, resumed = (learner(**changes) for _ in range(3))
    losses = [step.loss for step in train(straight)]
    before = [broken.advance().loss for _ in range(8)]
    saved = everything(broken)
    torch.rand(7)  # what somebody else draws changes nothing
    resumed.restore(8, saved)
    after = [step.loss for step in train(resumed)]
    assert before + after == losses
    assert same(everything(resumed), everything(straight))
    assert not same(everything(resumed), saved)


def test_several_averages_are_kept_each_with_its_own_decay_and_resumed_to_the_bit():
    changes = {"ema": 0.9, "more_ema": (0.5, 0.6), "steps": 10, "rate": 1e-3}
    one = learner(**changes)
    names = dict(one.module.named_parameters())
    expected = {decay: {n: p.detach().clone() for n, p in names.items()} for decay in (0.9, 0.5, 0.6)}
    for k, _ in enumerate(train(one)):
        for decay, average in expected.items():
            kept = min(decay, (1 + k) / (10 + k))
            for n, parameter in names.items():
                average[n].mul_(kept).add_(parameter.detach(), alpha=1 - kept)
        if k == 4:
            saved = everything(one)
    for group, decay in (("ema", 0.9), ("ema-0.5", 0.5), ("ema-0.6", 0.6)):
        for n in names:
            torch.testing.assert_close(one.state()[f"{group}.{n}"], expected[decay][n], rtol=0, atol=1e-6, msg=n)
    assert not torch.equal(one.state()["ema-0.5.conv_in.weight"], one.state()["ema-0.6.conv_in.weight"])
    resumed = learner(**changes)
    resumed.restore(5, saved)
    for _ in train(resumed):
        pass
    assert same(everything(resumed), everything(one))


def test_micro_batches_take_the_same_step():
    whole, parts = learner(rate=1e-3), learner(rate=1e-3, micro_batch=3)
    for one, other in zip(train(whole), train(parts), strict=True):
        assert other.loss == pytest.approx(one.loss, rel=1e-4)
        assert other.t.tolist() == one.t.tolist()
    for name, tensor in whole.weights().items():
        torch.testing.assert_close(parts.weights()[name], tensor, rtol=0, atol=1e-4)


def test_it_learns():
    one = learner(steps=60, rate=1e-2)
    losses = [step.loss for step in train(one)]
    assert np.mean(losses[-20:]) < 0.8 * np.mean(losses[:5])


def test_every_draw_of_dropout_is_its_own():
    one = learner(network=replace(NETWORK, dropout=0.5), rate=1e-8)
    state = everything(one)
    losses = set()
    for seed in (1, 2):
        other = learner(network=replace(NETWORK, dropout=0.5), rate=1e-8, seed=seed)
        other.restore(0, state)
        for name in state:  # the output layer begins at zero: let dropout be seen
            if name == "weights.conv_out.weight":
                dict(other.module.named_parameters())["conv_out.weight"].data.fill_(0.1)
                dict(other.module.named_parameters())["mid_block.resnets.0.conv2.weight"].data.fill_(0.1)
        losses.add(other.advance().loss)
    assert len(losses) == 2


def test_a_loss_that_is_not_finite_stops_it_before_the_step_and_names_step_t_and_tensor():
    one = learner(steps=100)
    for _ in range(3):
        one.advance()
    with torch.no_grad():
        next(one.module.parameters())[0, 0, 0, 0] = math.nan
    before = everything(one)
    with pytest.raises(UserError) as refusal:
        one.advance()
    text = str(refusal.value)
    assert text.startswith("step 4: the loss is nan at t = ")
    assert "the gradient of conv_in.weight is not" in text
    assert "lower rate" in text
    after = everything(one)
    assert one.step == 3
    assert all(torch.equal(after[name].nan_to_num(9.0), before[name].nan_to_num(9.0)) for name in before)


def test_points_are_learned_by_an_mlp():
    class Points:
        shape = (2,)

        def __len__(self):
            return 64

        def rows(self, places, mirrored):
            return torch.tensor([[1.0, -0.5]]).expand(len(places), 2)

    recipe = document(network=Mlp(width=32), batch=64, steps=200, rate=5e-3).recipe
    one = Learner(recipe, Points(), CPU)
    losses = [step.loss for step in train(one)]
    assert np.mean(losses[-30:]) < 0.1 * losses[0]
    assert one.denoiser()(torch.zeros(3, 2), 5).x0.shape == (3, 2)


def test_its_denoiser_is_a_copy():
    one = learner()
    denoiser = one.denoiser(average=False)
    x = torch.ones(1, 1, 4, 4)
    before = denoiser(x, 10).x0
    for _ in train(one):
        pass
    assert torch.equal(denoiser(x, 10).x0, before)
    assert not torch.equal(one.denoiser(average=False)(x, 10).x0, before)
    assert not torch.equal(one.denoiser()(x, 10).x0, one.denoiser(average=False)(x, 10).x0)


@pytest.mark.parametrize("changes", [{"channels_last": Switch.ON}, {"schedule": Linear(T=2, beta_end=0.5)}])
def test_memory_layout_and_the_shortest_schedule_train_too(changes):
    assert all(math.isfinite(step.loss) for step in train(learner(**changes)))


def test_bfloat16_is_close_to_float32():
    exact, rough = (learner(precision=p) for p in (Precision.FLOAT32, Precision.BF16))
    for one, other in zip(train(exact), train(rough), strict=True):
        assert other.loss == pytest.approx(one.loss, rel=0.05)
    assert next(rough.module.parameters()).dtype == torch.float32


def test_on_a_cpu_the_slow_ways_are_off_unless_asked_for():
    tuning = Tuning.of(Training(), CPU)
    assert (tuning.precision, tuning.channels_last, tuning.compile) == (Precision.FLOAT32, False, Compile.OFF)
    asked = Tuning.of(Training(precision=Precision.TF32, compile=Compile.GRAPHS, channels_last=Switch.ON), CPU)
    assert asked.notes == ("cpu has no TF32; float32 is used", "cpu has no CUDA graphs; the network is compiled only")
    assert asked.channels_last


def test_a_network_that_cannot_be_compiled_runs_as_it_is_and_says_so(monkeypatch):
    def broken(module, mode):
        def call(*_):
            raise RuntimeError("no compiler")

        return call

    monkeypatch.setattr(torch, "compile", broken)
    one = learner(compile=Compile.ON)
    assert one.notes == ["the network cannot be compiled here (RuntimeError); it runs as it is"]
    assert one.advance().step == 1


def test_gradients_that_have_places_of_their_own_as_cuda_graphs_need_are_the_same(monkeypatch):
    ordinary, placed = learner(micro_batch=3), learner(micro_batch=3)
    placed.tuning = replace(placed.tuning, compile=Compile.GRAPHS)
    placed._forget()
    places = [p.grad.data_ptr() for p in placed.module.parameters()]
    losses = [step.loss for step in train(ordinary)]
    assert [step.loss for step in train(placed)] == losses
    assert [p.grad.data_ptr() for p in placed.module.parameters()] == places
    assert same(everything(placed), everything(ordinary))


def test_on_cuda_every_kernel_is_told_to_give_the_same_numbers_each_time(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    before = torch.utils.deterministic.fill_uninitialized_memory
    try:
        Tuning.of(Training(), CPU).apply(CPU)
        assert not torch.are_deterministic_algorithms_enabled()  # on a CPU they do so anyway
        Tuning.of(Training(precision=Precision.FLOAT32), CPU).apply(torch.device("cuda"))
        assert torch.are_deterministic_algorithms_enabled()
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    finally:
        torch.use_deterministic_algorithms(False)
        torch.utils.deterministic.fill_uninitialized_memory = before


def test_choosing_a_device_wakes_none_of_them(monkeypatch):
    def woken(_device):
        raise AssertionError("a device was spoken to")

    monkeypatch.setattr(devices_of, "free_memory", woken)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [str(chosen(name)) for name in ("auto", "cuda", "cuda:1", "cpu")] == ["cuda:0", "cuda:0", "cuda:1", "cpu"]


def test_processes_that_cannot_speak_to_each_other_are_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UserError, match="add --device cpu"), joined(torch.device("mps")):
        pass


def test_each_process_on_a_machine_has_a_gpu_of_its_own(monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert local_device(torch.device("cuda:0")) == torch.device("cuda:3")
    assert local_device(CPU) == CPU


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("[enforce fail] can't allocate memory: you tried")])
def test_out_of_memory_names_a_micro_batch_that_fits(monkeypatch, error):
    def full(*_):
        raise error

    one = learner()
    before = everything(one)
    monkeypatch.setattr(one, "_backward", full)
    with pytest.raises(UserError, match="not enough memory for 8 pictures at once; a micro-batch of 4 would fit"):
        one.advance()
    assert same(everything(one), before)


def test_what_fits_is_a_power_of_two_below_what_did_not():
    assert [fitting(10 * 2**20, micro, 2**20) for micro in (64, 8, 2, 1)] == [8, 4, 1, 0]
    assert fitting(100, 8, 2**20) == 0


def test_errors_that_are_not_about_memory_are_left_alone():
    with pytest.raises(RuntimeError, match="shapes"), explaining_memory(CPU, 8, lambda: 1):
        raise RuntimeError("shapes differ")


def test_devices_are_named_with_their_free_memory():
    assert chosen("cpu") == CPU
    assert chosen("auto") == torch.device(devices()[0].name)
    assert "GiB free" in str(devices()[-1])
    assert free_memory(CPU) > 2**20
    assert devices_of.used_memory(CPU) >= 0
    with pytest.raises(UserError, match=r"there is no device 'cuda:99'; there are .*cpu"):
        chosen("cuda:99")


@pytest.mark.parametrize(("name", "waits"), [("cuda", False), ("mps", True), ("cpu", True)])
def test_only_cuda_fetches_a_batch_while_the_cpu_goes_on(name, waits):
    """MPS would read it from memory that is in other use by then, without a word."""
    batch = Mock(spec=torch.Tensor)
    assert sent(batch, torch.device(name)) is batch.to.return_value
    batch.to.assert_called_once_with(torch.device(name), non_blocking=not waits)
    others = [path for path in Path(devices_of.__file__).parent.rglob("*.py") if path.name != "device.py"]
    assert [path.name for path in others if "non_blocking" in path.read_text(encoding="utf-8")] == []
    assert len(others) > 100


def test_the_rows_of_all_ranks_are_the_batch():
    shares = [Ranks(rank, 3).rows(8) for rank in range(3)]
    assert [row for share in shares for row in share] == list(range(8))
    with pytest.raises(UserError, match="a batch of 2 cannot be shared by 3 processes"):
        Ranks(0, 3).rows(2)


def test_pictures_are_to_unit_s_and_mirrored_where_asked():
    source = Pictures(pictures(5), CPU)
    places, mirrored = torch.tensor([4, 0, 4]), torch.tensor([False, True, True])
    rows = source.rows(places, mirrored)
    unit = torch.from_numpy(to_unit(pictures(5)))
    assert torch.equal(rows, torch.stack([unit[4], unit[0].flip(-1), unit[4].flip(-1)]))
    assert source.shape == (1, 4, 4)
    assert len(source) == 5
