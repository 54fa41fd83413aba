"""The large plane with what belongs to it: a line of words below, and the transport that moves t."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ddpm_studio.document import TRAINING, Document
from ddpm_studio.plane.choices import Click, Look
from ddpm_studio.plane.density import Density
from ddpm_studio.plane.walks import Walk
from ddpm_studio.plane.world import BRISK, World
from ddpm_studio.ui.plane.view import PlaneView
from ddpm_studio.ui.widgets.elided_label import ElidedLabel
from ddpm_studio.ui.widgets.player import Player

TIP = (
    "q(xₜ) and the lines that hold 25, 50, 75 and 95 % of it, with training points on their way to noise; "
    "click for trajectories from there, drag the means of a mixture"
)
RESTED = 100  # ms after the last move of t before the error is drawn in full
HINTS = {
    Click.WALK: "click anywhere for trajectories from there",
    Click.POSTERIOR: "click anywhere for the posterior of an xₜ there",
}


class PlaneMain(QWidget):
    """Shows a world at a t; `view` and `player` tell what the mouse asks for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view, self.note = PlaneView("plane", TIP, self), ElidedLabel(self)
        self.player = Player("t", 125, "t/s", self)
        self._seen: tuple[World, Density] | None = None
        self.resting = QTimer(self, singleShot=True, interval=RESTED)
        self.resting.timeout.connect(self._on_rested)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.view, 1)
        column.addWidget(self.note)
        column.addWidget(self.player)

    def show_t(self, document: Document, t: int) -> None:
        """Where the transport stands."""
        self.player.set_end(document.schedule.T)
        self.player.show_position(t)

    def show_world(self, world: World, document: Document, t: int, walk: Walk | None) -> None:
        """Density, particles, field and what was clicked; `walk`: the trajectories from there, once walked."""
        look, seen = document.plane.look, world.density(t)
        self.view.show_density(seen)
        self.view.show_dots(world.particles_at(t))
        self.view.show_arrows(world.arrows(look, t))
        self.view.show_errors(world.errors(seen, BRISK) if look is Look.DIFFERENCE else None)
        self._seen = world, seen
        if look is Look.DIFFERENCE:
            self.resting.start()
        else:
            self.resting.stop()
        self.show_click(world, document, t, walk)
        self.note.set_full_text(_noted(world, document, t))

    def show_network(self, world: World, document: Document, t: int) -> None:
        """Another network in the world that is shown, at the same t: what it says, and nothing else, is drawn anew."""
        if self._seen is None:
            return
        look, seen = document.plane.look, self._seen[1]
        self._seen = world, seen
        if look is Look.NETWORK:
            self.view.show_arrows(world.arrows(look, t))
        elif look is Look.DIFFERENCE:
            self.view.show_errors(world.errors(seen))
        self.note.set_full_text(_noted(world, document, t))

    def show_click(self, world: World, document: Document, t: int, walk: Walk | None) -> None:
        """Trajectories from the place that was clicked, or the posterior of x_t there."""
        plane = document.plane
        if walk is not None and plane.picked and plane.click is Click.WALK:
            self.view.show_paths(walk.states, walk.at(float(document.schedule.alpha_bar[t])))
        else:
            self.view.show_paths(None)
        posterior = plane.picked and plane.click is Click.POSTERIOR and t > 0
        found = world.posterior(plane.x, plane.y, t) if posterior else None
        self.view.show_posterior(found, (plane.x, plane.y) if plane.picked else None)

    def _on_rested(self) -> None:
        """The error at more places, now that t stands still."""
        if self._seen is not None:
            world, seen = self._seen
            self.view.show_errors(world.errors(seen))


def _noted(world: World, document: Document, t: int) -> str:
    schedule, plane = document.schedule, document.plane
    parts = [f"xₜ = {schedule.sqrt_alpha_bar[t]:.3f} x₀ + {schedule.sqrt_one_minus_alpha_bar[t]:.3f} ε"]
    if plane.network == TRAINING and world.network is None:
        parts.append("no network yet: Start trains one")
    if world.taught_by:
        parts.append(f"the network was trained on other points: {world.taught_by}")
    if world.matched:
        parts.append("the network has another schedule: noise levels are matched")
    if len(parts) == 1 and not plane.picked:
        parts.append(HINTS[plane.click])
    return "    ·  ".join(parts)
