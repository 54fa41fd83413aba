"""How far the children of a fan differ, pixel by pixel: what is still open at the t that they leave."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from ddpm_studio.data import to_bytes
from ddpm_studio.export import Provenance
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.widgets.image_view import ImageGrid


class FanSpread(ImageGrid):
    """The standard deviation of x̂_0, or of the finished samples, over a batch that left one x_t."""

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        tip = "standard deviation of x̂₀ over the children of the fan, pixel by pixel"
        super().__init__("spread", tip, provenance=provenance, span=(0, 1), parent=parent)

    def show_spread(self, frame: Frame) -> str:
        """Draws it, the mean over the channels, black is 0 and white 1; tells its mean in a line."""
        values = frame.x if frame.final else frame.step.x0
        deviation = values.std(0, correction=0).mean(0, keepdim=True).clamp(0.0, 1.0)[None]
        shown, mean = deviation.numpy(), float(deviation.mean())
        what = "x₀" if frame.final else f"guess of x₀ at t = {frame.t}"
        self.set_caption(f"deviation of the {len(values)}: {what}, 0 to 1")
        self.show_pictures(to_bytes(2.0 * shown - 1.0), shown)
        if mean >= 0.0005:
            return f"Mean deviation {mean:.3f}."
        why = "this sampler draws no noise" if frame.final else "they part as t falls, if their sampler draws noise"
        return f"Mean deviation 0: all are the same; {why}."
