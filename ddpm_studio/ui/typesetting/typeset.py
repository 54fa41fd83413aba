"""Sets an equation: from its tree to outlines, by the rules of TeX's displays as far as they are needed here.

Sizes after Knuth, The TeXbook, appendix G, for a text font: all in em.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainterPath, QTransform

from ddpm_studio.ui.typesetting.formula import (
    Accent,
    Fence,
    Fraction,
    Mark,
    Named,
    Part,
    Role,
    Root,
    Row,
    Script,
    Space,
    Symbol,
)
from ddpm_studio.ui.typesetting.glyph_box import Box, Shape, filled, glyphs, merged
from ddpm_studio.ui.typesetting.strokes import RULE, mark, root_sign

AXIS = 0.25  # height of a fraction's line above the baseline
SMALL, SMALLEST = 0.72, 0.55  # scripts, and scripts of scripts
GAP = 0.13  # between a fraction's line and what stands above and below it
LEADING = 0.35  # between two lines
INDENT = 1.2  # of a line that goes on
LIMITS = ("∑", "∏", "min", "max")  # what bears its scripts above and below
THIN, MEDIUM, THICK = 3 / 18, 4 / 18, 5 / 18
X_HEIGHT = 0.45


@dataclass(frozen=True)
class Style:
    """How large a part is set, and whether it stands in a fraction or a script."""

    size: float = 1.0
    inner: bool = False  # in a fraction: another one in it becomes small
    script: bool = False  # no space around + and =

    def of_script(self) -> "Style":
        """For what stands at the lower or upper right."""
        return Style(max(self.size * SMALL, SMALLEST), inner=True, script=True)

    def of_fraction(self) -> "Style":
        """For what stands above or below a line."""
        return Style(max(self.size * SMALL, SMALLEST) if self.inner else self.size, inner=True, script=self.script)


def typeset(part: Part, width: float = float("inf")) -> Box:
    """An equation in as many lines as the width (in em) asks for; broken before +, − and relations, as one does."""
    whole = _set(part, Style())
    if whole.width <= width or not isinstance(part, Row):
        return whole
    lines: list[Box] = []
    for row in _broken(part, width):
        line = _set(row, Style())
        down = lines[-1].descent + LEADING + line.ascent if lines else 0.0
        lines.append(line.moved(INDENT if lines else 0.0, down))
    return merged(lines)


def _broken(row: Row, width: float) -> Iterator[Row]:
    """The row in pieces that fit, each but the first beginning with the sign before which it was broken."""
    piece: list[Part] = []
    for chunk in _chunks(row):
        wider = _set(Row((*piece, *chunk)), Style()).width
        if piece and wider > width - INDENT:
            yield Row(tuple(piece))
            piece = [Symbol("")]  # before a sign, as in TeX: it stands between two things still
        piece += chunk
    yield Row(tuple(piece))


def _chunks(row: Row) -> Iterator[list[Part]]:
    chunk: list[Part] = []
    for part in row.parts:
        if chunk and isinstance(part, Symbol) and part.role in (Role.BINARY, Role.RELATION):
            yield chunk
            chunk = []
        chunk.append(part)
    yield chunk


def _set(part: Part, style: Style) -> Box:
    """One part in its style; Row and Space are the only ones without a rule of their own below."""
    match part:
        case Symbol(text, _, italic):
            return glyphs(text, italic).scaled(style.size)
        case Row(parts):
            return _row(parts, style)
        case Fraction(above, below):
            return _fraction(above, below, style)
        case Script():
            return _script(part, style)
        case Root(body):
            return _root(_set(body, style), style.size)
        case Accent(body, kind):
            return _accent(_set(body, style), kind, style.size)
        case Fence(left, body, right):
            return _fence(left, _set(body, style), right, style.size)
        case Named(name, body):
            return _set(body, style).named(name)
        case Space(em):
            return Box(em * style.size, 0.0, 0.0)


def _row(parts: tuple[Part, ...], style: Style) -> Box:
    boxes, x, roles = [], 0.0, _roles(parts)
    for index, part in enumerate(parts):
        if index:
            x += _space(roles[index - 1], roles[index], parts[index - 1], part, style)
        box = _set(part, style).moved(x)
        boxes.append(box)
        x = box.width
    return merged(boxes)


def _roles(parts: tuple[Part, ...]) -> list[Role]:
    """A sign between two things is binary; one before a thing is its own."""
    roles = [_role(part) for part in parts]
    alone = (Role.BINARY, Role.RELATION, Role.OPERATOR, Role.OPEN, Role.PUNCTUATION)
    for index, role in enumerate(roles):
        if role is Role.BINARY and (index == 0 or roles[index - 1] in alone):
            roles[index] = Role.ORDINARY
    return roles


def _role(part: Part) -> Role:
    match part:
        case Symbol(_, role, _):
            return role
        case Script(base, _, _) | Accent(base, _):
            return _role(base)
        case _:
            return Role.ORDINARY


def _space(left: Role, right: Role, before: Part, after: Part, style: Style) -> float:
    """Between two parts of a row (The TeXbook, chapter 18, as far as it goes here)."""
    if style.script:
        return 0.0
    if Role.RELATION in (left, right):
        return THICK * style.size
    if Role.BINARY in (left, right):
        return MEDIUM * style.size
    if left is Role.PUNCTUATION:
        return THIN * style.size
    if Role.OPERATOR in (left, right):
        close = left is Role.OPEN or right in (Role.OPEN, Role.CLOSE, Role.PUNCTUATION)
        return 0.0 if close else THIN * style.size
    tall = isinstance(before, Fraction | Fence) or isinstance(after, Fraction | Fence)
    return THIN * style.size if tall and left is not Role.OPEN and right is not Role.CLOSE else 0.0


def _fraction(above: Part, below: Part, style: Style) -> Box:
    inner, size = style.of_fraction(), style.size
    top, bottom = _set(above, inner), _set(below, inner)
    side, line = 0.08 * size, RULE * size
    width = max(top.width, bottom.width) + 2 * side
    path = QPainterPath()
    path.addRect(QRectF(0.0, -AXIS * size - line / 2, width, line))
    up = top.moved((width - top.width) / 2, -(AXIS * size + line / 2 + GAP * size + top.descent))
    down = bottom.moved((width - bottom.width) / 2, -AXIS * size + line / 2 + GAP * size + bottom.ascent)
    made = merged((up, down, Box(width, 0.0, 0.0, (Shape(path),))))
    return Box(width, made.ascent, made.descent, made.shapes, made.areas)


def _script(part: Script, style: Style) -> Box:
    base, size, boxes = _set(part.base, style), style.size, []
    small = style.of_script()
    if not style.inner and isinstance(part.base, Symbol) and part.base.text in LIMITS:
        return _limits(base, part, small)
    if part.sup is not None:
        sup = _set(part.sup, small)
        up = max(base.ascent - 0.32 * size, 0.36 * size, 0.25 * X_HEIGHT * size + sup.descent)
        boxes.append(sup.moved(base.width + 0.04 * size, -up))
    if part.sub is not None:
        sub = _set(part.sub, small)
        down = max(base.descent - 0.05 * size, 0.19 * size, sub.ascent - 0.8 * X_HEIGHT * size)
        left = base.width - (0.03 * size if isinstance(part.base, Symbol) and part.base.italic else 0.0)
        boxes.append(sub.moved(left, down))
    made = merged((base, *boxes))
    return Box(made.width + 0.04 * size, made.ascent, made.descent, made.shapes, made.areas)


def _limits(base: Box, part: Script, small: Style) -> Box:
    """The scripts in the middle below and above."""
    below, above = (Box(0.0, 0.0, 0.0) if each is None else _set(each, small) for each in (part.sub, part.sup))
    width = max(base.width, below.width, above.width)
    down, up = base.descent + GAP + below.ascent, base.ascent + GAP + above.descent
    parts = ((base, 0.0), (below, down), (above, -up))
    made = merged(box.moved((width - box.width) / 2, y) for box, y in parts if box.shapes)
    return Box(width, made.ascent, made.descent, made.shapes, made.areas)


def _root(body: Box, size: float) -> Box:
    line, room = RULE * size, 0.11 * size
    top, bottom = -(max(body.ascent, X_HEIGHT * size) + room + line), max(body.descent, 0.02 * size) + 0.03 * size
    path, width = root_sign(top, bottom, size), 0.56 * size
    path.addRect(QRectF(width, top, body.width + 0.08 * size, line))
    made = merged((body.moved(width + 0.04 * size), Box(width + body.width + 0.1 * size, -top, bottom, (Shape(path),))))
    return Box(made.width, made.ascent + 0.03 * size, made.descent, made.shapes, made.areas)


def _accent(body: Box, kind: Mark, size: float) -> Box:
    """The mark over what is drawn of the letter."""
    drawn = QRectF()
    for shape in body.shapes:
        drawn = drawn.united(shape.path.boundingRect())
    slant = 0.07 * size if body.ascent < 0.75 * size else 0.0  # a letter leans to the right
    above = max(body.ascent, X_HEIGHT * size) + 0.07 * size
    scale = QTransform.fromTranslate(drawn.center().x() + slant, -above).scale(size, size)
    over = filled(scale.map(mark(kind)))
    made = merged((body, over))
    return Box(max(body.width, over.width - 0.1 * size), made.ascent, made.descent, made.shapes, made.areas)


def _fence(left: str, body: Box, right: str, size: float) -> Box:
    """As high above and below the axis as what it holds; the signs grow upwards more than they do in width."""
    reach = max(body.ascent - AXIS * size, body.descent + AXIS * size)
    boxes, x = [], 0.0
    for sign, middle in ((left, body.moved(0.0)), (right, None)):
        grown = _grown(sign, reach, size).moved(x)
        boxes.append(grown)
        x = grown.width if sign else x
        if middle is not None:
            boxes.append(middle.moved(x))
            x += middle.width
    return merged(boxes)


def _grown(sign: str, reach: float, size: float) -> Box:
    plain = glyphs(sign, False).scaled(size)
    if not sign or reach <= 0.55 * size:
        return plain
    area = plain.shapes[0].path.boundingRect()
    tall = 2 * reach / area.height()
    wide = min(1 + 0.25 * (tall - 1), 1.6)
    place = QTransform.fromTranslate(0.0, -AXIS * size).scale(wide, tall).translate(0.0, -area.center().y())
    path = place.map(plain.shapes[0].path)
    return Box(plain.width * wide, reach + AXIS * size, reach - AXIS * size, (Shape(path),))
