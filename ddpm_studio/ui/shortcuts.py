"""Help > Keyboard shortcuts: every key the window and its panels listen to, read from their actions."""

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget


def shortcuts(owner: QWidget) -> list[tuple[str, str]]:
    """What can be done by key in `owner` and its children, and the keys; an action without text is left out."""
    return list(dict.fromkeys(_all(owner)))


class Shortcuts(QDialog):
    """A window beside the main one, with a table for each part of it."""

    def __init__(self, parts: dict[str, QWidget], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = [(title, what, keys) for title, part in parts.items() for what, keys in shortcuts(part)]
        self._table = _table(rows, self)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self._table)
        layout.addWidget(buttons)
        self.resize(620, 560)


def _all(owner: QWidget) -> Iterator[tuple[str, str]]:
    for action in owner.findChildren(QAction):
        if action.shortcuts() and action.text():
            yield _plain(action.text()), _keys(action.shortcuts())
    for shortcut in owner.findChildren(QShortcut):
        if shortcut.whatsThis():
            yield shortcut.whatsThis(), _keys(shortcut.keys())


def _keys(sequences: list[QKeySequence]) -> str:
    return ", ".join(s.toString(QKeySequence.SequenceFormat.NativeText) for s in sequences)


def _plain(text: str) -> str:
    return text.replace("&", "").removesuffix("…")


def _table(rows: list[tuple[str, str, str]], parent: QWidget) -> QTableWidget:
    table = QTableWidget(len(rows), 3, parent)
    table.setHorizontalHeaderLabels(["Where", "What", "Keys"])
    table.verticalHeader().hide()
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setAccessibleName("Keyboard shortcuts")
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            table.setItem(i, j, QTableWidgetItem(text))
    table.resizeColumnsToContents()
    table.horizontalHeader().setStretchLastSection(True)
    return table
