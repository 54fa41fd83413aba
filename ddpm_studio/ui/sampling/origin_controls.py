"""Where the chain begins: noise, or a picture, with the controls that this needs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from ddpm_studio.data import DATASETS
from ddpm_studio.denoiser import Denoiser
from ddpm_studio.document import EXACT, Document
from ddpm_studio.export import Provenance
from ddpm_studio.origin import ORIGINS, FromNoise, Origin, Repair
from ddpm_studio.origin.canvas import Fitted, Mask, fitted, mask_of
from ddpm_studio.ui.job import Job, Outcome
from ddpm_studio.ui.sampling.mask_editor import MaskEditor
from ddpm_studio.ui.sampling.model import Model
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets.combo import Combo
from ddpm_studio.ui.widgets.form import Form
from ddpm_studio.ui.widgets.image_view import ImageGrid
from ddpm_studio.ui.widgets.kind_form import summary
from ddpm_studio.ui.widgets.picture_source import PictureSource

NAMES = {
    "noise": "pure noise",
    "picture": "noised picture",
    "encoded": "encoded picture",
    "between": "two pictures",
    "repair": "picture to repair",
}
NUMBERS = {"picture": ("t",), "between": ("t", "own_noise"), "repair": ("resamplings",)}
THUMB = 72  # logical pixels high


@dataclass(frozen=True, eq=False)
class _Pictures:
    """What an origin's references are, as the denoiser sees them."""

    origin: Origin
    pictures: tuple[Fitted, ...]
    mask: Mask | None


class OriginControls(QWidget):
    """Edits `Document.origin`. Pictures are read in the background; one that cannot be is told by `refused`."""

    refused = Signal(str)

    def __init__(self, session: Session, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._denoiser: Denoiser | None = None
        self._dataset = ""
        self._reading: Job | None = None
        self.kind = Combo(self)
        self.kind.setAccessibleName("begins with")
        for kind, cls in ORIGINS.items():
            self.kind.addItem(NAMES[kind], kind)
            self.kind.setItemData(self.kind.count() - 1, summary(cls), Qt.ItemDataRole.ToolTipRole)
        self.kind.setSizeAdjustPolicy(Combo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kind.setMinimumContentsLength(8)
        self.sources = {"picture": PictureSource(self), "other": PictureSource(self)}
        self.forms = {kind: Form(ORIGINS[kind], self, only=names) for kind, names in NUMBERS.items()}
        self.thumbs = ImageGrid("", "the pictures as the denoiser sees them", provenance=provenance)
        self.thumbs.setFixedHeight(THUMB)
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        self.repair = MaskEditor(provenance, self)
        self._lay_out()
        self._connect()
        self.show_document(session.document)

    def show_model(self, model: Model) -> None:
        """Another denoiser: of another size, perhaps, or of another data set."""
        self._denoiser = model.denoiser
        trained_by = None if model.network is None else model.network.trained_by
        self._dataset = model.source.dataset if trained_by is None else trained_by.dataset
        self.show_document(self._session.document)

    def show_document(self, document: Document) -> None:
        """Shows what is chosen; the pictures follow when they have been read."""
        origin = document.origin
        self._dataset = self._dataset or (document.dataset if document.denoiser == EXACT else "")
        self.kind.setCurrentIndex(self.kind.findData(origin.kind))
        self.kind.setToolTip(summary(type(origin)))
        for kind, form in self.forms.items():
            form.setVisible(kind == origin.kind)
        if origin.kind in self.forms:
            self.forms[origin.kind].set_value(origin)
        names = {field.name for field in fields(origin)}
        for name, source in self.sources.items():
            source.setVisible(name in names)
            if name in names:
                source.show_source(getattr(origin, name), self._dataset)
        self.repair.setVisible(isinstance(origin, Repair))
        self.thumbs.setVisible(bool(origin.references) and not isinstance(origin, Repair))
        self.note.setVisible(bool(origin.references))
        self._read(origin)

    def show_pictures(self, shown: _Pictures) -> None:
        """The pictures of the origin, and what was done to them so that they fit."""
        told = dict.fromkeys(each.told for each in shown.pictures if each.told)
        words = "\n".join(told)
        if shown.mask is not None:
            self.repair.show_mask(shown.pictures[0].picture, shown.mask)
            words = words if shown.mask.any() else "\n".join(filter(None, (words, "paint what is to be repaired")))
        else:
            self.thumbs.show_pictures(np.stack([each.picture for each in shown.pictures]))
        self.note.setText(words)
        self.note.setVisible(bool(words))

    def close_jobs(self) -> None:
        """Ends what runs in the background."""
        for job in self.findChildren(Job):
            job.close()

    def _read(self, origin: Origin) -> None:
        if self._reading is not None:
            self._reading.retire()
            self._reading = None
        if self._denoiser is None or isinstance(origin, FromNoise):
            return
        shape = self._denoiser.shape
        self._reading = Job(lambda: _pictures(origin, shape), self)
        self._reading.reported.connect(self._on_read)
        self._reading.ended.connect(self._on_ended)
        self._reading.play()

    @Slot(object)
    def _on_read(self, values: list[_Pictures]) -> None:
        if values[-1].origin == self._session.document.origin:
            self.show_pictures(values[-1])

    @Slot(object, str)
    def _on_ended(self, outcome: Outcome, text: str) -> None:
        if outcome is Outcome.FAILED:
            self.note.setText(text)
            self.note.setVisible(True)

    def _on_kind_chosen(self, index: int) -> None:
        """Another kind keeps the pictures and numbers that both have; a first picture is one of the data set."""
        old, cls = self._session.document.origin, ORIGINS[self.kind.itemData(index)]
        if cls is type(old):
            return
        kept = {field.name: getattr(old, field.name) for field in fields(old)}
        if self._dataset in DATASETS:
            kept = {"picture": f"{self._dataset}:0", "other": f"{self._dataset}:1"} | kept
        T = self._session.document.schedule.T
        kept = {"t": max(T // 2, 1)} | kept
        names = {field.name for field in fields(cls)}
        self._edit(cls(**{name: value for name, value in kept.items() if name in names}))

    def _on_picture(self, name: str, ref: str, *, settled: bool) -> None:
        origin = replace(self._session.document.origin, **{name: ref})
        self._edit(origin) if settled else self._session.preview(origin=origin)

    def _on_mask(self, mask: str) -> None:
        origin = self._session.document.origin
        if isinstance(origin, Repair):
            self._edit(replace(origin, mask=mask))

    def _edit(self, origin: Origin) -> None:
        self._session.edit("where the chain begins", origin=origin)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for each in (*self.sources.values(), *self.forms.values(), self.thumbs, self.repair, self.note):
            column.addWidget(each)
        column.addStretch()

    def _connect(self) -> None:
        self._session.origin_changed.connect(lambda _origin: self.show_document(self._session.document))
        self.kind.activated.connect(self._on_kind_chosen)
        for name, source in self.sources.items():
            source.previewed.connect(lambda ref, name=name: self._on_picture(name, ref, settled=False))
            source.edited.connect(lambda ref, name=name: self._on_picture(name, ref, settled=True))
            source.refused.connect(self.refused)
        for form in self.forms.values():
            form.previewed.connect(lambda origin: self._session.preview(origin=origin))
            form.edited.connect(self._edit)
            form.refused.connect(self.refused)
        for pictures in (self.thumbs, self.repair):
            pictures.saved.connect(self._session.noticed)
            pictures.refused.connect(self.refused)
        self.repair.edited.connect(self._on_mask)


def _pictures(origin: Origin, shape: tuple[int, ...]) -> Iterator[_Pictures]:
    """Raises a UserError where a picture or a mask cannot be read."""
    pictures = tuple(fitted(ref, shape) for ref in origin.references)
    yield _Pictures(origin, pictures, mask_of(origin.mask, shape) if isinstance(origin, Repair) else None)
