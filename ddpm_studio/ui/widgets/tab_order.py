"""The order in which Tab goes through a panel: as it is read, whatever the order in which its parts were made."""

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGraphicsView, QGridLayout, QLayout, QSplitter, QTabBar, QWidget

Place = tuple[int, ...]
"""Where a widget stands among its siblings: they compare as they are read."""


def tab_as_read(panel: QWidget) -> None:
    """Sets the order of the controls that are there now; one that is made later comes after them."""
    for before, after in pairwise(controls(panel)):
        QWidget.setTabOrder(before, after)


def controls(widget: QWidget) -> Iterator[QWidget]:
    """The widgets in `widget` that Tab stops at, and itself if it does, in the order of its layouts and splitters."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
        yield widget
    if isinstance(widget, QGraphicsView | QTabBar):
        return  # Tab goes by what they are made of; and pyqtgraph's plots, once asked for that, are never freed
    parts = [child for child in widget.children() if isinstance(child, QWidget) and not child.isWindow()]
    for part in sorted(parts, key=lambda part: _place(widget, part)):
        yield from controls(part)


def _place(parent: QWidget, part: QWidget) -> Place:
    if isinstance(parent, QSplitter):
        return (parent.indexOf(part),)
    layout = parent.layout()
    placed = None if layout is None else _within(layout, part)
    return (-1,) if isinstance(part, QTabBar) else placed or (0,)  # tabs stand before their pages


def _within(layout: QLayout, part: QWidget) -> Place | None:
    if (index := layout.indexOf(part)) >= 0:
        return _at(layout, index)
    for inner in layout.children():
        if isinstance(inner, QLayout) and (place := _within(inner, part)) is not None:
            return (*_at(layout, layout.indexOf(inner)), *place)
    return None


def _at(layout: QLayout, index: int) -> Place:
    """A grid is read row by row."""
    if not isinstance(layout, QGridLayout):
        return (index,)
    place: Place = layout.getItemPosition(index)  # type: ignore[assignment]  # PySide calls it an object
    return place[:2]
