"""What of a chain is exported and how: one small window beside the work, which goes on meanwhile."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ddpm_studio.errors import UserError
from ddpm_studio.export.layout import grid_size
from ddpm_studio.export.progress import Progress
from ddpm_studio.export.recording import SIDE_GAP
from ddpm_studio.ui.sampling.chain_look import ChainLook, remember, remembered
from ddpm_studio.ui.sampling.export import CHAIN_EXPORTS, ChainExport, Walked
from ddpm_studio.ui.widgets.form import Form

WIDTH = 380  # logical pixels


class ExportDialog(QDialog):
    """Edits a `ChainLook` for each kind of export and says what comes of it; what was chosen last is remembered."""

    asked = Signal(object, object)  # ChainExport, ChainLook
    stop_asked = Signal()
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.setWindowTitle("Export the chain")
        self._walked: Walked | None = None
        self.kinds = QComboBox(self)
        self.kinds.addItems([export.text for export in CHAIN_EXPORTS])
        self.kinds.setAccessibleName("what is exported")
        self.form = Form(ChainLook, self)
        self._told = QLabel(self, wordWrap=True)
        self._bar = QProgressBar(self)
        self._save, self._stop = QPushButton("Save…", self), QPushButton("Stop", self)
        self._lay_out()
        self.kinds.activated.connect(self._on_kind)
        self.form.edited.connect(self._on_edited)
        self.form.previewed.connect(self._on_edited)
        self.form.refused.connect(self.refused)
        self._save.clicked.connect(self._on_save)
        self._stop.clicked.connect(self.stop_asked)
        self._on_kind()
        self.show_progress(None)

    @property
    def export(self) -> ChainExport:
        """The kind that is chosen."""
        return CHAIN_EXPORTS[self.kinds.currentIndex()]

    @property
    def look(self) -> ChainLook:
        """What is chosen."""
        value = self.form.value
        assert isinstance(value, ChainLook)
        return value

    def show_walked(self, walked: Walked | None) -> None:
        """Says what would be written of the chain as it is now."""
        self._walked = walked
        self._save.setEnabled(walked is not None)
        try:
            self._told.setText("there is no chain yet" if walked is None else said(self.export, self.look, walked))
        except UserError as error:
            self._told.setText(str(error))
            self._save.setEnabled(False)

    def show_progress(self, progress: Progress | None) -> None:
        """How far what is being written is; None: nothing is."""
        self._stop.setEnabled(progress is not None)
        self._bar.setFormat("" if progress is None else f"{progress.what} %v / %m" if progress.what else "%p %")
        self._bar.setRange(0, 1 if progress is None else max(progress.total, 1))
        self._bar.setValue(0 if progress is None else progress.done)

    def _on_kind(self) -> None:
        self.form.set_value(remembered(self.export.name, self.export.default))
        for name in type(self.look).__dataclass_fields__:
            self.form.control(name).setEnabled(name in self.export.heeds)
        self.show_walked(self._walked)

    def _on_edited(self, look: ChainLook) -> None:
        remember(self.export.name, look)
        self.show_walked(self._walked)

    def _on_save(self) -> None:
        self.asked.emit(self.export, self.look)

    def _lay_out(self) -> None:
        above, below, column = QFormLayout(), QHBoxLayout(), QVBoxLayout(self)
        above.addRow("what", self.kinds)
        below.addWidget(self._bar, 1)
        below.addWidget(self._stop)
        below.addWidget(self._save)
        self._save.setDefault(True)
        self._told.setMinimumHeight(3 * self.fontMetrics().height())
        self._told.setAlignment(Qt.AlignmentFlag.AlignTop)
        for part in (above, below):
            part.setSpacing(6)
        column.addLayout(above)
        column.addWidget(self.form)
        column.addWidget(self._told)
        column.addLayout(below)
        self.setMinimumWidth(WIDTH)


def said(export: ChainExport, look: ChainLook, walked: Walked) -> str:
    """What would be written, in a sentence. UserError: no such samples."""
    rows = look.rows(len(walked.x), walked.sample, walked.marked)
    walks_on = look.walk_on and not walked.finished and "steps" in export.heeds
    states = len(walked.times) if walks_on else walked.states
    moments = len(look.moments.of(states)) if "steps" in export.heeds else 1
    parts = [f"{len(rows)} of {len(walked.x)} samples" if len(rows) < len(walked.x) else f"{len(rows)} samples"]
    if "scale" in export.heeds:
        width, height = _size(export, look, walked, len(rows), moments)
        parts.append(f"{width} × {height} pixels")
    if "fps" in export.heeds:
        seconds = (moments - 1) / look.fps + max(look.hold, 1 / look.fps)
        parts.append(f"{moments} frames, {seconds:.1f} s")
    elif "steps" in export.heeds:
        parts.append(f"{moments} moments")
    if not walked.finished and "steps" in export.heeds:
        last, front = len(walked.times) - 1, walked.states - 1
        parts.append(
            f"walked up to step {front} of {last} (t = {walked.times[front]})"
            + ("; the rest is walked first" if walks_on else ", and written so far")
        )
    return ", ".join(parts)


def _size(export: ChainExport, look: ChainLook, walked: Walked, rows: int, moments: int) -> tuple[int, int]:
    """Pixels across and down."""
    height, width = walked.x.shape[-2:]
    panes = len(look.quantity.panes)
    strip = "steps" in export.heeds and "fps" not in export.heeds
    across, down = grid_size(
        (height, width), rows * panes * moments if strip else rows, moments if strip else None, look.enlarged
    )
    return (across, down) if strip else (panes * across + (panes - 1) * SIDE_GAP, down)
