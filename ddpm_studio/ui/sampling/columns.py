"""The three columns of the sampling panel: settings, the samples with their transport, the inspector."""

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from ddpm_studio.ui.widgets.scroll_column import ScrollColumn

CONTROLS, CENTRE, INSPECTOR = 210, 300, 230  # logical pixels wide; all tabs are seen where that leaves room for it


class SamplingColumns(QSplitter):
    """Columns that can be made wider and narrower; the middle one never disappears.

    Args:
        controls: the settings, which scroll where they are too tall.
        views: the samples.
        foot: what stands in the line below them; the first takes the room that is left.
        player: the transport, below that line.
        inspector: the selected sample.
    """

    def __init__(
        self,
        controls: QWidget,
        views: QWidget,
        foot: Sequence[QWidget],
        player: QWidget,
        inspector: QTabWidget,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._controls, self._inspector = ScrollColumn(controls), inspector
        centre, line = QWidget(self), QHBoxLayout()
        for place, widget in enumerate(foot):
            line.addWidget(widget, 0 if place else 1)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(views, 1)
        column.addLayout(line)
        column.addWidget(player)
        for widget, stretch in ((self._controls, 0), (centre, 5), (inspector, 2)):
            self.addWidget(widget)
            self.setStretchFactor(self.indexOf(widget), stretch)
        self.setSizes([CONTROLS, 900, 400])
        self.setCollapsible(1, False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """All names of the inspector's tabs are seen, unless the other columns need the room."""
        room = self.width() - self._controls.minimumSizeHint().width() - CENTRE - 2 * self.handleWidth()
        tabs = self._inspector.tabBar().sizeHint().width()
        self._inspector.setMinimumWidth(max(INSPECTOR, min(tabs, room)))
        super().resizeEvent(event)
