"""Start, pause, resume, stop, and what else can be done with a run."""

from PySide6.QtCore import QEvent, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from ddpm_studio.ui.training.run import State
from ddpm_studio.ui.widgets.glyphs import Glyph, icon

TEXTS = {State.RUNNING: "Pause", State.PAUSED: "Resume", State.ENDING: "Saving…"}


class TrainingTransport(QWidget):
    """A row of buttons; the first one does what is next."""

    toggled = Signal()
    stopped = Signal()
    sample_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.go = self._button("", "start, pause or resume the training (Space)", self.toggled)
        self.stop = self._button("Stop", "finish the step in work, save it, and end; it can be resumed", self.stopped)
        self.sample = self._button(
            "Sample from this", "draw samples with the averaged weights as they are now", self.sample_asked
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.go, self.stop, self.sample):
            row.addWidget(button)
        self.go.setMinimumWidth(96)
        self.show_state(State.IDLE, "Start")

    def show_state(self, state: State, begin: str) -> None:
        """What can be done now; `begin` is what beginning is called while nothing is under way."""
        self._glyph = Glyph.PAUSE if state is State.RUNNING else Glyph.PLAY
        self.go.setText(TEXTS.get(state, begin))
        self.go.setIcon(icon(self._glyph, self.palette()))
        self.go.setAccessibleName(f"{self.go.text()} training")
        self.go.setEnabled(state is not State.ENDING)
        self.stop.setEnabled(state in (State.RUNNING, State.PAUSED))

    def show_network(self, there: bool) -> None:
        """Whether there is a network to sample from."""
        self.sample.setEnabled(there)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_glyph"):
            self.go.setIcon(icon(self._glyph, self.palette()))

    def _button(self, text: str, tip: str, asked: SignalInstance) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(text)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(asked)
        return button
