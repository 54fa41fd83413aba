"""What the settings file remembers, read so that nonsense in it is as nothing."""

from PySide6.QtCore import QByteArray, QSettings


def text(settings: QSettings, key: str, otherwise: str = "") -> str:
    """A text; `otherwise` where there is none, or something else."""
    value = settings.value(key)
    return value if isinstance(value, str) else otherwise


def texts(settings: QSettings, key: str) -> list[str]:
    """A list of texts; what is none is left out. An INI file gives a list of one back as text."""
    value = settings.value(key)
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


def state(settings: QSettings, key: str) -> QByteArray:
    """What a window saved of itself, for it alone to read; empty where there is nothing of the kind."""
    value = settings.value(key)
    return value if isinstance(value, QByteArray) else QByteArray()
