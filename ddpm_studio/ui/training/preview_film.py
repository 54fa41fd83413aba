"""The previews of a run: samples from the same noise, and a slider over the steps at which they were drawn."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from ddpm_studio.data import open_picture
from ddpm_studio.errors import UserError
from ddpm_studio.export import Provenance
from ddpm_studio.run import step_in
from ddpm_studio.ui.widgets.image_view import ImageGrid

EMPTY = "samples appear here, with each preview"


class PreviewFilm(QWidget):
    """Shows the newest preview until somebody moves the slider back; at its end, it follows again."""

    moved = Signal(int)  # the step that is shown
    refused = Signal(str)
    saved = Signal(str)

    def __init__(self, provenance: Callable[[], Provenance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paths: list[Path] = []
        self.picture = ImageGrid(
            EMPTY, "Samples of the network in training, always from the same noise", provenance=provenance
        )
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("training time of the preview")
        self.slider.setToolTip("the step whose preview and noise levels are shown")
        self._label = QLabel(self)
        self.slider.valueChanged.connect(self._on_moved)
        foot, column = QHBoxLayout(), QVBoxLayout(self)
        foot.addWidget(self.slider, 1)
        foot.addWidget(self._label)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.picture, 1)
        column.addLayout(foot)
        self.picture.refused.connect(self.refused)
        self.picture.saved.connect(self.saved)
        self.show_previews(())

    @property
    def step(self) -> int | None:
        """The step of the preview that is shown; None before the first."""
        return step_in(self._paths[self.slider.value()]) if self._paths else None

    def show_previews(self, paths: Sequence[Path]) -> None:
        """Shows another run's previews, the last one first."""
        self._paths = list(paths)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(len(paths) - 1, 0))
            self.slider.setValue(self.slider.maximum())
        self._show()

    def add(self, path: Path) -> None:
        """A further preview has been drawn."""
        if path in self._paths:
            return
        following = self.slider.value() == self.slider.maximum()
        self._paths.append(path)
        self.slider.setMaximum(len(self._paths) - 1)
        if following:
            self.slider.setValue(self.slider.maximum())
            self._show()

    def _on_moved(self, _index: int) -> None:
        self._show()
        if self.step is not None:
            self.moved.emit(self.step)

    def _show(self) -> None:
        self.slider.setEnabled(len(self._paths) > 1)
        step = self.step
        self._label.setText("" if step is None else f"step {step:,}")
        if step is None:
            self.picture.set_caption(EMPTY)
            self.picture.show_pictures(np.zeros((0, 1, 1, 1), np.uint8))
            return
        try:
            picture = open_picture(self._paths[self.slider.value()])
        except UserError as error:
            self.refused.emit(str(error))
        else:
            self.picture.set_caption(f"samples after {step:,} steps")
            self.picture.show_pictures(picture)
