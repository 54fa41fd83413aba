"""What a network is built from: frozen values, counted and checked before anything is allocated (no torch here)."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated

from ddpm_studio.errors import UserError
from ddpm_studio.params import Parameters, Range

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Network(Parameters):
    """A network that can be built for samples of a shape."""

    @property
    def variance(self) -> bool:
        """Whether it predicts a variance beside its target, and so twice as many outputs."""
        return False

    @abstractmethod
    def refuse_impossible(self, shape: Shape) -> None:
        """Raises a UserError that says what to change, if it cannot be built for samples of this shape."""


@dataclass(frozen=True)
class UNet(Network):
    """Residual blocks with a time embedding, down and up again, with skips across (Ho et al. 2020, appendix B)."""

    width: Annotated[int, Range(8, 512), "channels at full resolution"] = 32
    multipliers: Annotated[tuple[int, ...], Range(1, 16), "channels at each resolution, as multiples of the width"] = (
        1,
        2,
        2,
    )
    blocks: Annotated[int, Range(1, 8), "residual blocks at each resolution"] = 2
    attention: Annotated[tuple[int, ...], Range(1, 256), "resolutions in pixels where all pixels see each other"] = (
        7,
        8,
    )
    groups: Annotated[int, Range(1, 64), "groups of the group normalisation; the width is a multiple of it"] = 8
    dropout: Annotated[float, Range(0.0, 0.9), "the share of features left out in training"] = 0.0
    scale_shift: Annotated[bool, "time scales and shifts the features (Dhariwal & Nichol 2021), not only shifts"] = (
        False
    )
    learned_variance: Annotated[bool, "predict the variance too (Nichol & Dhariwal 2021)"] = False
    head_width: Annotated[
        int, Range(0, 512, names=(("whole", 0),)), "channels of an attention head; whole: one head"
    ] = 0
    norm_eps: Annotated[float, Range(1e-12, 1e-2, log=True), "added to the variance by the group normalisation"] = 1e-6
    cosine_first: Annotated[bool, "time is told by cosines, then sines, not the other way round"] = False
    frequency_shift: Annotated[
        float, Range(0.0, 1.0), "1: the slowest wave of time has frequency 1/10000; 0: faster"
    ] = 1.0
    pad_all_sides: Annotated[bool, "halving pads all four sides by a pixel, not only right and below"] = False
    norm_in_middle: Annotated[bool, "normalise before the attention at the lowest resolution"] = True

    kind = "unet"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.multipliers or len(self.multipliers) > 8:
            raise UserError(f"unet: multipliers must be 1 to 8 numbers, one a resolution, but are {self.multipliers}")
        if self.width % self.groups or self.width % 2:
            raise UserError(
                f"unet: width must be even and a multiple of groups = {self.groups}, but is {self.width}; change one"
            )

    @property
    def variance(self) -> bool:
        """Whether it predicts a variance: 2C channels instead of C."""
        return self.learned_variance

    @property
    def reduction(self) -> int:
        """How many pixels of the picture, a side, become one at the lowest resolution."""
        return 1 << (len(self.multipliers) - 1)

    def refuse_impossible(self, shape: Shape) -> None:
        """Raises a UserError if pictures of this shape (C, H, W) cannot go down and come up again."""
        if len(shape) != 3 or shape[0] not in (1, 3):
            raise UserError(f"a U-Net takes pictures with 1 or 3 channels, not samples of shape {shape}; use an mlp")
        if any(side % self.reduction for side in shape[1:]):
            size = " × ".join(map(str, shape[1:]))
            raise UserError(
                f"pictures of {size} pixels cannot be halved {len(self.multipliers) - 1} times: give the network fewer "
                f"multipliers, or the pictures a size that is a multiple of {self.reduction}"
            )
        for channels in self._attending(max(shape[1:])) if self.head_width else ():
            if channels % self.head_width:
                raise UserError(
                    f"unet: {channels} channels cannot be shared out to attention heads of head_width = "
                    f"{self.head_width}; make it a divisor of {channels}"
                )

    def attends(self, size: int) -> list[bool]:
        """Whether there is attention at each resolution, the picture's first; `size` is its longer side."""
        return [size >> level in self.attention for level in range(len(self.multipliers))]

    def _attending(self, size: int) -> set[int]:
        """Channels where there is attention; at the lowest resolution there always is."""
        places = zip(self.multipliers, self.attends(size), strict=True)
        return {self.width * m for m, attends in places if attends} | {self.width * self.multipliers[-1]}


@dataclass(frozen=True)
class Mlp(Network):
    """Fully connected layers on Fourier features, for points (B, 2)."""

    width: Annotated[int, Range(8, 1024), "features of a hidden layer"] = 64
    layers: Annotated[int, Range(1, 8), "hidden layers"] = 3
    bands: Annotated[int, Range(0, 8), "octaves of the Fourier features of x: sin and cos of π 2^k x"] = 4

    kind = "mlp"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width % 2:
            raise UserError(f"mlp: width must be even, but is {self.width}")

    def refuse_impossible(self, shape: Shape) -> None:
        """Raises a UserError unless samples are points."""
        if len(shape) != 1:
            raise UserError(f"an mlp takes points, not pictures of shape {shape}; use a unet")


NETWORKS: dict[str, type[Network]] = {cls.kind: cls for cls in (UNet, Mlp)}

PRESETS: dict[str, Network] = {
    "tiny": UNet(width=16, multipliers=(1, 2, 2), blocks=1),
    "small": UNet(),
    "medium": UNet(width=64, multipliers=(1, 2, 2), blocks=2, groups=16),
    "cifar10": UNet(width=128, multipliers=(1, 2, 2, 2), blocks=2, attention=(16,), groups=32, dropout=0.1),
    "256": UNet(width=128, multipliers=(1, 1, 2, 2, 4, 4), blocks=2, attention=(16,), groups=32),
    "points": Mlp(),
}
"""Networks by name; the last two pictures' ones are those of Ho et al. 2020 for CIFAR-10 and for 256 × 256 pixels."""

CONVENTIONS = ("norm_eps", "cosine_first", "frequency_shift", "pad_all_sides", "norm_in_middle")
"""Fields of a U-Net in which only other people's checkpoints differ: nobody need choose them for training."""
