"""Help > About: versions, device, licence, and whose data ships with the application."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QTextBrowser, QVBoxLayout, QWidget

from ddpm_studio import __version__
from ddpm_studio.assets import asset


def versions() -> dict[str, str]:
    """Names and versions of what this is made of, and the device; says so where PyTorch is not loaded yet."""
    return {
        "DDPM Studio": __version__,
        "Python": f"{platform.python_version()}, {platform.platform()}",
        "PyTorch": _version("torch"),
        "Device": _device(),
        "Qt": f"{qVersion()} (PySide6 {_version('PySide6-Essentials')})",
        "pyqtgraph": _version("pyqtgraph"),
        "NumPy": _version("numpy"),
    }


class About(QDialog):
    """A window beside the main one; nothing waits for it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("About DDPM Studio")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        facts = QLabel("".join(f"<tr><td><b>{k}</b>&nbsp;&nbsp;</td><td>{v}</td></tr>" for k, v in versions().items()))
        facts.setTextFormat(Qt.TextFormat.RichText)
        facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        licence = QLabel("MIT licence. The pictures and data sets that ship with it:")
        credit = QTextBrowser(self, openExternalLinks=True)
        credit.setMarkdown(asset("README.md").read_text(encoding="utf-8"))
        credit.setAccessibleName("Sources and licences of pictures and data sets")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        for widget in (facts, licence, credit, buttons):
            layout.addWidget(widget)
        self.resize(760, 560)


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:  # another distribution of the same package, such as a system's own
        return "unknown"


def _device() -> str:
    """What PyTorch computes on, without loading it for that."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "get_num_threads"):
        return "PyTorch is not loaded yet"
    if torch.cuda.is_available():
        return f"cuda, {torch.cuda.get_device_name()}"
    if torch.backends.mps.is_available():
        return "mps, Apple GPU"
    return f"cpu, {platform.processor() or platform.machine()}, {torch.get_num_threads()} threads"
