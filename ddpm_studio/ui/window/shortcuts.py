"""Help > Keyboard shortcuts: every key the window and its panels listen to, read from their actions."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget


def shortcuts(owner: QWidget) -> list[tuple[str, str]]:
    """What can be done by key in `owner` and its children, and the keys; what has no name is left out.

    A widget that reads its keys itself, without actions, lists them as (what, keys) in a class attribute `keys_help`.
    """
    rows = [(_plain(a.text()), _written(a.shortcuts())) for a in owner.findChildren(QAction) if a.shortcuts()]
    rows += [(s.whatsThis(), _written(s.keys())) for s in owner.findChildren(QShortcut)]
    widgets = [owner, *owner.findChildren(QWidget)]
    rows += [(what, keys) for widget in widgets for what, keys in getattr(widget, "keys_help", ())]
    return list(dict.fromkeys((what, keys) for what, keys in rows if what))


class Shortcuts(QDialog):
    """A window beside the main one: first what holds everywhere, then the panels one by one."""

    def __init__(self, window: QWidget, panels: dict[str, QWidget]) -> None:
        of_panels = [(title, *row) for title, panel in panels.items() for row in shortcuts(panel)]
        known = {row[1:] for row in of_panels}
        everywhere = [("everywhere", *row) for row in shortcuts(window) if row not in known]
        super().__init__(window)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(_table([*everywhere, *of_panels], self))
        layout.addWidget(buttons)
        self.resize(620, 560)


def _written(sequences: list[QKeySequence]) -> str:
    return ", ".join(s.toString(QKeySequence.SequenceFormat.NativeText) for s in sequences)


def _plain(text: str) -> str:
    return text.replace("&", "").removesuffix("…")


def _table(rows: list[tuple[str, str, str]], parent: QWidget) -> QTableWidget:
    table = QTableWidget(len(rows), 3, parent)
    table.setHorizontalHeaderLabels(["Where", "What", "Keys"])
    table.verticalHeader().hide()
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setObjectName("shortcuts")
    table.setAccessibleName("Keyboard shortcuts")
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            table.setItem(i, j, QTableWidgetItem(text))
    table.resizeColumnsToContents()
    table.horizontalHeader().setStretchLastSection(True)
    return table
