"""Which kind of a registry, and its numbers: a choice, and below it the chosen kind's form."""

from collections.abc import Collection, Mapping
from functools import partial

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ddpm_studio.params import Parameters, parameters
from ddpm_studio.ui.widgets.combo import Combo
from ddpm_studio.ui.widgets.form import Form


class KindForm(QWidget):
    """Edits a value whose class is one of `kinds`; another kind takes over what `kept` names.

    Args:
        kinds: the classes by name.
        name: what is chosen, for the choice's accessible name.
        kept: fields that all kinds have.
        left_out: fields that are edited elsewhere, or nowhere.
        titles: what the kinds are called in the choice; else as in the registry.
    """

    previewed = Signal(object)
    edited = Signal(object)
    refused = Signal(str)

    def __init__(
        self,
        kinds: Mapping[str, type[Parameters]],
        name: str,
        kept: Collection[str] = (),
        left_out: Collection[str] = (),
        titles: Mapping[str, str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._kinds, self._kept = kinds, kept
        self.value: Parameters = next(iter(kinds.values()))()
        self.kind = Combo(self)
        self.kind.setAccessibleName(name)
        self.forms: dict[str, Form] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.kind)
        for kind, cls in kinds.items():
            self.kind.addItem((titles or {}).get(kind, kind), kind)
            self.kind.setItemData(self.kind.count() - 1, summary(cls), Qt.ItemDataRole.ToolTipRole)
            self.forms[kind] = form = Form(cls, self, only=[p for p in _names(cls) if p not in left_out])
            for told, ours in ((form.previewed, self.previewed), (form.edited, self.edited)):
                told.connect(partial(self.tell, ours))
            form.refused.connect(self.refused)
            column.addWidget(form)
        self.kind.activated.connect(self._on_chosen)

    def set_value(self, value: Parameters) -> None:
        """Shows a value and tells nobody."""
        self.value = value
        self.kind.setCurrentIndex(self.kind.findData(value.kind))
        self.kind.setToolTip(summary(type(value)))
        self.forms[value.kind].set_value(value)
        for kind, form in self.forms.items():
            form.setVisible(kind == value.kind)

    def tell(self, told: SignalInstance, value: Parameters) -> None:
        """Sends `previewed` or `edited`; whoever derives from it may refuse."""
        told.emit(value)

    def _on_chosen(self, index: int) -> None:
        kind = self.kind.itemData(index)
        if kind != self.value.kind:
            self.tell(self.edited, self._kinds[kind](**{name: getattr(self.value, name) for name in self._kept}))


def summary(cls: type[Parameters]) -> str:
    """What the kind is, in one line."""
    return (cls.__doc__ or "").strip().splitlines()[0]


def _names(cls: type[Parameters]) -> list[str]:
    return [p.name for p in parameters(cls)]
