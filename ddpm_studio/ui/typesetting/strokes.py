"""What typesetting draws itself, in em: the marks over letters and the sign of a root.

Combining signs land beside their letters in many fonts, and no font's root is as high as what stands under it.
"""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QPolygonF

from ddpm_studio.ui.typesetting.formula import Mark

RULE = 0.045  # thickness of lines


def mark(kind: Mark) -> QPainterPath:
    """What stands over a letter: around x = 0, above y = 0."""
    return _MARKS[kind]()


def root_sign(top: float, bottom: float, size: float) -> QPainterPath:
    """From the elbow at the left to where the line over the body begins, 0.56·`size` further right."""
    line, elbow = RULE * size, bottom - min(0.55 * (bottom - top), 0.5 * size)
    sign = [
        (0.02, elbow + 0.05 * size), (0.17, elbow - 0.04 * size), (0.315, bottom - 0.16 * size), (0.535, top),
        (0.56, top), (0.56, top + line), (0.335, bottom), (0.29, bottom), (0.13, elbow + 0.035 * size),
        (0.04, elbow + 0.085 * size),
    ]  # fmt: skip
    return _polygon([(x * size, y) for x, y in sign])


def _hat() -> QPainterPath:
    return _polygon([(-0.19, 0.0), (0.0, -0.17), (0.19, 0.0), (0.155, 0.025), (0.0, -0.105), (-0.155, 0.025)])


def _bar() -> QPainterPath:
    path = QPainterPath()
    path.addRect(QRectF(-0.22, -RULE, 0.44, RULE))
    return path


def _tilde() -> QPainterPath:
    path = QPainterPath(QPointF(-0.22, 0.0))
    path.cubicTo(QPointF(-0.13, -0.2), QPointF(0.08, 0.02), QPointF(0.21, -0.12))
    path.lineTo(QPointF(0.23, -0.1))
    path.cubicTo(QPointF(0.1, 0.11), QPointF(-0.12, -0.11), QPointF(-0.2, 0.025))
    path.closeSubpath()
    return path


_MARKS: dict[Mark, Callable[[], QPainterPath]] = {Mark.HAT: _hat, Mark.BAR: _bar, Mark.TILDE: _tilde}


def _polygon(corners: list[tuple[float, float]]) -> QPainterPath:
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
    path.closeSubpath()
    return path
