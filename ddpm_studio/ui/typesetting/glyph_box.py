"""What typesetting puts together: boxes of outlines on a baseline, in em; y grows downwards and is 0 on it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPainter, QPainterPath, QTransform

from ddpm_studio.assets import asset
from ddpm_studio.errors import UserError

DESIGN = 256  # pixels per em at which outlines are taken from the font
FONTS = ("STIXGeneral-Regular.otf", "STIXGeneral-Italic.otf")


@dataclass(frozen=True, eq=False)
class Shape:
    """An outline to be filled, and the innermost name it belongs to; empty for none."""

    path: QPainterPath
    name: str = ""


@dataclass(frozen=True, eq=False)
class Box:
    """A piece of an equation: how much room it takes, what is drawn, and where its named parts lie."""

    width: float
    ascent: float  # above the baseline
    descent: float  # below it
    shapes: tuple[Shape, ...] = ()
    areas: tuple[tuple[str, QRectF], ...] = ()  # outer names before those within

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.ascent + self.descent

    def moved(self, right: float, down: float = 0.0) -> "Box":
        """The same elsewhere; its extent is counted from the old origin."""
        shapes = tuple(Shape(shape.path.translated(right, down), shape.name) for shape in self.shapes)
        areas = tuple((name, area.translated(right, down)) for name, area in self.areas)
        return Box(right + self.width, self.ascent - down, self.descent + down, shapes, areas)

    def scaled(self, by: float) -> "Box":
        """Larger or smaller."""
        grow = QTransform.fromScale(by, by)
        shapes = tuple(Shape(grow.map(shape.path), shape.name) for shape in self.shapes)
        areas = tuple((name, grow.mapRect(area)) for name, area in self.areas)
        return Box(self.width * by, self.ascent * by, self.descent * by, shapes, areas)

    def named(self, name: str) -> "Box":
        """The same under a name; parts within that have names of their own keep them."""
        shapes = tuple(shape if shape.name else Shape(shape.path, name) for shape in self.shapes)
        area = QRectF(0.0, -self.ascent, self.width, self.height)
        return replace(self, shapes=shapes, areas=((name, area), *self.areas))

    def paint(
        self, painter: QPainter, origin: QPointF, em: float, colour: QColor, lit: Mapping[str, QColor] | None = None
    ) -> None:
        """Paints it.

        Args:
            painter: its state is left as it was.
            origin: the left end of the baseline.
            em: the size, in the painter's units.
            colour: of all that is not lit.
            lit: the colours of named parts.
        """
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.translate(origin)
        painter.scale(em, em)
        for shape in self.shapes:
            painter.fillPath(shape.path, (lit or {}).get(shape.name, colour))
        painter.restore()


def merged(boxes: Iterable[Box]) -> Box:
    """Boxes that have been moved to their places, as one."""
    parts = list(boxes)
    return Box(
        max((part.width for part in parts), default=0.0),
        max((part.ascent for part in parts), default=0.0),
        max((part.descent for part in parts), default=0.0),
        tuple(shape for part in parts for shape in part.shapes),
        tuple(area for part in parts for area in part.areas),
    )


def filled(path: QPainterPath) -> Box:
    """A box as large as an outline, which lies right of the origin."""
    area = path.boundingRect()
    return Box(area.right(), -area.top(), area.bottom(), (Shape(path),))


@cache
def glyphs(text: str, italic: bool) -> Box:
    """A piece of text in the shipped font; as high as what is drawn, as wide as the font wants it."""
    font = _font(italic)
    path = QPainterPath()
    path.addText(0.0, 0.0, font, text)
    path = QTransform.fromScale(1 / DESIGN, 1 / DESIGN).map(path)
    area = path.boundingRect()
    advance = QFontMetricsF(font).horizontalAdvance(text) / DESIGN
    return Box(max(advance, area.right()), max(-area.top(), 0.0), max(area.bottom(), 0.0), (Shape(path),))


@cache
def _font(italic: bool) -> QFont:
    font = QFont([_family()])
    font.setItalic(italic)
    font.setPixelSize(DESIGN)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


@cache
def _family() -> str:
    """The shipped font, made known to Qt once; the system's serif where it cannot be read."""
    families: list[str] = []
    for name in FONTS:
        try:
            number = QFontDatabase.addApplicationFont(str(asset("fonts", name)))
        except UserError:
            continue
        families += QFontDatabase.applicationFontFamilies(number)
    return families[0] if families else "serif"
