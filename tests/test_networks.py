"""Networks: the same function as diffusers' U-Net, counted before memory is taken, a pure function of their seed."""

from dataclasses import replace

import pytest
import torch
from diffusers import UNet2DModel
from torch.overrides import TorchFunctionMode

from ddpm_studio.errors import UserError
from ddpm_studio.networks import NETWORKS, PRESETS, Mlp, UNet
from ddpm_studio.networks.build import assembled, fresh, measure, skeleton

TINY = UNet(width=8, multipliers=(1, 2), blocks=2, attention=(4,), groups=4)


def peer(settings: UNet, shape):
    """diffusers' U-Net of the same settings."""
    C, size, _ = shape
    attends = [size >> level in settings.attention for level in range(len(settings.multipliers))]
    return UNet2DModel(
        sample_size=size,
        in_channels=C,
        out_channels=C * (1 + settings.learned_variance),
        block_out_channels=tuple(settings.width * m for m in settings.multipliers),
        layers_per_block=settings.blocks,
        down_block_types=tuple("AttnDownBlock2D" if a else "DownBlock2D" for a in attends),
        up_block_types=tuple("AttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attends)),
        attention_head_dim=settings.head_width or None,
        norm_num_groups=settings.groups,
        norm_eps=settings.norm_eps,
        flip_sin_to_cos=settings.cosine_first,
        freq_shift=settings.frequency_shift,
        downsample_padding=int(settings.pad_all_sides),
        resnet_time_scale_shift="scale_shift" if settings.scale_shift else "default",
        attn_norm_num_groups=settings.groups if settings.norm_in_middle else None,
    ).eval()


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        (TINY, (3, 8, 8)),
        (replace(TINY, blocks=1, multipliers=(1, 2, 3), attention=(2, 8)), (1, 8, 8)),
        (replace(TINY, learned_variance=True, multipliers=(1,)), (3, 8, 8)),
        (replace(TINY, head_width=2, cosine_first=True, frequency_shift=0.0, pad_all_sides=True), (3, 8, 8)),
        (replace(TINY, scale_shift=True, norm_in_middle=False, norm_eps=1e-3, head_width=4), (1, 8, 8)),
        (replace(TINY, scale_shift=True, attention=()), (1, 8, 8)),
    ],
)
def test_the_u_net_computes_what_diffusers_does_with_the_same_weights(settings, shape):
    theirs = peer(settings, shape)
    ours = assembled(settings, shape, theirs.state_dict())
    generator = torch.Generator().manual_seed(0)
    x, tau = torch.randn(3, *shape, generator=generator), torch.tensor([0, 5, 999])
    with torch.no_grad():
        expected = theirs(x, tau).sample
        torch.testing.assert_close(ours(x, tau), expected, atol=1e-5, rtol=0)
    assert expected.std() > 0.1


def test_the_cifar_10_network_has_35746307_parameters_in_328_tensors_named_as_diffusers():
    size = measure(PRESETS["cifar10"], (3, 32, 32))
    assert (size.parameters, size.tensors) == (35_746_307, 328)
    with torch.device("meta"):
        theirs = peer(PRESETS["cifar10"], (3, 32, 32))
    ours = skeleton(PRESETS["cifar10"], (3, 32, 32))
    assert {n: p.shape for n, p in ours.named_parameters()} == {n: p.shape for n, p in theirs.named_parameters()}


def test_the_network_for_256_pixels_has_113673219_parameters():
    assert measure(PRESETS["256"], (3, 256, 256)).parameters == 113_673_219


def test_no_memory_is_taken_to_count_a_network():
    module = skeleton(UNet(width=512, multipliers=(1, 2, 4, 8), blocks=8), (3, 64, 64))
    assert {p.device.type for p in module.parameters()} == {"meta"}
    assert sum(p.numel() for p in module.parameters()) > 4e9


def test_setting_up_a_network_draws_no_weights_that_others_replace():
    drawn = []

    class Watch(TorchFunctionMode):
        def __torch_function__(self, called, types, args=(), kwargs=None):
            drawn.extend(name for name in ("uniform_", "normal_", "fill_") if name in str(called))
            return called(*args, **(kwargs or {}))

    with Watch():
        for network, shape in ((TINY, (3, 8, 8)), (Mlp(), (2,))):
            skeleton(network, shape)
        assert drawn == []
        torch.nn.Linear(2, 2)
    assert "uniform_" in drawn  # they would be seen


@pytest.mark.parametrize(("network", "shape"), [(TINY, (3, 8, 8)), (PRESETS["tiny"], (1, 28, 28)), (Mlp(), (2,))])
def test_the_estimate_of_activations_is_what_a_real_step_keeps(network, shape):
    module = fresh(network, shape, 0)
    weights = {p.untyped_storage().data_ptr() for p in module.parameters()}
    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = module(torch.zeros(16, *shape), torch.zeros(16))
    found = sum(t.untyped_storage().nbytes() for pointer, t in kept.items() if pointer not in weights) / 16
    assert out.requires_grad
    assert measure(network, shape).activations == pytest.approx(found, rel=0.15)


@pytest.mark.parametrize(("network", "shape"), [(TINY, (3, 8, 8)), (Mlp(), (2,))])
def test_a_fresh_network_is_a_pure_function_of_its_seed_and_answers_zero(network, shape):
    state = torch.get_rng_state()
    one, same, other = (fresh(network, shape, seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)
    assert fresh(network, shape, 1)(torch.ones(2, *shape), torch.tensor([3, 7])).abs().max() == 0


def test_fresh_weights_have_the_spread_that_pytorch_gives_them():
    ours, seen = fresh(PRESETS["tiny"], (3, 16, 16), 0), set()
    for name, part in ours.named_modules():
        if isinstance(part, torch.nn.Conv2d | torch.nn.Linear) and part.weight.abs().max() > 0:
            seen.add(name.rpartition(".")[2])
            bound = part.weight[0].numel() ** -0.5
            assert part.weight.abs().max() <= bound, name
            assert part.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.15), name
    assert {"conv_in", "conv1", "linear_1", "time_emb_proj", "to_q"} <= seen


def test_a_learned_variance_doubles_the_channels():
    module = fresh(replace(TINY, learned_variance=True), (3, 8, 8), 0)
    assert module(torch.zeros(2, 3, 8, 8), torch.zeros(2)).shape == (2, 6, 8, 8)


def test_a_network_sees_x_and_the_time():
    for network, shape in ((TINY, (1, 8, 8)), (Mlp(), (2,))):
        generator = torch.Generator().manual_seed(0)
        weights = {
            name: torch.randn(p.shape, generator=generator) * 0.3
            for name, p in skeleton(network, shape).named_parameters()
        }
        module = assembled(network, shape, weights)
        x = torch.randn(1, *shape, generator=generator)
        early, late, moved = module(x, torch.tensor([1])), module(x, torch.tensor([900])), module(-x, torch.tensor([1]))
        assert (early - late).abs().max() > 1e-3
        assert (early - moved).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda: UNet(width=20, groups=8), "width must be even and a multiple of groups = 8, but is 20"),
        (lambda: UNet(width=9, groups=3), "width must be even"),
        (lambda: UNet(multipliers=()), "multipliers must be 1 to 8 numbers"),
        (lambda: UNet(multipliers=(1, 0)), "multipliers must be between 1 and 16, but is 0"),
        (lambda: UNet(multipliers=4), "multipliers must be a list, but is 4"),
        (lambda: Mlp(width=9), "width must be even"),
        (lambda: skeleton(UNet(head_width=48), (3, 32, 32)), "64 channels cannot be shared out to attention heads"),
        (lambda: skeleton(UNet(), (3, 30, 32)), "30 × 32 pixels cannot be halved 2 times"),
        (lambda: skeleton(UNet(multipliers=(1, 1, 1, 1)), (3, 4, 4)), "a multiple of 8"),
        (lambda: skeleton(UNet(), (4, 8, 8)), "1 or 3 channels"),
        (lambda: skeleton(UNet(), (2,)), "use an mlp"),
        (lambda: skeleton(Mlp(), (3, 8, 8)), "use a unet"),
    ],
)
def test_a_network_that_cannot_be_is_refused_in_one_line(make, part):
    with pytest.raises(UserError) as refusal:
        make()
    assert part in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_comes_back_from_json_as_itself(name):
    settings = PRESETS[name]
    assert NETWORKS[settings.kind].from_json(settings.to_json(), "network") == settings
