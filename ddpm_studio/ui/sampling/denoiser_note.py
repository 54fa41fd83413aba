"""What the denoiser is, in two lines; and where its file says otherwise than the document, two ways on."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ddpm_studio.advice import Advice, advice
from ddpm_studio.document import Document
from ddpm_studio.objective import Target
from ddpm_studio.ui.sampling.model import Model, Network, Source

TARGETS = {Target.EPS: "ε", Target.X0: "x₀", Target.V: "v"}


class DenoiserNote(QWidget):
    """A network walks under the schedule that it was trained under, whatever the document's is: this says so.

    What its file says otherwise than the document is shown with two ways on; a file whose advice was declined is not
    asked about again.
    """

    advice_asked = Signal(object)  # Mapping[str, object]: changes of the document, as the file has it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: Model | None = None
        self._document: Document | None = None
        self._advice: Advice | None = None
        self._declined: set[Source] = set()
        self.text, self.differs = QLabel(self), QLabel(self)
        self.differs.setToolTip("a network walks under the schedule it was trained under, whatever is drawn")
        self.use, self.keep = QPushButton("Use the file's", self), QPushButton("Keep mine", self)
        self.use.setToolTip("make what the network was trained for the document's; undo brings back yours")
        self.keep.setToolTip("leave the document as it is, and say no more of it for this network")
        self.use.clicked.connect(self._on_use)
        self.keep.clicked.connect(self._on_keep)
        column, buttons = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        for label in (self.text, self.differs):
            label.setWordWrap(True)
            column.addWidget(label)
        for button in (self.use, self.keep):
            buttons.addWidget(button)
        column.addLayout(buttons)
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

    def show_document(self, document: Document) -> None:
        """The document, mid-drag too."""
        self._document = document
        self._show_difference()

    def _show_difference(self) -> None:
        model, mine = self._model, self._document
        asks = model is not None and model.network is not None and model.source not in self._declined
        own = model.network.trained_by if asks and model is not None and model.network is not None else None
        self._advice = None if own is None or mine is None else advice(own, mine)
        for widget in (self.differs, self.use, self.keep):
            widget.setVisible(self._advice is not None)
        if self._advice is not None and model is not None:
            self.use.setText("Use the network's" if model.source.live else "Use the file's")
            self.differs.setText(f"It says otherwise: {'; '.join(self._advice.told)}.")

    def _on_use(self) -> None:
        if self._advice is not None:
            self.advice_asked.emit(self._advice.changes)

    def _on_keep(self) -> None:
        if self._model is not None:
            self._declined.add(self._model.source)
        self._show_difference()


def _of_network(network: Network) -> str:
    document = network.trained_by
    target, data = TARGETS[document.objective.target], Path(document.dataset).name
    if not network.step:
        return f"Network from elsewhere, predicting {target}."
    return f"Network trained for {network.step:,} steps on {data}, predicting {target}."


def _comparison(model: Model) -> str:
    if model.data is None:
        return "The pictures it was trained on are not here, or too many: its samples are compared with none."
    return f"{model.data.note}\nIts samples are compared with these {len(model.data.train):,} pictures."
