"""The running application: one QApplication, one session, one window, and what catches their accidents."""

import signal
import sys
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from ddpm_studio import __version__
from ddpm_studio.assets import asset
from ddpm_studio.ui import theme
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.theme import Choice
from ddpm_studio.ui.window.crash import Crashes
from ddpm_studio.ui.window.main_window import MainWindow
from ddpm_studio.ui.window.stored import text


def run(target: Path | None) -> int:
    """Shows the window and runs until it is closed; the exit code."""
    app = make_application()
    settings = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "DDPM Studio", "DDPM Studio")
    theme.watcher().choose(_choice(settings))
    window = MainWindow(Session(), settings)
    crashes = watch_for_crashes(window)
    window.show()
    if target is not None:
        window.files.open(target)
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C in the terminal ends it, though Qt holds the loop
    try:
        return app.exec()
    finally:
        signal.signal(signal.SIGINT, before)
        crashes.uninstall()


def make_application() -> QApplication:
    """The QApplication, named and dressed; the running one if there is one."""
    running = QApplication.instance()
    app = running if isinstance(running, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("DDPM Studio")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("ddpm-studio")
    app.setStyle("Fusion")
    app.setWindowIcon(QIcon(str(asset("icons", "ddpm-studio.png"))))
    theme.watcher()
    return app


def watch_for_crashes(window: MainWindow) -> Crashes:
    """From here on an unexpected exception is logged and told in the window's message bar."""
    crashes = Crashes(window)
    crashes.caught.connect(window.messages.error)
    crashes.refused.connect(window.session.reported)
    crashes.install()
    return crashes


def _choice(settings: QSettings) -> Choice:
    stored = text(settings, "theme")
    return Choice(stored) if stored in set(Choice) else Choice.SYSTEM
