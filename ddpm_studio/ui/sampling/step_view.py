"""One sample looked at closely: every quantity of its step as a picture, as numbers and as a distribution."""

from collections.abc import Callable, Iterator

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ddpm_studio.anatomy import Sizes, one
from ddpm_studio.export import EPS_RANGE, Provenance
from ddpm_studio.sample import Step
from ddpm_studio.schedule import Schedule
from ddpm_studio.ui.pace import Pace
from ddpm_studio.ui.plots.histogram import Histogram
from ddpm_studio.ui.plots.plot_export import offer_export
from ddpm_studio.ui.sampling.model import Model
from ddpm_studio.ui.sampling.pixel_view import PixelView, Quantity
from ddpm_studio.ui.sampling.reverse_walk import Frame
from ddpm_studio.ui.widgets.still_label import StillLabel

EPS = 1  # the place of ε̂ among the quantities: what the histogram shows at first
TALL = 420  # logical pixels of height from which there is room for the histogram
LINES = 8  # of the numbers below the pictures: as many as a pixel's values take
READ = 250  # ms between two drawings: while it plays, this is read and the grids are watched


class StepView(QWidget):
    """A view of the inspector: the equation's quantities side by side, on ranges that never change."""

    saved = Signal(str)
    refused = Signal(str)

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: Model | None = None
        self._quantities: tuple[Quantity, ...] = ()
        self._asked: tuple[Step, int, Schedule] | None = None  # a step, its sample, what it was walked under
        self._shown: tuple[Step, Schedule] | None = None  # of that sample alone
        self.pictures = PixelView("sample", _PICTURES_TIP, provenance)
        self.pictures.select(EPS)
        self.numbers = StillLabel(LINES, self)
        self.numbers.setToolTip(_NUMBERS_TIP)
        self.histogram = Histogram("values of ε̂, N(0, 1)", _HISTOGRAM_TIP)
        self._pace = Pace(READ, self)
        self._pace.due.connect(self._draw)
        self.pictures.saved.connect(self.saved)
        self.pictures.refused.connect(self.refused)
        self.pictures.picked.connect(self._on_picked)
        self.pictures.pointed.connect(self._on_pointed)
        offer_export([self.histogram], provenance, self.saved, self.refused)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(3)
        column.addWidget(self.pictures, 5)
        column.addWidget(self.numbers)
        column.addWidget(self.histogram, 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is low, the pictures are more important."""
        if self.histogram.isVisibleTo(self) != (self.height() >= TALL):
            self.histogram.setVisible(self.height() >= TALL)
            self._pace.now()
        super().resizeEvent(event)

    def show_model(self, model: Model) -> None:
        """The schedule, for what the guess leaves unexplained."""
        self._model = model

    def show_frame(self, frame: Frame, sample: int) -> None:
        """One sample of the frame: another at once, the next frame of the same when it is due."""
        if self._model is None or sample >= len(frame.x):
            return
        before, self._asked = self._asked, (frame.step, sample, self._model.denoiser.schedule)
        self._pace.ask() if before is not None and before[1] == sample else self._pace.now()

    def _on_picked(self, _index: int) -> None:
        self._draw_histogram()

    def _on_pointed(self, _pixel: tuple[int, int] | None) -> None:
        self._draw_numbers()

    def _draw(self) -> None:
        if self._asked is None:
            return
        whole, sample, schedule = self._asked
        step = one(whole, sample)
        self._shown, self._quantities = (step, schedule), tuple(quantities(step))
        self.pictures.set_caption(f"sample {sample}, t = {step.t} → {step.s}")
        self.pictures.show_quantities(self._quantities)
        self._draw_numbers()
        if self.histogram.isVisibleTo(self):
            self._draw_histogram()

    def _draw_numbers(self) -> None:
        """In the place of the numbers stand a pixel's values while the mouse is on one."""
        if self._shown is not None:
            step, schedule = self._shown
            self.numbers.set_text(self.pictures.told() or _summary(step, Sizes.of(schedule, step)))

    def _draw_histogram(self) -> None:
        if self._quantities:
            chosen = self._quantities[max(self.pictures.selected, 0)]
            self.histogram.set_title(f"values of {chosen.name}, N(0, 1)")
            self.histogram.show_values(chosen.values)


def quantities(step: Step) -> Iterator[Quantity]:
    """What the step of a single sample is made of, with the range each is painted on."""
    s = "0" if step.s == 0 else "s"
    end = "x₀" if step.s == 0 else "xₛ"
    noise = step.sigma * step.z
    for name, markup, tensor, reach in (
        ("xₜ", "x_t", step.x, 1.0),
        ("ε̂", r"\hat\epsilon", step.eps, EPS_RANGE),
        ("guess", r"\hat x_0", step.x0, 1.0),
        ("clipped", r"\hat x_0^{\text{clip}}", step.x0_clipped, 1.0),
        ("μ", r"\mu", step.mean, 1.0),
        ("σz", r"\sigma z", noise, 1.0),
        (end, f"x_{s}", step.next, 1.0),
    ):
        yield Quantity(name, markup, tensor[0].numpy(), reach)


_PICTURES_TIP = """The step of the selected sample: xₜ, the noise ε̂ in it (on [−3, 3]), the guess of x₀ as it is and as
it is used, the mean μ, the noise σz that is added, and where that leads; all but ε̂ on [−1, 1].
The wheel zooms, dragging moves, a double click shows all; a click shows a picture's values in the histogram."""

_NUMBERS_TIP = """t → s: the step's timesteps
σ: the standard deviation of the noise that the step adds
|ε̂|/√D: the size of the predicted noise; 1 for true noise of variance 1
RMS of xₜ: root mean square of its values; 1 where it is all noise
clipped: the share of the guess's values outside [−1, 1]
residual: the greatest |xₜ − √ᾱₜ x₀ − √(1−ᾱₜ) ε̂| with the guess for x₀; no more than rounding"""

_HISTOGRAM_TIP = """bars: how the values of the picture that is framed above are distributed
dashed: the density of N(0, 1), which that of ε̂ comes near to"""


def _summary(step: Step, sizes: Sizes) -> str:
    """The step's numbers, a line each."""
    return (
        f"t {step.t} → s {step.s}   σ {float(sizes.sigma[0]):.4f}\n"
        f"|ε̂|/√D {float(sizes.eps[0]):.3f}   RMS of xₜ {float(sizes.x[0]):.3f}\n"
        f"clipped {100 * float(sizes.clipped[0]):.1f} %\n"
        f"residual {float(sizes.residual[0]):.1e}"
    )
