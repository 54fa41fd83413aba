"""The place of one panel in the window: its title, and what it says until the panel is there."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QToolButton, QWidget

from ddpm_studio.ui.widgets.tab_order import tab_as_read


class Dock(QDockWidget):
    """Holds a quiet line of text until it is filled with a panel."""

    def __init__(self, key: str, title: str, text: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.setObjectName(key)  # by which QMainWindow's saved state knows it
        self.setTitleBarWidget(_TitleBar(self))
        self.panel: QWidget | None = None
        self.say(text)

    def say(self, text: str) -> None:
        """Shows a quiet line in the panel's place."""
        label = QLabel(text, self)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setWordWrap(True)
        label.setEnabled(False)
        self._put(label)

    def fill(self, panel: QWidget) -> None:
        """Puts the panel in its place; a reader of the screen calls it by the title."""
        self.panel = panel
        if not panel.accessibleName():
            panel.setAccessibleName(self.windowTitle())
        tab_as_read(panel)
        self._put(panel)

    def _put(self, widget: QWidget) -> None:
        before = self.widget()
        self.setWidget(widget)
        if before is not None:
            before.deleteLater()


class _TitleBar(QWidget):
    """As Fusion's own, but with buttons that can be seen in the dark and have names. The dock is dragged by it."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        title = dock.windowTitle()
        float_it = self._button("❐", f"Float or dock {title}", lambda: dock.setFloating(not dock.isFloating()))
        hide_it = self._button("✕", f"Hide {title} (the View menu brings it back)", dock.close)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, 2, 0)
        layout.setSpacing(0)
        layout.addWidget(QLabel(title, self), stretch=1)
        layout.addWidget(float_it)
        layout.addWidget(hide_it)

    def _button(self, glyph: str, what: str, action: Callable[[], object]) -> QToolButton:
        button = QToolButton(self)
        button.setText(glyph)
        button.setAutoRaise(True)
        button.setFixedSize(22, 20)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab is for the panels; View > has the same
        button.setToolTip(what)
        button.setAccessibleName(what)
        button.clicked.connect(action)
        return button
