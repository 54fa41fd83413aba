"""Unexpected exceptions: the traceback goes to the log file, the user gets one line and may copy the rest."""

import logging
import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Signal

from ddpm_studio import log
from ddpm_studio.errors import UserError


class Crashes(QObject):
    """Takes the place of Python's three hooks and listens to the package's log, from `install` until `uninstall`.

    Exceptions may come from any thread; connect methods of QObjects, which then run in their own.
    """

    caught = Signal(str, str)  # one line, and the details for a report
    refused = Signal(str)  # a UserError that nobody caught: its line is all there is to say

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before = sys.excepthook, threading.excepthook, sys.unraisablehook
        self._last = ""
        self._handler = _Handler(self)

    def install(self) -> None:
        """From here on every unexpected exception is logged and told."""
        log.to_file()
        logging.getLogger("ddpm_studio").addHandler(self._handler)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        sys.unraisablehook = self._on_unraisable

    def uninstall(self) -> None:
        """Puts back what was there."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
        logging.getLogger("ddpm_studio").removeHandler(self._handler)

    def take(self, error: BaseException) -> None:
        """Logs `error`; the same one again and again, as from a paint event, once."""
        if isinstance(error, UserError):
            self.refused.emit(str(error))
            return
        details = "".join(traceback.format_exception(error))
        if details != self._last:
            self._last = details
            log.record(error)

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            self._before[0](kind, error, trace)
        else:
            self.take(error.with_traceback(trace))

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            self.take(args.exc_value)

    def _on_unraisable(self, args: "sys.UnraisableHookArgs") -> None:
        if args.exc_value is not None:
            self.take(args.exc_value)


class _Handler(logging.Handler):
    """Tells of every exception that is logged: those above, and those of jobs."""

    def __init__(self, crashes: Crashes) -> None:
        super().__init__(logging.ERROR)
        self._crashes = crashes

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line = f"Something unexpected happened: {_line(error)}. Your document is untouched; the log says more."
            self._crashes.caught.emit(line, "".join(traceback.format_exception(error)))


def _line(error: BaseException) -> str:
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
