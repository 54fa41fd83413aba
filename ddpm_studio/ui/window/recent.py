"""The files opened or saved last."""

from pathlib import Path

from PySide6.QtCore import QSettings

KEEP = 10
_KEY = "recent"


class RecentFiles:
    """Newest first, at most KEEP, remembered between runs."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    def paths(self) -> list[Path]:
        """Those that are still there."""
        stored = self._settings.value(_KEY)
        texts = [stored] if isinstance(stored, str) else stored  # an INI file gives a list of one back as text
        return [path for path in map(Path, texts) if path.exists()] if isinstance(texts, list) else []

    def add(self, path: Path) -> None:
        """Puts `path` first."""
        kept = [path, *(other for other in self.paths() if other != path)][:KEEP]
        self._settings.setValue(_KEY, [str(p) for p in kept])

    def clear(self) -> None:
        """Forgets them all."""
        self._settings.remove(_KEY)
