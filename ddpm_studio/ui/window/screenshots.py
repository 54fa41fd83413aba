"""The window's own portrait: every workspace, light and dark, with its panels at work."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEvent, QEventLoop, QSettings, QSize, QTimer
from PySide6.QtWidgets import QWidget

from ddpm_studio.errors import UserError
from ddpm_studio.files import writing
from ddpm_studio.ui import theme
from ddpm_studio.ui.application import make_application
from ddpm_studio.ui.job import Job
from ddpm_studio.ui.panels.learn import LearnPanel
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.theme import Choice
from ddpm_studio.ui.window.main_window import MainWindow
from ddpm_studio.ui.window.workspaces import WORKSPACES

SIZE = QSize(1600, 1000)
PATIENCE = 240_000
"""ms after which a window that is still not at rest is given up."""
SHARE = 0.65
"""How far the reverse chain is walked: faces can be made out, and there is still noise to see."""
STEPS = 80
"""Of the training whose curves are shown."""
PLACES = {"plane": 0.03, "learn": 0.05}
"""t/T where a workspace has no chain that says it: what is left of the data can be made out."""
CHAPTER = 2
"""Of Learn: the one with the plane."""


@runtime_checkable
class Resting(Protocol):
    """A panel that knows when all is drawn that it draws without being asked."""

    @property
    def at_rest(self) -> bool:
        """Whether that is now."""
        ...


def take(folder: Path, workspaces: Sequence[str] = tuple(WORKSPACES), steps: int = STEPS) -> list[Path]:
    """Writes `explore-light.png`, `explore-dark.png` … into `folder`, which is made; the files.

    Args:
        folder: where to.
        workspaces: their keys.
        steps: of the training whose curves are shown.

    Raises:
        UserError: the folder cannot be made or written, or a panel said why it cannot work.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    app = make_application()  # must outlive the window
    before = theme.watcher().choice
    with TemporaryDirectory() as place:
        window = MainWindow(Session(), QSettings(f"{place}/settings.ini", QSettings.Format.IniFormat))
        try:
            return [
                path
                for key in _opened(window, workspaces)
                for path in _portraits(window, key, folder, Path(place), steps)
            ]
        finally:
            window.session.undo_stack.setClean()  # nobody is there to answer whether to save what was set up
            window.close()
            window.deleteLater()
            app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            theme.watcher().choose(before)


def _opened(window: MainWindow, workspaces: Sequence[str]) -> Sequence[str]:
    """The workspaces, once the window has been filled."""
    filled: list[bool] = []
    window.ready.connect(lambda: filled.append(True))
    window.resize(SIZE)
    window.choose_workspace(workspaces[0])
    window.show()
    _wait(window, lambda: bool(filled))
    return workspaces


def _portraits(window: MainWindow, key: str, folder: Path, place: Path, steps: int) -> Iterator[Path]:
    """A workspace with its panels at work, light and dark."""
    window.choose_workspace(key)
    QCoreApplication.processEvents()  # panels are made when they are seen
    for panel in _panels(window):
        _set_to_work(window, panel, place, steps)
    if key in PLACES:
        window.session.set_t(round(PLACES[key] * window.session.document.schedule.T))
    for choice in (Choice.LIGHT, Choice.DARK):
        theme.watcher().choose(choice)
        _wait(window, lambda: all(_at_rest(panel) for panel in _panels(window)))
        path = folder / f"{key}-{choice}.png"
        with writing(path) as part:
            window.grab().save(str(part), "PNG")
        yield path


def _panels(window: MainWindow) -> list[QWidget]:
    return [dock.panel for dock in window.docks.values() if dock.panel is not None and dock.isVisible()]


def _set_to_work(window: MainWindow, panel: QWidget, place: Path, steps: int) -> None:
    """Walks the reverse chain to its SHARE, and everything else with it; trains for a few steps."""
    from ddpm_studio.ui.panels.training import TrainingPanel  # noqa: PLC0415 - imports torch, which by now is loaded
    from ddpm_studio.ui.sampling.reverse_chain import ReverseChain  # noqa: PLC0415
    from ddpm_studio.ui.training.run import State, TrainingRun  # noqa: PLC0415

    if isinstance(reverse := panel.findChild(ReverseChain), ReverseChain):
        position = round(SHARE * reverse.trail.course.end)
        reverse.go(position)
        _wait(window, lambda: reverse.position == position)
        window.session.set_t(reverse.trail.course.times[position])
    if isinstance(panel, LearnPanel):
        panel.contents.setCurrentIndex(CHAPTER)
    if isinstance(panel, TrainingPanel):
        run = panel.findChild(TrainingRun)
        assert isinstance(run, TrainingRun)
        training = window.session.document.training
        quick = replace(training, steps=steps, batch=16, log_every=2, warmup=0, rate=2e-3)
        window.session.edit("a short training", training=quick)
        panel.show_new(place / "run")
        run.start(place / "run", window.session.document, window.session.device)
        _wait(window, lambda: run.state is State.IDLE)


def _at_rest(panel: QWidget) -> bool:
    """As it says itself; else once nothing is being computed or about to be drawn."""
    if isinstance(panel, Resting) and not panel.at_rest:
        return False
    jobs = () if isinstance(panel, Resting) else panel.findChildren(Job)
    pending = any(timer.isActive() and timer.isSingleShot() for timer in panel.findChildren(QTimer))
    return not pending and not any(job.running for job in jobs)


def _wait(window: MainWindow, condition: Callable[[], bool]) -> None:
    """Runs the event loop until the condition holds.

    Raises:
        UserError: a panel reported trouble meanwhile.
    """
    troubles: list[str] = []
    window.session.reported.connect(troubles.append)
    beat = QTimer(interval=20)  # wakes the loop where no event of Qt's tells of the change
    beat.start()
    deadline = QDeadlineTimer(PATIENCE)
    try:
        QCoreApplication.processEvents()  # a new palette arrives as an event
        while not condition():
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            if troubles:
                raise UserError(troubles[0])
            if deadline.hasExpired():
                raise TimeoutError("the window did not come to rest")
    finally:
        window.session.reported.disconnect(troubles.append)
