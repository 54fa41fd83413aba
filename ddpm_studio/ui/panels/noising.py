"""The noising panel: a picture drowned in noise, in closed form and step by step, at any t."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from torch import Tensor

from ddpm_studio.data import to_channels
from ddpm_studio.document import Noising, provenance
from ddpm_studio.errors import UserError
from ddpm_studio.export import Provenance
from ddpm_studio.forward import clean, fixed_noise
from ddpm_studio.process import q_sample
from ddpm_studio.schedule import Schedule
from ddpm_studio.ui.noising.chain import SimulatedChain
from ddpm_studio.ui.noising.export import EXPORTS, Shown
from ddpm_studio.ui.noising.picture_choice import PictureChoice
from ddpm_studio.ui.noising.views import NoisingViews
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets.dice import Dice
from ddpm_studio.ui.widgets.export_button import ExportButton
from ddpm_studio.ui.widgets.form import Form
from ddpm_studio.ui.widgets.player import Player

STRIP_DELAY = 30  # milliseconds by which the film strip may lag behind a drag


class NoisingPanel(QWidget):
    """x_0, ε, x_t in closed form and x_t simulated, at the session's t."""

    title = "Noising"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._x0: Tensor | None = None
        self._eps: Tensor | None = None
        self._noising: Noising | None = None  # what _x0 and _eps were made of
        self._chain = SimulatedChain(self)
        self._chain_of: tuple[Schedule, Noising | None] | None = None
        self._strip_timer = QTimer(self, singleShot=True, interval=STRIP_DELAY)
        self._make_controls()
        self._lay_out()
        self._connect()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocusProxy(self._player.slider)  # a click anywhere, and the keys are the player's
        self.show_noising(session.document.noising)

    def close_jobs(self) -> None:
        """Ends what runs in the background."""
        self._player.pause()
        self._chain.close()
        self._source.close_jobs()
        self._export.close_jobs()

    def show_noising(self, noising: Noising) -> None:
        """The picture and the noise; while it is read, or where it cannot be opened, the one before it stays."""
        self._source.show_document()
        self._settings.set_value(noising)
        try:
            self._take(noising)
        except UserError as error:
            self._session.reported.emit(str(error))
        self.show_t(self._session.t)
        self._strip_timer.start()
        self.show_chain()

    def show_t(self, t: int) -> None:
        """x_t, its distribution and the numbers at t; while the panel is not to be seen, once it is."""
        if not self.isVisible():
            return
        schedule = self._session.document.schedule
        self._player.set_end(schedule.T)
        self._player.show_position(t)
        self._equation.setText(equation(schedule, t))
        self._views.strip.show_t(t)
        if self._x0 is not None and self._eps is not None:
            self._views.show_xt(q_sample(schedule, self._x0, t, self._eps))
        self.show_link()

    def show_strip(self) -> None:
        """The film strip, once the last change has been drawn."""
        if self._x0 is not None and self._eps is not None:
            self._views.show_strip(self._session.document.schedule, self._x0, self._eps)

    def show_chain(self) -> None:
        """Begins the chain again if what has settled differs from what it was begun with."""
        settled = self._session.settled_document
        wanted = (settled.schedule, settled.noising)
        if self._x0 is not None and wanted != self._chain_of and settled.noising == self._noising:
            self._chain_of = wanted
            self._chain.restart(settled.schedule, self._x0, settled.noising.seed)
        self.show_link()

    def show_link(self) -> None:
        """The chain at t, or as far as it has got."""
        t = self._session.t
        link = self._chain.at(t)
        if self._chain_of != (self._session.document.schedule, self._noising):
            caption = "chain: when settled"
        elif self._chain.reached < t:
            caption = f"computing… t = {max(self._chain.reached, 0)}"
        else:
            caption = f"chain, t = {link.t}" if link and link.t != t else "xₜ step by step"
        self._views.show_link(link, caption)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.show_t(self._session.t)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._player.handle_key(event):
            super().keyPressEvent(event)

    def _take(self, noising: Noising) -> None:
        """Unless the picture has to be read first. UserError: it cannot be opened."""
        old = self._noising
        if old is None or (old.picture, old.grey) != (noising.picture, noising.grey):
            picture = self._source.picture()
            if picture is None:
                return
            picture = to_channels(picture, 1) if noising.grey else picture
            self._x0 = clean(picture)
            self._views.show_clean(picture, self._x0)
        assert self._x0 is not None
        self._eps = fixed_noise(self._x0, noising.seed)
        self._views.show_noise(self._eps)
        self._noising = noising

    def _provenance(self) -> Provenance:
        return provenance(self._session.document, t=self._session.t)

    def _shown(self) -> Shown | None:
        if self._x0 is None or self._eps is None:
            return None
        return Shown(self._session.document, self._session.t, self._x0, self._eps)

    def _on_play_asked(self, panel: str) -> None:
        if panel == "noising":
            self._player.toggle()

    def _on_schedule_changed(self, _schedule: Schedule) -> None:
        self.show_t(self._session.t)
        if not self._strip_timer.isActive():
            self._strip_timer.start()

    def _on_picture_came(self) -> None:
        self.show_noising(self._session.document.noising)

    def _on_settings_previewed(self, noising: Noising) -> None:
        self._session.preview(noising=noising)

    def _on_settings_edited(self, noising: Noising) -> None:
        self._session.edit("noising settings", noising=noising)

    def _on_thrown(self, seed: int) -> None:
        self._session.edit("another noise", noising=replace(self._session.document.noising, seed=seed))

    def _make_controls(self) -> None:
        self._source = PictureChoice(self._session, self)
        self._settings = Form(Noising, self, only=("grey", "seed"), orientation=Qt.Orientation.Horizontal)
        self._settings.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._dice = Dice("another noise", "another ε: a seed at random", self)
        self._views = NoisingViews(self._provenance, self)
        self._equation = QLabel(self)
        self._equation.setToolTip("Ho et al. 2020, eq. 4; SNR = ᾱₜ/(1−ᾱₜ) in decibels")
        self._equation.setWordWrap(True)
        tip = "xₜ, the film strip, an animation or the numbers, each with what it takes to make it again"
        self._export = ExportButton(EXPORTS, self._shown, tip, self)
        self._player = Player("t", 125, "t/s", self)

    def _lay_out(self) -> None:
        above, numbers = QHBoxLayout(), QHBoxLayout()
        above.addWidget(self._source)
        above.addStretch(1)
        above.addWidget(self._settings)
        above.addWidget(self._dice)
        numbers.addWidget(self._equation, 1)
        numbers.addWidget(self._export)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        column.addLayout(above)
        column.addWidget(self._views, 1)
        column.addLayout(numbers)
        column.addWidget(self._player)

    def _connect(self) -> None:
        session = self._session
        session.t_changed.connect(self.show_t)
        session.play_asked.connect(self._on_play_asked)
        session.schedule_changed.connect(self._on_schedule_changed)
        session.noising_changed.connect(self.show_noising)
        session.settled.connect(self.show_chain)
        self._player.moved.connect(session.set_t)
        self._views.asked.connect(session.set_t)
        self._strip_timer.timeout.connect(self.show_strip)
        self._source.came.connect(self._on_picture_came)
        self._settings.previewed.connect(self._on_settings_previewed)
        self._settings.edited.connect(self._on_settings_edited)
        self._dice.thrown.connect(self._on_thrown)
        self._chain.advanced.connect(self.show_link)
        for refused in (self._settings.refused, self._views.refused, self._export.refused):
            refused.connect(session.reported)
        for saved in (self._views.saved, self._export.saved):
            saved.connect(session.noticed)
        self._chain.failed.connect(session.reported)


def equation(schedule: Schedule, t: int) -> str:
    """Eq. 4 with its numbers at t, and the signal-to-noise ratio."""
    signal, noise, snr = schedule.sqrt_alpha_bar[t], schedule.sqrt_one_minus_alpha_bar[t], schedule.snr_db[t]
    ratio = f"{snr:+.1f} dB" if np.isfinite(snr) else "∞" if snr > 0 else "-∞"
    return f"xₜ = √ᾱₜ x₀ + √(1−ᾱₜ) ε = {signal:.4f} x₀ + {noise:.4f} ε    SNR {ratio.replace('-', '−')}"
