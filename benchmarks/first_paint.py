"""Time from the start of a process to its first painted window: DDPM Studio against an empty PySide6 + pyqtgraph one.

    python benchmarks/first_paint.py [ROUNDS]

Each measurement is a fresh process; the two kinds alternate, so that both see the same machine. Needs a display, or
QT_QPA_PLATFORM=offscreen. Also tells when the schedule editor has been painted and when every panel is in its place,
and by how much a 5 ms timer of the window's was late at worst while PyTorch was imported.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

EMPTY = """
import pyqtgraph
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
app.setStyle("Fusion")
window = QMainWindow()
window.setCentralWidget(pyqtgraph.GraphicsLayoutWidget())
window.resize(1600, 1000)
"""

STUDIO = """
import tempfile
from ddpm_studio.ui.application import make_application
from ddpm_studio.ui.window.main_window import MainWindow
from ddpm_studio.ui.session import Session
from PySide6.QtCore import QSettings
app = make_application()
window = MainWindow(Session(), QSettings(tempfile.mktemp(), QSettings.Format.IniFormat))
"""

CLOCK = """
import json, time
from PySide6.QtCore import QEvent, QObject, QTimer
told = {}
class Clock(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:  # of the first widget; what follows it in the queue comes after the last
            app.removeEventFilter(self)
            QTimer.singleShot(0, self, lambda: told.setdefault("first", time.time()))
        return False
clock = Clock()
app.installEventFilter(clock)
window.show()
"""

QUIT = "QTimer.singleShot(300, app.quit)\napp.exec()\nprint(json.dumps(told))\n"

WHOLE = """
late, last = [], [None]
def tick():
    now = time.perf_counter()
    if last[0] is not None:
        late.append(now - last[0] - 0.005)
    last[0] = now
beat = QTimer(interval=5)
beat.timeout.connect(tick)
class Editor(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            told.setdefault("editor", time.time())
            beat.start()
        return False
editor = Editor()
def ready():
    told["ready"], told["late"] = time.time(), max(late, default=0.0)
    QTimer.singleShot(0, window.close)
window.ready.connect(ready)
fill = window._place
def place(key):
    fill(key)
    if key == "schedule":
        window.docks[key].widget().installEventFilter(editor)
window._place = place
app.exec()
print(json.dumps(told))
"""


def measured(script: str) -> dict[str, float]:
    """Seconds from the start of a process that runs `script` to each thing it tells."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    start = time.time()
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    told = json.loads(run.stdout.splitlines()[-1])
    return {key: value if key == "late" else value - start for key, value in told.items()}


def main(rounds: int) -> None:
    empty, studio = [], []
    for _ in range(rounds + 1):
        empty.append(measured(EMPTY + CLOCK + QUIT)["first"])
        studio.append(measured(STUDIO + CLOCK + WHOLE))
    empty, studio = empty[1:], studio[1:]  # the first round warms the disk's cache
    first = statistics.median(run["first"] for run in studio)
    print(f"empty window          {statistics.median(empty):6.2f} s")
    print(f"DDPM Studio           {first:6.2f} s   ratio {first / statistics.median(empty):.2f} (≤ 1.3)")
    for key, what in {"editor": "schedule editor", "ready": "every panel"}.items():
        print(f"{what:21s} {statistics.median(run[key] for run in studio):6.2f} s")
    print(f"timer late at worst   {statistics.median(run['late'] for run in studio) * 1000:6.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
