"""Scrub a 256×256 RGB picture: from a mouse event on the slider to the painted panel, in milliseconds.

    python benchmarks/scrub.py [EVENTS] [--live] [--busy]

With --live the events are schedule previews instead, as a drag in the schedule panel sends them. With --busy the
simulated chain is being computed in the background meanwhile.
"""

import os
import sys
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QObject, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionSlider

from ddpm_studio.schedule import Linear
from ddpm_studio.ui.panels.noising import NoisingPanel
from ddpm_studio.ui.session import Session

SIZE = 900, 600


class Painted(QObject):
    """Counts the paint events of a widget."""

    count = 0

    def eventFilter(self, _watched, event):
        self.count += event.type() == QEvent.Type.Paint
        return False


def scrubbed(panel, events):
    """Milliseconds of each mouse move that drags the slider's handle from end to end and back."""
    slider = panel._player.slider
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    control, part = QStyle.ComplexControl.CC_Slider, QStyle.SubControl.SC_SliderHandle
    handle = slider.style().subControlRect(control, option, part, slider).center()
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=handle)
    phase = np.linspace(0.0, np.pi * events / 150, events)
    reach = (slider.width() - 20) * (0.5 - 0.5 * np.cos(phase)) + 10
    times = timed(panel, [lambda x=x: QTest.mouseMove(slider, QPoint(int(x), handle.y())) for x in reach])
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=handle)
    return times


def dragged(panel, session, events):
    """Milliseconds of each preview of a schedule."""
    ends = 0.01 + 0.009 * np.sin(np.linspace(0.0, 20.0, events))
    return timed(panel, [lambda e=e: session.preview(schedule=Linear(beta_end=float(e))) for e in ends])


def timed(panel, actions):
    """Milliseconds from each action to the picture's paint; actions that change nothing are left out."""
    watch, app = Painted(), QApplication.instance()
    panel._views.closed.installEventFilter(watch)
    times = []
    for act in actions:
        before, start = watch.count, perf_counter()
        act()
        app.processEvents()
        if watch.count > before:
            times.append(1e3 * (perf_counter() - start))
    panel._views.closed.removeEventFilter(watch)
    return times


def settle(panel, T):
    """Waits until the chain in the background has reached T (QTest.qWait would keep its thread from running)."""
    loop = QEventLoop()
    panel._chain.advanced.connect(lambda t: loop.quit() if t == T else None)
    loop.exec()


def main():
    events = int(next((a for a in sys.argv[1:] if a.isdigit()), 600))
    app = QApplication([])
    app.setStyle("Fusion")
    session = Session()
    panel = NoisingPanel(session)
    panel.resize(*SIZE)
    panel.show()
    if "--busy" not in sys.argv:
        settle(panel, session.document.schedule.T)
    times = dragged(panel, session, events) if "--live" in sys.argv else scrubbed(panel, events)
    median, p99 = np.percentile(times, [50, 99])
    print(f"{len(times)} paints of {SIZE[0]}×{SIZE[1]}: median {median:.1f} ms, p99 {p99:.1f} ms (wanted: median ≤ 16)")
    panel.close_jobs()


if __name__ == "__main__":
    main()
