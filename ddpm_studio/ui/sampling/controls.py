"""What a chain is made of: the denoiser, the sampler and its settings, how many samples, from which noise."""

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from ddpm_studio.document import EXACT, Document, Sampling, provenance
from ddpm_studio.export import Provenance
from ddpm_studio.sampler import Sampler
from ddpm_studio.ui.sampling.denoiser_note import DenoiserNote
from ddpm_studio.ui.sampling.denoiser_source import DenoiserSource
from ddpm_studio.ui.sampling.model import Model
from ddpm_studio.ui.sampling.origin_controls import OriginControls
from ddpm_studio.ui.sampling.sampler_form import SamplerForm
from ddpm_studio.ui.sampling.timestep_view import TimestepView
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets.dataset_source import DatasetSource
from ddpm_studio.ui.widgets.dice import Dice
from ddpm_studio.ui.widgets.form import Form, align_labels
from ddpm_studio.ui.widgets.picture_menu import offer_picture


class SamplingControls(QWidget):
    """A column of controls on the session's document; denoisers are asked for, for they have to be read first."""

    dataset_asked = Signal(str)
    denoiser_asked = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.dataset = DatasetSource(self)
        self.denoiser = DenoiserSource(self)
        self.note = DenoiserNote(self)
        self._top = QFormLayout()
        self.sampler = SamplerForm("sampler", lambda: session.document.schedule.T, self)
        self.count, self.seed = Form(Sampling, self, only=("count",)), Form(Sampling, self, only=("seed",))
        self.timesteps = TimestepView(self)
        offer_picture(self.timesteps, "timesteps", self._provenance, session.noticed, session.reported)
        self.origin = OriginControls(session, self._provenance, self)
        self._model: Model | None = None
        self.dice = Dice(parent=self)
        self._lay_out()
        self._connect()
        self.show_document(session.document)

    def show_document(self, document: Document) -> None:
        """Shows what is chosen."""
        self.denoiser.show_denoiser(document.denoiser, self._session.live)
        self.dataset.show_dataset(document.dataset)
        self._top.setRowVisible(self.dataset, document.denoiser == EXACT)
        self.note.show_document(document)
        self.sampler.set_value(document.sampler)
        for form in (self.count, self.seed):
            form.set_value(document.sampling)
        self._show_timesteps(document)

    def show_model(self, model: Model) -> None:
        """Says what the denoiser is."""
        self._model = model
        self.note.show_model(model)
        self.origin.show_model(model)
        self._show_timesteps(self._session.document)

    def _provenance(self) -> Provenance:
        return provenance(self._session.settled_document, t=self._session.t)

    def close_jobs(self) -> None:
        """Ends what runs in the background."""
        self.origin.close_jobs()

    def _show_timesteps(self, document: Document) -> None:
        """Which timesteps are visited, of the schedule that the denoiser goes by."""
        model = self._model
        of_network = model is not None and model.network is not None and document.denoiser == model.source.denoiser
        schedule = model.denoiser.schedule if model is not None and of_network else document.schedule
        stops = replace(document, schedule=schedule).stops
        all_steps, last = (document.sampler.evaluations(steps) for steps in (len(stops) - 1, 1))
        self.timesteps.show_stops(schedule, stops, (all_steps - last) * document.origin.turns + last)

    def _on_document_changed(self, _field: object) -> None:
        self.show_document(self._session.document)

    def _on_advice_asked(self, changes: Mapping[str, object]) -> None:
        self._session.edit("as the checkpoint has it", **changes)

    def _on_sampler_previewed(self, sampler: Sampler) -> None:
        self._session.preview(sampler=sampler)

    def _on_sampler_edited(self, sampler: Sampler) -> None:
        self._session.edit("sampler", sampler=sampler)

    def _on_sampling_previewed(self, sampling: Sampling) -> None:
        self._session.preview(sampling=sampling)

    def _on_sampling_edited(self, sampling: Sampling) -> None:
        self._session.edit("samples", sampling=sampling)

    def _on_thrown(self, seed: int) -> None:
        self._session.edit("other noise", sampling=replace(self._session.document.sampling, seed=seed))

    def _lay_out(self) -> None:
        top = self._top
        top.addRow("denoiser", self.denoiser)
        top.addRow("data", self.dataset)
        top.addRow(self.note)
        top.addRow("sampler", self.sampler.kind)  # its label stands below the others
        seed = QHBoxLayout()
        seed.addWidget(self.seed, 1)
        seed.addWidget(self.dice)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(self.sampler)
        column.addWidget(self.timesteps)
        column.addWidget(self.count)
        column.addLayout(seed)
        begin = QFormLayout()
        begin.addRow("from", self.origin.kind)
        column.addLayout(begin)
        column.addWidget(self.origin)
        column.addStretch()
        align_labels(self)

    def _connect(self) -> None:
        session = self._session
        for changed in (
            session.dataset_changed,
            session.denoiser_changed,
            session.live_changed,
            session.schedule_changed,
            session.sampler_changed,
            session.sampling_changed,
            session.origin_changed,
        ):
            changed.connect(self._on_document_changed)
        self.denoiser.asked.connect(self.denoiser_asked)
        self.note.advice_asked.connect(self._on_advice_asked)
        self.dataset.asked.connect(self.dataset_asked)
        self.sampler.previewed.connect(self._on_sampler_previewed)
        self.sampler.edited.connect(self._on_sampler_edited)
        self.sampler.refused.connect(session.reported)
        for form in (self.count, self.seed):
            form.previewed.connect(self._on_sampling_previewed)
            form.edited.connect(self._on_sampling_edited)
            form.refused.connect(session.reported)
        self.dice.thrown.connect(self._on_thrown)
        self.origin.refused.connect(session.reported)
