"""What the plane works out in the background: trajectories and bounds, once nothing changes any more."""

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from ddpm_studio.denoiser import Denoiser
from ddpm_studio.plane.walks import Walk
from ddpm_studio.plane.world import World
from ddpm_studio.ui.plane.judge import Judge
from ddpm_studio.ui.plane.state import PlaneState
from ddpm_studio.ui.plane.walks import Walker
from ddpm_studio.ui.session import Session

SETTLED = 150  # ms after the last change before trajectories are walked and bounds are measured again
WALKING = 0.03  # the share of a training's time that walks of its network may take of a processor


class PlaneWork(QObject):
    """Works for the newest state that it was asked for."""

    began = Signal(object)  # World: what was walked before is of another one
    walked = Signal(object)  # Walk
    judged = Signal(object)  # Judgement
    failed = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._state = PlaneState()
        self._walker, self._judge = Walker(self), Judge(self)
        self._settling = QTimer(self, singleShot=True, interval=SETTLED)
        self._rewalking = QTimer(self, singleShot=True)
        self._beside = False  # a training, which needs the time
        self._walk_cost = 0.0  # seconds of the newest walk beside it: the first one is walked at once
        self._settling.timeout.connect(self._on_settled)
        self._rewalking.timeout.connect(self._on_rewalked)
        self._walker.walked.connect(self._on_walked)
        self._walker.failed.connect(self.failed)
        self._judge.told.connect(self.judged)

    def ask(self, state: PlaneState) -> None:
        """All anew for another state, or other choices in the document."""
        self._state = state
        self._settling.start()

    def follow(self, state: PlaneState) -> None:
        """Now and then a walk of a network that learns; what was walked before stays until then."""
        self._state = state
        if not self._rewalking.isActive():
            self._rewalking.start(round(1000 * self._walk_cost / WALKING))

    def make_way(self, training: bool) -> None:
        """Beside a training no bounds are measured, and only the first sampler walks, and only now and then."""
        self._beside, self._walk_cost = training, 0.0
        if training:
            self._walker.stop()
            self._judge.stop()

    def close(self) -> None:
        """Stops and waits."""
        self._settling.stop()
        self._rewalking.stop()
        self._walker.close()
        self._judge.close()

    def _on_settled(self) -> None:
        document = self._session.document
        world = self._state.world(document)
        if world is None:
            return
        self.began.emit(world)
        self._walk(world, self._state.guide(document, world))
        if not self._beside:
            self._judge.ask(world)

    def _on_walked(self, walk: Walk) -> None:
        self._walk_cost = walk.seconds
        self.walked.emit(walk)

    def _on_rewalked(self) -> None:
        world = self._state.world(self._session.document)
        if world is not None and not self._walker.walking:
            self._walk(world, world.network)

    def _walk(self, world: World, guide: Denoiser | None) -> None:
        document = self._session.document
        if guide is not None:
            plane = replace(document.plane, compared=document.plane.compared[: 1 if self._beside else None])
            self._walker.ask(guide, plane, document.sampler, world)
