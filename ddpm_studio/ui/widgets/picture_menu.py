"""What the right button offers over a widget that paints itself: how it looks, on the clipboard or in a file."""

from collections.abc import Callable

from PySide6.QtCore import Qt, SignalInstance
from PySide6.QtGui import QAction, QGuiApplication, QImage
from PySide6.QtWidgets import QWidget

from ddpm_studio.errors import UserError
from ddpm_studio.export import Provenance, save_picture
from ddpm_studio.ui.widgets.pixels import picture_of
from ddpm_studio.ui.widgets.saving import ask_target


def offer_picture(
    widget: QWidget,
    name: str,
    provenance: Callable[[], Provenance],
    saved: SignalInstance,
    refused: SignalInstance,
    image: Callable[[], QImage] | None = None,
) -> None:
    """Gives the widget a context menu; `saved` or `refused` tells in one line what became of a file.

    The picture is how the widget looks, or what `image` gives.
    """

    def seen() -> QImage:
        return widget.grab().toImage() if image is None else image()

    def copy() -> None:
        QGuiApplication.clipboard().setImage(seen())

    def save() -> None:
        path = ask_target(widget, "Save picture", name, ".png")
        if path is None:
            return
        try:
            save_picture(path, picture_of(seen()), provenance())
        except UserError as error:
            refused.emit(str(error))
        else:
            saved.emit(f"Saved {path}")

    widget.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
    for text, does in (("Copy picture", copy), ("Save picture…", save)):
        action = QAction(text, widget)
        action.triggered.connect(does)
        widget.addAction(action)
