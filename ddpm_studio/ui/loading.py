"""Imports the panels that need PyTorch while the window is already alive."""

import ctypes
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

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
        if self._modules and "torch" not in sys.modules:
            _map_torch()
        with importing("torch"):
            self._import()

    def _import(self) -> None:
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


@contextmanager
def importing(package: str) -> Iterator[None]:
    """Where `package` is first imported: meanwhile nothing is searched for garbage, and what it made never will be.

    A search of the 300,000 objects that PyTorch makes stops every thread, the window's too, for up to half a second.
    """
    if package in sys.modules:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _map_torch() -> None:
    """Loads PyTorch's largest library ahead of the import.

    An import holds Python's lock for as long as the system's loader takes (0.3 s, more from a cold disk), and the
    window stands still; a foreign function is called without it. If it fails, the import that follows does the work.
    """
    package = find_spec("torch")
    if sys.platform != "linux" or package is None or package.origin is None:
        return
    library = Path(package.origin).parent / "lib" / "libtorch_cpu.so"
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    dlopen(os.fsencode(library), os.RTLD_NOW | os.RTLD_LOCAL)
