"""What the denoiser is, in two lines; and where its schedule is not the document's, a way to make it so."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from ddpm_studio.objective import Target
from ddpm_studio.schedule import Schedule
from ddpm_studio.ui.model import Model, Network

TARGETS = {Target.EPS: "ε", Target.X0: "x₀", Target.V: "v"}


class DenoiserNote(QWidget):
    """A network walks under the schedule that it was trained under, whatever the document's is: this says so."""

    schedule_asked = Signal(object)  # Schedule: the network's

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: Model | None = None
        self._schedule: Schedule | None = None
        self.text, self.differs = QLabel(self), QLabel(self)
        self.differs.setToolTip("a network walks under the schedule it was trained under, whatever is drawn")
        self.use = QPushButton("Use the checkpoint's", self)
        self.use.setToolTip(
            "make the schedule that the network was trained under the document's; undo brings back yours"
        )
        self.use.clicked.connect(self._on_use)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for label in (self.text, self.differs):
            label.setWordWrap(True)
            column.addWidget(label)
        column.addWidget(self.use)
        self._show_difference()

    def show_model(self, model: Model) -> None:
        """Says what guesses x_0."""
        self._model = model
        if model.network is not None:
            self.text.setText(_of_network(model.network))
            self.text.setToolTip(_comparison(model))
        elif model.data is not None:
            count = len(model.data.train)
            self.text.setText(
                f"Exact denoiser of {count:,} pictures: it knows nothing else, so every sample ends as one."
            )
            self.text.setToolTip(
                f"{model.data.note}\nx̂₀ = Σᵢ p(i | xₜ) x⁽ⁱ⁾, the mean of the data set's pictures, each by its odds"
            )
        self._show_difference()

    def show_nothing(self) -> None:
        """There is no denoiser: it could not be read."""
        self._model = None
        self.text.clear()
        self._show_difference()

    def show_schedule(self, schedule: Schedule) -> None:
        """The document's schedule, mid-drag too."""
        self._schedule = schedule
        self._show_difference()

    def _show_difference(self) -> None:
        model = self._model
        own = None if model is None or model.network is None else model.denoiser.schedule
        differs = own is not None and self._schedule is not None and own != self._schedule
        for widget in (self.differs, self.use):
            widget.setVisible(differs)
        if model is not None and own is not None and differs:
            self.use.setText("Use the network's" if model.source.live else "Use the checkpoint's")
            self.differs.setText(f"Its schedule: {own.kind}, T = {own.T:,}, not yours.")

    def _on_use(self) -> None:
        if self._model is not None:
            self.schedule_asked.emit(self._model.denoiser.schedule)


def _of_network(network: Network) -> str:
    document = network.trained_by
    target, data = TARGETS[document.objective.target], Path(document.dataset).name
    return f"Network trained for {network.step:,} steps on {data}, predicting {target}."


def _comparison(model: Model) -> str:
    if model.data is None:
        return "The pictures it was trained on are not here, or too many: its samples are compared with none."
    return f"{model.data.note}\nIts samples are compared with these {len(model.data.train):,} pictures."
