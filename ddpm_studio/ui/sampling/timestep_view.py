"""The timesteps that a chain visits, as points on the schedule's log SNR."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ddpm_studio.schedule import Schedule
from ddpm_studio.ui import theme

LOWEST, HIGHEST = -14.0, 12.0  # log SNR that is drawn; what lies beyond is drawn at the edge
DOT = 2.0  # pixels, the radius of a point
POINTS = 120  # the curve is drawn through so many


class TimestepView(QWidget):
    """A curve over t = 0..T, a point on it for each step, and the first and last t in words below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stops: tuple[int, ...] = (1, 0)
        self.words = ""
        self._log_snr = np.zeros(2)
        self.setAccessibleName("timesteps")
        self.setToolTip(
            "The timesteps that the chain visits, on log SNR against t: from noise, right, to the picture, left.\n"
            "Steps and spacing choose them; the line in the middle is SNR = 1."
        )
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.watcher().changed.connect(self.update)

    def show_stops(self, schedule: Schedule, stops: tuple[int, ...], calls: int) -> None:
        """Shows which timesteps are visited, and how often the denoiser is called.

        Args:
            schedule: what they are timesteps of.
            stops: the states of a chain, falling to 0.
            calls: of the denoiser, from the first to the last.
        """
        self.stops = stops
        self._log_snr = np.clip(schedule.log_snr, LOWEST, HIGHEST)
        first, last = stops[0], stops[-2]
        self.words = f"t {first}" if first == last else f"t {first} … {last}"
        self.words += f" · {calls} call{'s' * (calls != 1)}"
        self.setAccessibleDescription(f"{len(stops) - 1} steps, {self.words}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, 64 + self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours, painter = theme.colours(), QPainter(self)
        frame = QRectF(self.rect()).adjusted(4.0, 4.0, -4.0, -self.fontMetrics().height() - 4.0)
        painter.setPen(QPen(QColor(colours.grid), 1.0))
        painter.drawRect(frame)
        middle = self._place(frame, 0.0, 0.0).y()
        painter.drawLine(QPointF(frame.left(), middle), QPointF(frame.right(), middle))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        T = len(self._log_snr) - 1
        times = np.unique(np.linspace(0, T, POINTS).round().astype(np.int64))
        painter.setPen(QPen(QColor(colours.snr), 1.0))
        painter.drawPolyline(QPolygonF([self._place(frame, t / T, float(self._log_snr[t])) for t in times]))
        painter.setBrush(QColor(colours.accent))
        painter.setPen(QPen(QColor(colours.accent), 0.5))
        for t in self.stops[:-1]:
            painter.drawEllipse(self._place(frame, t / T, float(self._log_snr[t])), DOT, DOT)
        painter.setPen(self.palette().text().color())
        below = QRectF(0.0, frame.bottom() + 2.0, self.width(), self.fontMetrics().height() + 2.0)
        told = f"log SNR {self._log_snr[self.stops[0]]:.1f} … {self._log_snr[self.stops[-2]]:.1f}"
        room = self.fontMetrics().horizontalAdvance(f"{self.words}   {told}") < self.width()
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"{self.words}   {told}" if room else self.words)

    def _place(self, frame: QRectF, share: float, log_snr: float) -> QPointF:
        height = (log_snr - LOWEST) / (HIGHEST - LOWEST)
        return QPointF(frame.left() + share * frame.width(), frame.bottom() - height * frame.height())
