"""The window's own portrait: every workspace, light and dark, with its panels at work."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEvent, QEventLoop, QSettings, QSize, QTimer

from ddpm_studio.errors import UserError
from ddpm_studio.files import writing
from ddpm_studio.ui import theme
from ddpm_studio.ui.application import make_application
from ddpm_studio.ui.main_window import MainWindow
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.theme import Choice
from ddpm_studio.ui.workspaces import WORKSPACES

SIZE = QSize(1600, 1000)
PATIENCE = 120_000
"""ms after which a window that is still not at rest is given up."""
SHARE = 0.65
"""How far the reverse chain is walked: faces can be made out, and there is still noise to see."""


def take(folder: Path) -> list[Path]:
    """Writes `explore-light.png`, `explore-dark.png` … into `folder`, which is made; the files.

    Raises:
        UserError: the folder cannot be made or written, or a panel said why it cannot work.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    app = make_application()  # must outlive the window
    before = theme.watcher().choice
    with TemporaryDirectory() as settings:
        window = MainWindow(Session(), QSettings(f"{settings}/settings.ini", QSettings.Format.IniFormat))
        try:
            return _portraits(window, folder)
        finally:
            window.close()
            window.deleteLater()
            app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            theme.watcher().choose(before)


def _portraits(window: MainWindow, folder: Path) -> list[Path]:
    troubles: list[str] = []
    window.session.reported.connect(troubles.append)
    window.resize(SIZE)
    at_rest = _set_to_work(window, troubles)
    paths = []
    for workspace in WORKSPACES:
        window.choose_workspace(workspace)
        for choice in (Choice.LIGHT, Choice.DARK):
            theme.watcher().choose(choice)
            _wait(at_rest, troubles)
            paths.append(folder / f"{workspace}-{choice}.png")
            with writing(paths[-1]) as part:
                window.grab().save(str(part), "PNG")
    return paths


def _set_to_work(window: MainWindow, troubles: list[str]) -> Callable[[], bool]:
    """Walks the reverse chain to its SHARE, and the noising panel with it; the condition under which all is drawn."""
    filled: list[bool] = []
    window.ready.connect(lambda: filled.append(True))
    window.show()
    _wait(lambda: bool(filled), troubles)
    from ddpm_studio.ui.chain import SimulatedChain  # noqa: PLC0415 - imports torch, which by now is loaded
    from ddpm_studio.ui.reverse_chain import ReverseChain  # noqa: PLC0415

    noised, reverse = window.findChild(SimulatedChain), window.findChild(ReverseChain)
    assert isinstance(noised, SimulatedChain)
    assert isinstance(reverse, ReverseChain)
    position = round(SHARE * (len(reverse.times) - 1))
    reverse.go(position)
    _wait(lambda: reverse.position == position, troubles)
    window.session.set_t(reverse.times[position])

    def at_rest() -> bool:
        pending = any(timer.isActive() and timer.isSingleShot() for timer in window.findChildren(QTimer))
        return noised.reached >= window.session.t and not pending

    return at_rest


def _wait(condition: Callable[[], bool], troubles: list[str]) -> None:
    """Runs the event loop until the condition holds.

    Raises:
        UserError: a panel reported trouble meanwhile.
    """
    beat = QTimer(interval=20)  # wakes the loop where no event of Qt's tells of the change
    beat.start()
    deadline = QDeadlineTimer(PATIENCE)
    QCoreApplication.processEvents()  # a new palette arrives as an event
    while not condition():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if troubles:
            raise UserError(troubles[0])
        if deadline.hasExpired():
            raise TimeoutError("the window did not come to rest")
