"""Which sampler, and its numbers: of the document's chain, of a branch, of what the chain is compared with."""

from collections.abc import Callable

from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QWidget

from ddpm_studio.errors import UserError
from ddpm_studio.params import Parameters
from ddpm_studio.sampler import SAMPLERS, Ancestral, Sampler, Sigma
from ddpm_studio.ui.widgets.kind_form import KindForm

NAMES = {
    "ancestral": "DDPM, ancestral",
    "ddim": "DDIM",
    "dpm": "DPM-Solver++ 2M",
    "heun": "Heun",
    "langevin": "annealed Langevin",
    "pc": "predictor–corrector",
}


class SamplerForm(KindForm):
    """Another kind keeps the steps, their spacing and the clipping.

    Args:
        name: of what is chosen, for the choice's accessible name.
        T: the most steps there can be when it is edited; more are `refused`, and the controls go back. None: whoever
            uses it looks at that.
    """

    def __init__(self, name: str, T: Callable[[], int] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(SAMPLERS, name, kept=("steps", "spacing", "clip"), titles=NAMES, parent=parent)
        self._T = T

    def set_value(self, value: Parameters) -> None:
        """Shows a sampler and tells nobody; between two variances there is something to choose, else not."""
        super().set_value(value)
        if isinstance(value, Ancestral):
            self.forms[value.kind].control("variance").setEnabled(value.sigma is Sigma.BETWEEN)

    def tell(self, told: SignalInstance, value: Parameters) -> None:
        """Unless the schedule has not so many steps."""
        assert isinstance(value, Sampler)
        try:
            if self._T is not None:
                value.times(self._T())
        except UserError as error:
            self.set_value(self.value)
            self.refused.emit(str(error))
        else:
            super().tell(told, value)
