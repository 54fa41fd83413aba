"""A plot in a file: the picture that is on the screen, the same as vectors, or the numbers behind it."""

import csv
import io
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QRect, SignalInstance
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgGenerator

from ddpm_studio.errors import UserError
from ddpm_studio.export import Provenance, save_picture
from ddpm_studio.export.provenance import to_text
from ddpm_studio.files import write_bytes
from ddpm_studio.ui.plots.plot import Plot
from ddpm_studio.ui.widgets.pixels import picture_of
from ddpm_studio.ui.widgets.saving import ask_target


def offer_export(
    plots: Iterable[Plot], provenance: Callable[[], Provenance], saved: SignalInstance, refused: SignalInstance
) -> None:
    """Has what is chosen in their context menus done; `saved` or `refused` tells in one line what became of a file."""
    for plot in plots:
        plot.export_asked.connect(partial(_ask_and_save, plot, provenance, saved, refused))


def _ask_and_save(
    plot: Plot, provenance: Callable[[], Provenance], saved: SignalInstance, refused: SignalInstance, suffix: str
) -> None:
    path = ask_target(plot, "Save the plot", plot.name, suffix)
    if path is None:
        return
    try:
        save_plot(plot, path, provenance())
    except UserError as error:
        refused.emit(str(error))
    else:
        saved.emit(f"Saved {path}")


def save_plot(plot: Plot, path: Path, provenance: Provenance) -> None:
    """Writes the plot as its suffix says: .png or .svg as it looks, .csv with a row for every t.

    Raises:
        UserError: the file cannot be written.
    """
    match path.suffix.lower():
        case ".csv":
            write_bytes(path, _numbers(plot))
        case ".svg":
            write_bytes(path, _vectors(plot, provenance))
        case _:
            save_picture(path, picture_of(plot.grab().toImage()), provenance)


def _numbers(plot: Plot) -> bytes:
    columns = plot.numbers()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    return out.getvalue().encode()


def _vectors(plot: Plot, provenance: Provenance) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(plot.size())
    generator.setViewBox(QRect(0, 0, plot.width(), plot.height()))
    generator.setTitle(plot.toolTip())
    generator.setDescription(to_text(provenance))
    painter = QPainter(generator)
    plot.render(painter)
    painter.end()
    return bytes(buffer.data().data())
