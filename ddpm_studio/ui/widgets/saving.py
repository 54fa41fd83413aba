"""Asking where a file shall go."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

_NAMES = {
    ".png": "PNG picture",
    ".gif": "GIF animation",
    ".webp": "WebP animation",
    ".apng": "PNG animation",
    ".mp4": "MP4 video",
    ".npz": "NumPy arrays",
}


def ask_target(parent: QWidget, title: str, name: str, *suffixes: str) -> Path | None:
    """The path the user chose, with the chosen kind's suffix if none was typed; None if the dialog was left.

    Args:
        parent: the dialog stands over it.
        title: of the dialog.
        name: offered, without suffix.
        suffixes: what the file may be, as in ".gif", ".webp"; the first is offered.
    """
    kinds = {f"{_NAMES.get(suffix, suffix.lstrip('.').upper())} (*{suffix})": suffix for suffix in suffixes}
    text, kind = QFileDialog.getSaveFileName(parent, title, name + suffixes[0], ";;".join(kinds))
    path = Path(text)
    return None if not text else path if path.suffix else path.with_suffix(kinds.get(kind, suffixes[0]))
