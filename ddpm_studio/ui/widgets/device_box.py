"""Where a network is trained: a box of the devices there are, with what is free on each."""

from PySide6.QtWidgets import QWidget

from ddpm_studio.device import Device, devices
from ddpm_studio.ui.job import Job
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets.combo import Combo


class DeviceBox(Combo):
    """Asks the devices beside the living window, for a GPU takes a second to wake up; until then it shows one name.

    What is chosen is the session's. A device that is there no more gives way to the fastest one.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._job: Job | None = None
        self.setAccessibleName("device")
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(Combo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.addItem(session.device, session.device)
        self.activated.connect(self._on_activated)
        self.survey()

    @property
    def name(self) -> str:
        """As `device.chosen` knows it."""
        return str(self.currentData())

    def survey(self) -> None:
        """Lists the devices with what is free on each now."""
        if self._job is None:
            self._job = Job(lambda: iter([devices()]), self)
            self._job.reported.connect(self._on_found)
            self._job.ended.connect(self._on_ended)
            self._job.play()

    def _on_found(self, values: list[tuple[Device, ...]]) -> None:
        self.clear()
        for device in values[-1]:
            self.addItem(str(device), device.name)
        self.setCurrentIndex(max(self.findData(self._session.device), 0))
        self.setToolTip(f"where it is trained; the fastest one first\n{self.currentText()}")

    def _on_ended(self, _outcome: object, _text: str) -> None:
        assert self._job is not None
        self._job.deleteLater()
        self._job = None

    def _on_activated(self, _index: int) -> None:
        self._session.set_device(self.name)
        self.setToolTip(f"where it is trained; the fastest one first\n{self.currentText()}")
