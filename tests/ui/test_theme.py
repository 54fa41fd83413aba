from dataclasses import fields

import pyqtgraph as pg
import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from ddpm_studio.ui import theme
from ddpm_studio.ui.theme import DARK, LIGHT, Choice, Colours, contrast

QUIET = {"window", "background", "grid", "frame", "raised"}
SCHEMES = pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#123456", "#123456") == 1.0


@SCHEMES
@pytest.mark.parametrize("name", [field.name for field in fields(Colours) if field.name not in QUIET])
def test_every_line_and_text_stands_out_from_plots_and_from_the_window(scheme, name):
    for behind in (scheme.background, scheme.window):
        assert contrast(getattr(scheme, name), behind) >= 3.0


@SCHEMES
def test_frames_of_check_boxes_can_be_seen_and_menus_read(scheme):
    drawn = theme.framed(scheme).color(QPalette.ColorRole.Window).darker(140).name()  # as Fusion does
    assert min(contrast(drawn, scheme.window), contrast(drawn, scheme.background)) >= 1.8
    ground = theme.popped_up(scheme).color(QPalette.ColorRole.Window).name()
    assert contrast(scheme.foreground, ground) >= 5.5
    assert contrast(ground, scheme.background) >= 1.8 or scheme is LIGHT  # there its frame is seen


@SCHEMES
def test_text_can_be_read(scheme):
    for behind in (scheme.background, scheme.window):
        assert contrast(scheme.foreground, behind) >= 7.0
        assert contrast(scheme.muted, behind) >= 4.0


@SCHEMES
@pytest.mark.parametrize(("one", "other"), [("signal", "noise"), ("beta", "posterior"), ("weight", "beta")])
def test_two_curves_of_one_plot_differ_for_the_colour_blind(scheme, one, other):
    for blind in (protanopia, deuteranopia):
        apart = max(
            abs(a - b) for a, b in zip(*map(blind, (getattr(scheme, one), getattr(scheme, other))), strict=True)
        )
        assert apart > 50


@SCHEMES
def test_the_palette_is_the_schemes(scheme):
    made = theme.palette(scheme)
    assert made.color(QPalette.ColorRole.Window) == QColor(scheme.window)
    assert made.color(QPalette.ColorRole.Base) == QColor(scheme.background)
    assert made.color(QPalette.ColorRole.ButtonText) == QColor(scheme.foreground)


def test_choosing_a_theme_recolours_the_plots_there_are_and_those_to_come_and_tells_once(qtbot, light):
    plot = pg.PlotWidget(title="a title")
    qtbot.addWidget(plot)
    heard = []
    light.changed.connect(heard.append)
    light.choose(Choice.DARK)
    light.choose(Choice.DARK)
    light.changed.disconnect(heard.append)
    later = pg.PlotWidget()
    qtbot.addWidget(later)
    assert heard == [DARK]
    assert theme.colours() == DARK
    for each in (plot, later):
        assert each.backgroundBrush().color() == QColor(DARK.background)
        assert each.getAxis("left").pen().color() == QColor(DARK.foreground)
    assert QApplication.palette().color(QPalette.ColorRole.Window) == QColor(DARK.window)


def test_there_is_one_theme(qapp):
    assert theme.watcher() is theme.watcher()


def protanopia(colour):
    """What somebody without long-wave cones sees (Viénot, Brettel & Mollon 1999), 0 to 255 a channel."""
    red, green, blue = _channels(colour)
    return _seen(0.11238 * red + 0.88762 * green, blue, 0.00401 * red - 0.00401 * green)


def deuteranopia(colour):
    """The same without middle-wave cones."""
    red, green, blue = _channels(colour)
    return _seen(0.29275 * red + 0.70725 * green, blue, -0.02234 * red + 0.02234 * green)


def _channels(colour):
    return [(int(colour[i : i + 2], 16) / 255) ** 2.2 for i in (1, 3, 5)]


def _seen(yellow, blue, shift):
    return [255 * max(value, 0.0) ** (1 / 2.2) for value in (yellow, yellow, blue + shift)]
