"""PyTorch's layers as `build` wants them: with no initial weights, since each module is given its weights there.

PyTorch's own draw them in `reset_parameters`, which takes most of the time in which a network is set up. It is the
layer's own method, so nothing else in the process is touched, as a patch of `torch.nn.init` would.
"""

from torch import nn


class Linear(nn.Linear):
    """A linear layer whose weights are whatever was in memory."""

    def reset_parameters(self) -> None:
        """Leaves the weights alone."""


class Conv2d(nn.Conv2d):
    """A convolution whose weights are whatever was in memory."""

    def reset_parameters(self) -> None:
        """Leaves the weights alone."""


class GroupNorm(nn.GroupNorm):
    """A group normalisation whose weights are whatever was in memory."""

    def reset_parameters(self) -> None:
        """Leaves the weights alone."""
