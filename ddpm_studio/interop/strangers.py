"""Files with trained networks in them that cannot be opened: known by the names in them, with a way on."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ddpm_studio.errors import UserError


class StrangerError(UserError):
    """A file that is recognised and cannot be opened: what it is, and what to do."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(f"{path} is {what}; {remedy}")
        self.what, self.remedy = what, remedy


@dataclass(frozen=True)
class Kind:
    """One sort of them: each of `marks` begins a name in the file."""

    what: str
    remedy: str
    marks: tuple[str, ...]

    def fits(self, names: Iterable[str]) -> bool:
        """Whether the names are of this sort."""
        names = tuple(names)
        return all(any(name.startswith(mark) for name in names) for mark in self.marks)


ONLY = "only a DDPM Studio checkpoint or a diffusers folder of a UNet2DModel can be opened here"

KINDS = (
    Kind("an optimiser's memory, not a network", "open the network beside it", ("state", "param_groups")),
    Kind(
        "a model-N.pt of denoising-diffusion-pytorch (lucidrains)",
        "its network is another one, and what it predicts is not in the file: sample it with that library, as "
        "Trainer.load(N) does, and open the pictures here",
        ("step", "model", "ema"),
    ),
    Kind(
        "a latent diffusion model (Stable Diffusion and its kin)",
        f"its network works on latents, not on pictures; {ONLY}",
        ("model.diffusion_model.",),
    ),
    Kind(
        "a network of improved-diffusion or guided-diffusion",
        "its U-Net is another one, and schedule, T and heads are not in the file: sample it with the code it comes "
        "from (scripts/image_sample.py writes an .npz that opens here)",
        ("time_embed.0.", "input_blocks.", "output_blocks.", "out.2."),
    ),
    Kind(
        "a network of Ho et al.'s code in PyTorch (pytorch_diffusion, DDIM)",
        "make a diffusers folder of it with diffusers' scripts/convert_ddpm_original_checkpoint_to_diffusers.py and "
        "open that",
        ("temb.dense.", "conv_in.", "down.0.block.0.", "norm_out."),
    ),
    Kind(
        "the weights of a diffusers model without its configuration",
        "open the whole folder, with unet/config.json and scheduler/scheduler_config.json",
        ("conv_in.", "down_blocks.0.", "up_blocks.0.", "conv_out."),
    ),
)

EDM = Kind(
    "a pickle of EDM or StyleGAN, which holds the network's program",
    "it would run when read, and nothing in a file is ever run here: ask for a safetensors file or a diffusers folder",
    ("torch_utils.persistence",),
)


def refusal(path: Path, names: Iterable[str]) -> UserError:
    """What to tell of a file whose tensors, or what holds them, have these names."""
    names = tuple(names)
    kind = next((kind for kind in KINDS if kind.fits(names)), None)
    if kind is None:
        some = ", ".join(names[:3]) or "nothing"
        return UserError(f"{path} holds tensors ({some} …), but is not a DDPM Studio checkpoint; {ONLY}")
    beside = sibling(path) if kind is KINDS[0] else None
    return StrangerError(path, kind.what, f"open {beside.name} instead" if beside else kind.remedy)


def names_in(found: Mapping[str, object]) -> tuple[str, ...]:
    """The names at the top of a file; where all tensors are one level down, in state_dict or model, those too."""
    inner = next((found[key] for key in ("state_dict", "model", "ema") if isinstance(found.get(key), Mapping)), {})
    assert isinstance(inner, Mapping)
    return (*found, *map(str, inner))


def sibling(optimiser: Path) -> Path | None:
    """The network that lies beside an optimiser's file: of the same step, the averaged weights first."""
    step = re.search(r"\d+", optimiser.stem)
    files = sorted(p for p in optimiser.parent.iterdir() if p.is_file() and p != optimiser)
    of_step = [
        p for p in files if step and re.search(rf"(?<!\d){step[0]}(?!\d)", p.stem) and p.suffix == optimiser.suffix
    ]
    known = [p for p in of_step if p.stem.startswith(("ema", "model"))] or [
        p for p in (optimiser.parent / "unet", optimiser.parent / "unet_ema") if p.is_dir()
    ]
    return min(known, key=lambda p: not p.stem.startswith("ema"), default=None)
