"""diffusers' configuration of a `UNet2DModel` as our settings of a U-Net, and back (no torch here).

The two networks are one function; the configuration has a key for things that ours does not vary. A value that ours
cannot have is refused by its key.
"""

from collections.abc import Mapping

from ddpm_studio.errors import UserError
from ddpm_studio.networks.settings import Shape, UNet
from ddpm_studio.params import Json

CLASS = "UNet2DModel"

DEFAULTS: Json = {
    "in_channels": 3,
    "out_channels": 3,
    "freq_shift": 0,
    "flip_sin_to_cos": True,
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"],
    "up_block_types": ["AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
    "block_out_channels": [224, 448, 672, 896],
    "layers_per_block": 2,
    "downsample_padding": 1,
    "dropout": 0.0,
    "attention_head_dim": 8,
    "norm_num_groups": 32,
    "attn_norm_num_groups": None,
    "norm_eps": 1e-5,
    "resnet_time_scale_shift": "default",
    "time_embedding_dim": None,
}
"""What diffusers takes for a key that is missing."""

ONLY: Mapping[str, tuple[object, ...]] = {
    "_class_name": (CLASS,),
    "act_fn": ("silu", "swish"),
    "add_attention": (True,),
    "center_input_sample": (False,),
    "class_embed_type": (None,),
    "downsample_type": ("conv",),
    "mid_block_scale_factor": (1, None),
    "mid_block_type": ("UNetMidBlock2D",),
    "num_class_embeds": (None,),
    "resnet_time_scale_shift": ("default", "scale_shift"),
    "time_embedding_type": ("positional",),
    "upsample_type": ("conv",),
    "downsample_padding": (0, 1),
}
"""The values that can be represented; a key that is missing has the first one, or its default above."""

IGNORED = {"sample_size", "num_train_timesteps"}

BLOCKS = {"DownBlock2D": False, "AttnDownBlock2D": True, "UpBlock2D": False, "AttnUpBlock2D": True}
"""Whether there is attention in a block."""


def decoded(config: Json, where: str) -> tuple[UNet, Shape]:
    """The settings and the shape (C, H, W) of a picture.

    Raises:
        UserError: a key has a value that cannot be represented, or is not known; it is named.
    """
    for key, value in config.items():
        if key in ONLY and value not in ONLY[key]:
            raise UserError(f"{where}: {key} is {value!r}; only {_listed(ONLY[key])} can be opened here")
        if not (key in DEFAULTS or key in ONLY or key in IGNORED or key.startswith("_") or value is None):
            raise UserError(f"{where}: {key} is not a key of a {CLASS} that can be opened here")
    given = {**DEFAULTS, **config}
    shape = _shape(given, where)
    channels = _whole_numbers(given, "block_out_channels", where)
    if not channels or any(c <= 0 or c % channels[0] for c in channels):
        raise UserError(f"{where}: block_out_channels must be whole multiples of the first, but are {channels}")
    settings = UNet.from_json(
        {
            "width": channels[0],
            "multipliers": [c // channels[0] for c in channels],
            "blocks": given["layers_per_block"],
            "attention": _attention(given, max(shape[1:]), len(channels), where),
            "groups": given["norm_num_groups"],
            "dropout": given["dropout"],
            "scale_shift": given["resnet_time_scale_shift"] == "scale_shift",
            "learned_variance": given["out_channels"] == 2 * shape[0],
            "head_width": given["attention_head_dim"] or 0,
            "norm_eps": given["norm_eps"],
            "cosine_first": given["flip_sin_to_cos"],
            "frequency_shift": given["freq_shift"],
            "pad_all_sides": given["downsample_padding"] == 1,
            "norm_in_middle": _norm_in_middle(given, where),
        },
        where,
    )
    return settings, shape


def encoded(settings: UNet, shape: Shape) -> dict[str, object]:
    """The configuration of an equal `UNet2DModel`."""
    attends = settings.attends(max(shape[1:]))
    return {
        "_class_name": CLASS,
        "sample_size": shape[1] if shape[1] == shape[2] else list(shape[1:]),
        "in_channels": shape[0],
        "out_channels": shape[0] * (1 + settings.learned_variance),
        "center_input_sample": False,
        "time_embedding_type": "positional",
        "freq_shift": settings.frequency_shift,
        "flip_sin_to_cos": settings.cosine_first,
        "down_block_types": ["AttnDownBlock2D" if a else "DownBlock2D" for a in attends],
        "mid_block_type": "UNetMidBlock2D",
        "up_block_types": ["AttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attends)],
        "block_out_channels": [settings.width * m for m in settings.multipliers],
        "layers_per_block": settings.blocks,
        "mid_block_scale_factor": 1,
        "downsample_padding": int(settings.pad_all_sides),
        "downsample_type": "conv",
        "upsample_type": "conv",
        "dropout": settings.dropout,
        "act_fn": "silu",
        "attention_head_dim": settings.head_width or None,
        "norm_num_groups": settings.groups,
        "attn_norm_num_groups": settings.groups if settings.norm_in_middle and settings.scale_shift else None,
        "norm_eps": settings.norm_eps,
        "resnet_time_scale_shift": "scale_shift" if settings.scale_shift else "default",
        "add_attention": True,
    }


def _shape(given: Json, where: str) -> Shape:
    size, channels = given.get("sample_size"), given["in_channels"]
    sides = size if isinstance(size, list | tuple) else [size, size]
    if len(sides) != 2 or not all(isinstance(side, int) and 0 < side <= 4096 for side in sides):
        raise UserError(f"{where}: sample_size must be one or two numbers of pixels, but is {size!r}")
    if channels not in (1, 3):
        raise UserError(f"{where}: in_channels is {channels!r}; only pictures of 1 or 3 channels can be opened here")
    if given["out_channels"] not in (channels, 2 * channels):
        raise UserError(
            f"{where}: out_channels is {given['out_channels']!r}; only in_channels = {channels} or, with a learned "
            "variance, twice as many can be opened here"
        )
    return (channels, *sides)


def _attention(given: Json, size: int, depth: int, where: str) -> list[int]:
    """Resolutions with attention. UserError: other blocks than a plain U-Net's, or up differs from down."""
    for key in ("down_block_types", "up_block_types"):
        blocks = given[key]
        if not isinstance(blocks, list | tuple) or len(blocks) != depth or not all(b in BLOCKS for b in blocks):
            raise UserError(f"{where}: {key} must be {depth} of {', '.join(BLOCKS)}, but is {blocks!r}")
    down, up = ([BLOCKS[block] for block in given[key]] for key in ("down_block_types", "up_block_types"))  # type: ignore[attr-defined]
    if down != up[::-1]:
        raise UserError(f"{where}: up_block_types must have attention where down_block_types have it, in reverse order")
    return [size >> level for level in range(depth) if down[level]]


def _norm_in_middle(given: Json, where: str) -> bool:
    groups, own = given["norm_num_groups"], given["attn_norm_num_groups"]
    if own not in (None, groups):
        raise UserError(
            f"{where}: attn_norm_num_groups is {own!r}; only norm_num_groups = {groups!r} can be opened here"
        )
    return own is not None or given["resnet_time_scale_shift"] == "default"


def _whole_numbers(given: Json, key: str, where: str) -> list[int]:
    values = given[key]
    if not isinstance(values, list | tuple) or not all(isinstance(value, int) for value in values):
        raise UserError(f"{where}: {key} must be a list of whole numbers, but is {values!r}")
    return list(values)


def _listed(values: tuple[object, ...]) -> str:
    return " or ".join(map(repr, values))
