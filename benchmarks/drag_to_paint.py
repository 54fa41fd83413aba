"""Milliseconds from a mouse move that drags a point of the schedule to the painted frame, and processor time with it.

    python benchmarks/drag_to_paint.py [--T 1000] [--frames 300] [--threshold] [--bound]

The panel fills a window of 1600 × 1000 with the editor and all five plots. Each frame is one real mouse move and all
that follows from it: the preview in the session, the curves, the paint events. With --threshold the exit code is 1 if
the median exceeds 16 ms or the 99th percentile 33 ms. Uses the platform that QT_QPA_PLATFORM names, as any Qt program.

With --bound the Likelihood panel shares the window, as in Theory, with the bound of the exact denoiser of the pixel
faces: it is measured first, and then follows every move. The 99th percentile may then be 50 ms.
"""

import argparse
import sys
from time import perf_counter, process_time

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QObject, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSplitter

from ddpm_studio.document import EXACT, Document
from ddpm_studio.schedule import Linear
from ddpm_studio.ui.panels.likelihood import LikelihoodPanel
from ddpm_studio.ui.panels.schedule import SchedulePanel
from ddpm_studio.ui.session import Session

MEDIAN, P99, P99_BOUND = 16.0, 33.0, 50.0
SIZE = (1600, 1000)


class Paints(QObject):
    """Counts the paint events that reach the plots."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--T", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--threshold", action="store_true")
    parser.add_argument("--bound", action="store_true")
    args = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    app.setStyle("fusion")
    session = Session(Document(schedule=Linear(T=args.T), dataset="pixel-faces", denoiser=EXACT))
    panel, window = SchedulePanel(session), QSplitter()
    window.addWidget(panel)
    likelihood = LikelihoodPanel(session) if args.bound else None
    if likelihood is not None:
        window.addWidget(likelihood)
    window.resize(*SIZE)
    window.show()
    settle(app, likelihood)
    wall, cpu, painted = drag(app, panel, args.frames)
    for each in (panel, likelihood) if likelihood is not None else (panel,):
        each.close_jobs()
    window.close()
    median, p99 = np.median(wall), np.percentile(wall, 99)
    print(f"{app.platformName()}, T = {args.T}, {args.frames} frames, {painted:.1f} plots painted per frame")
    print(f"wall: median {median:.1f} ms, p99 {p99:.1f} ms; processor: median {np.median(cpu):.1f} ms")
    return int(args.threshold and (median > MEDIAN or p99 > (P99_BOUND if args.bound else P99)))


def drag(app: QApplication, panel: SchedulePanel, frames: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Drags the middle point round an ellipse; milliseconds of each frame, and paint events a frame."""
    viewport = panel.editor.viewport()
    start = panel.editor.points()[2].toPoint()
    paints = Paints()
    for plot in (panel.editor, *panel.plots.plots):
        plot.viewport().installEventFilter(paints)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    wall, cpu = np.empty(frames), np.empty(frames)
    for frame in range(frames):
        angle = frame / 9.0
        to = start + QPoint(round(40 * np.sin(angle)), round(60 * np.sin(1.3 * angle)) - 30)
        before, worked = perf_counter(), process_time()
        QTest.mouseMove(viewport, to)
        app.processEvents()
        wall[frame], cpu[frame] = perf_counter() - before, process_time() - worked
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    return 1e3 * wall, 1e3 * cpu, paints.count / frames


def settle(app: QApplication, likelihood: LikelihoodPanel | None) -> None:
    """Until the window stands and what it reads in the background has been read, and the bound is whole."""
    until = perf_counter() + 2.0
    while perf_counter() < until or not (likelihood is None or likelihood.at_rest):
        app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)


if __name__ == "__main__":
    sys.exit(main())
