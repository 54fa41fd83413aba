"""The small drawings on buttons, in the palette's own text colour: right in light and dark, crisp at any scale."""

from enum import Enum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap, QPolygonF

SIZE, RATIO = 16, 4  # logical pixels; drawn at four times that


class Glyph(Enum):
    """Triangles and bars, (x, y) corners on a field of 16 × 16; a glyph is what they cover together."""

    PLAY = (((4, 2), (13, 8), (4, 14)),)
    PAUSE = (((4, 2), (7, 2), (7, 14), (4, 14)), ((9, 2), (12, 2), (12, 14), (9, 14)))
    BACK = (((10, 3), (10, 13), (3, 8)), ((11, 3), (13, 3), (13, 13), (11, 13)))
    FORWARD = (((6, 3), (6, 13), (13, 8)), ((3, 3), (5, 3), (5, 13), (3, 13)))
    FIRST = (((14, 3), (14, 13), (9, 8)), ((9, 3), (9, 13), (4, 8)), ((2, 3), (4, 3), (4, 13), (2, 13)))
    LAST = (((2, 3), (2, 13), (7, 8)), ((7, 3), (7, 13), (12, 8)), ((12, 3), (14, 3), (14, 13), (12, 13)))


def icon(glyph: Glyph, palette: QPalette) -> QIcon:
    """The glyph as a button's icon, also for a disabled button."""
    made = QIcon()
    for mode, group in (
        (QIcon.Mode.Normal, QPalette.ColorGroup.Active),
        (QIcon.Mode.Disabled, QPalette.ColorGroup.Disabled),
    ):
        pixmap, painter = _canvas(palette.color(group, QPalette.ColorRole.ButtonText))
        for corners in glyph.value:
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
        painter.end()
        made.addPixmap(pixmap, mode)
    return made


def dice(palette: QPalette) -> QIcon:
    """The five of a die: another random seed."""
    pixmap, painter = _canvas(palette.color(QPalette.ColorRole.ButtonText))
    painter.drawRoundedRect(QRectF(1, 1, 14, 14), 3, 3)
    painter.setBrush(palette.color(QPalette.ColorRole.Button))
    for x, y in ((4.5, 4.5), (11.5, 4.5), (8, 8), (4.5, 11.5), (11.5, 11.5)):
        painter.drawEllipse(QPointF(x, y), 1.5, 1.5)
    painter.end()
    return QIcon(pixmap)


def _canvas(colour: QColor) -> tuple[QPixmap, QPainter]:
    pixmap = QPixmap(SIZE * RATIO, SIZE * RATIO)
    pixmap.setDevicePixelRatio(RATIO)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    return pixmap, painter
