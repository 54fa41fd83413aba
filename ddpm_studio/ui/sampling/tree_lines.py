"""The tree drawn: a line for each branch from where it leaves to t = 0, noise on the left, pictures on the right."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ddpm_studio.branch import TRUNK
from ddpm_studio.ui.theme import colours

ROW = 30.0  # logical pixels from line to line
EDGE = 10.0  # beside the lines
DOT = 5.0  # the current state's radius


@dataclass(frozen=True)
class Twig:
    """One line of the drawing."""

    place: int  # in the document's branches; TRUNK for the trunk
    parent: int
    begin: int  # t where it leaves its parent
    walked: int  # t it has been walked to
    name: str
    tip: str
    broken: bool = False


class TreeLines(QWidget):
    """Draws twigs; ↑ and ↓ look at another, a click looks at one and, on the one that is shown, goes to its t."""

    picked = Signal(int)  # the place of a branch to look at
    asked = Signal(int)  # a t to go to
    renamed = Signal()  # F2: the one that is shown wants another name
    deleted = Signal()  # Delete: the one that is shown is to go

    keys_help = (
        ("Look at the branch above, below", "↑, ↓ in the tree"),
        ("Rename, delete the branch", "F2, Delete in the tree"),
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._twigs: Sequence[Twig] = ()
        self._T, self._shown, self._t = 1, TRUNK, 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("tree of branches")
        self.setMinimumWidth(120)

    def show_twigs(self, twigs: Sequence[Twig], T: int, shown: int) -> None:
        """Draws these, from the top down; `shown` is the place of the one that is looked at."""
        self._twigs, self._T, self._shown = twigs, T, shown
        told = next((twig for twig in twigs if twig.place == shown), None)
        self.setAccessibleDescription(f"{len(twigs) - 1} branches; looking at {told.name if told else 'none'}")
        self.updateGeometry()
        self.update()

    def show_t(self, t: int) -> None:
        """Marks the state that is looked at."""
        self._t = t
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, int(ROW * max(len(self._twigs), 1) + EDGE + self.fontMetrics().height() + 4))

    def minimumSizeHint(self) -> QSize:
        """As many rows as there are."""
        return QSize(120, self.sizeHint().height())

    def place_of(self, place: int, t: int) -> QPointF:
        """Where a branch is drawn at t."""
        row = next(i for i, twig in enumerate(self._twigs) if twig.place == place)
        return QPointF(self._x(t), self._y(row))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rows = {twig.place: row for row, twig in enumerate(self._twigs)}
        for row, twig in enumerate(self._twigs):
            self._paint_twig(painter, twig, row, rows.get(twig.parent, row))
        self._paint_axis(painter)
        if self._shown in rows:
            painter.setPen(QPen(QColor(colours().cursor), 1.5))
            painter.setBrush(QColor(colours().accent))
            painter.drawEllipse(QPointF(self._x(self._t), self._y(self._row_at(self._t, rows))), DOT, DOT)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.palette().highlight().color(), 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        twig = self._at(event.position())
        if twig is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        if twig.place != self._shown:
            self.picked.emit(twig.place)
        else:
            room = max(self.width() - 2 * EDGE, 1.0)
            self.asked.emit(round(self._T * (1.0 - min(max((event.position().x() - EDGE) / room, 0.0), 1.0))))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = next((i for i, twig in enumerate(self._twigs) if twig.place == self._shown), 0)
        moved = row + {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if moved != row and 0 <= moved < len(self._twigs):
            self.picked.emit(self._twigs[moved].place)
        elif event.key() == Qt.Key.Key_Delete:
            self.deleted.emit()
        elif event.key() == Qt.Key.Key_F2:
            self.renamed.emit()
        elif moved == row:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """A tooltip for each line."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            twig = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), twig.tip if twig else "", self)
            return True
        return super().event(event)

    def _paint_axis(self, painter: QPainter) -> None:
        """Which way t falls, below the last line."""
        metrics = self.fontMetrics()
        below = QRectF(EDGE, self._y(len(self._twigs) - 1) + 8, self.width() - 2 * EDGE, metrics.height())
        painter.setPen(QColor(colours().muted))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, f"t = {self._T:,}")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, "0")

    def _paint_twig(self, painter: QPainter, twig: Twig, row: int, parent: int) -> None:
        shown = twig.place == self._shown
        colour = QColor(colours().warning if twig.broken else colours().accent if shown else colours().foreground)
        begin, y = self._x(twig.begin), self._y(row)
        thin = QPen(QColor(colours().muted), 1.0, Qt.PenStyle.DashLine if twig.broken else Qt.PenStyle.SolidLine)
        painter.setPen(thin)
        if parent != row:
            painter.drawLine(QPointF(begin, self._y(parent)), QPointF(begin, y))
        painter.drawLine(QPointF(begin, y), QPointF(self._x(0), y))
        painter.setPen(QPen(colour, 3.0 if shown else 2.0))
        if twig.walked < twig.begin:
            painter.drawLine(QPointF(begin, y), QPointF(self._x(twig.walked), y))
        painter.setPen(colour if shown or twig.broken else self.palette().text().color())
        metrics = self.fontMetrics()
        left = min(begin + 4, self._x(0) - metrics.horizontalAdvance(twig.name) - 2)
        text = QRectF(max(left, EDGE), y - ROW / 2 - 4, self._x(0) - max(left, EDGE), ROW / 2 + 2)
        name = metrics.elidedText(twig.name, Qt.TextElideMode.ElideRight, int(text.width()))
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, name)

    def _row_at(self, t: int, rows: dict[int, int]) -> int:
        """The row of the shown branch at t: above where it leaves, its parent's."""
        twigs = {twig.place: twig for twig in self._twigs}
        place = self._shown
        while place != TRUNK and t > twigs[place].begin:
            place = twigs[place].parent
        return rows[place]

    def _at(self, point: QPointF) -> Twig | None:
        row = int((point.y() - EDGE / 2) // ROW)
        return self._twigs[row] if 0 <= row < len(self._twigs) else None

    def _x(self, t: int) -> float:
        return EDGE + (self.width() - 2 * EDGE) * (1.0 - t / self._T)

    def _y(self, row: int) -> float:
        return ROW * (row + 0.62) + EDGE / 2
