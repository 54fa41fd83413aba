"""The files opened or saved last."""

from pathlib import Path

from PySide6.QtCore import QSettings

from ddpm_studio.files import existing
from ddpm_studio.ui.window.stored import texts

KEEP = 10
_KEY = "recent"


class RecentFiles:
    """Newest first, at most KEEP, remembered between runs."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    def paths(self) -> list[Path]:
        """Those that are still there."""
        return [path for text in texts(self._settings, _KEY) if (path := existing(text)) is not None]

    def add(self, path: Path) -> None:
        """Puts `path` first."""
        kept = [path, *(other for other in self.paths() if other != path)][:KEEP]
        self._settings.setValue(_KEY, [str(p) for p in kept])

    def clear(self) -> None:
        """Forgets them all."""
        self._settings.remove(_KEY)
