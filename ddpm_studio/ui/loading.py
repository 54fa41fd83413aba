"""Imports the panels that need PyTorch while the window is already alive."""

from collections.abc import Sequence
from importlib import import_module

from PySide6.QtCore import QObject, QThread, Signal


class Loading(QThread):
    """Imports modules in a thread, in the order given.

    The thread only imports: whoever is told makes the widgets, in the window's thread. Connect methods of QObjects
    only, for a plain function would run in this thread.
    """

    loaded = Signal(str)  # the module's name
    failed = Signal(str, object)  # the module's name and the exception; the other modules are tried all the same

    def __init__(self, modules: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._modules = tuple(modules)

    def run(self) -> None:
        """Called by the thread."""
        for name in self._modules:
            if self.isInterruptionRequested():
                return
            try:
                import_module(name)
            except Exception as error:  # whatever an import does is told in the window, not lost with the thread
                self.failed.emit(name, error)
            else:
                self.loaded.emit(name)

    def close(self) -> None:
        """Waits for the import that is running and skips the rest."""
        self.requestInterruption()
        self.wait()
