"""A choice among things with a name, and a button that opens others from files."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QToolButton, QWidget

from ddpm_studio.ui.widgets.combo import Combo


class ReferenceBox(QWidget):
    """Asks for a thing by its reference in the document; shows it once it is the document's.

    Args:
        name: what is chosen, in a word or two.
        tip: what that is.
        opens: what the button opens; `ways` are the entries of its menu and what each does.
    """

    asked = Signal(str)

    def __init__(
        self, name: str, tip: str, opens: str, ways: Mapping[str, Callable[[], None]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._shown = ""
        self.names = Combo(self)
        self.names.setAccessibleName(name)
        self.names.setToolTip(tip)
        self.names.setMinimumContentsLength(8)
        self.names.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.names.activated.connect(self._on_activated)
        menu = QMenu(self)
        for text, way in ways.items():
            menu.addAction(text).triggered.connect(way)
        button = QToolButton(self)
        button.setText("…")
        button.setToolTip(opens)
        button.setAccessibleName(opens)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.names, 1)
        row.addWidget(button)

    def show_entries(self, entries: Mapping[str, str], ref: str) -> None:
        """Shows which one is chosen among `entries`, references with their texts; `ref` is one of them."""
        self._shown = ref
        with QSignalBlocker(self.names):
            self.names.clear()
            for each, text in entries.items():
                self.names.addItem(text, each)
            self.names.setCurrentIndex(self.names.findData(ref))

    def _on_activated(self, index: int) -> None:
        ref = self.names.itemData(index)
        if ref != self._shown:
            self.asked.emit(ref)
