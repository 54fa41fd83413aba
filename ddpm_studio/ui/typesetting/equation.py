"""One equation as a widget: typeset, as wide as it needs or broken to fit, its named parts lit and told."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, QSize, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ddpm_studio.ui.typesetting.formula import Row, plain
from ddpm_studio.ui.typesetting.glyph_box import Box
from ddpm_studio.ui.typesetting.markup import parse
from ddpm_studio.ui.typesetting.typeset import typeset

MARGIN = 2  # logical pixels around the equation


class Equation(QWidget):
    """Shows an equation in the notation of `markup.parse`, in the palette's text colour.

    Args:
        markup: the equation.
        names: what `@name` stands for in it.
        em: its size, logical pixels; by default a fifth more than the text around it.
    """

    pointed = Signal(str)  # the name of the part under the mouse; empty for none

    def __init__(
        self, markup: str, names: Mapping[str, str] | None = None, em: float = 0.0, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._em = em or 1.1 * self.fontMetrics().height()
        self._lit: Mapping[str, QColor] = {}
        self._told: Mapping[str, str] = {}
        self._under = ""
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMouseTracking(True)
        self.show_markup(markup, names or {})

    @property
    def text(self) -> str:
        """The equation in one line of plain text."""
        return plain(self._tree)

    @property
    def names(self) -> tuple[str, ...]:
        """Of its named parts, from left to right."""
        return tuple(dict.fromkeys(name for name, _ in self._box.areas))

    def show_markup(self, markup: str, names: Mapping[str, str] | None = None) -> None:
        """Shows another equation; raises what `parse` does."""
        self._tree: Row = parse(markup, names)
        self._box = typeset(self._tree, self._room(self.width()))
        self.setAccessibleName(self.text)
        self.updateGeometry()
        self.update()

    def show_lit(self, colours: Mapping[str, QColor]) -> None:
        """The colours of named parts; the rest has the text's."""
        if dict(colours) != self._lit:
            self._lit = dict(colours)
            self.update()

    def show_told(self, told: Mapping[str, str]) -> None:
        """What the tooltip says of named parts."""
        self._told = told

    def name_at(self, point: QPointF) -> str:
        """The innermost named part at a point of the widget; empty for none."""
        place = (point - self._origin()) / self._shown_em()
        found = [name for name, area in self._box.areas if area.adjusted(-0.1, -0.1, 0.1, 0.1).contains(place)]
        return found[-1] if found else ""

    def centre_of(self, name: str) -> QPointF:
        """The middle of the first part of a name.

        Raises:
            KeyError: there is none.
        """
        for named, area in self._box.areas:
            if named == name:
                return self._origin() + area.center() * self._shown_em()
        raise KeyError(name)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._high(typeset(self._tree, self._room(width)))

    def sizeHint(self) -> QSize:
        whole = typeset(self._tree)
        return QSize(int(whole.width * self._em) + 2 * MARGIN + 1, self._high(whole))

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self._high(self._box))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._box = typeset(self._tree, self._room(self.width()))
        super().resizeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._box.paint(painter, self._origin(), self._shown_em(), self.palette().text().color(), self._lit)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.name_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point("")
        super().leaveEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and self._told:
            text = self._told.get(self.name_at(event.pos().toPointF()), "")
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def _point(self, name: str) -> None:
        if name != self._under:
            self._under = name
            self.pointed.emit(name)

    def _origin(self) -> QPointF:
        return QPointF(MARGIN, MARGIN + self._box.ascent * self._shown_em())

    def _shown_em(self) -> float:
        """Smaller than it should be only where not even a part of the equation between two signs fits."""
        return min(self._em, (self.width() - 2 * MARGIN) / max(self._box.width, 1.0))

    def _room(self, width: int) -> float:
        """What the widget's width leaves for the equation, em."""
        return max(width - 2 * MARGIN, 40) / self._em

    def _high(self, box: Box) -> int:
        return int(box.height * self._em) + 2 * MARGIN + 1
