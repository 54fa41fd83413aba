"""Paint on x_t of one sample, or of all, or paste a picture there; what comes out is the beginning of a branch."""

from dataclasses import dataclass, replace
from typing import Annotated

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QKeySequence, QPainter, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from torch import Tensor

from ddpm_studio.branch import ALL, Branch, Edit, Ink, Paste, Stroke
from ddpm_studio.data import fit, to_bytes
from ddpm_studio.data.inline import to_inline
from ddpm_studio.errors import UserError
from ddpm_studio.painting import painted
from ddpm_studio.params import Knots, Parameters, Range
from ddpm_studio.schedule import Schedule
from ddpm_studio.ui.sampling.paint_canvas import PaintCanvas
from ddpm_studio.ui.widgets.form import Form
from ddpm_studio.ui.widgets.pixels import picture_of

INKS = {
    Ink.COLOUR: "the colour with the noise of this t: a draw from q(xₜ | x₀ = colour)",
    Ink.NOISE: "N(0, 1): what was there is forgotten",
    Ink.PLAIN: "the colour itself, without noise: nothing a network has ever seen at this t",
    Ink.ERASE: "what was there before it was painted over",
}


@dataclass(frozen=True)
class Brush(Parameters):
    """What the next stroke is made with."""

    ink: Annotated[Ink, "\n".join(f"{ink}: {told}" for ink, told in INKS.items())] = Ink.COLOUR
    radius: Annotated[float, Range(0.0, 64.0), "of the brush, pixels; 0 is a single one"] = 1.0


class PaintView(QDialog):
    """Shows x_t as it is painted; nothing is recorded before `grown`.

    Args:
        branch: what is proposed; it is given the edits.
        x: x_t of the whole batch, (B, C, H, W).
        sample: the one that is shown and painted on.
        schedule: the one that the chain is walked under.
    """

    grown = Signal(object)  # Branch

    def __init__(self, branch: Branch, x: Tensor, sample: int, schedule: Schedule, parent: QWidget) -> None:
        super().__init__(parent)
        self._branch, self._x, self._sample, self._schedule = branch, x, sample, schedule
        self._edits: tuple[Edit, ...] = ()
        self._colour = "#ffffff"
        self._brush = Brush()
        self.setWindowTitle(f"Paint on xₜ of sample {sample}, t = {branch.t}")
        self.canvas = PaintCanvas(self)
        self.brush = Form(Brush, self)
        self.colour = self._button("Colour…", "the colour of the next stroke", self._on_colour)
        self.all = QCheckBox("on all samples", self)
        self.all.setToolTip("every sample gets the next strokes, each with noise of its own")
        self.paste = self._button(
            "Paste", "put the clipboard's picture, noised to this t, over xₜ (Ctrl+V)", self._on_paste
        )
        self.paste.setShortcut(QKeySequence.StandardKey.Paste)
        self.named = self._button("Picture…", "put a picture, by its name or from a file, over xₜ", self._on_named)
        self.back = self._button("Take back", "the last stroke is undone (Ctrl+Z)", self._on_back)
        self.back.setShortcut("Ctrl+Z")
        self.told = QLabel(self)
        self.told.setWordWrap(True)
        self._lay_out()
        self._connect()
        self._show_colour()
        self.show_edits(())

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What has been painted."""
        return self._edits

    @property
    def branch(self) -> Branch:
        """What is proposed, with what has been painted."""
        return replace(self._branch, edits=self._edits)

    def show_edits(self, more: tuple[Edit, ...]) -> None:
        """x_t with what has been painted and `more`."""
        mine = (replace(edit, row=ALL) for edit in (*self._edits, *more) if edit.row in (ALL, self._sample))
        number = (self._branch.samples[self._sample],)
        x = self._x[self._sample : self._sample + 1]
        try:
            seen = painted(x, tuple(mine), self._schedule, self._branch.t, self._branch.seed, number)
        except UserError as error:
            self._edits = self._edits[:-1]
            self.told.setText(str(error))
            return
        self.canvas.show_picture(to_bytes(seen.numpy())[0])
        self.canvas.show_radius(self._brush.radius)
        self.back.setEnabled(bool(self._edits))
        count = len(self._edits)
        self.told.setText(f"{INKS[self._brush.ink]}." + (f" {count} edit{'s' if count > 1 else ''}." if count else ""))

    def accept(self) -> None:
        """Hands over the branch."""
        if self._edits:
            self.grown.emit(self.branch)
        super().accept()

    def _on_stroking(self, points: Knots) -> None:
        self.show_edits((self._stroke(points),))

    def _on_stroked(self, points: Knots) -> None:
        self._add(self._stroke(points))

    def _stroke(self, points: Knots) -> Stroke:
        return Stroke(self._brush.ink, self._colour, self._brush.radius, points, self._row())

    def _add(self, edit: Edit) -> None:
        self._edits = (*self._edits, edit)
        self.show_edits(())

    def _row(self) -> int:
        return ALL if self.all.isChecked() else self._sample

    def _on_back(self) -> None:
        self._edits = self._edits[:-1]
        self.show_edits(())

    def _on_brush(self, brush: Brush) -> None:
        self._brush = brush
        self.show_edits(())

    def _on_colour(self) -> None:
        dialog = QColorDialog(QColor(self._colour), self)
        dialog.colorSelected.connect(self._on_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_chosen(self, colour: QColor) -> None:
        self._colour = colour.name()
        self._show_colour()

    def _show_colour(self) -> None:
        swatch = QPixmap(16, 16)
        swatch.fill(self.palette().mid().color())  # its edge: white is seen on a light button too
        painter = QPainter(swatch)
        painter.fillRect(1, 1, 14, 14, QColor(self._colour))
        painter.end()
        self.colour.setIcon(QIcon(swatch))
        self.colour.setAccessibleDescription(self._colour)

    def _on_paste(self) -> None:
        clipboard = QGuiApplication.clipboard()
        copied, image = clipboard.mimeData(), clipboard.image()
        files = [url.toLocalFile() for url in copied.urls() if url.isLocalFile()] if copied else []  # None: it is empty
        if files:
            self._on_pasted(files[0])
        elif image.isNull():
            self.told.setText("There is no picture on the clipboard: copy one, then paste it.")
        else:
            self._on_pasted(to_inline(fit(picture_of(image), self._side)))

    def _on_named(self) -> None:
        dialog = QInputDialog(self)
        dialog.setWindowTitle("Put a picture over xₜ")
        dialog.setLabelText("A photograph (chelsea), a data set's picture (pixel-faces:7), or a file:")
        dialog.setTextValue("chelsea")
        dialog.textValueSelected.connect(self._on_pasted)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_pasted(self, ref: str) -> None:
        self._add(Paste(ref.strip(), 0, 0, self._side, self._row()))

    @property
    def _side(self) -> int:
        """Pixels of the longest square that fits on x_t."""
        return min(self._x.shape[2:])

    def _button(self, text: str, tip: str, action: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.setAccessibleName(text.removesuffix("…"))
        button.setAutoDefault(False)
        button.clicked.connect(action)
        return button

    def _lay_out(self) -> None:
        tools = QVBoxLayout()
        for widget in (self.brush, self.colour, self.all, self.paste, self.named, self.back):
            tools.addWidget(widget)
        tools.addStretch()
        row = QHBoxLayout()
        row.addWidget(self.canvas, 1)
        row.addLayout(tools)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.yes = buttons.addButton("Go on from this", QDialogButtonBox.ButtonRole.AcceptRole)
        self.yes.setToolTip("a branch that begins with what has been painted")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(row, 1)
        column.addWidget(self.told)
        column.addWidget(buttons)
        self.resize(560, 480)
        self.canvas.setFocus()

    def _connect(self) -> None:
        self.canvas.stroking.connect(self._on_stroking)
        self.canvas.stroked.connect(self._on_stroked)
        for told in (self.brush.previewed, self.brush.edited):
            told.connect(self._on_brush)
        self.brush.refused.connect(self.told.setText)
