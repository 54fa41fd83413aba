"""The choices of the plane in two rows: which points and what of them is drawn, which network and what walks."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from ddpm_studio.assets import OF_POINTS, SHIPPED
from ddpm_studio.data import CLOUDS
from ddpm_studio.data.clouds import plain_name
from ddpm_studio.document import TRAINING
from ddpm_studio.plane.choices import Click, Guide, Look, Plane, Shown
from ddpm_studio.ui.widgets.combo import Combo
from ddpm_studio.ui.widgets.reference_box import ReferenceBox

POINT_FILES = "Points (*.csv *.tsv *.txt *.npz);;All files (*)"


class EnumBox(Combo):
    """One of an enumeration's members."""

    chosen = Signal(object)

    def __init__(self, members: type[StrEnum], name: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._members = list(members)
        self.addItems([str(member.value) for member in self._members])
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.activated.connect(lambda index: self.chosen.emit(self._members[index]))

    def show_member(self, member: StrEnum) -> None:
        """Shows which one it is and tells nobody."""
        self.setCurrentIndex(self._members.index(member))


class PlaneControls(QWidget):
    """Asks for another Plane with `edited`; shows one with `show_plane`."""

    edited = Signal(str, object)  # what was done, the new Plane
    draw_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plane = Plane()
        self.data = ReferenceBox(
            "points", "the points: shipped sets, a mixture whose means are dragged, a drawing, or a file",
            "open points from a file", {"File: .csv, .npz …": self._on_data_file}, self,
        )  # fmt: skip
        self.network = ReferenceBox(
            "network", "the network beside the exact denoiser", "open another network",
            {"Checkpoint…": self._on_network_file}, self,
        )  # fmt: skip
        self.draw = QToolButton(self)
        self.draw.setText("Draw")
        self.draw.setCheckable(True)
        self.draw.setToolTip("draw data with the mouse: every stroke adds points; a first stroke begins a new drawing")
        self.draw.setAccessibleName("draw data with the mouse")
        self.finite = QCheckBox("points only", self)
        self.finite.setToolTip("take the training points as all there is, not the density they were drawn from")
        self.look = EnumBox(
            Look, "over the density", "arrows: the score ∇ log q(xₜ) times √(1−ᾱₜ); colour: ‖ε̂ − ε*‖", self
        )
        self.click = EnumBox(
            Click, "a click shows", "what a click shows: trajectories from there, or q(xₜ₋₁ | xₜ, x₀)", self
        )
        self.guide = EnumBox(Guide, "walked by", "what walks the trajectories: the exact denoiser or the network", self)
        self.shown = EnumBox(
            Shown, "side by side", "trajectories from the place that was clicked, or samples from noise", self
        )
        self._lay_out()
        self._connect()

    def show_plane(self, plane: Plane) -> None:
        """Shows what is chosen."""
        self._plane = plane
        name = plain_name(plane.dataset)
        names = {cloud: cloud for cloud in CLOUDS}
        if plane.dataset not in names:
            names = {ref: text for ref, text in names.items() if text != name} | {plane.dataset: name}
        self.data.show_entries(names, plane.dataset)
        networks = {f"{SHIPPED}{each}": each for each in OF_POINTS} | {TRAINING: "in training"}
        opened = {} if plane.network in networks else {plane.network: Path(plane.network).name}
        self.network.show_entries(networks | opened, plane.network)
        self.finite.setChecked(plane.finite)
        for box, member in (
            (self.look, plane.look),
            (self.click, plane.click),
            (self.guide, plane.guide),
            (self.shown, plane.shown),
        ):
            box.show_member(member)

    def _edit(self, text: str, **changes: object) -> None:
        self.edited.emit(text, replace(self._plane, **changes))  # type: ignore[arg-type]
        self.show_plane(self._plane)  # what was not taken is not shown

    def _on_data_file(self) -> None:
        if path := QFileDialog.getOpenFileName(self, "Open points", "", POINT_FILES)[0]:
            self._edit("points", dataset=path)

    def _on_network_file(self) -> None:
        kinds = "Checkpoints (*.safetensors);;All files (*)"
        if path := QFileDialog.getOpenFileName(self, "Open a network for points", "", kinds)[0]:
            self._edit("network", network=path)

    def _lay_out(self) -> None:
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        for parts in (
            ("points", self.data, self.draw, self.finite, "over it", self.look, "a click shows", self.click),
            ("network", self.network, "walked by", self.guide, "side by side", self.shown),
        ):
            row = QHBoxLayout()
            for part in parts:
                row.addWidget(QLabel(part, self) if isinstance(part, str) else part)
            row.addStretch(1)
            rows.addLayout(row)

    def _connect(self) -> None:
        self.data.asked.connect(lambda ref: self._edit("points", dataset=ref))
        self.network.asked.connect(lambda ref: self._edit("network", network=ref))
        self.draw.toggled.connect(self.draw_toggled)
        self.finite.clicked.connect(lambda on: self._edit("points only", finite=on))
        self.look.chosen.connect(lambda member: self._edit("over the density", look=member))
        self.click.chosen.connect(lambda member: self._edit("what a click shows", click=member))
        self.guide.chosen.connect(lambda member: self._edit("what walks", guide=member))
        self.shown.chosen.connect(lambda member: self._edit("side by side", shown=member))
