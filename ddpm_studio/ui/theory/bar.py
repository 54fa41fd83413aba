"""What is above the likelihood panel's views: what to measure, on what, with which σ², and how far it is."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ddpm_studio.likelihood import ReverseVariance
from ddpm_studio.ui.theory.jobs import Kind
from ddpm_studio.ui.theory.measurements import Measurements
from ddpm_studio.ui.theory.sigma_view import NAMES
from ddpm_studio.ui.widgets.elided_label import ElidedLabel
from ddpm_studio.units import spelt


class LikelihoodBar(QWidget):
    """Draws how the measurements stand; what its controls ask for is done elsewhere."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.start, self.all, self.quick = (QPushButton(name, self) for name in ("Measure", "Every t", "Estimate"))
        self.sigma, self.on = QComboBox(self), QComboBox(self)
        self.status, self.progress = ElidedLabel(self), QProgressBar(self)
        for sigma, name in NAMES.items():
            self.sigma.addItem(f"σ² = {name}", sigma.value)
        self.sigma.addItem("σ² = learned", "")
        self.sigma.setCurrentIndex(1)
        self.on.addItems(["held out", "training"])
        self._lay_out()

    def chosen_sigma(self) -> ReverseVariance | None:
        """σ²; None: that which the network has learned."""
        value = self.sigma.currentData()
        return ReverseVariance(value) if value else None

    def choose_samples(self, *, trained: bool) -> None:
        """Training samples or held-out ones, without a signal."""
        with QSignalBlocker(self.on):
            self.on.setCurrentIndex(int(trained))

    def show_progress(self, measured: Measurements, T: int) -> None:
        """What is being measured, how far it is, and what can be asked for."""
        there = measured.subject is not None
        self.start.setText("Stop" if measured.running else "Go on" if measured.unfinished and there else "Measure")
        self.quick.setText("Enough" if measured.is_at(Kind.ESTIMATE) else "Estimate")
        for button in (self.start, self.quick):
            button.setEnabled(there)
        self.all.setEnabled(there and not measured.running)
        self.progress.setVisible(measured.running)
        self.progress.setRange(0, max(measured.levels, 1))
        self.progress.setValue(measured.done)
        self.status.set_full_text(_state(measured, T))
        self._show_learned(measured.has_learned)

    def _show_learned(self, there: bool) -> None:
        """Offers the learned σ² where there is one."""
        model, last = self.sigma.model(), self.sigma.count() - 1
        assert isinstance(model, QStandardItemModel)
        item = model.item(last)
        if item.isEnabled() != there:
            item.setEnabled(there)
            item.setToolTip("" if there else "this denoiser has learned no variance")
            if not there and self.sigma.currentIndex() == last:
                self.sigma.setCurrentIndex(1)

    def _lay_out(self) -> None:
        self.on.setAccessibleName("what is measured on")
        self.sigma.setAccessibleName("variance of the reverse step")
        self.on.setToolTip("what is measured on: an exact denoiser knows its training samples by heart, and no others")
        self.sigma.setToolTip("the variance of the reverse step, whose bound is shown")
        self.start.setToolTip("measure the error at some noise levels; every schedule's bound follows from them")
        self.all.setToolTip("measure at every t, nothing interpolated; it can be stopped")
        self.quick.setToolTip(
            "the bound in about ten seconds, with its error bar: from t's drawn by chance,\n"
            "the more often the more their terms are expected to weigh; unbiased, nothing interpolated.\n"
            "A curve that is being measured waits for it; Enough ends it with what has been drawn"
        )
        self.progress.setTextVisible(False)
        self.progress.setFixedSize(90, 12)
        for box in (self.sigma, self.on):
            box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        controls, state = QHBoxLayout(), QHBoxLayout()
        for widget in (self.start, self.all, self.quick, self.sigma, self.on):
            controls.addWidget(widget)
        controls.addStretch(1)
        state.addWidget(self.progress, 0, Qt.AlignmentFlag.AlignVCenter)
        state.addWidget(self.status, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(controls)
        column.addLayout(state)


def _state(measured: Measurements, T: int) -> str:
    if measured.subject is None:
        return "reading the denoiser …"
    if measured.running:
        return f"level {measured.done} of {measured.levels}, {spelt(measured.seconds_left)} left"
    if measured.is_at(Kind.ESTIMATE):
        then = f"; then on from level {measured.done} of {measured.levels}" if measured.waits else ""
        return f"drawing t's for an estimate{then}"
    if measured.whole and measured.done >= measured.levels:
        return f"measured at every t of T = {measured.levels:,}"
    every = f"every t ({T:,}) about {spelt(measured.seconds * T)}"
    if measured.done >= measured.levels:
        return f"{measured.levels} noise levels measured; {every} more"
    left = f"the others about {spelt(measured.seconds_left)}"
    return f"{measured.done} of {measured.levels} noise levels; to go: {left}, {every}"
