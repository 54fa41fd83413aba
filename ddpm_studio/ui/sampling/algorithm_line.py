"""One line of an algorithm: its equation, and under it the value of every symbol in it, as a picture or a number."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget
from torch import Tensor

from ddpm_studio.algorithm import Line
from ddpm_studio.data import to_bytes
from ddpm_studio.symbols import SYMBOLS, Moment
from ddpm_studio.ui import theme
from ddpm_studio.ui.typesetting.equation import Equation
from ddpm_studio.ui.typesetting.glyph_box import Box
from ddpm_studio.ui.typesetting.markup import parse
from ddpm_studio.ui.typesetting.typeset import typeset
from ddpm_studio.ui.widgets.pixels import image_of

SIDES = (34, 52)  # logical pixels of a picture: in a narrow column, in a wide one
WIDE = 380  # logical pixels of the column from which it is wide
GAP = 8
MARGINS = (10, 3, 4, 3)  # of a line
EM = 13.0  # of the labels
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, eq=False)
class Shown:
    """The value of a symbol as it is painted."""

    text: str = ""  # a number; empty for a picture
    image: QImage | None = None

    @classmethod
    def of(cls, name: str, value: Tensor | None, moment: Moment) -> "Shown":
        """A value as `symbols.values` gives it, for a batch of one."""
        if value is None:
            return cls("not kept")
        if value.numel() == 1:
            return cls(number(float(value)))
        if value.ndim != 4:
            return cls(f"rms {number(float(value.square().mean().sqrt()))}")
        scaled = value.float().numpy() / np.float32(SYMBOLS[name].reach(moment))
        return cls(image=image_of(to_bytes(scaled)[0]))


def number(value: float) -> str:
    """Four digits, whole numbers as they are, powers of ten as one writes them."""
    if abs(value) < 1e5 and value == int(value):
        return f"{value:.0f}".replace("-", "−")
    digits, _, power = f"{value:.4g}".replace("-", "−").partition("e")
    return f"{digits}·10{str(int(power.replace('−', '-'))).translate(_RAISED)}" if power else digits


class LineRow(QWidget):
    """A line with its values; lit while it is the one that is executed, faint before it is its turn."""

    def __init__(self, line: Line, names: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = line
        self._lit = self._faint = False
        self.equation = Equation(line.markup, names)
        self.equation.setToolTip(line.words)
        self.equation.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.values = ValueStrip(_symbols(self.equation, line), names)
        column = QVBoxLayout(self)
        column.setContentsMargins(*MARGINS)
        column.setSpacing(1)
        column.addWidget(self.equation)
        column.addWidget(self.values)
        self.setAccessibleName(f"{line.words}: {self.equation.text}")

    @property
    def lit(self) -> bool:
        """Whether it is being executed."""
        return self._lit

    def show_values(self, shown: Mapping[str, Shown], told: Mapping[str, str]) -> None:
        """The values of the moment, and what the tooltips say of each symbol."""
        self.values.show_values(shown, told)
        self.equation.show_told({"": self.line.words, **told})
        self._settle()

    def show_state(self, *, lit: bool, done: bool) -> None:
        """Whether it is the executing line, and whether its turn has come at all."""
        self._lit, self._faint = lit, not (lit or done)
        self.values.show_given(None if done or lit else self.line.gives)
        colours = theme.colours()
        symbol = {self.line.gives: QColor(colours.accent)} if lit else {}
        self.equation.show_lit(symbol)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._settle()
        super().resizeEvent(event)

    def _settle(self) -> None:
        """Gives both parts the height they need at this width: a layout asks only one level deep."""
        width = self.width() - MARGINS[0] - MARGINS[2]
        self.equation.setFixedHeight(self.equation.heightForWidth(width))
        self.values.setFixedHeight(self.values.high(width))

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._lit:
            painter, accent = QPainter(self), QColor(theme.colours().accent)
            painter.fillRect(QRectF(0, 0, 3, self.height()), accent)
            accent.setAlphaF(0.13)
            painter.fillRect(self.rect(), accent)


class ValueStrip(QWidget):
    """Labelled pictures and numbers in a row, in as many rows as the width asks for."""

    def __init__(self, symbols: tuple[str, ...], names: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: dict[str, Box] = {name: typeset(parse(f"@{name}", names)) for name in symbols}
        self._shown: Mapping[str, Shown] = {}
        self._told: Mapping[str, str] = {}
        self._hidden: str | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of what it shows, in order."""
        return tuple(self._labels)

    def shown(self, name: str) -> Shown:
        """What it shows of a symbol; an empty one while its line has not been executed."""
        return Shown() if name == self._hidden else self._shown.get(name, Shown())

    def show_values(self, shown: Mapping[str, Shown], told: Mapping[str, str]) -> None:
        """The values by the names of their symbols, and a sentence on each."""
        self._shown, self._told = {name: shown[name] for name in self._labels if name in shown}, told
        self.update()

    def show_given(self, hidden: str | None) -> None:
        """Which symbol has no value yet."""
        self._hidden = hidden
        self.update()

    def high(self, width: int) -> int:
        """How high it is at some width."""
        return int(max((area.bottom() for _, area in self._places(width)), default=0.0)) + 2

    def sizeHint(self) -> QSize:
        return QSize(160, self.high(max(self.width(), 160)))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme.colours()
        metrics = self.fontMetrics()
        for name, area in self._places(self.width()):
            label, shown = self._labels[name], self.shown(name)
            if self._shown.get(name, Shown()).image is not None:
                side = self._side(self.width())
                picture = QRectF(area.left(), area.top(), side, side)
                if shown.image is not None:
                    painter.drawImage(picture, shown.image)
                painter.setPen(QColor(colours.grid))
                painter.drawRect(picture.adjusted(0.5, 0.5, -0.5, -0.5))
                base = QPointF(area.left() + max(side - label.width * EM, 0) / 2, picture.bottom() + EM)
                label.paint(painter, base, EM, QColor(colours.foreground))
                continue
            base = QPointF(area.left(), area.top() + EM)
            label.paint(painter, base, EM, QColor(colours.foreground))
            text = QRectF(area.left() + label.width * EM + 4, area.top(), area.width(), metrics.height())
            painter.setPen(QColor(colours.muted if shown.text == "not kept" else colours.foreground))
            painter.drawText(
                text, Qt.AlignmentFlag.AlignLeft, f"= {shown.text}" if shown.text != "not kept" else "not kept"
            )

    def _places(self, width: int) -> list[tuple[str, QRectF]]:
        """Where each symbol lies: pictures first, numbers under them."""
        places: list[tuple[str, QRectF]] = []
        x = y = tall = 0.0
        pictures = [name for name, shown in self._shown.items() if shown.image is not None]
        numbers = [name for name in self._shown if name not in pictures]
        for group in (pictures, numbers):
            x, y, tall = 0.0, y + tall, 0.0
            for name in group:
                size = self._extent(name, width)
                if x and x + size[0] > width:
                    x, y = 0.0, y + tall
                places.append((name, QRectF(x, y, *size)))
                x, tall = x + size[0] + GAP, size[1]
        return places

    def _extent(self, name: str, width: int) -> tuple[float, float]:
        label, shown = self._labels[name].width * EM, self._shown[name]
        if shown.image is not None:
            return max(self._side(width), label), self._side(width) + 1.6 * EM
        return label + self.fontMetrics().horizontalAdvance(f"= {shown.text}") + 6, self.fontMetrics().height() + 4.0

    def _side(self, width: int) -> float:
        return float(SIDES[width >= WIDE])


def _symbols(equation: Equation, line: Line) -> tuple[str, ...]:
    """The named symbols of a line, what it gives first."""
    return tuple(dict.fromkeys((line.gives, *equation.names)))
