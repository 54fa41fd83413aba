"""Light and dark: the colours by name, and who is told when they change.

Curves of one plot differ in lightness as well as in hue (after Okabe & Ito 2008), so that they can be told apart by
everybody; every line stands out from its background at 3:1 or more.
"""

from dataclasses import dataclass
from enum import StrEnum

import pyqtgraph as pg
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True)
class Colours:
    """One colour scheme; every value is "#rrggbb"."""

    window: str
    """behind the controls"""
    background: str
    """of plots, pictures and text fields"""
    foreground: str
    """axes and their text"""
    grid: str
    """quiet: guides that need not be read"""
    frame: str
    """of check boxes, buttons and fields"""
    raised: str
    """behind menus and lists that pop up"""
    muted: str
    """secondary text, reference curves such as N(0, 1)"""
    beta: str
    posterior: str
    """β̃"""
    alpha_bar: str
    signal: str
    """√ᾱ, and x_0"""
    noise: str
    """√(1−ᾱ), and ε"""
    snr: str
    weight: str
    """λ_t"""
    cursor: str
    """the shared t"""
    pinned: str
    """a curve kept for comparison"""
    accent: str
    """selection, the running line"""
    warning: str
    error: str
    good: str


LIGHT = Colours(
    window="#f1f2f4",
    background="#ffffff",
    foreground="#30343b",
    grid="#c9ccd1",
    frame="#a9adb4",
    raised="#ffffff",
    muted="#6b7280",
    beta="#c2410c",
    posterior="#0072b2",
    alpha_bar="#0072b2",
    signal="#0072b2",
    noise="#d55e00",
    snr="#007a5a",
    weight="#8e3a7f",
    cursor="#111827",
    pinned="#7c7f87",
    accent="#1d6fd1",
    warning="#a15c00",
    error="#c02626",
    good="#1e7d45",
)

DARK = Colours(
    window="#31353b",
    background="#17191c",
    foreground="#d3d6db",
    grid="#454a52",
    frame="#737a85",
    raised="#464c56",
    muted="#a3aab4",
    beta="#ff8a4c",
    posterior="#56b4e9",
    alpha_bar="#56b4e9",
    signal="#56b4e9",
    noise="#f0a202",
    snr="#35c79a",
    weight="#dd8fc2",
    cursor="#f3f4f6",
    pinned="#9a9da5",
    accent="#6aa9ff",
    warning="#f2b13c",
    error="#ff7b72",
    good="#5fd08a",
)


class Choice(StrEnum):
    """What the View menu offers."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


FRAMED = (
    "QCheckBox",
    "QAbstractSpinBox",
    "QLineEdit",
    "QPushButton",
    "QSlider",
)
"""The classes that take the palette of `framed`; their window colour is their frame and no more."""

_SCHEMES = {
    Choice.SYSTEM: Qt.ColorScheme.Unknown,
    Choice.LIGHT: Qt.ColorScheme.Light,
    Choice.DARK: Qt.ColorScheme.Dark,
}


class Theme(QObject):
    """Follows the system's colour scheme or the user's choice; recolours every plot, then tells the panels."""

    changed = Signal(object)  # the Colours now shown; panels recolour their curves

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._choice = Choice.SYSTEM
        self.shown = _system_colours()
        _dress(self.shown)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_changed)

    @property
    def choice(self) -> Choice:
        """What the user chose."""
        return self._choice

    def choose(self, choice: Choice) -> None:
        """Light, dark, or whatever the system says."""
        self._choice = choice
        QGuiApplication.styleHints().setColorScheme(_SCHEMES[choice])  # the window frame too, where the platform can
        self._show({Choice.LIGHT: LIGHT, Choice.DARK: DARK}.get(choice) or _system_colours())

    def _on_system_changed(self) -> None:
        if self._choice is Choice.SYSTEM:
            self._show(_system_colours())

    def _show(self, new: Colours) -> None:
        if new != self.shown:
            self.shown = new
            _dress(new)
            _dress_plots()
            self.changed.emit(new)


def colours() -> Colours:
    """The colours that are shown now."""
    return watcher().shown


def watcher() -> Theme:
    """The application's one Theme, made when it is first asked for."""
    app = QApplication.instance()
    assert app is not None
    return app.findChild(Theme) or Theme(app)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _system_colours() -> Colours:
    return DARK if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT


def _dress(new: Colours) -> None:
    """The palette of every widget and the colours of plots yet to be made."""
    QApplication.setPalette(palette(new))
    QApplication.setPalette(popped_up(new), "QMenu")  # type: ignore[arg-type]  # as below; lists of choices take it too
    for name in FRAMED:
        QApplication.setPalette(framed(new), name)  # type: ignore[arg-type]  # it takes str, and says bytes
    pg.setConfigOptions(background=new.background, foreground=new.foreground)


def palette(new: Colours) -> QPalette:
    """The widgets' colours; Qt derives the shades of frames from the window's."""
    role = QPalette.ColorRole
    chosen = {
        new.foreground: (role.WindowText, role.Text, role.ButtonText, role.ToolTipText),
        new.background: (role.Base, role.ToolTipBase, role.HighlightedText),
        new.window: (role.AlternateBase,),
        new.accent: (role.Highlight, role.Link, role.Accent),
        new.muted: (role.PlaceholderText,),
    }
    made = QPalette(QColor(new.window), QColor(new.window))
    for colour, roles in chosen.items():
        for one in roles:
            made.setColor(one, QColor(colour))
    for one in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, one, QColor(new.muted))
    return made


def popped_up(new: Colours) -> QPalette:
    """As `palette`, for what pops up: its frame cannot be seen in the dark, so its ground must."""
    made = palette(new)
    for role in (QPalette.ColorRole.Window, QPalette.ColorRole.Base):
        made.setColor(role, QColor(new.raised))
    return made


def framed(new: Colours) -> QPalette:
    """As `palette`, for widgets whose frames would not be seen in the dark: Fusion draws them in a darker window."""
    made = palette(new)
    made.setColor(QPalette.ColorRole.Window, QColor(new.frame).lighter(140))
    return made


def _dress_plots() -> None:
    """Background, axes and titles of every plot there is, from pyqtgraph's own options."""
    for view in (w for w in QApplication.allWidgets() if isinstance(w, pg.GraphicsView)):
        view.setBackground("default")
        for item in view.scene().items():
            if isinstance(item, pg.AxisItem):
                item.setPen()
                item.setTextPen()
            elif isinstance(item, pg.LabelItem):
                item.setText(item.text, color=pg.getConfigOption("foreground"))
