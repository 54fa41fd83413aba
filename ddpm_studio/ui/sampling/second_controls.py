"""What the chain is compared with, and what is compared of both: the controls of the Compare page."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QWidget

from ddpm_studio.branch import TRUNK
from ddpm_studio.document import Document
from ddpm_studio.sampler import Sampler
from ddpm_studio.second import SAME
from ddpm_studio.ui.sampling.denoiser_source import DenoiserSource
from ddpm_studio.ui.sampling.sampler_form import SamplerForm
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets.combo import Combo
from ddpm_studio.ui.widgets.form import align_labels

SETTINGS = -2
"""In the list of what B is: no path of the tree."""


class SecondControls(QWidget):
    """B is a setting of the document, or another path of its tree, which is a place to look from and not a choice."""

    turned = Signal()  # another path, or another quantity of both
    refused = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.what = Combo(self)
        self.what.setAccessibleName("what A is compared with")
        self.denoiser = DenoiserSource(self)
        self.sampler = SamplerForm("sampler of B", lambda: session.document.schedule.T, self)
        self.of = Combo(self)
        self.of.addItem("guess of x₀", False)
        self.of.addItem("xₜ", True)
        self.of.setAccessibleName("what is compared of both")
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.addRow("B is", self.what)
        self._form.addRow("denoiser", self.denoiser)
        self._form.addRow(self.sampler)
        self._form.addRow("of both", self.of)
        align_labels(self)
        self._connect()
        self.show_document()

    @property
    def other(self) -> int:
        """SETTINGS, or the place of the path that B is."""
        place = self.what.currentData()
        return SETTINGS if place is None else int(place)

    @property
    def of_noisy(self) -> bool:
        """Whether x_t is compared, and not the guess of x_0."""
        return bool(self.of.currentData())

    def show_document(self) -> None:
        """Shows what B is, and the paths there are."""
        document = self._session.document
        second = document.contrasted
        self.denoiser.show_denoiser(second.denoiser, self._session.live, {SAME: "as A"})
        self.sampler.set_value(second.sampler)
        self._list_paths(document)

    def _list_paths(self, document: Document) -> None:
        chosen = self.other
        self.what.clear()
        self.what.addItem("other settings", SETTINGS)
        if document.branches:
            self.what.addItem("path: trunk", TRUNK)
        for place, branch in enumerate(document.branches):
            self.what.addItem(f"path: {branch.name or f'branch {place + 1}'}", place)
        self.what.setCurrentIndex(max(self.what.findData(chosen), 0))
        for widget in (self.denoiser, self.sampler):
            self._form.setRowVisible(widget, self.other == SETTINGS)

    def _on_document_changed(self, _field: object) -> None:
        self.show_document()

    def _on_what(self, _index: int) -> None:
        self.show_document()
        self.turned.emit()

    def _on_of(self, _index: int) -> None:
        self.turned.emit()

    def _on_sampler_previewed(self, sampler: Sampler) -> None:
        self._session.preview(second=replace(self._session.document.contrasted, sampler=sampler))

    def _on_sampler_edited(self, sampler: Sampler) -> None:
        second = replace(self._session.document.contrasted, sampler=sampler)
        self._session.edit("what is compared", second=second)

    def _on_denoiser(self, ref: str) -> None:
        second = replace(self._session.document.contrasted, denoiser=ref)
        self._session.edit("what is compared", second=second)

    def _connect(self) -> None:
        session = self._session
        for changed in (
            session.second_changed,
            session.sampler_changed,
            session.live_changed,
            session.branches_changed,
        ):
            changed.connect(self._on_document_changed)
        self.what.activated.connect(self._on_what)
        self.of.activated.connect(self._on_of)
        self.denoiser.asked.connect(self._on_denoiser)
        self.sampler.previewed.connect(self._on_sampler_previewed)
        self.sampler.edited.connect(self._on_sampler_edited)
        self.sampler.refused.connect(self.refused)
