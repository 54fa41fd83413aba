"""What is trained, on what and how: the document's forms, and what they amount to."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from ddpm_studio.document import Document
from ddpm_studio.networks import CONVENTIONS, NETWORKS, PRESETS, Network
from ddpm_studio.objective import OBJECTIVES, Objective
from ddpm_studio.params import parameters
from ddpm_studio.training import Training
from ddpm_studio.ui import theme
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.training.facts import FactFinder, Facts
from ddpm_studio.ui.training.objective_plot import ObjectivePlot
from ddpm_studio.ui.widgets.combo import Combo
from ddpm_studio.ui.widgets.dataset_source import DatasetSource
from ddpm_studio.ui.widgets.device_box import DeviceBox
from ddpm_studio.ui.widgets.fold import Fold
from ddpm_studio.ui.widgets.form import Form, align_labels
from ddpm_studio.ui.widgets.kind_form import KindForm
from ddpm_studio.units import in_bytes

COMMON = ("steps", "batch", "rate", "warmup", "decay", "ema", "flips", "seed")
"""Training settings that are always in sight."""


class TrainingControls(QWidget):
    """A column of controls on the session's document; a data set is read first, and taken only if it can be."""

    dataset_chosen = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.dataset = DatasetSource(self)
        self.dataset.names.setToolTip("the pictures to learn from: a shipped set, a folder of pictures, .npz or IDX")
        self.preset = _choice("network", "a network by name; its numbers are below", self)
        self.network = KindForm(NETWORKS, "kind of network", left_out=CONVENTIONS, parent=self)
        self.objective = KindForm(
            OBJECTIVES, "weight of the error at each t", [p.name for p in parameters(Objective)], parent=self
        )
        self.weight = ObjectivePlot(session.document.objective, session.document.schedule, self)
        rest = [p.name for p in parameters(Training) if p.name not in COMMON]
        self.training, self.more = Form(Training, self, only=COMMON), Form(Training, self, only=rest)
        self.device = DeviceBox(session, self)
        self.pictures, self.cost = _note(self), _note(self)
        self._finder = FactFinder(self)
        self._facts: Facts | None = None
        self._lay_out()
        self._connect()
        self.show_document(session.document)
        self.weight.show_t(session.t)
        self._finder.ask(session.settled_document)
        theme.watcher().changed.connect(self._on_colours_changed)

    def show_document(self, document: Document) -> None:
        """Shows what is chosen."""
        self.dataset.show_dataset(document.dataset)
        self._show_network(document.network)
        self.objective.set_value(document.objective)
        self.weight.show_objective(document.objective)
        self.weight.show_schedule(document.schedule)
        for form in (self.training, self.more):
            form.set_value(document.training)

    def show_facts(self, facts: Facts) -> None:
        """Says what the settings amount to, and why they cannot be trained with, if so."""
        self._facts = facts
        C, H, W = facts.data.shape
        train, test = len(facts.data.train), len(facts.data.test)
        self.pictures.setText(f"{train:,} pictures of {W} × {H}, {'grey' if C == 1 else 'RGB'}; {test:,} held out")
        self.pictures.setToolTip(facts.data.note)
        if facts.refusal:
            told = f'<span style="color:{theme.colours().error}">{facts.refusal}</span>'
        else:
            assert facts.size is not None
            told = f"{facts.size.parameters:,} parameters; a step takes about {in_bytes(facts.memory)}"
        self.cost.setText(told)
        self.cost.setToolTip("weights, gradient, average and AdamW's moments, and what the backward pass keeps")

    def _show_network(self, network: Network) -> None:
        named = next((name for name, preset in PRESETS.items() if preset == network), None)
        self.preset.clear()
        for name in PRESETS:
            self.preset.addItem(name, name)
        if named is None:
            self.preset.addItem("custom", None)
        self.preset.setCurrentIndex(self.preset.findData(named))
        self.network.set_value(network)

    def _on_preset_chosen(self, index: int) -> None:
        name = self.preset.itemData(index)
        if name is not None:
            self._session.edit(f"network: {name}", network=PRESETS[name])

    def _on_document_changed(self, _field: object) -> None:
        self.show_document(self._session.document)

    def _on_colours_changed(self, _colours: object) -> None:
        if self._facts is not None:
            self.show_facts(self._facts)

    def _on_verified(self, ref: str) -> None:
        self._session.edit("data set", dataset=ref)
        self.dataset_chosen.emit()

    def _on_failed(self, text: str) -> None:
        self.show_document(self._session.document)
        self._session.reported.emit(text)

    def _on_previewed(self, field: str, value: object) -> None:
        self._session.preview(**{field: value})

    def _on_edited(self, field: str, value: object) -> None:
        self._session.edit(f"{field} settings", **{field: value})

    def _connect(self) -> None:
        session = self._session
        for changed in (
            session.dataset_changed,
            session.network_changed,
            session.objective_changed,
            session.training_changed,
            session.schedule_changed,
        ):
            changed.connect(self._on_document_changed)
        session.t_changed.connect(self.weight.show_t)
        self.weight.picked.connect(session.set_t)
        session.settled.connect(self._finder.ask)
        self.dataset.asked.connect(self._finder.verify)
        self._finder.found.connect(self.show_facts)
        self._finder.verified.connect(self._on_verified)
        self._finder.failed.connect(self._on_failed)
        self.preset.activated.connect(self._on_preset_chosen)
        forms: dict[str, tuple[KindForm | Form, ...]] = {
            "network": (self.network,),
            "objective": (self.objective,),
            "training": (self.training, self.more),
        }
        for field, edited in forms.items():
            for form in edited:
                form.previewed.connect(partial(self._on_previewed, field))
                form.edited.connect(partial(self._on_edited, field))
                form.refused.connect(session.reported)

    def _lay_out(self) -> None:
        top = QFormLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.addRow("data", self.dataset)
        top.addRow(self.pictures)
        top.addRow("network", self.preset)
        top.addRow(self.cost)
        top.addRow(self.device)  # on a line of its own: its name says how much is free
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(Fold("network settings", self.network, self))
        column.addWidget(_heading("objective", self))
        column.addWidget(self.objective)
        column.addWidget(self.weight)
        column.addWidget(_heading("training", self))
        column.addWidget(self.training)
        column.addWidget(Fold("more settings", self.more, self))
        column.addStretch()
        align_labels(self)


def _choice(name: str, tip: str, parent: QWidget) -> Combo:
    combo = Combo(parent)
    combo.setAccessibleName(name)
    combo.setToolTip(tip)
    combo.setMinimumContentsLength(8)
    combo.setSizeAdjustPolicy(Combo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return combo


def _note(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setWordWrap(True)
    return label


def _heading(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label
