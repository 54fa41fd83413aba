"""Save network…: what learned in the plane, in a file of the user's choice."""

from PySide6.QtWidgets import QWidget

from ddpm_studio.data import PointData
from ddpm_studio.errors import UserError
from ddpm_studio.plane.keeping import keep
from ddpm_studio.plane.learning import Progress
from ddpm_studio.ui.session import Session
from ddpm_studio.ui.widgets.saving import ask_target


def ask_and_keep(session: Session, over: QWidget, look: Progress, data: PointData) -> None:
    """Asks for a file and writes the network of a run on `data` there as it was at `look`; the session tells."""
    path = ask_target(over, "Save the network", f"{data.name}-{look.step}", ".safetensors")
    if path is None:
        return
    try:
        keep(look, data, path)
    except UserError as error:
        session.reported.emit(str(error))
    else:
        session.noticed.emit(f"Saved {path}: open it beside “network”, or sample --checkpoint {path}")
