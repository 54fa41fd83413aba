"""Where a reverse chain begins: in pure noise, or in a picture of the user's own (NumPy and Pillow only).

`kinds` says which origins there are, `canvas` fits a picture to a network. What x_t an origin means is worked out
with the denoiser, by `start` (and `encode`), which import PyTorch and stand above the reverse chain.
"""

from ddpm_studio.origin.kinds import ORIGINS, Between, Encoded, FromNoise, FromPicture, Origin, Repair

__all__ = ["ORIGINS", "Between", "Encoded", "FromNoise", "FromPicture", "Origin", "Repair"]
